//! What a round decided, and on what evidence.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A cut and its evidence: the last method kept against the first one cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cut {
    /// Methods that go on, best first.
    pub kept: Vec<String>,
    /// Methods that end here, best first.
    pub dropped: Vec<String>,
    /// The two methods at the line, which the numbers here compare: the first cut and the last one
    /// kept that it met. In rounds of several heats these need not be the last of `kept` and the
    /// first of `dropped`. Left out if nobody was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<CutLine>,
    /// Blocks both methods at the line have run.
    pub common_blocks: u32,
    /// Mean paired advantage of the last kept over the first cut, in the metric's unit:
    /// positive whichever way is better.
    pub effect: Option<f64>,
    /// Its standard error, where there are two common blocks or more.
    pub standard_error: Option<f64>,
    /// A 95 % interval of the difference, where there are two common blocks or more.
    pub interval: Option<[f64; 2]>,
    /// One-sided p-value of the exact paired sign-flip test.
    pub p_value: Option<f64>,
    /// About how many more blocks would turn the cut, where that can be said.
    pub flip_blocks: Option<u32>,
    /// Every method that was cut, against the last one kept beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Comparison>,
    /// p-value of Friedman's test over the blocks that all share, where the format asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friedman: Option<f64>,
    /// How the title was decided, in a champion's round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
}

/// The two methods on both sides of a cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CutLine {
    /// The last one kept that met the other.
    pub kept: String,
    /// The first cut.
    pub dropped: String,
}

/// A method that was cut, against the last one kept beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// The last kept.
    pub kept: String,
    /// The one cut.
    pub dropped: String,
    /// The numbers.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// A paired comparison: positive effects are for the first named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Numbers {
    /// Blocks both have run.
    pub common_blocks: u32,
    /// Mean paired advantage, in the unit of the standings.
    pub effect: f64,
    /// A 95 % interval of it, where there are two common blocks or more.
    pub interval: Option<[f64; 2]>,
    /// One-sided p-value of the exact paired sign-flip test.
    pub p_value: Option<f64>,
    /// The same after Holm's adjustment for the whole cut.
    pub holm_p_value: Option<f64>,
    /// About how many more blocks would turn the order, where that can be said.
    pub flip_blocks: Option<u32>,
}

/// How the title was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Title {
    /// Who defended it.
    pub defender: String,
    /// Who asked for it.
    pub challenger: String,
    /// Whether it changed hands.
    pub dethroned: bool,
    /// The challenger's advantage.
    #[serde(flatten)]
    pub numbers: Numbers,
}
