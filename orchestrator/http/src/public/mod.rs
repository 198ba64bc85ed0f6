//! What everybody may read, and what miners may do.

pub(crate) mod archive;
pub(crate) mod description;
pub(crate) mod events;
pub(crate) mod health;
mod image_upload;
pub(crate) mod ratings;
pub(crate) mod record;
pub(crate) mod runners;
pub(crate) mod runs;
pub(crate) mod series;
pub(crate) mod spool;
pub(crate) mod submissions;
pub(crate) mod tasks;
pub(crate) mod tournaments;
mod upload_pace;
mod upload_places;
