//! What a race leaves.

use std::path::PathBuf;

/// A method's models, one for each fold, and what they say of the rows that each did not see.
#[derive(Clone, Debug)]
pub(crate) struct Finalist {
    pub(crate) name: String,
    /// Files of the models, in the order of the folds.
    pub(crate) models: Vec<PathBuf>,
    /// Predictions for all rows of the table, each by the model that did not see it.
    pub(crate) held_out: Vec<f64>,
    /// Value of the metric on each fold.
    pub(crate) values: Vec<f64>,
    /// Metered work of a run.
    pub(crate) work: u64,
}

/// How a method fared.
#[derive(Clone, Debug)]
pub(crate) struct Entrant {
    pub(crate) name: String,
    /// Value of the metric on the first fold, where it came to that.
    pub(crate) first: Option<f64>,
    pub(crate) failure: Option<String>,
}

/// All there is to know of a race.
pub(crate) struct Raced {
    pub(crate) finalists: Vec<Finalist>,
    pub(crate) entrants: Vec<Entrant>,
    /// How many folds the finalists' models are of.
    pub(crate) folds: usize,
}
