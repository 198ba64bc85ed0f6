//! The runner's side: see `gauntlet-protocol`.

pub(crate) mod blobs;
pub(crate) mod heartbeat;
pub(crate) mod lease;
pub(crate) mod lease_dispatcher;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod report_batcher;
pub(crate) mod uploads;
mod wire;
