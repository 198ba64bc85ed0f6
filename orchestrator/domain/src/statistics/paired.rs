//! What paired differences say about their mean.

use crate::statistics::sign_flip::one_sided_p_value;

/// What paired differences say about their mean. Larger is better for the first of each pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// Their mean; 0 of none.
    pub mean: f64,
    /// Standard error of the mean; needs two pairs.
    pub standard_error: Option<f64>,
    /// 95 % interval of the mean (Student's t); needs two pairs.
    pub interval: Option<[f64; 2]>,
    /// Exact one-sided sign-flip p-value; up to 40 pairs.
    pub p_value: Option<f64>,
    /// About how many more pairs would turn the mean's sign if the true difference were as bad
    /// for the first as the interval allows. `None` if the whole interval favours the first, or
    /// there is no interval.
    pub pairs_to_flip: Option<u64>,
}

impl Paired {
    /// Computes it from the differences, first less second of each pair.
    pub fn of(differences: &[f64]) -> Self {
        let n = differences.len();
        let mean = if n == 0 {
            0.0
        } else {
            differences.iter().sum::<f64>() / n as f64
        } + 0.0; // never −0.0, which JSON columns do not keep
        let standard_error = (n >= 2).then(|| {
            let squares: f64 = differences
                .iter()
                .map(|difference| (difference - mean).powi(2))
                .sum();
            (squares / (n - 1) as f64 / n as f64).sqrt()
        });
        let interval = standard_error.map(|error| {
            let reach = student_t_975(n - 1) * error;
            [mean - reach + 0.0, mean + reach + 0.0]
        });
        Self {
            mean,
            standard_error,
            interval,
            p_value: one_sided_p_value(differences),
            pairs_to_flip: interval.and_then(|[low, _]| pairs_to_flip(n, mean, low)),
        }
    }
}

/// With k more pairs at mean `low` the overall mean is (n·mean + k·low)/(n+k):
/// it passes zero at k = n·mean / −low.
fn pairs_to_flip(n: usize, mean: f64, low: f64) -> Option<u64> {
    if low >= 0.0 {
        return None;
    }
    let more = (n as f64 * mean.max(0.0) / -low).ceil().max(1.0);
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
    use super::Paired;

    fn paired(pairs: &[(f64, f64)]) -> Paired {
        let differences: Vec<f64> = pairs.iter().map(|(one, other)| one - other).collect();
        Paired::of(&differences)
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn one_pair_has_a_mean_but_no_interval() {
        let one = paired(&[(0.9, 0.7)]);
        assert!(near(one.mean, 0.2));
        assert_eq!(one.standard_error, None);
        assert_eq!(one.interval, None);
        assert_eq!(one.p_value, Some(0.5));
        assert_eq!(one.pairs_to_flip, None);
    }

    #[test]
    fn three_pairs_worked_by_hand() {
        // Differences .1 .2 .3: mean .2, sd .1, error .1/sqrt(3), reach 4.303 of it.
        let three = paired(&[(0.6, 0.5), (0.7, 0.5), (0.8, 0.5)]);
        assert!(near(three.mean, 0.2));
        let error = 0.1 / 3.0_f64.sqrt();
        assert!(near(three.standard_error.unwrap(), error));
        let [low, high] = three.interval.unwrap();
        assert!(near(low, 0.2 - 4.303 * error) && near(high, 0.2 + 4.303 * error));
        assert_eq!(three.p_value, Some(0.125));
        // 3 * .2 / .04843 = 12.4: thirteen more pairs.
        assert_eq!(three.pairs_to_flip, Some(13));
    }

    #[test]
    fn a_clear_difference_does_not_flip() {
        let clear = paired(&[(0.9, 0.1), (0.91, 0.1), (0.9, 0.11), (0.9, 0.1)]);
        assert!(clear.interval.unwrap()[0] > 0.0);
        assert_eq!(clear.pairs_to_flip, None);
    }

    #[test]
    fn equals_flip_with_the_next_pair() {
        let equal = paired(&[(0.5, 0.4), (0.4, 0.5)]);
        assert!(near(equal.mean, 0.0));
        assert_eq!(equal.pairs_to_flip, Some(1));
    }
}
