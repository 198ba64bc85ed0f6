//! Text from elsewhere made safe to show, and errors with their causes.
//!
//! Names, messages and log lines come from methods, images and files. What is shown of them
//! must stay on its line, must not drive the reader's terminal, and must not make the text
//! around it read in another order. Every crate may use this one: it depends on nothing.

mod errors;
mod unprintable;

pub use errors::{error_chain, root_cause};
pub use unprintable::{excerpt, is_unprintable, one_line, printable};
