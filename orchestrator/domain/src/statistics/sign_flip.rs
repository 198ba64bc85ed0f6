//! The exact one-sided paired sign-flip test.

/// Most differences for which all sign assignments are counted.
const EXACT_LIMIT: usize = 40;
/// Differences become integers of this resolution, so that sums are exact and
/// the same on every machine. Where some are larger than one, the resolution is a
/// power of two coarser, so that sums of forty still fit.
const RESOLUTION: f64 = (1_u64 << 40) as f64;

/// The share of the 2^n sign assignments of `differences` whose sum is at
/// least the observed one: the chance of so large an advantage if it were
/// equally likely to fall either way on each block. `None` without
/// differences, or with more than 40.
///
/// Counts all assignments by meeting in the middle: the sums of one half,
/// sorted, against those of the other.
pub fn one_sided_p_value(differences: &[f64]) -> Option<f64> {
    let n = differences.len();
    if n == 0 || n > EXACT_LIMIT {
        return None;
    }
    let largest = differences
        .iter()
        .fold(1.0_f64, |largest, difference| largest.max(difference.abs()));
    let scale = RESOLUTION / 2.0_f64.powi(libm::log2(largest).ceil() as i32);
    let values: Vec<i64> = differences
        .iter()
        .map(|difference| (difference * scale).round() as i64)
        .collect();
    // Each rounding is off by at most one half, on both sides of the comparison.
    let threshold = values.iter().sum::<i64>() - n as i64;
    let (left, right) = values.split_at(n / 2);
    let mut left = signed_sums(left);
    let mut right = signed_sums(right);
    left.sort_unstable();
    right.sort_unstable_by(|a, b| b.cmp(a));

    // As the left sum grows, more of the right (largest first) reaches the threshold.
    let mut reaching: usize = 0;
    let mut count: u64 = 0;
    for sum in left {
        while reaching < right.len() && sum + right[reaching] >= threshold {
            reaching += 1;
        }
        count += reaching as u64;
    }
    Some(count as f64 / (1_u64 << n) as f64)
}

fn signed_sums(values: &[i64]) -> Vec<i64> {
    let mut sums = vec![0];
    for value in values {
        sums = sums
            .iter()
            .flat_map(|sum| [sum + value, sum - value])
            .collect();
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::one_sided_p_value;
    use proptest::prelude::*;

    #[test]
    fn known_values() {
        assert_eq!(one_sided_p_value(&[]), None);
        assert_eq!(one_sided_p_value(&[0.1; 41]), None);
        assert_eq!(one_sided_p_value(&[0.3]), Some(0.5));
        assert_eq!(one_sided_p_value(&[0.0]), Some(1.0));
        assert_eq!(one_sided_p_value(&[0.1; 5]), Some(1.0 / 32.0));
        assert_eq!(one_sided_p_value(&[-0.1; 5]), Some(1.0));
        // Of +++ ++- +-+ -++ ..., the sums at least 0.1 + 0.1 - 0.1.
        assert_eq!(one_sided_p_value(&[0.1, 0.1, -0.1]), Some(0.5));
        assert!(one_sided_p_value(&[0.01; 40]).unwrap() < 1e-11);
        assert!(one_sided_p_value(&[1e12; 40]).unwrap() < 1e-11);
    }

    fn by_enumeration(differences: &[f64]) -> f64 {
        let observed: f64 = differences.iter().sum();
        let n = differences.len();
        let count = (0..1_u32 << n)
            .filter(|mask| {
                let sum: f64 = differences
                    .iter()
                    .enumerate()
                    .map(|(at, value)| if mask >> at & 1 == 1 { -value } else { *value })
                    .sum();
                sum >= observed - 1e-9
            })
            .count();
        count as f64 / f64::from(1_u32 << n)
    }

    proptest! {
        #[test]
        fn agrees_with_plain_enumeration(hits in prop::collection::vec(-360_i32..=360, 1..10)) {
            let differences: Vec<f64> = hits.iter().map(|hit| f64::from(*hit) / 360.0).collect();
            prop_assert_eq!(one_sided_p_value(&differences), Some(by_enumeration(&differences)));
        }

        #[test]
        fn the_order_of_blocks_does_not_matter(mut differences in prop::collection::vec(-1.0_f64..1.0, 1..16)) {
            let before = one_sided_p_value(&differences);
            differences.reverse();
            prop_assert_eq!(before, one_sided_p_value(&differences));
        }
    }
}
