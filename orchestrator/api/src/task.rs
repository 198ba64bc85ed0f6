use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{Budget, Metric};

/// A task: data, budget, evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Unique name, `[a-z0-9-]{1,40}`.
    #[schema(value_type = gauntlet_domain::TaskName)]
    pub name: String,
    /// One line for people.
    pub title: String,
    /// A few sentences for people.
    pub description: String,
    /// Licence of the data, as an SPDX expression.
    pub licence: String,
    /// What a method is told: `gauntlet_wire::TaskInfo` as JSON.
    pub info: serde_json::Value,
    /// What one run may use.
    #[serde(deserialize_with = "crate::known::read")]
    pub budget: Budget,
    /// What it measures.
    #[serde(default, deserialize_with = "crate::known::read")]
    pub metric: Metric,
    /// A score to be reached, where tournaments compare the work until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Digest of the train part. The hidden part's digests are not public.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub train: String,
    /// Digest of the base weights, if it carries some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<gauntlet_domain::Digest>)]
    pub base: Option<String>,
    /// Whether it is there for members of its tournaments alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Body of `POST /api/v1/tasks`. The three blobs have been PUT before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// Unique name, `[a-z0-9-]{1,40}`.
    #[schema(value_type = gauntlet_domain::TaskName)]
    pub name: String,
    /// One line for people.
    #[schema(max_length = 200)]
    pub title: String,
    /// A few sentences for people.
    #[schema(max_length = 4000)]
    pub description: String,
    /// Licence of the data, as an SPDX expression.
    #[schema(max_length = 200)]
    pub licence: String,
    /// What a method is told: `gauntlet_wire::TaskInfo` as JSON.
    pub info: serde_json::Value,
    /// What one run may use.
    pub budget: Budget,
    /// What it measures; accuracy if left out.
    #[serde(default)]
    pub metric: Metric,
    /// A score to be reached, where tournaments compare the work until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Digest of the base weights (safetensors), if it carries some.
    #[serde(default)]
    #[schema(value_type = Option<gauntlet_domain::Digest>)]
    pub base: Option<String>,
    /// Digest of the train part (safetensors `inputs` and `labels`, or `text`).
    #[schema(value_type = gauntlet_domain::Digest)]
    pub train: String,
    /// Digest of the hidden inputs (safetensors `inputs`).
    #[schema(value_type = gauntlet_domain::Digest)]
    pub hidden_inputs: String,
    /// Digest of the hidden labels (safetensors `labels`).
    #[schema(value_type = gauntlet_domain::Digest)]
    pub hidden_labels: String,
    /// Whether it is there for members of its tournaments alone, all of which are private.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}
