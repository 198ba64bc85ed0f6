//! What one run may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of a run; every one is required. The same fields as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Metered work of training: FLOPs, bytes moved, fixed prices and the method's own
    /// instructions.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_992_u64)]
    pub work: u64,
    /// Metered work of prediction, as a percentage of `work`: from 1 to
    /// [`Self::MAX_PREDICT_SHARE_PERCENT`].
    #[schema(minimum = 1, maximum = 100)]
    pub predict_share_percent: u32,
    /// Wall seconds of each phase; a backstop.
    #[schema(minimum = 1, maximum = 604_800)]
    pub wall_seconds: u32,
    /// Live tensor bytes.
    #[schema(minimum = 1, maximum = 1_099_511_627_776_u64)]
    pub tensor_bytes: u64,
    /// Guest linear memory in bytes.
    #[schema(minimum = 65_536, maximum = 4_294_967_296_u64)]
    pub guest_bytes: u64,
    /// Bytes of the model, and of the predictions.
    #[schema(minimum = 1)]
    pub output_bytes: u64,
}

/// A budget under which nothing could run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("budget.{field} must be from {min} to {max}")]
pub struct BudgetError {
    /// The field.
    pub field: &'static str,
    /// Least allowed.
    pub min: u64,
    /// Most allowed.
    pub max: u64,
}

impl Budget {
    /// The most that a task may grant prediction: as much as training. Whoever could spend more
    /// there would train there, on hidden inputs and beyond the budget that all share.
    pub const MAX_PREDICT_SHARE_PERCENT: u32 = 100;

    /// The most that a task may grant a model: no larger blob is taken, so a run that trained
    /// one could never be reported.
    pub const MAX_OUTPUT_BYTES: u64 = 128 << 20;

    /// Half of what training may use. Prediction has as much work as ever. Where work is not
    /// metered (`timed`), time is what is halved, of both phases; where it is, time is a
    /// backstop and stays. The share doubles with that, beyond what a task may ask for.
    #[must_use]
    pub fn half(self, timed: bool) -> Self {
        Self {
            work: self.work.div_ceil(2),
            predict_share_percent: self.predict_share_percent.saturating_mul(2),
            wall_seconds: if timed {
                self.wall_seconds.div_ceil(2)
            } else {
                self.wall_seconds
            },
            ..self
        }
    }

    /// Longer than any attempt takes that keeps to its budget: training, prediction, a second
    /// prediction where one is asked for, and generous time for what the platform does around
    /// them (data to be fetched, a module compiled or an image loaded, a model handed in).
    #[must_use]
    pub fn longest_attempt(&self) -> Duration {
        const PLATFORM: Duration = Duration::from_secs(30 * 60);
        Duration::from_secs(u64::from(self.wall_seconds) * 3) + PLATFORM
    }

    /// Checks that each limit is one.
    pub fn validate(&self) -> Result<(), BudgetError> {
        // Most: 2^53, which every JSON reader carries exactly; memory up to 1 TiB.
        const EXACT: u64 = 1 << 53;
        const TEBIBYTE: u64 = 1 << 40;
        for (field, found, min, max) in [
            ("work", self.work, 1, EXACT),
            (
                "predict_share_percent",
                self.predict_share_percent.into(),
                1,
                Self::MAX_PREDICT_SHARE_PERCENT.into(),
            ),
            ("wall_seconds", self.wall_seconds.into(), 1, 7 * 86_400),
            ("tensor_bytes", self.tensor_bytes, 1, TEBIBYTE),
            ("guest_bytes", self.guest_bytes, 65_536, 1 << 32),
            ("output_bytes", self.output_bytes, 1, Self::MAX_OUTPUT_BYTES),
        ] {
            if found < min || found > max {
                return Err(BudgetError { field, min, max });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    const GOOD: Budget = Budget {
        work: 1_000_000,
        predict_share_percent: 20,
        wall_seconds: 60,
        tensor_bytes: 1 << 28,
        guest_bytes: 1 << 26,
        output_bytes: 1 << 22,
    };

    #[test]
    fn half_a_budget_trains_half_as_long_and_predicts_as_long() {
        let odd = Budget {
            work: 7,
            wall_seconds: 61,
            ..GOOD
        };
        let half = odd.half(false);
        assert_eq!((half.work, half.predict_share_percent), (4, 40));
        assert_eq!(half.wall_seconds, 61);
        assert_eq!(odd.half(true).wall_seconds, 31);
        assert_eq!(half.tensor_bytes, odd.tensor_bytes);
    }

    #[test]
    fn an_attempt_may_take_its_phases_and_the_platforms_time() {
        assert_eq!(GOOD.longest_attempt().as_secs(), 3 * 60 + 1800);
    }

    #[test]
    fn a_limit_of_nothing_is_refused_by_name() {
        assert_eq!(GOOD.validate(), Ok(()));
        let none = Budget { work: 0, ..GOOD };
        assert_eq!(none.validate().unwrap_err().field, "work");
        let small = Budget {
            guest_bytes: 1,
            ..GOOD
        };
        assert_eq!(small.validate().unwrap_err().field, "guest_bytes");
        let share = |predict_share_percent| Budget {
            predict_share_percent,
            ..GOOD
        };
        assert_eq!(share(100).validate(), Ok(()));
        let more = share(101).validate().unwrap_err();
        assert_eq!((more.field, more.max), ("predict_share_percent", 100));
        let large = Budget {
            output_bytes: Budget::MAX_OUTPUT_BYTES + 1,
            ..GOOD
        };
        assert_eq!(large.validate().unwrap_err().field, "output_bytes");
        let huge = Budget {
            work: u64::MAX,
            ..GOOD
        };
        assert_eq!(huge.validate().unwrap_err().max, 1 << 53);
    }
}
