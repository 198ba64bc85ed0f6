//! What a cut rests on.

use serde::{Deserialize, Serialize};

use crate::ids::SubmissionId;
use crate::run::Metric;
use crate::statistics::Paired;

/// The comparison of the last one kept with the first one cut, over the blocks
/// both ran. A difference is the advantage of the kept in the task's metric: positive
/// if it did better, whichever way that is; a fault counts as a miss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The last kept.
    pub kept: SubmissionId,
    /// The first cut.
    pub cut: SubmissionId,
    /// Number of common blocks.
    pub blocks: u32,
    /// Mean paired advantage of the kept.
    pub effect: f64,
    /// Standard error of the effect; needs two blocks.
    pub standard_error: Option<f64>,
    /// 95 % interval of the effect (Student's t); needs two blocks.
    pub interval: Option<[f64; 2]>,
    /// Exact one-sided paired sign-flip p-value; up to 40 blocks.
    pub p_value: Option<f64>,
    /// About how many more blocks would turn the order round if the true
    /// difference were as bad for the kept as the interval allows. `None` if
    /// the whole interval favours the kept, or there is no interval.
    pub blocks_to_flip: Option<u64>,
    /// The p-value after Holm's adjustment for all methods cut together; left out
    /// where there was nothing to adjust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holm_p_value: Option<f64>,
}

impl Evidence {
    /// Computes it from the paired scores (kept, cut) of the common blocks.
    pub fn new(
        metric: &Metric,
        kept: SubmissionId,
        cut: SubmissionId,
        pairs: &[(f64, f64)],
    ) -> Self {
        let advantage = |&(kept, cut): &(f64, f64)| metric.advantage(kept, cut);
        let differences: Vec<f64> = pairs.iter().map(advantage).collect();
        let paired = Paired::of(&differences);
        Self {
            kept,
            cut,
            blocks: differences.len() as u32,
            effect: paired.mean,
            standard_error: paired.standard_error,
            interval: paired.interval,
            p_value: paired.p_value,
            blocks_to_flip: paired.pairs_to_flip,
            holm_p_value: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Evidence;
    use crate::ids::SubmissionId;
    use crate::run::{Direction, Metric};
    use uuid::Uuid;

    #[test]
    fn a_lower_error_is_an_advantage() {
        let who = |nth| SubmissionId(Uuid::from_u128(nth));
        let rmse = Metric {
            name: "rmse".to_owned(),
            unit: None,
            better: Direction::Lower,
            best: 0.0,
            miss: 1.0,
        };
        let better = Evidence::new(&rmse, who(1), who(2), &[(0.3, 0.5), (0.2, 0.5), (0.4, 0.5)]);
        let accuracy = Metric::default();
        let mirrored = [(0.5, 0.3), (0.5, 0.2), (0.5, 0.4)];
        let mirrored = Evidence::new(&accuracy, who(1), who(2), &mirrored);
        assert!((better.effect - 0.2).abs() < 1e-9);
        assert_eq!(better, mirrored);
    }
}
