//! Reads tables as people have them.
//!
//! [`read::open`] finds out what a file is and gives its rows, some at a time.
//! [`Encoding::detect`] finds out from all bytes how a file writes its characters, [`decoded`] makes
//! them UTF-8 with one kind of line end, and [`Dialect::detect`] finds out from the first lines what
//! separates the columns and where they begin. What was found out is plain data with a sentence
//! for people, and the same for the same bytes always: no name, locale or clock has a say.
//! [`plan`] decides what columns mean and how rows become numbers.

mod batch;
mod dialect;
mod encoding;
mod error;
mod lines;
pub mod plan;
pub mod read;

pub use batch::{Batch, Cell, Cells, Texts};
pub use dialect::Dialect;
pub use encoding::{Encoding, NoText, decoded};
pub use error::DataError;
pub use lines::first_line;
