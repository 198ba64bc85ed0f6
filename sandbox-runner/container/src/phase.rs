//! What is asked of a container: one phase of a method, with its data and its limits.

use gauntlet_wire::TaskInfo;
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::{Limits, Phase};

use crate::image::Image;

/// One phase of a method.
#[derive(Clone, Debug)]
pub struct PhaseSpec {
    /// The image.
    pub image: Image,
    /// Name of the run, for labels and logs.
    pub run: String,
    /// What to do, with which files, and where its output goes.
    pub phase: Phase,
    /// What the method is told.
    pub task: TaskInfo,
    /// Seed of the run.
    pub seed: u64,
    /// What it may use. Work is not metered in a container; batches, where they are
    /// limited, are counted by the method itself.
    pub limits: Limits,
    /// Processors that it gets.
    pub threads: usize,
    /// Values for the method's hyper-parameters.
    pub settings: Settings,
}
