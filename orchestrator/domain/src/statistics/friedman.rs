//! Friedman's test: do methods differ at all, over shared blocks?

/// p-value of Friedman's test on `blocks`, each with the score of every method (higher is
/// better; equals share their ranks). `None` with fewer than two methods or blocks, or if
/// all are equal everywhere.
///
/// The statistic, corrected for ties, is compared with χ² of k − 1 degrees of freedom:
/// W. J. Conover, "Practical Nonparametric Statistics", 3rd ed., §5.8.
pub fn friedman(blocks: &[Vec<f64>]) -> Option<f64> {
    let methods = blocks.first()?.len();
    if methods < 2 || blocks.len() < 2 {
        return None;
    }
    let mut sums = vec![0.0; methods];
    let mut squares = 0.0;
    for block in blocks {
        for (sum, rank) in sums.iter_mut().zip(mid_ranks(block)) {
            *sum += rank;
            squares += rank * rank;
        }
    }
    let (n, k) = (blocks.len() as f64, methods as f64);
    let constant = n * k * (k + 1.0) * (k + 1.0) / 4.0;
    if squares <= constant {
        return None;
    }
    let middle = n * (k + 1.0) / 2.0;
    let spread: f64 = sums.iter().map(|sum| (sum - middle) * (sum - middle)).sum();
    Some(chi_square_beyond(
        methods - 1,
        (k - 1.0) * spread / (squares - constant),
    ))
}

/// Ranks from 1, the mean rank for equals.
fn mid_ranks(scores: &[f64]) -> Vec<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    scores
        .iter()
        .map(|score| {
            let below = sorted.partition_point(|other| other < score);
            let up_to = sorted.partition_point(|other| other <= score);
            // The mean of below + 1 to up_to.
            (below + up_to + 1) as f64 / 2.0
        })
        .collect()
}

/// Chance that χ² with `freedom` degrees exceeds `x`: finite sums of Abramowitz and
/// Stegun, 26.4.4 and 26.4.5. By `libm`, so that every machine finds the same bits.
fn chi_square_beyond(freedom: usize, x: f64) -> f64 {
    let half = x / 2.0;
    let (mut term, mut sum, first) = if freedom.is_multiple_of(2) {
        (libm::exp(-half), 0.0, 1)
    } else {
        // x^(1/2)·e^(−x/2) / (2^(1/2)·Γ(3/2)), the first term of the odd sum.
        let root = libm::sqrt(half);
        let term = libm::exp(-half) * root / (libm::sqrt(std::f64::consts::PI) / 2.0);
        (term, libm::erfc(root), 3)
    };
    if freedom.is_multiple_of(2) {
        for step in 0..freedom / 2 {
            if step > 0 {
                term *= half / step as f64;
            }
            sum += term;
        }
    } else {
        let mut degree = first;
        while degree <= freedom {
            sum += term;
            term *= x / degree as f64;
            degree += 2;
        }
    }
    sum.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::{chi_square_beyond, friedman, mid_ranks};

    #[test]
    fn chi_square_agrees_with_tables() {
        // 5 % points, from any table.
        for (freedom, x) in [
            (1, 3.841_459),
            (2, 5.991_465),
            (3, 7.814_728),
            (4, 9.487_729),
            (9, 16.918_978),
            (10, 18.307_038),
            (31, 44.985_343),
        ] {
            let beyond = chi_square_beyond(freedom, x);
            assert!((beyond - 0.05).abs() < 1e-6, "{freedom}: {beyond}");
        }
        assert_eq!(chi_square_beyond(3, 0.0), 1.0);
    }

    #[test]
    fn equals_share_their_ranks() {
        assert_eq!(mid_ranks(&[0.5, 0.1, 0.5, 0.9]), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn four_judges_who_agree() {
        // Ranks 1, 2, 3 four times: statistic 8 with 2 degrees, e^-4.
        let blocks = vec![vec![1.0, 2.0, 3.0]; 4];
        let p = friedman(&blocks).unwrap();
        assert!((p - (-4.0_f64).exp()).abs() < 1e-12, "{p}");
    }

    #[test]
    fn nothing_to_tell_apart() {
        assert_eq!(friedman(&[]), None);
        assert_eq!(friedman(&[vec![1.0, 2.0]]), None);
        assert_eq!(friedman(&[vec![1.0, 1.0], vec![0.0, 0.0]]), None);
        let undecided = friedman(&[vec![1.0, 2.0], vec![2.0, 1.0]]).unwrap();
        assert!((undecided - 1.0).abs() < 1e-12);
    }
}
