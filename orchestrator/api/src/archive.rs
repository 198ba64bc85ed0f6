use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Metric;

/// A winning method with its code, weights and card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArchiveEntry {
    /// Its id.
    pub id: Uuid,
    /// Names it can be called by, e.g. `digits@champion`.
    pub aliases: Vec<String>,
    /// Name of the task.
    pub task: String,
    /// Why it was taken back, if it was: it holds no title, and is kept as a record only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// Name of the tournament it won.
    pub tournament: String,
    /// Name of the method.
    pub method: String,
    /// What it was handed in as: `wasm` for a module, `oci` for a container image.
    #[serde(default = "wasm")]
    pub lane: String,
    /// Digest of the module or the image's archive.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub module: String,
    /// Bytes of it.
    pub module_bytes: u64,
    /// Digest of the model (safetensors), made by `run`.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub model: String,
    /// Bytes of the model.
    pub model_bytes: u64,
    /// What the score is in: what the task measures, or a share where several tasks combine.
    #[serde(default, deserialize_with = "crate::known::read")]
    pub metric: Metric,
    /// Mean score over all its blocks.
    pub score: f64,
    /// Blocks that went into the score.
    pub blocks: u32,
    /// The run whose model is kept.
    pub run: Uuid,
    /// The card: Markdown with YAML front matter.
    pub card: String,
    /// When it was archived.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// What everything was before there were images.
fn wasm() -> String {
    "wasm".to_owned()
}
