use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Name of the server-sent event that carries a [`ChangeEvent`].
pub const CHANGE_EVENT: &str = "change";

/// Something about the tournament or run changed: fetch it again. The first event
/// of a stream is sent at once, so a client that subscribes and then fetches
/// misses nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeEvent {
    /// Name of the tournament; empty in the stream of everything.
    pub tournament: String,
    /// Another number with every change of what the caller may see.
    pub version: u64,
    /// Nothing will change any more; the stream ends after this event.
    pub finished: bool,
}
