//! Why an image is refused.

use std::io;

use serde::{Deserialize, Serialize};

/// Which rule an image broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The bytes are no image archive, or a damaged one.
    NotAnImage,
    /// A size limit is exceeded; `limit` is set.
    TooLarge,
    /// Something unpacks to far more than it is: a bomb.
    Ratio,
    /// A name leaves the image, cannot be printed, or lies below a file.
    Name,
    /// A link leaves the image or leads to what is not there.
    Link,
    /// A device, a FIFO, a sparse file or another kind that no image needs.
    Kind,
    /// Something lies where the platform puts its own files.
    Reserved,
    /// A digest is not that of the bytes it names.
    Digest,
    /// The archive holds no image for this platform, or several.
    Manifest,
    /// The entry point.
    Entrypoint,
    /// The working directory.
    WorkingDirectory,
}

impl Rule {
    /// The rule's name, as it appears in machine-readable answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAnImage => "not_an_image",
            Self::TooLarge => "too_large",
            Self::Ratio => "ratio",
            Self::Name => "name",
            Self::Link => "link",
            Self::Kind => "kind",
            Self::Reserved => "reserved",
            Self::Digest => "digest",
            Self::Manifest => "manifest",
            Self::Entrypoint => "entrypoint",
            Self::WorkingDirectory => "working_directory",
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an image is refused, in words for its author. Names from the image are quoted
/// with control characters escaped and cut to 80 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}; {help}")]
pub struct Refusal {
    /// The broken rule.
    pub rule: Rule,
    /// What is wrong, in one sentence without its full stop.
    pub detail: String,
    /// The limit, where a size is the reason.
    pub limit: Option<u64>,
    /// What to do about it.
    pub help: String,
}

impl Refusal {
    pub(crate) fn new(rule: Rule, detail: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            rule,
            detail: detail.into(),
            limit: None,
            help: help.into(),
        }
    }

    /// More than `limit` of `what`.
    pub(crate) fn too_large(what: &str, limit: u64) -> Self {
        Self {
            rule: Rule::TooLarge,
            detail: format!("{what}: more than {limit}"),
            limit: Some(limit),
            help: "make the image smaller: build in stages and keep what the method needs alone"
                .to_owned(),
        }
    }
}

/// Why an image was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Its author's fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Ours: the archive could not be read, or a file not be written.
    #[error("failed to {0}: {1}")]
    Io(&'static str, io::Error),
}

/// The beginning of a text from the image, safe to print.
pub(crate) fn printable(text: &str) -> String {
    gauntlet_text::excerpt(text, 80)
}
