use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST /api/v1/gc`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectGarbage {
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a sweep of the blobs found and did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Swept {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Blobs that are stored, with those that are set aside now.
    pub blobs: Pile,
    /// Set aside: named by nothing, and older than the grace.
    pub set_aside: Pile,
    /// Aside already, for less than the grace.
    pub waiting: Pile,
    /// Removed: aside for longer than the grace.
    pub removed: Pile,
    /// Brought back, because something names them again.
    pub brought_back: Pile,
    /// Halves of uploads that broke off, removed.
    pub halves: Pile,
    /// The grace, in seconds.
    pub grace_seconds: u64,
}

/// A number of blobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pile {
    /// How many.
    pub count: u64,
    /// Their bytes together.
    pub bytes: u64,
}
