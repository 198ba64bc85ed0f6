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
use crate::statistics::layout::{Layout, Reading, Subject};
use crate::statistics::spread::Spread;

/// The Gaussian posterior of the methods' qualities.
#[derive(Clone, Debug)]
pub struct Posterior {
    pub(crate) layout: Layout,
    spread: Spread,
    pub(crate) equations: Equations,
}

/// The solved equations, in units of σq².
#[derive(Clone, Debug)]
pub(crate) struct Equations {
    /// Posterior means of the qualities, in the task's unit.
    pub(crate) mean: Vec<f64>,
    /// D.
    pub(crate) precision: Vec<f64>,
    /// W, for each method its column.
    pub(crate) shared: Vec<Vec<f64>>,
    /// L⁻¹, lower triangle by rows.
    inverse: Vec<Vec<f64>>,
    /// The pivots of L, squared: their product is the determinant of S.
    pub(crate) pivots: Vec<f64>,
    /// Σ value · (value − fitted) / (λ r).
    pub(crate) residual: f64,
}

impl Equations {
    /// Sets up and solves them for noise of `ratio` = σe²/σq².
    pub(crate) fn solve(layout: &Layout, ratio: f64) -> Self {
        let (n, p) = (layout.methods, layout.effects.len());
        let mut precision = vec![1.0; n];
        let mut pulled = vec![0.0; n];
        let mut links: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n];
        let mut s = vec![vec![0.0; p]; p];
        let mut right = vec![0.0; p];
        for row in &layout.rows {
            let weight = 1.0 / (ratio * row.noise);
            match row.subject {
                Subject::Method { method, effect } => {
                    precision[method] += weight;
                    pulled[method] += weight * row.value;
                    links[method].push((effect, weight));
                    s[effect][effect] += weight;
                    right[effect] += weight * row.value;
                }
                Subject::Progress { halfway, end } => {
                    s[halfway][halfway] += weight;
                    s[end][end] += weight;
                    s[halfway][end] -= weight;
                    s[end][halfway] -= weight;
                    right[halfway] += weight * row.value;
                    right[end] -= weight * row.value;
                }
            }
        }
        for method in 0..n {
            for &(one, a) in &links[method] {
                right[one] -= a * pulled[method] / precision[method];
                for &(other, b) in &links[method] {
                    s[one][other] -= a * b / precision[method];
                }
            }
        }
        let (inverse, pivots) = inverse_factor(&s);
        let half: Vec<f64> = inverse.iter().map(|row| dot(row, &right)).collect();
        let mut effects = vec![0.0; p];
        for (row, value) in inverse.iter().zip(&half) {
            for (effect, factor) in effects.iter_mut().zip(row) {
                *effect += factor * value;
            }
        }
        let mean: Vec<f64> = (0..n)
            .map(|method| {
                let explained: f64 = links[method]
                    .iter()
                    .map(|&(effect, weight)| weight * effects[effect])
                    .sum();
                (pulled[method] - explained) / precision[method]
            })
            .collect();
        let shared = (0..n)
            .map(|method| {
                inverse
                    .iter()
                    .map(|row| {
                        links[method]
                            .iter()
                            // Rows of the triangle end at their diagonal.
                            .filter(|(effect, _)| *effect < row.len())
                            .map(|&(effect, weight)| row[effect] * weight)
                            .sum::<f64>()
                            / precision[method]
                    })
                    .collect()
            })
            .collect();
        let residual = layout
            .rows
            .iter()
            .map(|row| {
                let fitted = match row.subject {
                    Subject::Method { method, effect } => mean[method] + effects[effect],
                    Subject::Progress { halfway, end } => effects[halfway] - effects[end],
                };
                row.value * (row.value - fitted) / (ratio * row.noise)
            })
            .sum();
        Self {
            mean,
            precision,
            shared,
            inverse,
            pivots,
            residual,
        }
    }
}

/// L⁻¹ and the squared pivots of L, where S = L Lᵀ (Cholesky).
fn inverse_factor(s: &[Vec<f64>]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let p = s.len();
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(p);
    let mut inverse: Vec<Vec<f64>> = Vec::with_capacity(p);
    let mut pivots = Vec::with_capacity(p);
    for (i, given) in s.iter().enumerate() {
        let mut row: Vec<f64> = Vec::with_capacity(i + 1);
        for j in 0..i {
            let taken = dot(&row, &lower[j][..j]);
            row.push((given[j] - taken) / lower[j][j]);
        }
        // S is positive definite: every effect has a reading, and qualities a prior.
        // The floor only keeps rounding from making it otherwise.
        let pivot = (given[i] - dot(&row, &row)).max(given[i] * 1e-13);
        let diagonal = pivot.sqrt();
        let mut solved: Vec<f64> = (0..i)
            .map(|j| {
                let sum: f64 = (j..i).map(|k| row[k] * inverse[k][j]).sum();
                -sum / diagonal
            })
            .collect();
        solved.push(1.0 / diagonal);
        row.push(diagonal);
        lower.push(row);
        inverse.push(solved);
        pivots.push(pivot);
    }
    (inverse, pivots)
}

/// Over the shorter of the two.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
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

    /// Everyone, the highest mean first; of equals the one with the smaller index.
    pub fn ranking(&self) -> Vec<usize> {
        let means = self.means();
        let mut order: Vec<usize> = (0..means.len()).collect();
        order.sort_by(|a, b| means[*b].total_cmp(&means[*a]).then(a.cmp(b)));
        order
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
