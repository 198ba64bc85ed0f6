//! The numbers by which runners are set aside.

use std::time::Duration;

/// When runners are set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthPolicy {
    /// So many faults in a row set a runner aside.
    pub faults: u32,
    /// For how long, the first time; doubles with each fault on probation.
    pub pause: Duration,
    /// The longest.
    pub longest_pause: Duration,
}

impl Default for HealthPolicy {
    fn default() -> Self {
        Self {
            faults: 3,
            pause: Duration::from_secs(30),
            longest_pause: Duration::from_secs(600),
        }
    }
}

impl HealthPolicy {
    /// No runner is ever set aside: for tests of something else.
    pub const NONE: Self = Self {
        faults: u32::MAX,
        pause: Duration::ZERO,
        longest_pause: Duration::ZERO,
    };

    /// How long a runner is set aside for the so-many-th time in a row.
    pub(crate) fn pause(&self, times: u32) -> Duration {
        let doublings = times.saturating_sub(1).min(16);
        self.pause
            .saturating_mul(1 << doublings)
            .min(self.longest_pause)
    }
}

#[cfg(test)]
mod tests {
    use super::HealthPolicy;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = HealthPolicy::default();
        let seconds: Vec<u64> = [1, 2, 3, 6, u32::MAX]
            .map(|times| policy.pause(times).as_secs())
            .to_vec();
        assert_eq!(seconds, [30, 60, 120, 600, 600]);
    }
}
