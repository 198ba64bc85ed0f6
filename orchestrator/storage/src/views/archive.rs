use gauntlet_domain::{ArchiveId, Card, Digest, RunId};
use time::OffsetDateTime;

/// An entry of the archive.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchiveView {
    /// Its id.
    pub id: ArchiveId,
    /// Names it can be called by, such as `digits@champion`.
    pub aliases: Vec<String>,
    /// Name of the task.
    pub task: String,
    /// Name of the tournament.
    pub tournament: String,
    /// Name of the method.
    pub method: String,
    /// Digest of the module: a blob.
    pub module: Digest,
    /// Bytes of the module.
    pub module_bytes: u64,
    /// Digest of the model: a blob.
    pub model: Digest,
    /// The run the model comes from.
    pub run: RunId,
    /// Mean score over all blocks.
    pub score: f64,
    /// Blocks that went into the score.
    pub blocks: u32,
    /// The card.
    pub card: Card,
    /// When it was archived.
    pub created_at: OffsetDateTime,
}
