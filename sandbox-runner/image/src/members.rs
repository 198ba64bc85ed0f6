//! What an archive holds, by name.

use std::collections::HashMap;
use std::path::PathBuf;

/// A layer that was read.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// SHA-256 in hex of its tar file.
    pub(crate) diff_id: String,
    /// The same of the file that was written anew.
    pub(crate) rewritten: Option<String>,
    /// That file.
    pub(crate) place: Option<PathBuf>,
}

/// A member of the archive.
#[derive(Debug)]
pub(crate) struct Member {
    /// SHA-256 in hex of its bytes.
    pub(crate) digest: String,
    pub(crate) content: Content,
}

/// What a member holds.
#[derive(Debug)]
pub(crate) enum Content {
    Json(Vec<u8>),
    Layer(Layer),
    Other,
}

/// All members by name.
#[derive(Debug, Default)]
pub(crate) struct Members {
    pub(crate) by_name: HashMap<String, Member>,
    /// Older engines write a repeated layer as a link to the first.
    pub(crate) links: HashMap<String, String>,
}

impl Members {
    pub(crate) fn get(&self, name: &str) -> Option<&Member> {
        let name = self.links.get(name).map_or(name, String::as_str);
        self.by_name.get(name)
    }
}
