//! Says whether a container image may enter, and rewrites it for the engine.
//!
//! An archive is read once, from its first byte to its last, and never unpacked: names,
//! links and sizes are checked while it streams by, so a bomb costs no more than the
//! limit it meets. Of what has been read, documents, names' hashes and links' targets are
//! remembered, all within [`ImageLimits`]: with decoders, less than 200 MiB for the worst
//! archive and some megabytes for an ordinary one. An archive may be what `docker save` writes or an OCI layout in a tar file,
//! plain or compressed by gzip or zstd; layers may be compressed too.
//!
//! The engine is never given the entrant's bytes as headers. [`rewrite`] makes an archive
//! of its own with the same files: only regular files, folders and links, owned by root,
//! without set-user-id bits, extended attributes or anything a parser might read two ways,
//! and a configuration of entry point, environment and working directory alone.
//!
//! What is refused, and why, is in `docs/OCI-CONTRACT.md`.

mod archive;
mod budget;
mod candidates;
mod config;
mod documents;
mod encoding;
mod entries;
mod facts;
mod first_error;
mod gzip;
mod hashing;
mod layer;
mod limits;
mod manifest;
mod members;
mod merged;
mod pack;
mod path;
mod placing;
mod platform;
mod refusal;
mod reserved;
mod rewritten;
mod tree;
mod unpacking;
mod whiteout;

use std::io::{Read, Write};

pub use config::Config;
pub use facts::ImageFacts;
pub use limits::ImageLimits;
pub use pack::{PackError, Packed, pack};
pub use refusal::{IntakeError, Refusal, Rule};
pub use rewritten::Rewritten;

/// Checks an archive. Reads it to its end and keeps nothing.
///
/// # Errors
/// If the image is refused, or the archive could not be read.
pub fn check(archive: impl Read, limits: &ImageLimits) -> Result<ImageFacts, IntakeError> {
    archive::read(archive, limits, None).map(|image| image.facts)
}

/// Checks an archive and writes the image's layers anew to `layers`, one behind the other.
///
/// # Errors
/// If the image is refused, the archive could not be read or the layers not be written.
pub fn rewrite(
    archive: impl Read,
    limits: &ImageLimits,
    layers: &mut dyn Write,
) -> Result<Rewritten, IntakeError> {
    archive::read(archive, limits, Some(layers))
}

/// Whether a file begins like something that could be an image's archive: a tar file, or a
/// compressed one, though not every compression is read.
#[must_use]
pub fn looks_like_an_archive(start: &[u8]) -> bool {
    encoding::Encoding::of(start) != encoding::Encoding::Plain
        || encoding::foreign(start).is_some()
        || encoding::is_tar(start)
}
