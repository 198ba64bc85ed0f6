//! Everybody runs every block, and every pair meets on all of them: a win for who is better
//! on more blocks. Most points win; the mean score parts equals.

use std::collections::BTreeSet;

use super::meetings::{Table, meet};
use crate::tournament::decision::Decision;
use crate::tournament::formats::{Format, Next, Opening};
use crate::tournament::round::Round;
use crate::tournament::rules::RoundRobin;
use crate::tournament::standing::Standing;
use crate::tournament::standings::placed_anew;
use crate::tournament::state::Tournament;

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
