//! Reads what strangers hand in where it can do no harm, and says whether it may enter.
//!
//! Whoever receives a file asks [`Intake`], which starts `gauntlet-intake` for it: a process
//! without network, files or privileges, with limits of memory and processor time, that sees
//! the file and nothing else and answers with one [`Answer`]. A parser that is talked into
//! something takes nothing with it but its own answer, and whatever is accepted is checked
//! again by the runner that executes it.

mod answer;
mod confine;
mod ending;
mod question;
mod reading;
mod refused;
mod supervisor;

pub use answer::Answer;
pub use confine::confine;
pub use question::Question;
pub use reading::read;
pub use refused::IntakeError;
pub use supervisor::{Intake, PROGRAM};
