//! How much of the runners' time a tournament gets beside others.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// A tournament's part of the runners' time, as docs/RUNNERS.md describes it. It decides when runs are leased and nothing
/// else: results do not depend on it, so it may change while the tournament is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Share {
    /// As long as tournaments of a higher priority have runs to be leased, those of a lower
    /// one get nothing; -10 to 10.
    #[schema(minimum = -10, maximum = 10)]
    pub priority: i16,
    /// Within a priority, its part beside the other tournaments of its organiser; 1 to 1000.
    #[schema(minimum = 1, maximum = 1000)]
    pub weight: i16,
}

impl Default for Share {
    fn default() -> Self {
        Self {
            priority: 0,
            weight: 1,
        }
    }
}

impl Share {
    /// The priorities there are.
    pub const PRIORITIES: RangeInclusive<i16> = -10..=10;
    /// The weights there are.
    pub const WEIGHTS: RangeInclusive<i16> = 1..=1000;

    /// Whether it is what a tournament has if nobody says otherwise.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether both numbers are in their range.
    pub fn is_valid(&self) -> bool {
        Self::PRIORITIES.contains(&self.priority) && Self::WEIGHTS.contains(&self.weight)
    }
}
