//! What comes next in a closed tournament: what all formats share.

use std::collections::BTreeSet;

use crate::ids::SubmissionId;
use crate::tournament::decision::Decision;
use crate::tournament::effect::Effect;
use crate::tournament::formats::{Next, Opening};
use crate::tournament::round::{Block, Heat, Round};
use crate::tournament::state::{Tournament, TournamentState};
use crate::tournament::succession;

impl Tournament {
    /// What is to be done next, if anything.
    pub fn next(&self) -> Option<Effect> {
        if self.state != TournamentState::Closed || self.paused.is_some() {
            return None;
        }
        match self.rounds.last() {
            Some(round) if round.decision.is_none() => round
                .is_finished()
                .then(|| Effect::DecideRound(self.decide(round))),
            last => self.after(last),
        }
    }

    /// Decides a finished round.
    pub fn decide(&self, round: &Round) -> Decision {
        match self.title_defender(round) {
            Some(defender) => succession::decide(self, round, defender),
            None => self.rules.format().decide(self, round),
        }
    }

    /// The defending champion, if this is the round of its title: it plays in no other.
    pub(crate) fn title_defender(&self, round: &Round) -> Option<SubmissionId> {
        let defender = self.defender.as_ref()?.submission;
        round.entrants.contains(&defender).then_some(defender)
    }

    /// What follows once all rounds so far are decided.
    pub(crate) fn after(&self, last: Option<&Round>) -> Option<Effect> {
        let defender = self
            .defender
            .as_ref()
            .map(|entrant| entrant.submission)
            .filter(|who| !self.is_disqualified(*who));
        if let Some(round) = last
            && self.title_defender(round).is_some()
        {
            // Failing everybody else, a defender that may still play keeps what it had.
            let winner = self.survivors(round).first().copied();
            return Some(Effect::Complete {
                champion: winner.or(defender),
            });
        }
        let winner = match last.map(|round| self.survivors(round)) {
            Some(survivors) if survivors.is_empty() => None,
            // The only one left, unless byes brought it here and it has yet to run.
            Some(survivors) if survivors.len() == 1 && self.has_run(survivors[0]) => {
                survivors.first().copied()
            }
            None if self.playing().is_empty() => None,
            _ => match self.rules.format().next(self) {
                Next::Open(opening) => return self.open(&opening),
                Next::Winner(winner) => winner,
            },
        };
        let challenger = winner.filter(|who| self.has_completed_a_run(*who));
        match (challenger, defender) {
            (Some(challenger), Some(defender)) => {
                let blocks = self.rules.terms.succession.blocks();
                self.open(&Opening::together(vec![challenger, defender], blocks))
            }
            // Nobody asks for the title, so it is kept without a run.
            (None, Some(defender)) => Some(Effect::Complete {
                champion: Some(defender),
            }),
            (challenger, None) => Some(Effect::Complete {
                champion: challenger,
            }),
        }
    }

    /// Who goes on from a decided round, best first. The place of one that was disqualified
    /// since goes to the best of those cut.
    pub(crate) fn survivors(&self, round: &Round) -> Vec<SubmissionId> {
        let Some(decision) = &round.decision else {
            return Vec::new();
        };
        let fit = |who: &&SubmissionId| !self.is_disqualified(**who);
        let mut survivors: Vec<SubmissionId> = decision.kept.iter().filter(fit).copied().collect();
        let free = decision.kept.len() - survivors.len();
        if free > 0 {
            let completed = self.completed_a_run();
            let next_best = decision.cut.iter().filter(fit);
            survivors.extend(next_best.filter(|who| completed.contains(who)).take(free));
        }
        survivors
    }

    /// The next round as the rules and the seed give it.
    fn open(&self, opening: &Opening) -> Option<Effect> {
        let seed = self.seed?;
        let round = self.rounds.len() as u32 + 1;
        // One against nobody need not run, unless there is nobody else at all.
        let only = opening.heats.len() == 1;
        let meeting = opening.heats.iter().filter(|heat| heat.len() > 1 || only);
        let mut heats: Vec<Heat> = Vec::new();
        let mut count = 0;
        for entrants in meeting {
            let first = if opening.shared { 0 } else { count };
            count = first + opening.blocks;
            heats.push(Heat {
                entrants: entrants.clone(),
                blocks: (first + 1..=count).collect(),
            });
        }
        // Tasks are dealt over the blocks that count: one that was replaced by another of its
        // own task takes no turn.
        let before: usize = self
            .rounds
            .iter()
            .flat_map(|round| {
                let counting = |block: &&Block| !round.is_void(block.index);
                round.blocks.iter().filter(counting)
            })
            .filter(|block| block.again.is_none())
            .count();
        let tasks = self.metrics.len();
        let mut blocks: Vec<Block> = (1..=count)
            .map(|index| Block {
                round,
                index,
                seed: seed.block(round, index),
                task: ((before + index as usize - 1) % tasks) as u32,
                again: None,
                half: opening.half,
            })
            .collect();
        for ((of_round, of_index), who) in &opening.late {
            let known = self
                .rounds
                .get(of_round.checked_sub(1)? as usize)?
                .blocks
                .iter()
                .find(|block| block.index == *of_index)?;
            count += 1;
            blocks.push(Block {
                round,
                index: count,
                again: Some(known.key()),
                ..*known
            });
            heats.push(Heat {
                entrants: who.clone(),
                blocks: vec![count],
            });
        }
        Some(Effect::OpenRound {
            round,
            entrants: opening.entrants.clone(),
            blocks,
            heats,
        })
    }

    /// These methods in the order of round `round`'s draw.
    pub(crate) fn draw(&self, round: u32, who: &[SubmissionId]) -> Vec<SubmissionId> {
        let Some(seed) = self.seed else {
            return who.to_vec();
        };
        let wanted: BTreeSet<SubmissionId> = who.iter().copied().collect();
        let mut keyed: Vec<_> = self
            .entrants()
            .filter(|entrant| wanted.contains(&entrant.submission))
            .map(|entrant| (seed.draw(round, &entrant.digest), entrant.submission))
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, who)| who).collect()
    }

    /// The block that takes the place of one that is voided: of the same task, with the next
    /// number of its round, so that nobody can choose its seed.
    pub fn replacement(&self, round: u32, block: u32) -> Option<Block> {
        let seed = self.seed?;
        let round = self.rounds.get(round.checked_sub(1)? as usize)?;
        let old = round.blocks.iter().find(|other| other.index == block)?;
        let index = round.blocks.iter().map(|other| other.index).max()? + 1;
        Some(Block {
            round: round.number,
            index,
            seed: seed.block(round.number, index),
            task: old.task,
            again: None,
            half: old.half,
        })
    }
}
