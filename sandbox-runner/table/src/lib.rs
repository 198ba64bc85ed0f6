//! What a data file is, what its columns are, and how rows become numbers.
//!
//! [`read`] finds out what a file is (format, encoding, delimiter, header) and gives its rows in
//! [`Batch`]es; it decides nothing about what a column means. [`plan`] says what each column is,
//! by the evidence of the rows, and how a row becomes numbers. What was found out is plain data
//! in both, so that it can be shown, changed, saved and applied to another file.

mod batch;
mod error;
pub mod plan;
pub mod read;

pub use batch::{Batch, Cells, Texts};
pub use error::DataError;
