//! Step times from the times at which a method reported its loss.

/// Milliseconds per step, from `(step, microseconds)` of one metric in order of time.
/// Reports may be several steps apart.
#[must_use]
pub fn step_times(reports: &[(u64, u64)]) -> Vec<f64> {
    reports
        .windows(2)
        .filter(|pair| pair[1].0 > pair[0].0)
        .map(|pair| {
            let micros = pair[1].1.saturating_sub(pair[0].1) as f64;
            micros / 1e3 / (pair[1].0 - pair[0].0) as f64
        })
        .collect()
}

/// The median; zero for nothing.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::{median, step_times};

    #[test]
    fn steps_between_reports_share_the_time() {
        assert_eq!(
            step_times(&[(1, 0), (11, 10_000), (12, 13_000)]),
            vec![1.0, 3.0]
        );
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
