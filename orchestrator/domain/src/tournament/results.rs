//! What a tournament's results say so far.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::SubmissionId;
use crate::run::Metric;
use crate::tournament::points::{self, Points};
use crate::tournament::round::Round;
use crate::tournament::standing::Standing;
use crate::tournament::standings::standings;
use crate::tournament::state::Tournament;

impl Tournament {
    /// The scale its standings are on: the task's metric, or a share from 0 to 1 where
    /// several tasks combine.
    pub fn scale(&self) -> Metric {
        points::scale(&self.rules.terms.combine, &self.metrics)
    }

    /// All results that count, on one scale. Those of disqualified methods do not.
    pub(crate) fn points(&self) -> Points {
        let results = self
            .rounds
            .iter()
            .flat_map(points::counted)
            .filter(|(who, _)| !self.is_disqualified(*who));
        Points::new(&self.rules.terms.combine, &self.metrics, results)
    }

    /// Standings of a round's entrants over rounds `from` to `to`.
    pub(crate) fn standings_of(
        &self,
        round: &Round,
        points: &Points,
        window: (u32, u32),
    ) -> Vec<Standing> {
        let Some(seed) = &self.seed else {
            return Vec::new();
        };
        let entrants: BTreeSet<SubmissionId> = round.entrants.iter().copied().collect();
        let entrants = self.entrants().filter(|entrant| {
            entrants.contains(&entrant.submission) && !self.is_disqualified(entrant.submission)
        });
        let combine = &self.rules.terms.combine;
        standings(seed, combine, &self.scale(), entrants, points, window)
    }

    /// The rounds whose results decide a round, first and last.
    pub(crate) fn window(&self, round: &Round) -> (u32, u32) {
        match self.title_defender(round) {
            // A title is fought for on its own blocks.
            Some(_) => (round.number, round.number),
            None => self.rules.format().window(self, round),
        }
    }

    /// Standings of round `number`'s entrants over the results that will decide it; provisional
    /// while the round is played.
    pub fn standings(&self, number: u32) -> Vec<Standing> {
        let round = self.rounds.iter().find(|round| round.number == number);
        round.map_or_else(Vec::new, |round| {
            self.standings_of(round, &self.points(), self.window(round))
        })
    }

    /// Whether a method completed a run that counts.
    pub fn has_completed_a_run(&self, submission: SubmissionId) -> bool {
        self.completed_a_run().contains(&submission)
    }

    /// Everybody who completed a run that counts. Nothing of a disqualified method does.
    pub(crate) fn completed_a_run(&self) -> BTreeSet<SubmissionId> {
        self.rounds
            .iter()
            .flat_map(points::counted)
            .filter(|(who, counted)| {
                counted.outcome.score().is_some() && !self.is_disqualified(*who)
            })
            .map(|(who, _)| who)
            .collect()
    }

    /// Whether a method has a result that counts: one that had only byes has none.
    pub(crate) fn has_run(&self, submission: SubmissionId) -> bool {
        let mut results = self.rounds.iter().flat_map(points::counted);
        results.any(|(who, _)| who == submission)
    }

    /// Whether two have results of the same worth on every block that both ran, and there is one.
    pub(crate) fn did_the_same(&self, one: SubmissionId, other: SubmissionId) -> bool {
        let pairs = self.points().pairs(one, other, 1, u32::MAX);
        !pairs.is_empty() && pairs.iter().all(|(one, other)| one == other)
    }

    /// Every method's points by block (round and number), in the order of the blocks.
    pub fn scores(&self) -> BTreeMap<SubmissionId, BTreeMap<(u32, u32), f64>> {
        let points = self.points();
        self.entrants()
            .map(|entrant| {
                let own = points.of(entrant.submission, 1, u32::MAX);
                let own = own.map(|(block, point)| (block, point.value));
                (entrant.submission, own.collect())
            })
            .collect()
    }
}
