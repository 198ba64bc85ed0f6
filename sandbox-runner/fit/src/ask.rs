//! What is asked of a fit.

use std::path::Path;
use std::time::Duration;

use gauntlet_table::plan::Wishes;
use gauntlet_table::read::Options;
use tokio_util::sync::CancellationToken;

use crate::execute::Method;
use crate::metric::Metric;

/// What is asked for.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The table's file.
    pub table: &'a Path,
    /// How it is read, where that is not to be found out.
    pub options: Options,
    /// What is said of its columns.
    pub wishes: Wishes,
    /// The methods to race.
    pub methods: &'a [Method],
    /// What decides; else log loss, or root of the mean squared error.
    pub metric: Option<Metric>,
    /// Time for all of it.
    pub budget: Duration,
    /// Seed of folds and runs.
    pub seed: u64,
    /// Runs at the same time.
    pub slots: usize,
    /// A folder that is there and empty, for the model.
    pub into: &'a Path,
    /// A folder for files on the way.
    pub scratch: &'a Path,
    /// Ends the race early; what there is then is the model.
    pub stop: CancellationToken,
}
