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

/// Milliseconds per step from the first report to the last, however uneven in between;
/// zero for fewer than two.
#[must_use]
pub fn mean_step(reports: &[(u64, u64)]) -> f64 {
    match (reports.first(), reports.last()) {
        (Some(first), Some(last)) if last.0 > first.0 => {
            last.1.saturating_sub(first.1) as f64 / 1e3 / (last.0 - first.0) as f64
        }
        _ => 0.0,
    }
}

/// Milliseconds per step over the second half of the reports, when kernels have been chosen
/// and compiled; zero for fewer than three. The mean, not the median: a device that works
/// by itself makes a few reports wait for all the others.
#[must_use]
pub fn late_step(reports: &[(u64, u64)]) -> f64 {
    mean_step(&reports[reports.len() / 2..])
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
    use super::{late_step, mean_step, median, step_times};

    #[test]
    fn steps_between_reports_share_the_time() {
        assert_eq!(
            step_times(&[(1, 0), (11, 10_000), (12, 13_000)]),
            vec![1.0, 3.0]
        );
    }

    #[test]
    fn the_mean_is_of_the_whole_time() {
        assert_eq!(mean_step(&[(1, 0), (11, 10_000), (12, 22_000)]), 2.0);
        assert_eq!(mean_step(&[(1, 5)]), 0.0);
    }

    #[test]
    fn a_slow_start_does_not_count_in_the_second_half() {
        let reports = [
            (1, 0),
            (2, 900_000),
            (3, 901_000),
            (4, 903_000),
            (5, 907_000),
        ];
        assert_eq!(late_step(&reports), 3.0);
        assert_eq!(late_step(&reports[..1]), 0.0);
        assert_eq!(late_step(&[]), 0.0);
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
