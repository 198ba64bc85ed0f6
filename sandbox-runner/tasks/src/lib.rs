//! Task definitions, their data, and the scorers.
//!
//! A task is a folder with a `task.toml` and, where it is not generated, its
//! data. [`TaskDefinition::load`] reads and checks it;
//! [`TaskDefinition::materialise`] makes the [`Dataset`] that tournaments use,
//! with a hidden part that follows from the organiser's secret alone;
//! [`score`] marks predictions, and [`causality_check`] proves that a language model's do not
//! look ahead. Nothing here runs a method: the hidden labels leave this crate only in
//! [`Dataset::hidden_labels`], a file of their own.

mod addition;
mod arrays;
mod base;
mod bring;
mod causality;
mod dataset;
mod definition;
mod error;
mod fields;
mod images;
mod input;
mod kinds;
mod labelled_csv;
mod manifest;
mod metric;
mod predictions;
mod public_slice;
mod rows;
mod score;
mod secret_rng;
mod source;
mod table;
mod tensor;
mod text;

pub use bring::{Brought, ClassReport, DataReport, Wish, bring};
pub use causality::{Agreement, CausalityCheck};
pub use dataset::Dataset;
pub use definition::{BudgetSpec, TaskDefinition};
pub use error::{LabelsFault, PredictionsFault, ScoreError, TaskError};
pub use metric::{Direction, Metric, Score};
pub use predictions::MAX_HEADER_BYTES;
pub use public_slice::{PublicSlice, public_slice};
pub use score::{causality_check, metric, score};
pub use table::{ColumnReport, ColumnType};
