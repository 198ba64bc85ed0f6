//! Performance profiles: time to a target, over a reference.

/// What a ratio earns: max(0, r_max − r) / (r_max − 1); one at the reference's own pace,
/// nothing from `r_max` on. A miss is an infinite ratio.
pub fn profile_points(ratio: f64, r_max: f64) -> f64 {
    if ratio.is_finite() {
        (r_max - ratio).max(0.0) / (r_max - 1.0)
    } else {
        0.0
    }
}

/// The profile score of a method: B = (1/n)·Σ max(0, r_max − r)/(r_max − 1) over its n
/// tasks, where r is the median of the task's ratios and a miss counts as ∞.
///
/// With ratios of 1 and more this is AlgoPerf's normalised area under the performance
/// profile, (r_max − 1)⁻¹·∫₁^r_max ρ(r) dr, in closed form: G. E. Dahl et al.,
/// "Benchmarking Neural Network Training Algorithms" (2023), §4.5.
pub fn profile_score(tasks: &[Vec<f64>], r_max: f64) -> f64 {
    if tasks.is_empty() {
        return 0.0;
    }
    let sum: f64 = tasks
        .iter()
        .map(|ratios| profile_points(median(ratios), r_max))
        .sum();
    sum / tasks.len() as f64
}

/// The median, of an even number the mean of the middle two; ∞ of nothing, or where one of
/// the two is ∞.
fn median(ratios: &[f64]) -> f64 {
    let mut sorted = ratios.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::INFINITY,
        odd if odd % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::{profile_points, profile_score};
    use proptest::prelude::*;

    const MISS: f64 = f64::INFINITY;

    #[test]
    fn worked_by_hand() {
        assert_eq!(profile_points(1.0, 4.0), 1.0);
        assert_eq!(profile_points(2.5, 4.0), 0.5);
        assert_eq!(profile_points(4.0, 4.0), 0.0);
        assert_eq!(profile_points(MISS, 4.0), 0.0);
        // Medians 1 and 2.5: (1 + 1/2) / 2.
        let tasks = [vec![1.0, 9.0, 0.9], vec![2.0, 3.0]];
        assert_eq!(profile_score(&tasks, 4.0), 0.75);
        // One miss of three is outvoted, two are not; a task without results is a miss.
        assert_eq!(profile_score(&[vec![1.0, 1.0, MISS]], 4.0), 1.0);
        assert_eq!(profile_score(&[vec![1.0, MISS, MISS]], 4.0), 0.0);
        assert_eq!(profile_score(&[vec![1.0], vec![]], 4.0), 0.5);
        assert_eq!(profile_score(&[], 4.0), 0.0);
    }

    proptest! {
        /// The closed form is the area under the profile.
        #[test]
        fn the_sum_is_the_integral(ratios in prop::collection::vec(1.0_f64..6.0, 1..12)) {
            let r_max = 4.0;
            let tasks: Vec<Vec<f64>> = ratios.iter().map(|ratio| vec![*ratio]).collect();
            // ρ is a step function: its area, step by step.
            let mut steps: Vec<f64> = ratios.iter().copied().filter(|ratio| *ratio < r_max).collect();
            steps.sort_by(f64::total_cmp);
            steps.push(r_max);
            let area: f64 = steps
                .windows(2)
                .enumerate()
                .map(|(reached, pair)| (reached + 1) as f64 * (pair[1] - pair[0]))
                .sum();
            let integral = area / ratios.len() as f64 / (r_max - 1.0);
            prop_assert!((profile_score(&tasks, r_max) - integral).abs() < 1e-9);
        }
    }
}
