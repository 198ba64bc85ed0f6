//! The file contract from the platform's side, for a method that runs as a program, be it in
//! a container or natively: what a phase finds in its folder, what it leaves there, and what
//! it says meanwhile. The method's side is the SDK's; both speak [`gauntlet_wire::contract`].

mod layout;
mod outcome;
mod stdout;

pub use layout::{Inputs, SubCommand, place, task_file};
pub use outcome::{Refused, outcome};
pub use stdout::{Finished, Flood, StdoutReader, visible};
