//! The probability of each method to be the best.

use crate::statistics::belief::Belief;
use crate::statistics::normal::Normals;
use crate::statistics::posterior::Posterior;

/// A method whose mean is so many standard deviations of the difference behind
/// the leader's gets probability zero: it is below 10⁻⁹.
const HOPELESS: f64 = 6.0;

impl Posterior {
    /// The share of `pairs` × 2 draws from the posterior in which each method is the best;
    /// standard error at most 0.5/√(2 pairs). Draws come in pairs mirrored at the mean.
    ///
    /// A draw is q = mean + σq (D^−½ x + Wᵀ y) with x and y standard normal, from
    /// the stream of `seed` ([`Normals`]), first x of the methods in the running, in
    /// order, then y.
    pub fn p_best(&self, seed: [u8; 32], pairs: u32) -> Vec<f64> {
        let means = self.means();
        let mut shares = vec![0.0; means.len()];
        let Some(leader) = self.leader() else {
            return shares;
        };
        let running: Vec<usize> = (0..means.len())
            .filter(|&method| {
                let behind = means[leader] - means[method];
                let variance = self.difference_variance(leader, method);
                behind * behind <= HOPELESS * HOPELESS * variance
            })
            .collect();
        let unit = self.spread().quality_sd();
        let scales: Vec<f64> = running
            .iter()
            .map(|&method| 1.0 / self.equations.precision[method].sqrt())
            .collect();
        let mut normals = Normals::new(seed);
        let mut common = vec![0.0; self.layout.effects.len()];
        let mut own = vec![0.0; running.len()];
        for _ in 0..pairs {
            own.fill_with(|| normals.draw());
            common.fill_with(|| normals.draw());
            let mut tops = [(f64::NEG_INFINITY, leader); 2];
            for ((&method, scale), x) in running.iter().zip(&scales).zip(&own) {
                let shared: f64 = self.equations.shared[method]
                    .iter()
                    .zip(&common)
                    .map(|(w, y)| w * y)
                    .sum();
                let offset = unit * (scale * x + shared);
                for (top, value) in tops
                    .iter_mut()
                    .zip([means[method] + offset, means[method] - offset])
                {
                    if value > top.0 {
                        *top = (value, method);
                    }
                }
            }
            for (_, method) in tops {
                shares[method] += 1.0;
            }
        }
        for share in &mut shares {
            *share /= 2.0 * f64::from(pairs.max(1));
        }
        shares
    }
}
