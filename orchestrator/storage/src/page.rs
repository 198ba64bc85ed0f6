//! Lists a piece at a time, so that no answer grows with what there is.

use time::OffsetDateTime;
use uuid::Uuid;

/// A piece of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// Where the piece before it ended; nothing for the first.
    pub after: Option<K>,
    /// How many at most.
    pub limit: i64,
}

/// A place in a list that is newest first: when something was made, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When.
    pub at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}

impl<K> Page<K> {
    /// The first of a list.
    #[must_use]
    pub const fn first(limit: i64) -> Self {
        Self { after: None, limit }
    }
}

impl Page<Place> {
    /// Both parts of the place, as queries want them.
    pub(crate) fn place(&self) -> (Option<OffsetDateTime>, Option<Uuid>) {
        (
            self.after.map(|place| place.at),
            self.after.map(|place| place.id),
        )
    }
}
