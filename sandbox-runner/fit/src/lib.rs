//! The best model for somebody's table, and predictions with it: no server, no network.
//!
//! [`fit`] races methods on folds of the table within a time, puts the best together, and leaves a
//! folder; [`Predictor`] predicts with that folder, in as much memory for a million rows as for a
//! thousand. Methods are executed in the sandbox of tournaments. Nothing here knows a screen.

mod ask;
mod assemble;
mod calibration;
mod data;
mod ensemble;
mod error;
mod execute;
mod fit;
mod folds;
mod metric;
mod model;
mod predict;
mod race;
mod raced;
mod runs;
mod table;
mod target;

pub use ask::Ask;
pub use error::FitError;
pub use execute::{Method, Predicts};
pub use fit::fit;
pub use metric::{Metric, Truth};
pub use model::{Card, FoldCard, Line, Member, Model};
pub use predict::{Predicted, Predictor};
pub use race::Happened;
pub use target::Target;
