//! Whether an image would be let in, by the check that the server makes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use gauntlet_image::{ImageFacts, ImageLimits, IntakeError, Refusal};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// What the check says about an archive.
#[derive(Clone, Debug, Serialize)]
pub struct ImageCheck {
    /// The archive.
    pub path: PathBuf,
    /// SHA-256 in hex: the name of the submission.
    pub digest: String,
    /// Whether it is let in.
    pub enters: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What was learnt about it, if it is let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<ImageFacts>,
}

/// An archive could not be read.
#[derive(Debug, Error)]
#[error("failed to read {}: {source}", .path.display())]
pub struct Unreadable {
    /// The archive.
    pub path: PathBuf,
    /// Why not.
    pub source: std::io::Error,
}

/// Whether a file begins like an image's archive.
#[must_use]
pub fn is_archive(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut start));
    read.is_ok() && gauntlet_image::looks_like_an_archive(&start)
}

/// Checks an archive.
///
/// # Errors
/// If it cannot be read. One that is refused is no error.
pub fn check(path: &Path) -> Result<ImageCheck, Unreadable> {
    let unreadable = |source| Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = || File::open(path).map_err(unreadable);
    let mut hasher = Sha256::new();
    std::io::copy(&mut file()?, &mut hasher).map_err(unreadable)?;
    let reader = std::io::BufReader::with_capacity(1 << 20, file()?);
    let (facts, refusal) = match gauntlet_image::check(reader, &ImageLimits::default()) {
        Ok(facts) => (Some(facts), None),
        Err(IntakeError::Refused(refusal)) => (None, Some(refusal)),
        Err(IntakeError::Io(_, error)) => return Err(unreadable(error)),
    };
    Ok(ImageCheck {
        path: path.to_owned(),
        digest: hex::encode(hasher.finalize()),
        enters: refusal.is_none(),
        refusal,
        facts,
    })
}
