//! What is judged differently, and whether that can be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{RunId, SubmissionId};
use crate::run::{Metric, MetricError, Outcome};
use crate::tournament::{Combine, RulesError, Tournament, TournamentState};

/// What is judged differently. Left out: as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Changes {
    /// Another way of making one number of several results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub combine: Option<Combine>,
    /// Other metrics, one for each task, in their order: what a miss counts as, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<Metric>>,
    /// Errors put right.
    #[serde(skip_serializing_if = "Erratum::is_empty")]
    pub erratum: Erratum,
}

/// Errors put right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Erratum {
    /// Blocks that do not count, as (round, number).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub void_blocks: Vec<(u32, u32)>,
    /// Results that should have been others. Work until a target stays as it was recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrected: Vec<(RunId, Outcome)>,
    /// Methods that are out, as if from the start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disqualify: Vec<SubmissionId>,
}

impl Erratum {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Changes by which a tournament cannot be judged again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RejudgeError {
    /// It has not ended, or was called off.
    #[error("only a completed tournament is judged again, this one is {0}")]
    State(TournamentState),
    /// Scoring outside its range.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// A metric outside its range.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// One metric for each task is needed.
    #[error("there must be {tasks} metrics, one for each task")]
    Metrics {
        /// How many tasks there are.
        tasks: usize,
    },
    /// No such block, or it does not count anyway.
    #[error("round {0} has no block {1} that counts")]
    Block(u32, u32),
    /// A heat would have no block left.
    #[error("without block {1} of round {0} a heat has no block left")]
    LastBlock(u32, u32),
    /// No such run, without a result, or named twice.
    #[error("run {0} has no result to correct, or is named twice")]
    Run(RunId),
    /// A score better than the best possible.
    #[error("the corrected score of run {0} is better than the best possible")]
    Score(RunId),
    /// No such method, or it is disqualified anyway, or named twice.
    #[error("method {0} cannot be disqualified: unknown, out already or named twice")]
    Submission(SubmissionId),
}

/// The tournament with the changes made; its decisions are still the recorded ones.
pub(super) fn changed(
    tournament: &Tournament,
    changes: &Changes,
) -> Result<Tournament, RejudgeError> {
    if tournament.state != TournamentState::Completed {
        return Err(RejudgeError::State(tournament.state));
    }
    let mut changed = tournament.clone();
    if let Some(metrics) = &changes.metrics {
        if metrics.len() != changed.metrics.len() {
            return Err(RejudgeError::Metrics {
                tasks: changed.metrics.len(),
            });
        }
        for metric in metrics {
            metric.validate()?;
        }
        changed.metrics.clone_from(metrics);
    }
    if let Some(combine) = &changes.combine {
        changed.rules.terms.combine = combine.clone();
        changed.rules.validate()?;
    }
    if changes.combine.is_some() || changes.metrics.is_some() {
        changed.rules.terms.combine.fits(&changed.metrics)?;
    }
    correct(&mut changed, &changes.erratum)?;
    Ok(changed)
}

fn correct(tournament: &mut Tournament, erratum: &Erratum) -> Result<(), RejudgeError> {
    for &(number, block) in &erratum.void_blocks {
        let unknown = RejudgeError::Block(number, block);
        let mut rounds = tournament.rounds.iter_mut();
        let Some(round) = rounds.find(|round| round.number == number) else {
            return Err(unknown);
        };
        let counts = round.blocks.iter().any(|one| one.index == block) && !round.is_void(block);
        if !counts {
            return Err(unknown);
        }
        if round.is_last_of_a_heat(block) {
            return Err(RejudgeError::LastBlock(number, block));
        }
        round.voided.insert(block);
    }
    let mut seen = BTreeSet::new();
    for (id, outcome) in &erratum.corrected {
        let metrics = &tournament.metrics;
        let mut rounds = tournament.rounds.iter_mut();
        let found = rounds.find_map(|round| {
            let run = round.runs.get_mut(id)?;
            let block = round.blocks.iter().find(|one| one.index == run.block.1)?;
            Some((run, metrics.get(block.task as usize)?))
        });
        let Some((run, metric)) = found.filter(|(run, _)| run.outcome.is_some()) else {
            return Err(RejudgeError::Run(*id));
        };
        if !seen.insert(*id) {
            return Err(RejudgeError::Run(*id));
        }
        if outcome.score().is_some_and(|score| !metric.admits(score)) {
            return Err(RejudgeError::Score(*id));
        }
        run.outcome = Some(*outcome);
    }
    for who in &erratum.disqualify {
        let known = tournament.entrants().any(|one| one.submission == *who);
        if !known || !tournament.disqualified.insert(*who) {
            return Err(RejudgeError::Submission(*who));
        }
    }
    Ok(())
}
