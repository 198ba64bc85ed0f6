//! Rules that every format shares: the field, the champion's defence, how scores of
//! several tasks combine.

use serde::{Deserialize, Serialize};

use crate::run::Metric;
use crate::tournament::rules::accepts::Accepts;
use crate::tournament::rules::checkpoints::MidRun;
use crate::tournament::rules::error::RulesError;

/// What every format shares. Left-out fields take their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// Fewer methods than this cannot be closed into a field.
    pub min_field: u32,
    /// More methods than this are not taken; none: no limit.
    pub max_field: Option<u32>,
    /// Whether the task's champion defends its title in a last round of two.
    pub defend: bool,
    /// When the challenger takes the title.
    pub succession: Succession,
    /// How results on different blocks become one number.
    pub combine: Combine,
    /// Whether a run that can no longer matter is stopped; left out, none is. Asks for
    /// methods' scores on a public slice at a quarter, a half and three quarters of the
    /// budget. Only where the mean over shared blocks alone decides who goes on: format
    /// `halving` without `race`, combined by `mean`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mid_run: Option<MidRun>,
    /// Most bytes that all data segments of a module may have together: tables and
    /// constants, among which trained weights could be smuggled in.
    #[serde(skip_serializing_if = "is_usual_data")]
    pub module_data_bytes: u64,
    /// As what, and how large, methods may be handed in.
    #[serde(skip_serializing_if = "Accepts::is_default")]
    pub accepts: Accepts,
}

/// Bytes of data that a module may carry unless the rules say otherwise.
pub const MODULE_DATA_BYTES: u64 = 1 << 20;

/// Most that rules may allow: as much as a module itself may have.
const MOST_MODULE_DATA_BYTES: u64 = 16 << 20;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_usual_data(bytes: &u64) -> bool {
    *bytes == MODULE_DATA_BYTES
}

/// When a challenger takes the title: decided on new blocks of a last round that only
/// the two run. The blocks that chose the challenger flatter it, so they do not count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Succession {
    /// The exact one-sided paired sign-flip test, and a minimum effect.
    SignFlip {
        /// Blocks of the last round, at least 5.
        blocks: u32,
        /// The title changes hands only if the p-value is at most this.
        alpha: f64,
        /// And the mean advantage exceeds this, in the unit of the score.
        minimum_effect: f64,
    },
    /// As in Gradients' boss round: better by a margin on more than half of the blocks.
    Margin {
        /// Blocks of the last round.
        blocks: u32,
        /// Share of the champion's distance from the best possible score that the challenger
        /// must close: 0.05 asks for a loss five per cent smaller.
        margin: f64,
    },
}

/// How results on different blocks become one number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Combine {
    /// The mean score. Needs one unit, so all tasks must measure the same.
    #[default]
    Mean,
    /// On each block the share of the others there that the method beats, equals half;
    /// then the mean of these shares. Any tasks combine.
    Ranks,
    /// Performance profiles as of AlgoPerf: the work a method needs to reach a task's
    /// target, over a frozen reference; the median over a task's blocks.
    Profile {
        /// A ratio from which on nothing is earned; AlgoPerf has 4.
        r_max: f64,
        /// Work of the reference for each task, in the order of the tasks.
        reference: Vec<f64>,
    },
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            min_field: 1,
            max_field: None,
            defend: false,
            succession: Succession::default(),
            combine: Combine::default(),
            mid_run: None,
            module_data_bytes: MODULE_DATA_BYTES,
            accepts: Accepts::default(),
        }
    }
}

impl Default for Succession {
    /// Eight blocks: the smallest p-value is 1/256.
    fn default() -> Self {
        Self::SignFlip {
            blocks: 8,
            alpha: 0.05,
            minimum_effect: 0.0,
        }
    }
}

impl Succession {
    /// Blocks of the last round.
    pub const fn blocks(&self) -> u32 {
        match self {
            Self::SignFlip { blocks, .. } | Self::Margin { blocks, .. } => *blocks,
        }
    }
}

impl Combine {
    /// Whether results of tasks that measure `metrics` combine like this.
    pub fn fits(&self, metrics: &[Metric]) -> Result<(), RulesError> {
        let error = |field, must: &str| {
            Err(RulesError {
                field,
                must: must.to_owned(),
            })
        };
        match self {
            // All of it: of what is missed by different amounts there is no mean either.
            Self::Mean if metrics.windows(2).any(|pair| pair[0] != pair[1]) => error(
                "rules.terms.combine",
                "must be ranks or profile, since the tasks do not measure the same",
            ),
            Self::Profile { reference, .. } if reference.len() != metrics.len() => error(
                "rules.terms.combine.reference",
                "must hold a positive number for each task",
            ),
            Self::Mean | Self::Ranks | Self::Profile { .. } => Ok(()),
        }
    }
}

