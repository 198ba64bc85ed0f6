//! What is learnt about an image.

use crate::config::Config;

/// What was learnt about an accepted image.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageFacts {
    /// Bytes of the archive.
    pub archive_bytes: u64,
    /// Bytes of all layers, unpacked.
    pub unpacked_bytes: u64,
    /// Files, folders and links in all layers.
    pub entries: u64,
    /// Layers.
    pub layers: usize,
    /// Files that lost a set-user-id or set-group-id bit. The bit has no effect in the
    /// sandbox, and half of all distributions ship such files: no reason to refuse them.
    pub privileged_files: u64,
    /// What the image has and the sandbox does not take over, such as settings of a base
    /// image that its author cannot unset; each a part of a sentence. Names are quoted with
    /// control characters escaped.
    pub left_out: Vec<String>,
    /// What of the image's configuration is used.
    pub config: Config,
}
