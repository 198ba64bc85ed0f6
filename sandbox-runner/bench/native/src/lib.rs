//! The example methods in this process, on a device of Burn's: what their trainings in the
//! sandbox are compared with. A crate of its own, because the CUDA worker's workspace
//! compares on a GPU with it and must not build the rest of the benchmark.

mod data;
mod error;
mod methods;
pub mod program;
mod training;

pub use data::dataset;
pub use error::NativeError;
pub use methods::{METHODS, NativeMethod, Predict, Train, by_name};
pub use training::{NativeRun, train, train_on};