impl Terms {
    /// Whether they are the default, which records leave out.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        let error = |field, must: &str| {
            Err(RulesError {
                field,
                must: must.to_owned(),
            })
        };
        if !(1..=100_000).contains(&self.min_field) {
            return error("rules.terms.min_field", "must be from 1 to 100000");
        }
        if self.max_field.is_some_and(|most| most < self.min_field) {
            return error(
                "rules.terms.max_field",
                "must not be less than rules.terms.min_field",
            );
        }
        if self.module_data_bytes > MOST_MODULE_DATA_BYTES {
            return error(
                "rules.terms.module_data_bytes",
                "must be at most 16777216, the most that a module may have",
            );
        }
        match &self.succession {
            Succession::SignFlip {
                blocks,
                alpha,
                minimum_effect,
            } => {
                if !(5..=40).contains(blocks) {
                    return error("rules.terms.succession.blocks", "must be from 5 to 40");
                }
                if !(*alpha >= 0.5_f64.powi(*blocks as i32) && *alpha <= 0.5) {
                    return error(
                        "rules.terms.succession.alpha",
                        "must be at most 0.5, and not less than 0.5 to the power of the blocks, \
                         the smallest possible p-value",
                    );
                }
                if !(0.0..=1e12).contains(minimum_effect) {
                    return error(
                        "rules.terms.succession.minimum_effect",
                        "must be a number from 0 to 1e12",
                    );
                }
            }
            Succession::Margin { blocks, margin } => {
                if !(1..=40).contains(blocks) {
                    return error("rules.terms.succession.blocks", "must be from 1 to 40");
                }
                if !(0.0..=1.0).contains(margin) {
                    return error("rules.terms.succession.margin", "must be from 0 to 1");
                }
            }
        }
        self.accepts.validate()?;
        if let Some(mid_run) = &self.mid_run {
            mid_run.validate()?;
            if self.combine != Combine::Mean {
                return error(
                    "rules.terms.mid_run",
                    "must be left out unless results are combined by `mean`",
                );
            }
        }
        if let Combine::Profile { r_max, reference } = &self.combine {
            if !(*r_max > 1.0 && *r_max <= 1000.0) {
                return error(
                    "rules.terms.combine.r_max",
                    "must be more than 1 and at most 1000",
                );
            }
            if reference.is_empty() || !reference.iter().all(|work| work.is_finite() && *work > 0.0)
            {
                return error(
                    "rules.terms.combine.reference",
                    "must hold a positive number for each task",
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Combine, Succession, Terms};
    use crate::run::{Direction, Metric};

    #[test]
    fn what_is_left_out_is_the_default() {
        let terms: Terms = serde_json::from_str(r#"{"defend":true}"#).unwrap();
        assert_eq!(
            terms,
            Terms {
                defend: true,
                ..Terms::default()
            }
        );
        assert!(serde_json::from_str::<Terms>(r#"{"defends":true}"#).is_err());
    }

    #[test]
    fn the_usual_limit_of_data_is_left_out_so_that_old_rules_keep_their_digest() {
        let text = serde_json::to_string(&Terms::default()).unwrap();
        assert!(!text.contains("module_data_bytes"), "{text}");
        let terms: Terms = serde_json::from_str(r#"{"module_data_bytes":0}"#).unwrap();
        assert_eq!(terms.module_data_bytes, 0);
        let text = serde_json::to_string(&terms).unwrap();
        assert!(text.contains(r#""module_data_bytes":0"#), "{text}");
    }

    #[test]
    fn tasks_combine_only_where_it_makes_sense() {
        let loss = Metric {
            name: "loss".to_owned(),
            unit: None,
            better: Direction::Lower,
            best: 0.0,
            miss: 10.0,
        };
        let milder = Metric {
            miss: 0.1,
            ..Metric::default()
        };
        let field = |combine: &Combine, metrics: &[Metric]| {
            combine.fits(metrics).err().map(|error| error.field)
        };
        let alike = [Metric::default(), Metric::default()];
        assert_eq!(field(&Combine::Mean, &alike), None);
        let unlike = [Metric::default(), milder];
        assert_eq!(field(&Combine::Mean, &unlike), Some("rules.terms.combine"));
        let both = [Metric::default(), loss];
        assert_eq!(field(&Combine::Mean, &both), Some("rules.terms.combine"));
        assert_eq!(field(&Combine::Ranks, &both), None);
        let profile = |tasks: usize| Combine::Profile {
            r_max: 4.0,
            reference: vec![1.0; tasks],
        };
        assert_eq!(field(&profile(2), &both), None);
        assert_eq!(
            field(&profile(1), &both),
            Some("rules.terms.combine.reference")
        );
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let field = |terms: Terms| terms.validate().unwrap_err().field;
        assert_eq!(Terms::default().validate(), Ok(()));
        let terms = Terms::default;
        assert_eq!(
            field(Terms {
                min_field: 0,
                ..terms()
            }),
            "rules.terms.min_field"
        );
        assert_eq!(
            field(Terms {
                min_field: 4,
                max_field: Some(3),
                ..terms()
            }),
            "rules.terms.max_field"
        );
        for (succession, wrong) in [
            (
                Succession::SignFlip {
                    blocks: 4,
                    alpha: 0.1,
                    minimum_effect: 0.0,
                },
                "rules.terms.succession.blocks",
            ),
            (
                // Five blocks cannot give a p-value below 1/32.
                Succession::SignFlip {
                    blocks: 5,
                    alpha: 0.01,
                    minimum_effect: 0.0,
                },
                "rules.terms.succession.alpha",
            ),
            (
                Succession::SignFlip {
                    blocks: 5,
                    alpha: 0.05,
                    minimum_effect: f64::NAN,
                },
                "rules.terms.succession.minimum_effect",
            ),
            (
                Succession::Margin {
                    blocks: 3,
                    margin: 2.0,
                },
                "rules.terms.succession.margin",
            ),
        ] {
            assert_eq!(
                field(Terms {
                    succession,
                    ..terms()
                }),
                wrong
            );
        }
        assert_eq!(
            field(Terms {
                module_data_bytes: (16 << 20) + 1,
                ..terms()
            }),
            "rules.terms.module_data_bytes"
        );
        let profile = |r_max, reference| Terms {
            combine: Combine::Profile { r_max, reference },
            ..Terms::default()
        };
        assert_eq!(field(profile(1.0, vec![1.0])), "rules.terms.combine.r_max");
        assert_eq!(field(profile(4.0, vec![])), "rules.terms.combine.reference");
        assert_eq!(profile(4.0, vec![2e9]).validate(), Ok(()));
    }
}
