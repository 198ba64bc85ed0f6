//! The file contract, from the platform's side: what a phase finds and what it leaves.
//! The method's side is `gauntlet_wire::contract`.

use std::path::Path;

use gauntlet_wire::contract::{CONTRACT, FileBudget, ROOT, TaskFile, files};
use gauntlet_worker_protocol::{Limits, Phase};

use crate::phase::PhaseSpec;

/// A phase's sub-command.
pub(crate) const fn command(phase: &Phase) -> &'static str {
    match phase {
        Phase::Train { .. } => "train",
        Phase::Predict { .. } => "predict",
    }
}

/// The phase's input files: where they are on this machine, and their names in the contract.
pub(crate) fn inputs(phase: &Phase) -> Vec<(&Path, &'static str)> {
    match phase {
        Phase::Train { train, base, .. } => {
            let base = base.as_deref().map(|base| (base, files::BASE));
            std::iter::once((train.as_path(), files::TRAIN))
                .chain(base)
                .collect()
        }
        Phase::Predict { inputs, model, .. } => vec![
            (inputs.as_path(), files::INPUTS),
            (model.as_path(), files::TRAINED),
        ],
    }
}

/// The one file that is taken from the output folder, by its name there.
pub(crate) fn output(phase: &Phase) -> &'static str {
    let name = match phase {
        Phase::Train { .. } => files::MODEL,
        Phase::Predict { .. } => files::PREDICTIONS,
    };
    name.strip_prefix("out/").unwrap_or(name)
}

/// What `task.json` says.
pub(crate) fn task_file(spec: &PhaseSpec) -> TaskFile {
    TaskFile {
        contract: CONTRACT,
        task: spec.task.clone(),
        seed: format!("{:016x}", spec.seed),
        budget: budget(&spec.limits),
        settings: spec.settings.clone(),
    }
}

/// Work is not metered here; what is left are batches and wall time. Where batches are
/// limited, the wall time is only when the container is killed: a method that paced itself
/// by a clock could not be repeated to the bit.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a run are far below 2^53"
)]
fn budget(limits: &Limits) -> FileBudget {
    FileBudget {
        batches: limits.batches,
        wall_seconds: match limits.batches {
            Some(_) => None,
            None => Some(limits.wall_ms as f64 / 1000.0),
        },
    }
}

/// Where something of the contract is in the container.
pub(crate) fn place(name: &str) -> String {
    format!("{ROOT}/{name}")
}
