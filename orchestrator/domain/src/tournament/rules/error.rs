//! What is wrong with rules.

/// A rule outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {must}")]
pub struct RulesError {
    /// The field, as in the JSON.
    pub field: &'static str,
    /// What it must be.
    pub must: String,
}
