//! What a cut rests on.

use serde::{Deserialize, Serialize};

use crate::{Metric, SubmissionId, one_sided_p_value};

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
        let n = differences.len();
        let effect = if n == 0 {
            0.0
        } else {
            differences.iter().sum::<f64>() / n as f64
        } + 0.0; // never −0.0, which JSON columns do not keep
        let standard_error = (n >= 2).then(|| {
            let squares: f64 = differences
                .iter()
                .map(|difference| (difference - effect).powi(2))
                .sum();
            (squares / (n - 1) as f64 / n as f64).sqrt()
        });
        let interval = standard_error.map(|error| {
            let reach = student_t_975(n - 1) * error;
            [effect - reach + 0.0, effect + reach + 0.0]
        });
        Self {
            kept,
            cut,
            blocks: n as u32,
            effect,
            standard_error,
            interval,
            p_value: one_sided_p_value(&differences),
            blocks_to_flip: interval.and_then(|[low, _]| blocks_to_flip(n, effect, low)),
            holm_p_value: None,
        }
    }
}

/// With k more blocks at mean `low` the overall mean is (n·effect + k·low)/(n+k):
/// it passes zero at k = n·effect / −low.
fn blocks_to_flip(n: usize, effect: f64, low: f64) -> Option<u64> {
    if low >= 0.0 {
        return None;
    }
    let more = (n as f64 * effect.max(0.0) / -low).ceil().max(1.0);
    Some(more as u64)
}

/// 97.5 % quantile of Student's t distribution.
fn student_t_975(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];
    match freedom {
        0 => f64::INFINITY,
        1..=30 => TABLE[freedom - 1],
        // First term of the expansion in 1/freedom: within 0.003 from here on.
        _ => 1.960 + 2.4 / freedom as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::Evidence;
    use crate::{Direction, Metric, SubmissionId};
    use uuid::Uuid;

    fn evidence(pairs: &[(f64, f64)]) -> Evidence {
        Evidence::new(
            &Metric::default(),
            SubmissionId(Uuid::from_u128(1)),
            SubmissionId(Uuid::from_u128(2)),
            pairs,
        )
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn one_block_has_an_effect_but_no_interval() {
        let one = evidence(&[(0.9, 0.7)]);
        assert!(near(one.effect, 0.2));
        assert_eq!(one.standard_error, None);
        assert_eq!(one.interval, None);
        assert_eq!(one.p_value, Some(0.5));
        assert_eq!(one.blocks_to_flip, None);
    }

    #[test]
    fn three_blocks_worked_by_hand() {
        // Differences .1 .2 .3: mean .2, sd .1, error .1/sqrt(3), reach 4.303 of it.
        let three = evidence(&[(0.6, 0.5), (0.7, 0.5), (0.8, 0.5)]);
        assert!(near(three.effect, 0.2));
        let error = 0.1 / 3.0_f64.sqrt();
        assert!(near(three.standard_error.unwrap(), error));
        let [low, high] = three.interval.unwrap();
        assert!(near(low, 0.2 - 4.303 * error) && near(high, 0.2 + 4.303 * error));
        assert_eq!(three.p_value, Some(0.125));
        // 3 * .2 / .04843 = 12.4: thirteen more blocks.
        assert_eq!(three.blocks_to_flip, Some(13));
    }

    #[test]
    fn a_clear_difference_does_not_flip() {
        let clear = evidence(&[(0.9, 0.1), (0.91, 0.1), (0.9, 0.11), (0.9, 0.1)]);
        assert!(clear.interval.unwrap()[0] > 0.0);
        assert_eq!(clear.blocks_to_flip, None);
    }

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
        let mirrored = evidence(&[(0.5, 0.3), (0.5, 0.2), (0.5, 0.4)]);
        assert!(near(better.effect, 0.2));
        assert_eq!(better, mirrored);
    }

    #[test]
    fn equals_flip_with_the_next_block() {
        let equal = evidence(&[(0.5, 0.4), (0.4, 0.5)]);
        assert!(near(equal.effect, 0.0));
        assert_eq!(equal.blocks_to_flip, Some(1));
    }
}
