//! What results say about methods' qualities.
//!
//! The model: score = q_i + d_b + e, with quality q_i ~ N(0, σq²) of method i, a
//! flat prior on the difficulty d_b of block b, and noise e ~ N(0, σe²) (method by task,
//! and seed). A half-way reading has a difficulty of its own and further noise.
//! The posterior of all q is then Gaussian, and computed exactly: from the
//! mixed-model equations (Henderson 1950), in units of σq² and with λ = σe²/σq²,
//!
//! ```text
//! | D  C | |q|   |g|     D = I + Σ 1/(λ r), diagonal;  C: method × effect
//! | Cᵀ F | |d| = |h|     S = F − Cᵀ D⁻¹ C = L Lᵀ
//! cov(q) = σq² (D⁻¹ + Wᵀ W),  W = L⁻¹ Cᵀ D⁻¹
//! ```
//!
//! D being diagonal, the work grows with the cube of the blocks, not of the methods.
//! Only + − × ÷ and square roots are used, in a fixed order: every machine gets
//! the same bits.

use crate::statistics::belief::Belief;
use crate::statistics::equations::{Equations, dot};
use crate::statistics::layout::{Layout, Reading};
use crate::statistics::spread::Spread;

/// The Gaussian posterior of the methods' qualities.
#[derive(Clone, Debug)]
pub struct Posterior {
    pub(crate) layout: Layout,
    spread: Spread,
    pub(crate) equations: Equations,
}

impl Posterior {
    /// The posterior of `methods` qualities; `spread` as given or from
    /// [`Spread::estimate`].
    pub fn new(methods: usize, readings: &[Reading], spread: &Spread) -> Self {
        let layout = Layout::new(methods, readings, spread.halfway_ratio());
        Self::of_layout(layout, spread)
    }

    pub(crate) fn of_layout(layout: Layout, spread: &Spread) -> Self {
        let equations = Equations::solve(&layout, spread.noise_ratio());
        Self {
            layout,
            spread: *spread,
            equations,
        }
    }

    /// Posterior mean of each quality, in the task's unit; zero is the prior's.
    pub fn means(&self) -> &[f64] {
        &self.equations.mean
    }

    /// What it was computed with.
    pub const fn spread(&self) -> &Spread {
        &self.spread
    }

    /// Posterior covariance of two qualities, in the square of the task's unit.
    pub fn covariance(&self, one: usize, other: usize) -> f64 {
        let equations = &self.equations;
        let own = if one == other {
            1.0 / equations.precision[one]
        } else {
            0.0
        };
        self.spread.quality_variance()
            * (own + dot(&equations.shared[one], &equations.shared[other]))
    }
}

impl Belief for Posterior {
    fn methods(&self) -> usize {
        self.layout.methods
    }

    fn mean(&self, method: usize) -> f64 {
        self.equations.mean[method]
    }

    fn difference_variance(&self, one: usize, other: usize) -> f64 {
        if one == other {
            return 0.0;
        }
        let equations = &self.equations;
        let shared: f64 = equations.shared[one]
            .iter()
            .zip(&equations.shared[other])
            .map(|(a, b)| (a - b) * (a - b))
            .sum();
        self.spread.quality_variance()
            * (1.0 / equations.precision[one] + 1.0 / equations.precision[other] + shared)
    }

    fn quality_sd(&self) -> f64 {
        self.spread.quality_sd()
    }

    fn finished(&self, method: usize) -> usize {
        self.layout.finished[method]
    }

    fn blocks(&self) -> Vec<usize> {
        let mut blocks: Vec<usize> = self
            .layout
            .effects
            .iter()
            .map(|(block, _)| *block)
            .collect();
        blocks.dedup();
        blocks
    }

    fn started(&self, method: usize, block: usize) -> bool {
        self.layout.started[method].contains(&block)
    }

    fn reduction(&self, method: usize, other: usize, block: usize) -> f64 {
        let Some(effect) = self.layout.effect(block) else {
            return 0.0;
        };
        let (equations, unit) = (&self.equations, self.spread.quality_variance());
        // Cov(q_j, d_b) = −σq² (Wᵀ L⁻¹)_jb, and Var(d_b) = σq² (L⁻ᵀ L⁻¹)_bb.
        let with_effect = |j: usize| -> f64 {
            let sum: f64 = equations.shared[j]
                .iter()
                .zip(&equations.inverse)
                .filter_map(|(w, row)| Some(w * row.get(effect)?))
                .sum();
            -unit * sum
        };
        let effect_variance: f64 = equations
            .inverse
            .iter()
            .filter_map(|row| row.get(effect))
            .map(|x| x * x)
            .sum();
        let own = self.covariance(method, method);
        let crossing = with_effect(method);
        let covariance = own + crossing - self.covariance(other, method) - with_effect(other);
        let variance = own + 2.0 * crossing + unit * (effect_variance + self.spread.noise_ratio());
        covariance * covariance / variance
    }
}
