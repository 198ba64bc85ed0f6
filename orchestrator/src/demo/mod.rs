//! The demo: two tournaments of the example methods, repeatable by a seed.

mod field;
mod plan;
mod report;
mod run;

pub(crate) use field::modules;
pub(crate) use plan::{Wish, finish, prepare};
pub(crate) use report::Report;
pub(crate) use run::run;
