//! Lists a piece at a time: what is asked for, and where the next piece begins.

use gauntlet_api::List;
use gauntlet_domain::{Digest, SeriesName, TaskName};
use gauntlet_storage::{Page, Place};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::{Error, Result};

/// How many a page for people shows of a list.
pub(crate) const SHOWN: u32 = 50;
/// The most that an answer has.
const MOST: u32 = 200;

/// Which piece of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Piece {
    /// How many at most.
    #[serde(default = "usual")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: u32,
    /// The `next` of the piece before: text to be sent back as it is.
    #[param(
        nullable = false,
        min_length = 2,
        max_length = 128,
        pattern = "^([0-9a-f]{2})+$"
    )]
    after: Option<String>,
}

const fn usual() -> u32 {
    SHOWN
}

/// What stands in a cursor.
pub(crate) trait Key: Sized {
    fn to_bytes(&self) -> Vec<u8>;
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl Key for Place {
    fn to_bytes(&self) -> Vec<u8> {
        let micros = (self.at.unix_timestamp_nanos() / 1_000) as i64;
        [&micros.to_be_bytes()[..], self.id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (micros, id) = bytes.split_first_chunk()?;
        // Nothing was made before 1970, and no database counts beyond what `time` does.
        let micros = u64::try_from(i64::from_be_bytes(*micros)).ok()?;
        Some(Self {
            at: OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

impl Key for Digest {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

macro_rules! names {
    ($($name:ty),*) => {$(
        impl Key for $name {
            fn to_bytes(&self) -> Vec<u8> {
                self.as_str().as_bytes().to_vec()
            }

            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                std::str::from_utf8(bytes).ok()?.parse().ok()
            }
        }
    )*};
}

names!(TaskName, SeriesName);

/// A name as it is stored.
impl Key for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        String::from_utf8(bytes.to_vec()).ok()
    }
}

impl Piece {
    /// The first of a list, as long as pages for people show.
    pub(crate) const fn first() -> Self {
        Self {
            limit: SHOWN,
            after: None,
        }
    }

    /// How many were asked for.
    pub(crate) fn limit(&self) -> Result<usize> {
        if (1..=MOST).contains(&self.limit) {
            return Ok(self.limit as usize);
        }
        let help = "leave `limit` out, or ask several times, each time with `after`";
        let what = "this is not a number that is given at once";
        let error = Error::invalid("query.limit", what, help);
        Err(error
            .limit(format!("1 to {MOST}"))
            .found(self.limit.to_string()))
    }

    /// Where it begins.
    pub(crate) fn after<K: Key>(&self) -> Result<Option<K>> {
        let Some(text) = &self.after else {
            return Ok(None);
        };
        let bytes = hex::decode(text).ok();
        match bytes.and_then(|bytes| K::from_bytes(&bytes)) {
            Some(key) => Ok(Some(key)),
            None => Err(Error::invalid(
                "query.after",
                "this is no place in this list",
                "send the `next` of the answer before as it is, or leave `after` out",
            )),
        }
    }

    /// What to read: one more than is given, which tells whether anything follows.
    pub(crate) fn page<K: Key>(&self) -> Result<Page<K>> {
        Ok(Page {
            limit: self.limit()? as i64 + 1,
            after: self.after()?,
        })
    }

    /// What is given of what was read.
    pub(crate) fn list<V, T, K: Key>(
        &self,
        mut read: Vec<V>,
        key: impl Fn(&V) -> K,
        shown: impl FnMut(V) -> T,
    ) -> List<T> {
        let limit = self.limit as usize;
        let more = read.len() > limit;
        read.truncate(limit);
        let last = read.last().filter(|_| more);
        List {
            next: last.map(|last| cursor(&key(last))),
            items: read.into_iter().map(shown).collect(),
        }
    }
}

/// The place after something, as text.
pub(crate) fn cursor(key: &impl Key) -> String {
    hex::encode(key.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(limit: u32, after: Option<&str>) -> Piece {
        Piece {
            limit,
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn places_come_back_as_they_were() {
        let place = Place {
            at: OffsetDateTime::from_unix_timestamp_nanos(1_790_000_000_123_456_000).unwrap(),
            id: Uuid::from_u128(7),
        };
        let text = cursor(&place);
        assert_eq!(piece(1, Some(&text)).after().unwrap(), Some(place));
        let name: TaskName = "digits".parse().unwrap();
        let text = cursor(&name);
        assert_eq!(piece(1, Some(&text)).after().unwrap(), Some(name));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let before_1970 = format!("ff{}", "0".repeat(46));
        let too_late = format!("7f{}", "f".repeat(46));
        for text in ["", "x", "0", "00", &before_1970, &too_late] {
            let error = piece(1, Some(text)).after::<Place>().err().unwrap();
            assert_eq!(error.problem().field.as_deref(), Some("query.after"));
        }
        // A name with a zero in it, which no database takes.
        assert!(piece(1, Some("00")).after::<TaskName>().is_err());
    }

    #[test]
    fn limits_are_kept() {
        assert_eq!(piece(200, None).limit().unwrap(), 200);
        for limit in [0, 201, u32::MAX] {
            let error = piece(limit, None).limit().err().unwrap();
            assert_eq!(error.problem().limit.as_deref(), Some("1 to 200"));
        }
    }

    #[test]
    fn the_last_piece_says_that_nothing_follows() {
        let names: Vec<TaskName> = ["a", "b", "c"].map(|name| name.parse().unwrap()).into();
        let list = |limit| piece(limit, None).list(names.clone(), TaskName::clone, |name| name);
        let first = list(2);
        assert_eq!(first.items.len(), 2);
        assert_eq!(first.next, Some(cursor(&names[1])));
        assert_eq!(list(3).next, None);
    }
}
