//! Module in, compiled module out. It happens in a process of its own, because
//! compile time is the entrant's to inflate: the supervisor kills it when it
//! takes too long.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use gauntlet_gate::{GateLimits, Rejection};
use serde::Serialize;

use crate::defences::{Defence, Defences};
use crate::{confine, engine};

/// Most CPU seconds and memory that compiling may take.
const CPU_SECONDS: u64 = 60;
const MEMORY_BYTES: u64 = 3 << 30;

/// Why there is no compiled module: what is said, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Refusal {
    /// The gate's reason.
    Rejected(Rejection),
    /// The compiler's, in words.
    Error(String),
}

impl From<String> for Refusal {
    fn from(words: String) -> Self {
        Self::Error(words)
    }
}

pub(crate) fn main(
    input: &Path,
    output: &Path,
    limits: &GateLimits,
    defences: Defences,
) -> ExitCode {
    confine::limit_compiler(CPU_SECONDS, MEMORY_BYTES);
    match compile(input, output, limits, defences) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            println!("{}", serde_json::to_string(&refusal).unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

fn compile(
    input: &Path,
    output: &Path,
    limits: &GateLimits,
    defences: Defences,
) -> Result<(), Refusal> {
    let wasm = fs::read(input).map_err(|error| format!("failed to read the module: {error}"))?;
    // Here rather than in the process that started us: whoever reads a module reads it where
    // that can do no harm.
    gauntlet_gate::check(&wasm, limits).map_err(Refusal::Rejected)?;
    // What the supervisor allows may be more than any module may be.
    let platform = GateLimits::platform();
    if defences.has(Defence::SecondGate) && *limits != platform {
        gauntlet_gate::check(&wasm, &platform).map_err(Refusal::Rejected)?;
    }
    let compiled = engine::engine(defences)
        .and_then(|engine| engine.precompile_module(&wasm))
        .map_err(|error| format!("failed to compile the module: {error:#}"))?;
    fs::write(output, compiled).map_err(|error| format!("failed to write: {error}"))?;
    Ok(())
}
