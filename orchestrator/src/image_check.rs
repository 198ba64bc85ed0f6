//! Whether an image would be let in, by the check that the server makes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use gauntlet_image::{ImageFacts, ImageLimits, IntakeError, Refusal};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::show::text::{bytes, printable};

/// What the check says about an archive.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ImageCheck {
    /// The archive.
    pub(crate) path: PathBuf,
    /// SHA-256 in hex: the name of the submission.
    pub(crate) digest: String,
    /// Whether it is let in.
    pub(crate) enters: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<Refusal>,
    /// What was learnt about it, if it is let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) facts: Option<ImageFacts>,
}

/// Whether a file begins like an image's archive.
pub(crate) fn is_archive(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut start));
    read.is_ok() && gauntlet_image::looks_like_an_archive(&start)
}

/// Checks an archive.
///
/// # Errors
/// If it cannot be read. One that is refused is no error.
pub(crate) fn check(path: &Path) -> Result<ImageCheck, Failure> {
    let unreadable = |error| Failure::file("read", path, error);
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

/// The check, for people.
pub(crate) fn show(check: &ImageCheck) -> String {
    let mut lines = vec![
        format!("{}", check.path.display()),
        format!("  digest: {}", check.digest),
    ];
    if let Some(facts) = &check.facts {
        lines.push(format!(
            "  an image of {} in {} layer(s), {} unpacked, {} files; it would be let in",
            bytes(facts.archive_bytes),
            facts.layers,
            bytes(facts.unpacked_bytes),
            facts.entries
        ));
        let entry = facts.config.entrypoint.join(" ");
        lines.push(format!("  starts: {} train|predict", printable(&entry)));
        if facts.privileged_files > 0 {
            lines.push(format!(
                "  {} file(s) lose a set-user-id bit, which has no effect in the sandbox",
                facts.privileged_files
            ));
        }
    }
    if let Some(refusal) = &check.refusal {
        lines.push(format!("  refused ({}): {}", refusal.rule, refusal.detail));
        lines.push(format!("  {}", refusal.help));
    }
    lines.join("\n")
}
