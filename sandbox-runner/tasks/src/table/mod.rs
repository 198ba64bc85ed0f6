//! Tables of a user's own: read whatever the format, typed by what is in them, encoded
//! as numbers with what the train rows alone say.

mod brought;
mod cell;
mod column;
mod encode;
mod memory;
mod report;
mod target;

pub(crate) use brought::read;
pub(crate) use encode::Encoder;
pub(crate) use memory::Table;
pub(crate) use report::Counts;
pub use report::{ColumnReport, ColumnType};
pub(crate) use target::Target;
