//! Groups, then a knockout of pairs, as Gradients plays: only a round's own blocks count in
//! it, and by default each heat has blocks of its own. The last one left is the challenger;
//! with a defending champion the boss round of [`crate::tournament::Terms`] follows.
//!
//! - A field that fits into one group starts with the knockout.
//! - An odd field: the last of the draw has a bye.
//! - A walk-over: of a pair whose other half is disqualified, the one left goes on.
//! - Who did not complete a run in the round does not go on. A place that a heat leaves
//!   empty is refilled with the best-placed of those cut elsewhere.
//! - Where nobody completed a run in the round, results of the rounds before it decide.
//! - One that came through by byes alone, and is the only one left, runs a round by itself:
//!   nobody wins without a run.

use std::collections::BTreeSet;

use crate::ids::SubmissionId;
use crate::tournament::decision::Decision;
use crate::tournament::formats::{Format, Next, Opening};
use crate::tournament::points;
use crate::tournament::round::Round;
use crate::tournament::rules::Classic;
use crate::tournament::standing::Standing;
use crate::tournament::state::Tournament;

impl Classic {
    fn has_groups(&self, field: usize) -> bool {
        field > self.group_size as usize
    }

    fn groups(&self, drawn: &[SubmissionId]) -> Opening {
        let count = drawn.len().div_ceil(self.group_size as usize);
        Opening {
            entrants: drawn.to_vec(),
            heats: (0..count)
                .map(|group| drawn.iter().skip(group).step_by(count).copied().collect())
                .collect(),
            blocks: self.group_blocks,
            shared: self.shared,
            half: false,
            late: Vec::new(),
        }
    }

    fn pairs(&self, drawn: &[SubmissionId]) -> Opening {
        Opening {
            entrants: drawn.to_vec(),
            heats: drawn.chunks(2).map(<[SubmissionId]>::to_vec).collect(),
            blocks: self.pair_blocks,
            shared: self.shared,
            half: false,
            late: Vec::new(),
        }
    }

    /// How many of a heat go on.
    fn places(&self, tournament: &Tournament, round: &Round) -> usize {
        if round.number == 1 && self.has_groups(tournament.starters()) {
            self.group_winners as usize
        } else {
            1
        }
    }
}

impl Format for Classic {
    fn next(&self, tournament: &Tournament) -> Next {
        let played = tournament.rounds().len() as u32;
        match tournament.rounds().last() {
            None => {
                let drawn = tournament.draw(1, &tournament.playing());
                if self.has_groups(drawn.len()) {
                    Next::Open(self.groups(&drawn))
                } else {
                    Next::Open(self.pairs(&drawn))
                }
            }
            Some(last) => match &tournament.survivors(last)[..] {
                [] => Next::Winner(None),
                [only] if tournament.has_run(*only) => Next::Winner(Some(*only)),
                left => Next::Open(self.pairs(&tournament.draw(played + 1, left))),
            },
        }
    }

    fn decide(&self, tournament: &Tournament, round: &Round) -> Decision {
        let points = tournament.points();
        let standing = |from| tournament.standings_of(round, &points, (from, round.number));
        let completed_here = |standings: &[Standing]| -> BTreeSet<SubmissionId> {
            let completed = standings.iter().filter(|line| line.blocks > line.faults);
            completed.map(|line| line.submission).collect()
        };
        let (from, _) = self.window(tournament, round);
        let standings = standing(from);
        let completed = completed_here(&standings);
        let order: Vec<SubmissionId> = standings.iter().map(|line| line.submission).collect();
        let places = self.places(tournament, round);
        let mut keep = BTreeSet::new();
        let mut met = BTreeSet::new();
        let mut free = 0;
        for heat in &round.heats {
            met.extend(heat.entrants.iter().copied());
            let here: Vec<SubmissionId> = order
                .iter()
                .copied()
                .filter(|who| heat.entrants.contains(who))
                .collect();
            let walk_over = heat.entrants.len() > 1 && here.len() == 1;
            let through: Vec<SubmissionId> = here
                .into_iter()
                .filter(|who| walk_over || completed.contains(who))
                .take(places)
                .collect();
            free += places - through.len();
            keep.extend(through);
        }
        let byes = order.iter().filter(|who| !met.contains(*who));
        keep.extend(byes.copied());
        // Refill: the best-placed of those whom a heat left behind.
        let left: Vec<SubmissionId> = order
            .iter()
            .filter(|who| completed.contains(who) && !keep.contains(*who))
            .copied()
            .take(free)
            .collect();
        keep.extend(left);
        Decision::new(tournament, &points, round, standings, &keep, from)
    }

    /// A round is decided by itself. One that says nothing is decided by what was before it.
    fn window(&self, tournament: &Tournament, round: &Round) -> (u32, u32) {
        let mut results = points::counted(round);
        let says = results.any(|(who, counted)| {
            counted.outcome.score().is_some() && !tournament.is_disqualified(who)
        });
        (if says { round.number } else { 1 }, round.number)
    }

    fn rounds(&self, field: usize) -> u32 {
        let (mut left, mut rounds) = (field.max(1), 0);
        if self.has_groups(field) {
            left = self.after_groups(field);
            rounds = 1;
        }
        if left == 1 && rounds == 0 {
            return 1;
        }
        while left > 1 {
            left = left.div_ceil(2);
            rounds += 1;
        }
        rounds
    }

    fn runs(&self, field: usize) -> usize {
        let pair = self.pair_blocks as usize;
        let (mut left, mut runs) = (field, 0);
        if self.has_groups(field) {
            left = self.after_groups(field);
            runs = field * self.group_blocks as usize;
        } else if field == 1 {
            return pair;
        }
        while left > 1 {
            runs += (left - left % 2) * pair;
            left = left.div_ceil(2);
        }
        runs
    }
}

impl Classic {
    fn after_groups(&self, field: usize) -> usize {
        let groups = field.div_ceil(self.group_size as usize);
        // Dealt in turn, so groups differ by one at most and none is smaller than its winners.
        (0..groups)
            .map(|group| {
                (field - group)
                    .div_ceil(groups)
                    .min(self.group_winners as usize)
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use crate::tournament::formats::Format;
    use crate::tournament::rules::Classic;

    #[test]
    fn thirty_two_methods_take_46_runs() {
        // 4 groups of 8, then 8, 4, 2.
        let classic = Classic::default();
        assert_eq!(classic.runs(32), 32 + 8 + 4 + 2);
        assert_eq!(classic.rounds(32), 4);
        assert_eq!((classic.runs(1), classic.rounds(1)), (1, 1));
        // Five: two pairs and a bye, a pair and a bye, a pair.
        assert_eq!((classic.runs(5), classic.rounds(5)), (4 + 2 + 2, 3));
    }
}
