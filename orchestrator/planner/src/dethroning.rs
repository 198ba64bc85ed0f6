//! How often a champion loses the title to its equal.

use gauntlet_domain::statistics::{Normals, one_sided_p_value};
use serde::{Deserialize, Serialize};

/// When a challenger takes the title: a one-sided paired sign-flip test over
/// common blocks passes, and the mean advantage exceeds the minimum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dethroning {
    /// Common blocks; the test is exact for up to 40.
    pub blocks: usize,
    /// Largest p-value that passes.
    pub level: f64,
    /// What the mean advantage must exceed, in the scores' unit.
    pub minimum: f64,
}

impl Default for Dethroning {
    fn default() -> Self {
        Self {
            blocks: 5,
            level: 0.05,
            minimum: 0.0,
        }
    }
}

/// Share of `trials` in which a challenger whose quality exceeds the champion's by
/// `advantage` takes the title, with its standard error. At `advantage` 0 this is the rate
/// of false dethronings. Differences on a block have standard deviation √2 `noise_sd`.
pub fn false_dethroning(
    rule: &Dethroning,
    noise_sd: f64,
    advantage: f64,
    seed: [u8; 32],
    trials: u32,
) -> (f64, f64) {
    let mut normals = Normals::new(seed);
    let mut taken = 0_u32;
    for _ in 0..trials {
        let differences: Vec<f64> = (0..rule.blocks)
            .map(|_| advantage + noise_sd * (normals.draw() - normals.draw()))
            .collect();
        let mean = differences.iter().sum::<f64>() / rule.blocks.max(1) as f64;
        let passes = one_sided_p_value(&differences).is_some_and(|p| p <= rule.level);
        taken += u32::from(passes && mean > rule.minimum);
    }
    let n = f64::from(trials.max(1));
    let share = f64::from(taken) / n;
    (share, (share * (1.0 - share) / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::{Dethroning, false_dethroning};

    #[test]
    fn an_equal_dethrones_at_most_as_often_as_the_level_says() {
        for blocks in [5, 6, 8, 12] {
            let rule = Dethroning {
                blocks,
                ..Dethroning::default()
            };
            let (share, error) = false_dethroning(&rule, 1.0, 0.0, [1; 32], 4000);
            // The p-values are multiples of 2^-n: the largest up to .05 is the rate.
            let states = f64::from(1_u32 << blocks);
            let exact = (0.05 * states).floor() / states;
            assert!(exact <= 0.05);
            assert!(
                (share - exact).abs() < 4.0 * error,
                "{blocks}: {share} {exact}"
            );
        }
    }

    #[test]
    fn a_minimum_protects_and_an_advantage_tells() {
        let rule = Dethroning {
            blocks: 8,
            ..Dethroning::default()
        };
        let at =
            |rule: &Dethroning, advantage| false_dethroning(rule, 1.0, advantage, [2; 32], 4000).0;
        let margin = Dethroning {
            minimum: 1.5,
            ..rule
        };
        assert!(at(&margin, 0.0) < at(&rule, 0.0));
        assert!(at(&rule, 2.0) > 0.8);
    }
}
