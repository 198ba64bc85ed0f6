use gauntlet_domain::{Budget, Digest, TaskId, TaskName};
use time::OffsetDateTime;

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// Unique name.
    pub name: TaskName,
    /// One line for people.
    pub title: String,
    /// A few sentences for people.
    pub description: String,
    /// Licence of the data.
    pub licence: String,
    /// What a method is told.
    pub info: serde_json::Value,
    /// What one run may use.
    pub budget: Budget,
    /// Digest of the train part.
    pub train: Digest,
    /// Digest of the hidden inputs: for runners, not for the public.
    pub hidden_inputs: Digest,
    /// Digest of the hidden labels: for runners, not for the public.
    pub hidden_labels: Digest,
    /// When it was created.
    pub created_at: OffsetDateTime,
}
