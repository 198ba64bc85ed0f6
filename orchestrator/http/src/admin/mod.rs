//! What admins do.

pub(crate) mod garbage;
pub(crate) mod members;
pub(crate) mod metrics;
pub(crate) mod rejudge;
pub(crate) mod runs;
pub(crate) mod series;
pub(crate) mod tasks;
pub(crate) mod tokens;
pub(crate) mod tournaments;
