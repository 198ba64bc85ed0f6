//! How sure probabilities ought to be: one temperature for all of them (C. Guo and others, "On
//! Calibration of Modern Neural Networks", 2017).

use crate::metric::{Metric, Truth};

/// No probability is below this before it is raised to a power.
const LEAST: f64 = 1e-12;
/// Share of the uniform distribution that is mixed in: nobody is sure beyond this.
const UNIFORM: f64 = 1e-4;
/// Temperatures that are looked at lie between these.
const RANGE: (f64, f64) = (0.2, 5.0);
/// Steps of the search, each of which leaves .62 of the interval.
const STEPS: usize = 24;

/// The temperature with the least log loss for predictions of `width` probabilities a row, or 1
/// where none is better than leaving them as they are.
#[must_use]
pub(crate) fn temperature(classes: &[usize], predictions: &[f64], width: usize) -> f64 {
    let loss = |ln: f64| {
        let warmed = warm(predictions, width, ln.exp());
        Metric::LogLoss.loss(Truth::Classes(classes), &warmed, width)
    };
    // Golden section: the loss is convex in the inverse temperature, so it has one valley.
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (RANGE.0.ln(), RANGE.1.ln());
    for _ in 0..STEPS {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if loss(left) < loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    let found = f64::midpoint(low, high);
    if loss(found) < Metric::LogLoss.loss(Truth::Classes(classes), predictions, width) {
        found.exp()
    } else {
        1.0
    }
}

/// The probabilities at a temperature: each row raised to its inverse, with a little of the uniform
/// distribution.
#[must_use]
pub(crate) fn warm(predictions: &[f64], width: usize, temperature: f64) -> Vec<f64> {
    let mut warmed = Vec::with_capacity(predictions.len());
    for row in predictions.chunks(width) {
        let powers = row.iter().map(|p| p.max(LEAST).powf(1.0 / temperature));
        let powers: Vec<f64> = powers.collect();
        let sum: f64 = powers.iter().sum();
        let uniform = UNIFORM / width as f64;
        warmed.extend(powers.iter().map(|p| (1.0 - UNIFORM) * p / sum + uniform));
    }
    warmed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_too_sure_is_cooled_and_who_is_right_is_left_alone() {
        // Says 99 %, and is right in 3 of 4.
        let classes = [0, 0, 0, 1];
        let sure = [0.99, 0.01].repeat(4);
        let found = temperature(&classes, &sure, 2);
        let warmed = warm(&sure, 2, found);
        assert!((warmed[0] - 0.75).abs() < 0.01, "{found} {warmed:?}");
        let right = [0.75, 0.25].repeat(4);
        let found = temperature(&classes, &right, 2);
        assert!((found - 1.0).abs() < 1e-3, "{found}");
    }
}
