//! A run on this machine: how it goes, what came of it, and what its author can do next.

mod advice;
mod chart;
mod debugger;
mod live;
mod report;

pub(crate) use debugger::commands;
pub(crate) use live::Live;
pub(crate) use report::{Report, Run, show};
