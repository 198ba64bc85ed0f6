//! The figures of a tournament as they are shown. The pages, the command line, the archive's
//! cards and the JSON all take them from here: nothing else computes a mean or a place.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::SubmissionId;
use crate::tournament::{Decision, Round, Standing, Tournament, TournamentState};

/// A line of the standings, with how sure its mean is.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The place and what it rests on.
    pub standing: Standing,
    /// Standard error of the mean, over the same blocks; needs two of them.
    pub standard_error: Option<f64>,
}

impl Tournament {
    /// How a round's entrants stand: as it was decided, or provisionally. Means are over the
    /// results that decide the round: in `classic`, its own.
    pub fn round_lines(&self, round: &Round) -> Vec<Line> {
        let standings = match &round.decision {
            Some(decision) => decision.standings.clone(),
            None => self.standings(round.number),
        };
        let points = self.points();
        let combine = &self.rules.terms.combine;
        let (from, to) = self.window(round);
        standings
            .into_iter()
            .map(|standing| Line {
                standard_error: points.standard_error(combine, standing.submission, from, to),
                standing,
            })
            .collect()
    }

    /// How everybody stands: once it is completed by the final ranking, before that those still
    /// in as the last round stands, then those cut, the latest first. Without the disqualified.
    /// Mean, standard error, blocks and faults are over all blocks that a method ran and that
    /// count, in whichever round; estimates and points are those of the last round it was in.
    pub fn lines(&self) -> Vec<Line> {
        let mut last: BTreeMap<SubmissionId, Standing> = BTreeMap::new();
        let mut by_round: Vec<Vec<SubmissionId>> = Vec::new();
        for round in &self.rounds {
            let lines = self.round_lines(round);
            by_round.push(lines.iter().map(|line| line.standing.submission).collect());
            last.extend(lines.into_iter().map(|line| {
                let standing = line.standing;
                (standing.submission, standing)
            }));
        }
        let order = match self.state {
            TournamentState::Completed => self.final_ranking(),
            _ => {
                let mut seen = BTreeSet::new();
                let latest_first = by_round.into_iter().rev().flatten();
                latest_first
                    .filter(|who| !self.is_disqualified(*who) && seen.insert(*who))
                    .collect()
            }
        };
        let points = self.points();
        let combine = &self.rules.terms.combine;
        let scale = self.scale();
        let standing = |who: SubmissionId| {
            let counting = points.counting(who, 1, u32::MAX);
            Some(Standing {
                mean: points
                    .total(combine, who, 1, u32::MAX)
                    .unwrap_or(scale.miss),
                blocks: counting.len() as u32,
                faults: counting.iter().filter(|point| point.fault).count() as u32,
                ..last.get(&who)?.clone()
            })
        };
        (1..)
            .zip(order.into_iter().filter_map(standing))
            .map(|(place, standing)| Line {
                standard_error: points.standard_error(combine, standing.submission, 1, u32::MAX),
                standing: Standing { place, ..standing },
            })
            .collect()
    }

    /// The line of one method, of [`Self::lines`].
    pub fn line(&self, who: SubmissionId) -> Option<Line> {
        let mut lines = self.lines().into_iter();
        lines.find(|line| line.standing.submission == who)
    }

    /// Who stood where in the end, by the decisions there are: best first, without the
    /// disqualified.
    fn final_ranking(&self) -> Vec<SubmissionId> {
        let of_field: Vec<Decision> = self
            .rounds
            .iter()
            .filter(|round| !self.is_title(round))
            .filter_map(|round| round.decision.clone())
            .collect();
        self.ranking(&of_field, self.champion)
    }
}
