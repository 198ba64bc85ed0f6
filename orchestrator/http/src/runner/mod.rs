//! The runner's side: see `gauntlet-protocol`.

pub(crate) mod blobs;
mod checkpoint_scores;
pub(crate) mod counter;
pub(crate) mod desk;
pub(crate) mod heartbeat;
pub(crate) mod lease;
pub(crate) mod register;
pub(crate) mod report;
