//! How good a checkpoint is, by the method's own measure.

use gauntlet_wire::calls::{Direction, Measured};

/// How good a checkpoint is, by the method's own measure: a loss or an accuracy on rows
/// that it held back from training. A value that is not finite is worse than any other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quality {
    /// Smaller is better.
    Loss(f64),
    /// Larger is better.
    Score(f64),
}

impl Quality {
    #[cfg_attr(
        all(not(feature = "native-pinned"), not(target_family = "wasm")),
        expect(dead_code, reason = "only a host asks")
    )]
    pub(crate) fn measured(self) -> Measured {
        let (value, better) = match self {
            Self::Loss(value) => (value, Direction::Lower),
            Self::Score(value) => (value, Direction::Higher),
        };
        Measured {
            value: value.is_finite().then_some(value),
            better,
        }
    }
}
