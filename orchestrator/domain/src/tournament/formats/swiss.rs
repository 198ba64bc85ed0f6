//! Rounds of pairs of equal standing, nobody is cut. All pairs of a round run the same new
//! blocks. Who is left over has a bye, worth a win; nobody has two. Most points win, then
//! the points of those one met (Buchholz), then the mean score.

use std::collections::BTreeSet;

use super::meetings::{Table, meet};
use super::round_robin::with_points;
use crate::ids::SubmissionId;
use crate::tournament::decision::Decision;
use crate::tournament::formats::{Format, Next, Opening};
use crate::tournament::round::Round;
use crate::tournament::rules::Swiss;
use crate::tournament::state::Tournament;

impl Swiss {
    /// What everybody has earned so far, up to and with round `up_to`.
    fn table(tournament: &Tournament, up_to: u32) -> (Table, BTreeSet<SubmissionId>) {
        let points = tournament.points();
        let scale = tournament.scale();
        let mut table = Table::default();
        let mut had_a_bye = BTreeSet::new();
        for round in tournament
            .rounds()
            .iter()
            .filter(|round| round.number <= up_to)
        {
            let only = (round.number, round.number);
            let mut met = BTreeSet::new();
            for heat in &round.heats {
                if let [one, other] = heat.entrants[..] {
                    met.extend([one, other]);
                    let out = [one, other].map(|who| tournament.is_disqualified(who));
                    let earned = match out {
                        [false, true] => 1.0,
                        [true, false] => 0.0,
                        _ => meet(&points, &scale, (one, other), only),
                    };
                    table.add(one, other, earned);
                }
            }
            for who in round.entrants.iter().filter(|who| !met.contains(*who)) {
                table.bye(*who);
                had_a_bye.insert(*who);
            }
        }
        (table, had_a_bye)
    }

    fn pairs(&self, tournament: &Tournament, played: u32) -> Opening {
        let (table, had_a_bye) = Self::table(tournament, played);
        let drawn = tournament.draw(played + 1, &tournament.playing());
        let mut waiting = drawn;
        // Stable: equals stay in the order of the draw.
        waiting.sort_by(|a, b| table.points(*b).total_cmp(&table.points(*a)));
        let entrants = waiting.clone();
        if waiting.len() % 2 == 1 && waiting.len() > 1 {
            let free = waiting
                .iter()
                .rposition(|who| !had_a_bye.contains(who))
                .unwrap_or(waiting.len() - 1);
            waiting.remove(free);
        }
        let mut heats = Vec::new();
        while !waiting.is_empty() {
            let one = waiting.remove(0);
            if waiting.is_empty() {
                heats.push(vec![one]);
                break;
            }
            let other = waiting
                .iter()
                .position(|other| !table.have_met(one, *other))
                .unwrap_or(0);
            heats.push(vec![one, waiting.remove(other)]);
        }
        Opening {
            entrants,
            heats,
            blocks: self.blocks,
            shared: true,
            half: false,
            late: Vec::new(),
        }
    }
}

impl Format for Swiss {
    fn next(&self, tournament: &Tournament) -> Next {
        let played = tournament.rounds().len() as u32;
        match tournament.rounds().last() {
            Some(last) if played >= self.rounds(tournament.starters()) => {
                Next::Winner(tournament.survivors(last).first().copied())
            }
            _ => Next::Open(self.pairs(tournament, played)),
        }
    }

    fn decide(&self, tournament: &Tournament, round: &Round) -> Decision {
        let points = tournament.points();
        let (table, _) = Self::table(tournament, round.number);
        let standings = tournament.standings_of(round, &points, (1, round.number));
        let standings = with_points(tournament, &table, standings);
        let completed = tournament.completed_a_run();
        let mut order = standings.iter().map(|line| line.submission);
        let keep: BTreeSet<SubmissionId> = if round.number >= self.rounds(tournament.starters()) {
            order
                .find(|who| completed.contains(who))
                .into_iter()
                .collect()
        } else if completed.is_empty() && order.clone().all(|who| tournament.has_run(who)) {
            // Everybody has had a run, and all failed.
            BTreeSet::new()
        } else {
            order.collect()
        };
        Decision::new(tournament, &points, round, standings, &keep, 1)
    }

    fn rounds(&self, field: usize) -> u32 {
        self.rounds
            .unwrap_or_else(|| field.max(2).next_power_of_two().ilog2())
    }

    fn runs(&self, field: usize) -> usize {
        if field <= 1 {
            return field * self.blocks as usize;
        }
        let paired = field - field % 2;
        paired * (self.rounds(field) * self.blocks) as usize
    }
}
