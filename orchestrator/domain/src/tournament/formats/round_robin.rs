//! Everybody runs every block, and every pair meets on all of them: a win for who is better
//! on more blocks. Most points win; the mean score parts equals.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::meetings::{Table, meet};
use super::{Next, Opening};
use crate::tournament::decision::Decision;
use crate::tournament::formats::Format;
use crate::tournament::round::Round;
use crate::tournament::rules::RulesError;
use crate::tournament::standings::Standing;
use crate::tournament::standings::placed_anew;
use crate::tournament::state::Tournament;

/// The rules of format `round_robin`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundRobin {
    /// Shared blocks that everybody runs.
    pub blocks: u32,
}

impl Default for RoundRobin {
    /// Ten blocks.
    fn default() -> Self {
        Self { blocks: 10 }
    }
}

impl RoundRobin {
    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        if (1..=100).contains(&self.blocks) {
            return Ok(());
        }
        Err(RulesError {
            field: "rules.blocks",
            must: "must be from 1 to 100".to_owned(),
        })
    }
}

impl Format for RoundRobin {
    fn next(&self, tournament: &Tournament) -> Next {
        match tournament.rounds().last() {
            None => Next::Open(Opening::together(tournament.playing(), self.blocks)),
            Some(last) => Next::Winner(tournament.survivors(last).first().copied()),
        }
    }

    fn decide(&self, tournament: &Tournament, round: &Round) -> Decision {
        let points = tournament.points();
        let only = (round.number, round.number);
        let scale = tournament.scale();
        let mut standings = tournament.standings_of(round, &points, only);
        let mut table = Table::default();
        for (at, one) in standings.iter().enumerate() {
            for other in &standings[at + 1..] {
                let pair = (one.submission, other.submission);
                table.add(pair.0, pair.1, meet(&points, &scale, pair, only));
            }
        }
        standings = with_points(tournament, &table, standings);
        let completed = tournament.completed_a_run();
        let keep: BTreeSet<_> = standings
            .iter()
            .map(|line| line.submission)
            .find(|who| completed.contains(who))
            .into_iter()
            .collect();
        Decision::new(tournament, &points, round, standings, &keep, round.number)
    }

    fn rounds(&self, _field: usize) -> u32 {
        1
    }

    fn runs(&self, field: usize) -> usize {
        field * self.blocks as usize
    }
}

/// The standings by points from meetings.
pub(super) fn with_points(
    tournament: &Tournament,
    table: &Table,
    standings: Vec<Standing>,
) -> Vec<Standing> {
    placed_anew(tournament, standings, |line| {
        line.points = Some(table.points(line.submission));
        line.opponents = Some(table.opponents(line.submission));
    })
}
