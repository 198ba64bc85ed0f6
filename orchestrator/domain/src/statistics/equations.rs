//! The mixed-model equations of a layout, set up and solved: [`super::posterior`] says what
//! they are.

use crate::statistics::layout::{Layout, Subject};

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
    pub(crate) inverse: Vec<Vec<f64>>,
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
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
