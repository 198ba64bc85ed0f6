//! Everything an author does without a server: [write](scaffold) the crate of a method,
//! [build](build) its module, [check](check) whether it would be let in, and [run](run) it
//! in the sandbox of a tournament or as a program of this machine.
//!
//! Nothing here knows a screen or a server. What is found out is returned as values, what
//! goes wrong as errors of each module's own, and what a run says meanwhile is handed to a
//! callback.

pub mod build;
pub mod check;
pub mod local;
pub mod run;
pub mod scaffold;
pub mod source_tree;
