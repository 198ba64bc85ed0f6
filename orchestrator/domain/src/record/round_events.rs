//! How rounds open, and how blocks are taken out of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::SubmissionId;
use crate::record::event::{Event, QueuedRun};
use crate::run::{IllegalTransition, RunEvent, RunState};
use crate::tournament::{Block, Round, RunRecord, Tournament};

impl Tournament {
    /// The round that a `round_opened` tells of, if it is sound in itself.
    pub(crate) fn open_round(&self, event: &Event) -> Option<Round> {
        let Event::RoundOpened {
            round,
            entrants,
            blocks,
            heats,
            runs,
        } = event
        else {
            return None;
        };
        let heats = if heats.is_empty() {
            Round::one_heat(entrants, blocks)
        } else {
            heats.clone()
        };
        let known: BTreeSet<SubmissionId> =
            self.entrants().map(|entrant| entrant.submission).collect();
        let taking_part: BTreeSet<SubmissionId> = entrants.iter().copied().collect();
        let numbers: BTreeSet<u32> = blocks.iter().map(|block| block.index).collect();
        let sound = taking_part.is_subset(&known)
            && taking_part.len() == entrants.len()
            && numbers.len() == blocks.len()
            && blocks.iter().all(|block| block.round == *round)
            && self.are_new(runs)
            && heats.iter().all(|heat| {
                heat.entrants.iter().all(|who| taking_part.contains(who))
                    && heat.blocks.iter().all(|block| numbers.contains(block))
            });
        let mut opened = Round {
            number: *round,
            entrants: entrants.clone(),
            blocks: blocks.clone(),
            heats,
            voided: BTreeSet::new(),
            runs: BTreeMap::new(),
            decision: None,
        };
        let wanted = numbers
            .iter()
            .flat_map(|block| opened.runs_of(*block))
            .collect();
        (sound && opened.add(wanted, runs)).then_some(opened)
    }

    /// Whether no run of the tournament has one of these names already.
    pub(crate) fn are_new(&self, runs: &[QueuedRun]) -> bool {
        runs.iter().all(|run| self.find_run(run.run).is_none())
    }

    /// The place of a round that is being played, if the block is one that counts.
    pub(crate) fn undecided(&self, round: u32, block: u32) -> Result<usize, &'static str> {
        let at = self
            .rounds
            .iter()
            .position(|other| other.number == round)
            .ok_or("no such round")?;
        let round = &self.rounds[at];
        if round.decision.is_some() {
            return Err("the round is decided");
        }
        if round.is_void(block) || !round.blocks.iter().any(|other| other.index == block) {
            return Err("no such block, or it does not count any more");
        }
        Ok(at)
    }
}

impl Round {
    /// Who has to run a block.
    pub fn runs_of(&self, block: u32) -> impl Iterator<Item = (SubmissionId, u32)> + '_ {
        self.heats
            .iter()
            .filter(move |heat| heat.blocks.contains(&block))
            .flat_map(|heat| &heat.entrants)
            .map(move |who| (*who, block))
    }

    /// Queues `runs` if they are exactly the wanted ones.
    pub(crate) fn add(&mut self, mut wanted: Vec<(SubmissionId, u32)>, runs: &[QueuedRun]) -> bool {
        let mut found: Vec<(SubmissionId, u32)> =
            runs.iter().map(|run| (run.submission, run.block)).collect();
        wanted.sort_unstable();
        found.sort_unstable();
        if wanted != found {
            return false;
        }
        for run in runs {
            let record = RunRecord {
                submission: run.submission,
                block: (self.number, run.block),
                state: RunState::Queued,
                attempt: 0,
                outcome: None,
                to_target: None,
            };
            if self.runs.insert(run.run, record).is_some() {
                return false;
            }
        }
        true
    }

    /// Puts a block beside another, for the same heats.
    pub(crate) fn replace(&mut self, block: u32, replacement: Block) {
        self.blocks.push(replacement);
        for heat in &mut self.heats {
            if heat.blocks.contains(&block) {
                heat.blocks.push(replacement.index);
            }
        }
    }

    /// Whether a heat has no other block that counts.
    pub(crate) fn is_last_of_a_heat(&self, block: u32) -> bool {
        self.heats.iter().any(|heat| {
            let mut others = heat.blocks.iter().filter(|other| **other != block);
            heat.blocks.contains(&block) && others.all(|other| self.is_void(*other))
        })
    }

    /// Takes a block out.
    pub(crate) fn void(&mut self, block: u32) -> Result<(), IllegalTransition> {
        self.voided.insert(block);
        for run in self.runs.values_mut() {
            if run.block.1 == block && !matches!(run.state, RunState::Done | RunState::Void) {
                run.state = run.state.after(RunEvent::Void)?;
            }
        }
        Ok(())
    }
}
