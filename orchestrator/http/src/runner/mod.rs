//! The runner's side: see `gauntlet-protocol`.

pub(crate) mod blobs;
pub(crate) mod counter;
pub(crate) mod desk;
pub(crate) mod heartbeat;
pub(crate) mod lease;
mod probes;
pub(crate) mod register;
pub(crate) mod report;
