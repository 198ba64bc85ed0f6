//! Runs a method natively and in the sandbox on the same data, seed and number
//! of batches: the models must be equal to the bit, and the step times tell what
//! the sandbox costs.

pub mod checking;
mod error;
pub mod exactness;
mod lane;
mod steps;

pub use error::BenchError;
pub use gauntlet_native::{METHODS, NativeMethod, NativeRun, Predict, Train, by_name, train};
pub use lane::{Lane, LaneRun};
pub use steps::{late_step, mean_step, median, step_times};
