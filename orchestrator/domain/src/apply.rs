//! How events change a tournament, and which cannot happen.

use crate::{
    Entrant, Event, IllegalTransition, Round, RunEvent, RunId, RunRecord, RunState, SubmissionId,
    Tournament, TournamentState,
};

/// An event that cannot happen in this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalEvent {
    /// The tournament is not where the event needs it.
    #[error("`{event}` cannot happen in a tournament that is {state}")]
    State {
        /// The event's kind.
        event: &'static str,
        /// Where the tournament is.
        state: TournamentState,
    },
    /// A run is not where the event needs it.
    #[error(transparent)]
    Run(#[from] IllegalTransition),
    /// The event contradicts what is known.
    #[error("`{event}` contradicts the tournament: {why}")]
    Contradiction {
        /// The event's kind.
        event: &'static str,
        /// In what.
        why: &'static str,
    },
}

const STALE: &str = "not the run's current attempt";

impl Tournament {
    /// Changes the state as `event` says, or refuses and changes nothing.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        let kind = event.kind();
        let contradiction = |why| IllegalEvent::Contradiction { event: kind, why };
        match event {
            Event::Created { .. } => return Err(contradiction("it comes first, and once")),
            Event::Opened { commitment } => {
                self.expect(kind, TournamentState::Draft)?;
                self.commitment = Some(*commitment);
                self.state = TournamentState::Open;
            }
            Event::Submitted {
                submission,
                name,
                digest,
            } => {
                self.expect(kind, TournamentState::Open)?;
                if self.field.iter().any(|entrant| {
                    entrant.submission == *submission
                        || entrant.name == *name
                        || entrant.digest == *digest
                }) {
                    return Err(contradiction("this method is in the field already"));
                }
                let at = self
                    .field
                    .partition_point(|entrant| entrant.digest < *digest);
                self.field.insert(
                    at,
                    Entrant {
                        submission: *submission,
                        name: name.clone(),
                        digest: *digest,
                    },
                );
            }
            Event::Closed { nonce, seed } => {
                self.expect(kind, TournamentState::Open)?;
                if self.field.is_empty() {
                    return Err(contradiction("nobody has entered"));
                }
                if self.commitment != Some(nonce.commitment()) {
                    return Err(contradiction("not the nonce that was committed to"));
                }
                if *seed != self.derive_seed(nonce) {
                    return Err(contradiction("not the seed that follows from the field"));
                }
                self.seed = Some(*seed);
                self.state = TournamentState::Closed;
            }
            Event::RoundOpened { round, .. } => {
                self.expect(kind, TournamentState::Closed)?;
                if *round as usize != self.rounds.len() + 1 {
                    return Err(contradiction("rounds are played in order"));
                }
                let opened = self.open_round(event).ok_or_else(|| {
                    contradiction("its runs are not every entrant on every block, once each")
                })?;
                self.rounds.push(opened);
            }
            Event::RunLeased { run, attempt, .. } => {
                self.expect(kind, TournamentState::Closed)?;
                let run = self.run(*run).ok_or(contradiction("no such run"))?;
                if *attempt != run.attempt + 1 {
                    return Err(contradiction("attempts count up by one"));
                }
                run.state = run.state.after(RunEvent::Lease)?;
                run.attempt = *attempt;
            }
            Event::RunDone {
                run,
                attempt,
                outcome,
                ..
            } => {
                self.expect(kind, TournamentState::Closed)?;
                let run = self.current(*run, *attempt).ok_or(contradiction(STALE))?;
                run.state = run.state.after(RunEvent::Accept)?;
                run.outcome = Some(*outcome);
            }
            Event::RunRequeued { run, attempt, .. } => {
                self.expect(kind, TournamentState::Closed)?;
                let run = self.current(*run, *attempt).ok_or(contradiction(STALE))?;
                run.state = run.state.after(RunEvent::Requeue)?;
            }
            Event::RunStuck { run, attempt, .. } => {
                self.expect(kind, TournamentState::Closed)?;
                let run = self.current(*run, *attempt).ok_or(contradiction(STALE))?;
                run.state = run.state.after(RunEvent::GiveUp)?;
            }
            Event::RunRetried { run } => {
                self.expect(kind, TournamentState::Closed)?;
                let run = self.run(*run).ok_or(contradiction("no such run"))?;
                run.state = run.state.after(RunEvent::Retry)?;
            }
            Event::RoundDecided(decision) => {
                self.expect(kind, TournamentState::Closed)?;
                match self.rounds.last_mut() {
                    Some(round)
                        if round.number == decision.round
                            && round.decision.is_none()
                            && round.is_finished() =>
                    {
                        round.decision = Some(decision.clone());
                    }
                    _ => return Err(contradiction("not a finished, undecided round")),
                }
            }
            Event::Completed { champion, .. } => {
                self.expect(kind, TournamentState::Closed)?;
                if self
                    .rounds
                    .last()
                    .is_none_or(|round| round.decision.is_none())
                {
                    return Err(contradiction("a round is not decided"));
                }
                self.champion = *champion;
                self.state = TournamentState::Completed;
            }
            Event::Cancelled { .. } => {
                if matches!(
                    self.state,
                    TournamentState::Completed | TournamentState::Cancelled
                ) {
                    return Err(IllegalEvent::State {
                        event: kind,
                        state: self.state,
                    });
                }
                self.state = TournamentState::Cancelled;
            }
        }
        Ok(())
    }

    fn expect(&self, event: &'static str, state: TournamentState) -> Result<(), IllegalEvent> {
        if self.state == state {
            Ok(())
        } else {
            Err(IllegalEvent::State {
                event,
                state: self.state,
            })
        }
    }

    fn open_round(&self, event: &Event) -> Option<Round> {
        let Event::RoundOpened {
            round,
            entrants,
            blocks,
            runs,
        } = event
        else {
            return None;
        };
        let mut wanted: Vec<(SubmissionId, u32)> = entrants
            .iter()
            .flat_map(|who| blocks.iter().map(|block| (*who, block.index)))
            .collect();
        let mut found: Vec<(SubmissionId, u32)> =
            runs.iter().map(|run| (run.submission, run.block)).collect();
        wanted.sort_unstable();
        found.sort_unstable();
        let known = entrants
            .iter()
            .all(|who| self.field.iter().any(|entrant| entrant.submission == *who));
        if wanted != found || !known {
            return None;
        }
        Some(Round {
            number: *round,
            entrants: entrants.clone(),
            blocks: blocks.clone(),
            runs: runs
                .iter()
                .map(|run| {
                    let record = RunRecord {
                        submission: run.submission,
                        block: (*round, run.block),
                        state: RunState::Queued,
                        attempt: 0,
                        outcome: None,
                    };
                    (run.run, record)
                })
                .collect(),
            decision: None,
        })
    }

    fn run(&mut self, run: RunId) -> Option<&mut RunRecord> {
        self.rounds
            .iter_mut()
            .find_map(|round| round.runs.get_mut(&run))
    }

    fn current(&mut self, run: RunId, attempt: i32) -> Option<&mut RunRecord> {
        self.run(run).filter(|run| run.attempt == attempt)
    }
}
