//! One line of the standings.

use serde::{Deserialize, Serialize};

use crate::ids::SubmissionId;

/// One line of the standings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Place from 1; no two share one.
    pub place: u32,
    /// Who.
    pub submission: SubmissionId,
    /// What it stands by: the mean score over its blocks (a fault counts as
    /// [`crate::run::Metric::miss`]), or what the rules combine results into.
    pub mean: f64,
    /// Blocks that the mean rests on: those it has a result on, but for one at half the budget
    /// where it has others.
    pub blocks: u32,
    /// Of them, those that ended in a fault of the entrant.
    pub faults: u32,
    /// The estimate of its quality that racing goes by, in the unit of the mean: comes before
    /// everything else, since methods that ran different blocks have no means to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<f64>,
    /// Chance that it is the best, as far as the results say; where racing computed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_best: Option<f64>,
    /// Points from meetings, in formats that give some; these come before the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
    /// Points of those it met, which come second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opponents: Option<f64>,
}
