//! Whether this machine can still execute anything: a run of its own, known to be good.
//!
//! An attempt that failed through a fault of ours says that something may be wrong here. Before
//! the next one is asked for, a method that does nothing goes the way of every other: written
//! to the disk, compiled, executed in a sandbox on data of its own. A machine that cannot do
//! that asks for no work, and costs nobody an attempt.

use std::io;
use std::path::Path;
use std::time::Duration;

use gauntlet_sandbox::{CompileError, Fault, Sandbox};
use gauntlet_wire::settings::Settings;
use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use gauntlet_worker_protocol::{Job, Limits, Phase};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::client::Pauses;

/// A module with a memory and the two functions that a method exports, which do nothing.
const METHOD: &[u8] = b"\0asm\x01\0\0\0\
    \x01\x04\x01\x60\0\0\
    \x03\x03\x02\0\0\
    \x05\x03\x01\0\x11\
    \x07\x2e\x03\x06memory\x02\0\x0egauntlet_train\0\0\x10gauntlet_predict\0\x01\
    \x0a\x07\x02\x02\0\x0b\x02\0\x0b";

/// Begins the data of four rows of two numbers, and a label each.
const HEADER: &[u8] = br#"{"inputs":{"dtype":"F32","shape":[4,2],"data_offsets":[0,32]},"labels":{"dtype":"I64","shape":[4],"data_offsets":[32,64]}}"#;

/// How long the run may take on the busiest machine.
const WALL: Duration = Duration::from_secs(120);

/// Why it did not pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SelfTestError {
    #[error("the known-good method is not compiled: {0}")]
    Compile(#[from] CompileError),
    #[error("the known-good method is not executed: {0}")]
    Execute(#[from] Fault),
    #[error("the known-good method's data cannot be written: {0}")]
    Data(#[from] io::Error),
}

/// Executes it until it ends well, with `scratch` for its files.
pub(crate) async fn until_passed(sandbox: &Sandbox, scratch: &Path) {
    let mut pauses = Pauses::default();
    while let Err(error) = pass(sandbox, scratch).await {
        let causes = gauntlet_text::error_chain(&error);
        tracing::error!(
            causes,
            "this machine cannot execute what is known to be good, and asks for no work until it can"
        );
        pauses.wait(Duration::ZERO).await;
    }
}

async fn pass(sandbox: &Sandbox, scratch: &Path) -> Result<(), SelfTestError> {
    let folder = tempfile::Builder::new()
        .prefix("self-test-")
        .tempdir_in(scratch)?;
    let train = folder.path().join("train.safetensors");
    tokio::fs::write(&train, data()).await?;
    let compiled = sandbox.compile(&module(rand::random())).await?;
    let job = Job {
        phase: Phase::Train {
            train,
            base: None,
            model: folder.path().join("model.safetensors"),
        },
        module: compiled.path,
        task: TaskInfo {
            name: "self-test".to_owned(),
            kind: TaskKind::Classification { classes: 2 },
            inputs: InputKind::Dense { shape: vec![2] },
            train_rows: 4,
            base: None,
        },
        seed: 1,
        limits: Limits {
            work: 1_000_000_000,
            batches: None,
            wall_ms: u64::try_from(WALL.as_millis()).unwrap_or(u64::MAX),
            tensor_bytes: 16 << 20,
            guest_bytes: 16 << 20,
            output_bytes: 1 << 20,
        },
        threads: 1,
        settings: Settings::new(),
        snapshots: None,
    };
    let (events, mut said) = mpsc::channel(16);
    let heard = async { while said.recv().await.is_some() {} };
    let executed = sandbox.execute(job, events, CancellationToken::new());
    // It makes no model, so its verdict is a failure of the method: what counts is that there is one.
    let (executed, ()) = tokio::join!(executed, heard);
    executed?;
    Ok(())
}

/// The method with a section of its own that says nothing, so that it is compiled each time.
fn module(unique: [u8; 16]) -> Vec<u8> {
    [METHOD, b"\0\x1a\x09self-test", &unique].concat()
}

fn data() -> Vec<u8> {
    let length = (HEADER.len() as u64).to_le_bytes();
    [&length[..], HEADER, &[0; 64]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_data_are_what_they_are_to_be() {
        let one = module([1; 16]);
        gauntlet_gate::check(&one, &gauntlet_gate::GateLimits::default()).unwrap();
        assert_ne!(one, module([2; 16]));
        let data = data();
        let tensors = safetensors::SafeTensors::deserialize(&data).unwrap();
        assert_eq!(tensors.tensor("inputs").unwrap().shape(), [4, 2]);
        assert_eq!(tensors.tensor("labels").unwrap().shape(), [4]);
    }
}
