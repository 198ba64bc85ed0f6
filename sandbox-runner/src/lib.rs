//! The agent that leases runs, executes them in sandboxes and reports.
//!
//! A runner owns nothing that cannot be lost: it asks for work, gets a lease on an
//! attempt, and hands in a report or a fault that carries the attempt's number. If
//! it dies, the lease ends and somebody else gets the run. If it merely loses touch
//! with the orchestrator, it kills its sandbox *before* the lease ends, so that a
//! run is never executed twice at once.
//!
//! One attempt, from top to bottom:
//! 1. [`client`] leases it, [`blobs`] fetches module and data and checks digests,
//! 2. [`attempt`] compiles a module or loads an image, trains in one sandbox, predicts in a fresh one that sees the
//!    hidden inputs, and scores outside both: the hidden labels are never in a folder
//!    that a worker can see,
//!    Where it is asked to, [`probing`] scores checkpoints on public rows beside the training,
//! 3. meanwhile `lease` sends heartbeats, from a thread of their own, and pulls the plug when the lease is lost,
//! 4. `report` turns what happened into a verdict or a fault, [`client`] sends it.

pub mod agent;
pub mod attempt;
mod blob_store;
pub mod blobs;
pub mod class;
pub mod client;
pub mod config;
pub mod curve;
pub mod probing;

mod assignment;
mod attempt_result;
mod attempt_spec;
mod device_probe;
mod heartbeats;
mod lanes;
mod lease;
mod off_reactor;
mod phases;
mod report;
mod self_test;
