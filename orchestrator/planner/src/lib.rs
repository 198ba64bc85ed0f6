//! How likely a tournament is to find the best method, and for how many runs.
//!
//! [`Model`] says how results come about, [`Schedule`] how a tournament spends its
//! runs; [`simulate`] plays many tournaments of one and reports an
//! [`Estimate`]. Everything derives from a seed: the same call gives the same
//! numbers on any number of threads. All schedules meet the same fields, blocks
//! and noise, so that differences between them are less noisy than each.

mod brackets;
mod dethroning;
mod filter;
mod knowledge;
mod model;
mod plan;
mod racing;
mod rungs;
mod schedule;
mod world;

pub use dethroning::{Dethroning, false_dethroning};
pub use model::{Model, ModelError};
pub use plan::{Estimate, Plan, Price, simulate};
pub use racing::{Opening, Racing};
pub use schedule::Schedule;
pub use world::World;
