//! Which checkpoints are scored on the public slice, and whether runs are stopped by that.

use serde::{Deserialize, Serialize};

use crate::tournament::rules::error::RulesError;

/// A checkpoint's score on the public slice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointScore {
    /// Which checkpoint: used share of the training budget, in sixteenths; 16 is the finished
    /// model.
    #[serde(rename = "sixteenths")]
    pub checkpoint_index: u32,
    /// Metered work until then.
    pub work: u64,
    /// The score, in the task's metric.
    pub score: f64,
}

impl CheckpointScore {
    /// Sixteenths from one probe to the next where runs may be stopped.
    pub const STEP: u32 = 4;

    /// Whether a run may be stopped by it: at a quarter, a half and three quarters.
    pub const fn may_stop(&self) -> bool {
        self.checkpoint_index.is_multiple_of(Self::STEP) && self.checkpoint_index < 16
    }
}

/// Which checkpoints of a run are scored on the public slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probing {
    /// Probes at every so many sixteenths of the budget.
    pub every: u32,
    /// A score whose first probe to reach it is asked for.
    pub target: Option<f64>,
}

/// Whether runs may be stopped, and how careful that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MidRun {
    /// Added to the largest improvement seen so far, in the unit of the score.
    pub slack: f64,
    /// So many runs of a block must be completed before others on it may be stopped.
    #[serde(default = "three")]
    pub min_finished: u32,
}

const fn three() -> u32 {
    3
}

impl MidRun {
    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        let error = |field, must: &str| {
            Err(RulesError {
                field,
                must: must.to_owned(),
            })
        };
        if !(0.0..=1e12).contains(&self.slack) {
            return error(
                "rules.terms.mid_run.slack",
                "must be a number from 0 to 1e12",
            );
        }
        if !(1..=100_000).contains(&self.min_finished) {
            return error(
                "rules.terms.mid_run.min_finished",
                "must be from 1 to 100000",
            );
        }
        Ok(())
    }
}
