//! Several comparisons at once.

/// Holm's step-down adjustment: the i-th smallest of m p-values times m − i + 1, made
/// monotone, at most 1. With these, "reject where p ≤ α" errs anywhere with probability
/// at most α. In the order given.
///
/// Source: S. Holm, "A simple sequentially rejective multiple test procedure",
/// Scandinavian Journal of Statistics 6 (1979), 65–70.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    // Equal p-values get the same adjusted one, whichever comes first.
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]).then(a.cmp(b)));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        let factor = (p_values.len() - rank) as f64;
        largest = largest.max((p_values[at] * factor).min(1.0));
        adjusted[at] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::holm;

    #[test]
    fn worked_by_hand() {
        // Sorted: .01·4, .02·3, .03·2, .04·1 → .04, .06, .06, .06.
        assert_eq!(holm(&[0.01, 0.04, 0.03, 0.02]), [0.04, 0.06, 0.06, 0.06]);
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert_eq!(holm(&[0.3]), [0.3]);
        assert!(holm(&[]).is_empty());
    }
}
