//! Where an attempt is executed: a module in workers, an image in containers. What is
//! done with what comes of it is the same.

use std::path::{Path, PathBuf};

use gauntlet_container::{Containers, Image, LoadError, PhaseSpec};
use gauntlet_sandbox::{CompileError, Device, Sandbox};
use gauntlet_tasks::Agreement;
use gauntlet_worker_protocol::{Event, Job, Limits, Meters, Outcome, Phase, Snapshots};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::attempt_result::{Cause, PlatformError};
use crate::attempt_spec::{Attempt, Method};
use crate::report::{self, MethodFailure, Stage};

/// How far two predictions of an image for the same input may lie apart, absolutely and
/// relatively. What an image computes with is its own business, and a library that splits
/// sums among threads repeats itself only so far.
const IMAGES_AGREE: f32 = 1e-3;

/// The same for a module on a GPU, whose kernels are chosen by timing and may add up in
/// another order. Not measured on a GPU yet.
const GPUS_AGREE: f32 = 1e-3;

const fn of_a_module(device: Device) -> Agreement {
    match device {
        Device::Cpu => Agreement::Exact,
        Device::Cuda(_) => Agreement::Within {
            absolute: GPUS_AGREE,
            relative: GPUS_AGREE,
        },
    }
}

/// What attempts are executed with.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<'a> {
    /// Executes modules.
    pub sandbox: &'a Sandbox,
    /// Executes images, where there is an engine.
    pub containers: Option<&'a Containers>,
}

impl<'a> From<&'a Sandbox> for Lanes<'a> {
    fn from(sandbox: &'a Sandbox) -> Self {
        Self {
            sandbox,
            containers: None,
        }
    }
}

/// A method that is ready to be executed.
pub(crate) struct Ready<'a> {
    attempt: &'a Attempt,
    form: Form<'a>,
}

enum Form<'a> {
    Module(&'a Sandbox, PathBuf),
    Image(&'a Containers, Image),
}

impl<'a> Ready<'a> {
    /// Compiles a module or loads an image; what its author must mend is a verdict.
    pub(crate) async fn prepare(
        lanes: Lanes<'a>,
        attempt: &'a Attempt,
    ) -> Result<Result<Self, (Cause, MethodFailure)>, PlatformError> {
        let form = match &attempt.method {
            Method::Module(wasm) => match lanes.sandbox.compile(wasm).await {
                Ok(compiled) => Form::Module(lanes.sandbox, compiled.path),
                Err(error) => {
                    let cause = Cause::Module(error.to_string());
                    let failure = report::judge_module(error).map_err(PlatformError::Worker)?;
                    return Ok(Err((cause, failure)));
                }
            },
            Method::Image { archive, digest } => {
                let containers = lanes.containers.ok_or(PlatformError::NoEngine)?;
                match containers.load(archive, digest).await {
                    Ok(image) => Form::Image(containers, image),
                    Err(LoadError::Refused(refusal)) => {
                        let cause = Cause::Module(refusal.to_string());
                        return Ok(Err((cause, report::judge_image(&refusal))));
                    }
                    Err(LoadError::Fault(fault)) => return Err(fault.into()),
                }
            }
        };
        Ok(Ok(Self { attempt, form }))
    }

    /// Executes one phase and hands on what it reports.
    pub(crate) async fn execute(
        &self,
        phase: Phase,
        limits: Limits,
        stage: Stage,
        on_event: &mut impl FnMut(Stage, Event),
    ) -> Result<(Outcome, Meters), PlatformError> {
        self.execute_with(phase, limits, None, stage, on_event)
            .await
    }

    /// Whether checkpoints can be taken out while it trains: an image's are in its container.
    pub(crate) const fn has_snapshots(&self) -> bool {
        matches!(self.form, Form::Module(..))
    }

    /// The same, taking checkpoints out meanwhile.
    pub(crate) async fn execute_with(
        &self,
        phase: Phase,
        limits: Limits,
        snapshots: Option<Snapshots>,
        stage: Stage,
        on_event: &mut impl FnMut(Stage, Event),
    ) -> Result<(Outcome, Meters), PlatformError> {
        let (sender, mut receiver) = mpsc::channel(256);
        let events = async {
            while let Some(event) = receiver.recv().await {
                on_event(stage, event);
            }
        };
        let attempt = self.attempt;
        let limits = Limits {
            batches: attempt.batches,
            ..limits
        };
        match &self.form {
            Form::Module(sandbox, module) => {
                keep_compiled(sandbox, module, &attempt.method).await?;
                let job = Job {
                    phase,
                    module: module.clone(),
                    task: attempt.task.clone(),
                    seed: attempt.seed,
                    limits,
                    threads: attempt.threads,
                    settings: attempt.settings.clone(),
                    snapshots,
                };
                let execution = sandbox.execute(job, sender, CancellationToken::new());
                let (result, ()) = tokio::join!(execution, events);
                Ok(result?)
            }
            Form::Image(containers, image) => {
                let spec = PhaseSpec {
                    image: image.clone(),
                    run: attempt.run.clone(),
                    phase,
                    task: attempt.task.clone(),
                    seed: attempt.seed,
                    limits,
                    threads: attempt.threads,
                    settings: attempt.settings.clone(),
                };
                let (result, ()) = tokio::join!(containers.execute(&spec, sender), events);
                Ok(result?)
            }
        }
    }

    /// How exactly it repeats itself. The CPU backend computes each line of a result by
    /// itself, so lines that depend on the same numbers are the same to the bit.
    pub(crate) fn agreement(&self) -> Agreement {
        match &self.form {
            Form::Module(sandbox, _) => of_a_module(sandbox.device()),
            Form::Image(..) => Agreement::Within {
                absolute: IMAGES_AGREE,
                relative: IMAGES_AGREE,
            },
        }
    }
}

/// Compiles a module again if the cache has dropped it since: an earlier phase may have taken
/// hours, with many other methods meanwhile.
async fn keep_compiled(
    sandbox: &Sandbox,
    compiled: &Path,
    method: &Method,
) -> Result<(), PlatformError> {
    match method {
        Method::Module(wasm) if !compiled.exists() => match sandbox.compile(wasm).await {
            Ok(_) => Ok(()),
            Err(CompileError::Fault(fault)) => Err(fault.into()),
            // It was compiled before, by the same compiler.
            Err(error) => Err(PlatformError::Worker(error.to_string())),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cpu_repeats_itself_to_the_bit() {
        assert!(matches!(of_a_module(Device::Cpu), Agreement::Exact));
        assert!(matches!(
            of_a_module(Device::Cuda(0)),
            Agreement::Within { .. }
        ));
    }
}
