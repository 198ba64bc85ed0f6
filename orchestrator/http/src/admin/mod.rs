//! What admins do.

pub(crate) mod tasks;
pub(crate) mod tokens;
pub(crate) mod tournaments;
