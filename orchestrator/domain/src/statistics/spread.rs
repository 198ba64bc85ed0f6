//! How far qualities and noise spread: given, or estimated from the results.

use libm::log;

use crate::statistics::equations::Equations;
use crate::statistics::layout::{Layout, Reading};

/// Ratios λ = σe²/σq² that an estimate chooses from: 2^(k/2), from 1/16 to 64.
const STEPS: std::ops::RangeInclusive<i32> = -8..=12;
const SQRT_2: f64 = std::f64::consts::SQRT_2;
/// What is believed of ln λ before any result: a normal distribution around 0
/// with this standard deviation. A single block tells nothing of λ; then it decides.
const LOG_RATIO_SD: f64 = 1.0;

/// Standard deviations in the task's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    quality_sd: f64,
    noise_ratio: f64,
    halfway_ratio: f64,
}

impl Spread {
    /// Qualities spread by `quality_sd`; a whole run's score by `noise_sd` around
    /// quality and difficulty (method by task, and seed, together); a half-way score
    /// by `halfway_sd` around the same run's final one. `None` unless the first two
    /// are positive and all finite.
    pub fn new(quality_sd: f64, noise_sd: f64, halfway_sd: f64) -> Option<Self> {
        let ratio = noise_sd / quality_sd;
        let halfway = halfway_sd / noise_sd;
        let good = quality_sd > 0.0
            && noise_sd > 0.0
            && [quality_sd, ratio * ratio, halfway * halfway]
                .iter()
                .all(|value| value.is_finite())
            && ratio * ratio > 0.0;
        good.then_some(Self {
            quality_sd,
            noise_ratio: ratio * ratio,
            halfway_ratio: (halfway * halfway).max(1e-6),
        })
    }

    /// The most likely spread by restricted maximum likelihood (REML) on the
    /// layout of methods by blocks, however incomplete, with a weak prior on the
    /// ratio of the two. `halfway_ratio`: see [`Spread::halfway_ratio`]; it is not estimated.
    ///
    /// With N rows, p effects and everything in units of σq², twice the negative
    /// restricted log-likelihood, least over σq², is up to a constant
    /// (N − p) ln(yᵀPy) + ln|λR| + ln|D| + ln|S|, and σq² = yᵀPy/(N − p).
    pub fn estimate(methods: usize, readings: &[Reading], halfway_ratio: f64) -> Self {
        let halfway_ratio = if halfway_ratio.is_finite() {
            halfway_ratio.max(1e-6)
        } else {
            1.0
        };
        let layout = Layout::new(methods, readings, halfway_ratio);
        let freedom = layout.rows.len() as f64 - layout.effects.len() as f64;
        let fallback = Self {
            quality_sd: 1.0,
            noise_ratio: 1.0,
            halfway_ratio,
        };
        if freedom < 1.0 {
            return fallback;
        }
        let mut best: Option<(f64, Self)> = None;
        for step in STEPS {
            let ratio = root_two_to(step);
            let equations = Equations::solve(&layout, ratio);
            // Scores that all agree say nothing of their unit.
            if equations.residual.is_nan() || equations.residual <= 0.0 {
                return fallback;
            }
            let noises: f64 = layout.rows.iter().map(|row| log(ratio * row.noise)).sum();
            let determinant: f64 = equations
                .precision
                .iter()
                .chain(&equations.pivots)
                .map(|x| log(*x))
                .sum();
            let surprise = log(ratio) / LOG_RATIO_SD;
            let misfit =
                freedom * log(equations.residual) + noises + determinant + surprise * surprise;
            if best.is_none_or(|(least, _)| misfit < least) {
                let spread = Self {
                    quality_sd: (equations.residual / freedom).sqrt(),
                    noise_ratio: ratio,
                    halfway_ratio,
                };
                best = Some((misfit, spread));
            }
        }
        best.map_or(fallback, |(_, spread)| spread)
    }

    /// Standard deviation of the qualities, σq.
    pub const fn quality_sd(&self) -> f64 {
        self.quality_sd
    }

    /// Standard deviation of a whole run's noise, σe.
    pub fn noise_sd(&self) -> f64 {
        self.quality_sd * self.noise_ratio.sqrt()
    }

    /// λ = σe²/σq².
    pub const fn noise_ratio(&self) -> f64 {
        self.noise_ratio
    }

    /// Variance of (half-way score − final score) over σe².
    pub const fn halfway_ratio(&self) -> f64 {
        self.halfway_ratio
    }

    pub(crate) fn quality_variance(&self) -> f64 {
        self.quality_sd * self.quality_sd
    }
}

/// 2^(step/2), by multiplication.
fn root_two_to(step: i32) -> f64 {
    let size = (0..step.unsigned_abs()).fold(1.0, |power, _| power * SQRT_2);
    if step < 0 { 1.0 / size } else { size }
}
