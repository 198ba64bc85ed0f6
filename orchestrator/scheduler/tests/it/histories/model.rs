//! The reference: a tournament and its leases as they ought to be, in memory.
//!
//! The rules of the game are the domain's, which has tests of its own. Leases,
//! attempts and answers are told here a second time, with plain maps.

use std::collections::{BTreeMap, BTreeSet};

use gauntlet_domain::record::Event;
use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::{BlockSeed, Tournament, TournamentState};
use gauntlet_domain::{Digest, MethodName, RunId, RunnerId, TokenId};

/// Why a runner of this test gives an attempt up.
pub(crate) const FAULT: &str = "the test says so";

/// An attempt that was handed out.
#[derive(Clone, Debug)]
pub(crate) struct Leased {
    pub(crate) run: RunId,
    pub(crate) attempt: i32,
    /// The token of the runner it was handed to.
    pub(crate) token: TokenId,
    pub(crate) method: MethodName,
    pub(crate) seed: BlockSeed,
    pub(crate) less_is_better: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Model {
    /// Where the events so far lead.
    pub(crate) tournament: Tournament,
    /// Every attempt ever handed out, in that order: old ones keep talking.
    pub(crate) leased: Vec<Leased>,
    /// Who took which attempt.
    pub(crate) holders: BTreeMap<(RunId, i32), RunnerId>,
    /// Attempts a run may have.
    pub(crate) allowed: BTreeMap<RunId, i32>,
    /// Accepted reports: attempt and digest. They never change.
    pub(crate) accepted: BTreeMap<RunId, (i32, Digest)>,
    /// Attempts that their runner gave up.
    pub(crate) faulted: BTreeSet<(RunId, i32)>,
    /// Runs whose lease has run out and was not taken back yet.
    pub(crate) expired: BTreeSet<RunId>,
    /// Whether an operator changed what is played.
    pub(crate) interfered: bool,
    max_attempts: i32,
}

impl Model {
    pub(crate) fn new(tournament: Tournament, max_attempts: i32) -> Self {
        Self {
            tournament,
            leased: Vec::new(),
            holders: BTreeMap::new(),
            allowed: BTreeMap::new(),
            accepted: BTreeMap::new(),
            faulted: BTreeSet::new(),
            expired: BTreeSet::new(),
            interfered: false,
            max_attempts,
        }
    }

    /// Takes in what was recorded. Which report was accepted the record does not say: the
    /// caller enters it.
    pub(crate) fn absorb(&mut self, event: &Event) -> Result<(), String> {
        self.tournament
            .apply(event)
            .map_err(|error| error.to_string())?;
        match event {
            Event::RunLeased {
                run,
                attempt,
                runner,
            } => {
                if *attempt > self.allowed[run] {
                    return Err(format!("attempt {attempt} of {run} is one too many"));
                }
                self.holders.insert((*run, *attempt), *runner);
            }
            Event::RunRequeued {
                run,
                attempt,
                reason,
            }
            | Event::RunStuck {
                run,
                attempt,
                reason,
            } => {
                if reason == FAULT {
                    self.faulted.insert((*run, *attempt));
                }
                let stuck = matches!(event, Event::RunStuck { .. });
                if stuck != (*attempt >= self.allowed[run]) {
                    return Err(format!("{run} is stuck too early or too late"));
                }
            }
            Event::RunRetried { run } => {
                let more =
                    self.state_of(*run).map_or(0, |(_, attempt)| attempt) + self.max_attempts;
                self.allowed.insert(*run, more);
            }
            Event::RoundOpened { runs, .. } => {
                let new = runs.iter().map(|run| (run.run, self.max_attempts));
                self.allowed.extend(new);
            }
            Event::BlockReplaced { runs, .. } => {
                self.interfered = true;
                let new = runs.iter().map(|run| (run.run, self.max_attempts));
                self.allowed.extend(new);
            }
            Event::BlockVoided { .. } | Event::Disqualified { .. } => self.interfered = true,
            _ => {}
        }
        let tournament = &self.tournament;
        self.expired.retain(|run| {
            tournament
                .find_run(*run)
                .is_some_and(|run| run.state == RunState::Leased)
        });
        Ok(())
    }

    /// State and attempt of a run.
    pub(crate) fn state_of(&self, run: RunId) -> Option<(RunState, i32)> {
        let run = self.tournament.find_run(run)?;
        Some((run.state, run.attempt))
    }

    /// Whether leases are handed out and their ends noted.
    pub(crate) fn is_played(&self) -> bool {
        self.tournament.state() == TournamentState::Closed
    }

    /// All runs, in the order of their ids.
    pub(crate) fn runs(&self) -> Vec<RunId> {
        let mut runs: Vec<RunId> = self.allowed.keys().copied().collect();
        runs.sort_unstable();
        runs
    }

    /// Runs that may be handed out now.
    pub(crate) fn claimable(&self) -> BTreeSet<RunId> {
        if !self.is_played() || self.tournament.paused().is_some() {
            return BTreeSet::new();
        }
        self.in_state(RunState::Queued)
    }

    /// Runs in a state.
    pub(crate) fn in_state(&self, state: RunState) -> BTreeSet<RunId> {
        self.tournament
            .rounds()
            .iter()
            .flat_map(|round| &round.runs)
            .filter(|(_, run)| run.state == state)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Runs that a runner holds.
    pub(crate) fn held_by(&self, runner: RunnerId) -> BTreeSet<RunId> {
        let mut held = self.in_state(RunState::Leased);
        held.retain(|run| {
            self.state_of(*run)
                .is_some_and(|(_, attempt)| self.holders.get(&(*run, attempt)) == Some(&runner))
        });
        held
    }

    /// The attempt `back` from the latest, if there was any.
    pub(crate) fn back(&self, back: u32) -> Option<Leased> {
        let count = self.leased.len();
        let at = (back as usize).checked_rem(count)?;
        self.leased.get(count - 1 - at).cloned()
    }

    /// Whether this attempt is the current one of its run, and under way.
    pub(crate) fn is_current(&self, run: RunId, attempt: i32) -> bool {
        self.is_played() && self.state_of(run) == Some((RunState::Leased, attempt))
    }
}
