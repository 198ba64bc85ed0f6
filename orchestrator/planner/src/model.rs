//! How results come about.

use serde::{Deserialize, Serialize};

/// A field and the spread of everything that goes into a score, as standard
/// deviations in one unit. A run of method i on block b scores q_i + d_b + m_ib +
/// s_ib, all normal and independent; every block is a fresh variant of the task.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Number of methods.
    pub field: usize,
    /// Of the methods' qualities q.
    pub quality_sd: f64,
    /// Of the interaction m of method and task variant.
    pub task_sd: f64,
    /// Of the noise s of the seed.
    pub seed_sd: f64,
    /// Of the blocks' difficulties d.
    pub difficulty_sd: f64,
    /// Of a half-way score around the same run's final score. What all runs of a
    /// block gain alike from half-way to the end is of no account.
    pub halfway_sd: f64,
}

/// A number of the model out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelError(pub &'static str);

impl std::fmt::Display for ModelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ModelError {}

impl Default for Model {
    /// The one that `docs/FORMATS.md` reports on.
    fn default() -> Self {
        Self {
            field: 32,
            quality_sd: 1.0,
            task_sd: 0.7,
            seed_sd: 0.7,
            difficulty_sd: 2.0,
            halfway_sd: 0.7,
        }
    }
}

impl Model {
    /// Standard deviation of a run's noise around quality and difficulty.
    pub fn noise_sd(&self) -> f64 {
        (self.task_sd * self.task_sd + self.seed_sd * self.seed_sd).sqrt()
    }

    /// Checks the numbers.
    pub fn validate(&self) -> Result<(), ModelError> {
        if !(2..=1000).contains(&self.field) {
            return Err(ModelError("field must be from 2 to 1000"));
        }
        let positive = |sd: f64| sd > 0.0 && sd < 1e6;
        if !positive(self.quality_sd) || !positive(self.noise_sd()) {
            return Err(ModelError(
                "quality_sd, and task_sd or seed_sd, must be above 0 and below 10^6",
            ));
        }
        let sds = [
            self.task_sd,
            self.seed_sd,
            self.difficulty_sd,
            self.halfway_sd,
        ];
        if !sds.iter().all(|sd| (0.0..1e6).contains(sd)) {
            return Err(ModelError("every sd must be from 0 to 10^6"));
        }
        Ok(())
    }
}
