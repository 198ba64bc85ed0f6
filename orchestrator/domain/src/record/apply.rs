//! How events change a tournament, and which cannot happen.

use crate::digest::Digest;
use crate::ids::{RunId, SubmissionId};
use crate::names::MethodName;
use crate::record::event::Event;
use crate::run::{IllegalTransition, RunEvent, Verdict};
use crate::tournament::{Entrant, RunRecord, Tournament, TournamentState};

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
const PAUSED: &str = "it is paused";

impl Tournament {
    /// Changes the state as `event` says, or refuses and changes nothing.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        let kind = event.kind();
        let contradiction = |why| IllegalEvent::Contradiction { event: kind, why };
        match event {
            Event::Created { .. } => return Err(contradiction("it comes first, and once")),
            Event::Opened {
                commitment, rules, ..
            } => {
                self.require_state(kind, TournamentState::Draft)?;
                if rules.is_some_and(|digest| digest != self.rules.digest()) {
                    return Err(contradiction("not the digest of its rules"));
                }
                self.commitment = Some(*commitment);
                self.state = TournamentState::Open;
            }
            Event::Submitted {
                submission,
                name,
                digest,
            } => {
                self.require_state(kind, TournamentState::Open)?;
                if self.knows(*submission, name, digest) {
                    return Err(contradiction("this method is in the field already"));
                }
                let most = self.rules.terms.max_field;
                if most.is_some_and(|most| self.playing().len() >= most as usize) {
                    return Err(contradiction("the field is full"));
                }
                self.field.push(Entrant {
                    submission: *submission,
                    name: name.clone(),
                    digest: *digest,
                });
                self.order_field();
            }
            Event::DefenderEntered {
                submission,
                name,
                digest,
                ..
            } => {
                self.require_state(kind, TournamentState::Open)?;
                if !self.rules.terms.defend || self.defender.is_some() {
                    return Err(contradiction("its rules ask for no further defender"));
                }
                if self.knows(*submission, name, digest) {
                    return Err(contradiction("this method is in the field already"));
                }
                self.defender = Some(Entrant {
                    submission: *submission,
                    name: name.clone(),
                    digest: *digest,
                });
            }
            Event::Closed { nonce, seed } => {
                self.require_state(kind, TournamentState::Open)?;
                if self.playing().len() < self.rules.terms.min_field as usize {
                    return Err(contradiction("the field is too small"));
                }
                if self.commitment != Some(nonce.commitment()) {
                    return Err(contradiction("not the nonce that was committed to"));
                }
                if *seed != self.derive_seed(nonce) {
                    return Err(contradiction("not the seed that follows from the field"));
                }
                self.seed = Some(*seed);
                self.order_field();
                self.state = TournamentState::Closed;
            }
            Event::RoundOpened { round, .. } => {
                self.require_state(kind, TournamentState::Closed)?;
                self.goes_on().map_err(contradiction)?;
                let open = self
                    .rounds
                    .last()
                    .is_some_and(|last| last.decision.is_none());
                if open || *round as usize != self.rounds.len() + 1 {
                    return Err(contradiction("rounds are played in order"));
                }
                let opened = self.open_round(event).ok_or_else(|| {
                    contradiction("its runs are not every entrant on every block, once each")
                })?;
                self.rounds.push(opened);
            }
            Event::RunLeased { run, attempt, .. } => {
                self.require_state(kind, TournamentState::Closed)?;
                self.goes_on().map_err(contradiction)?;
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
                to_target,
                ..
            } => {
                self.require_state(kind, TournamentState::Closed)?;
                if to_target.is_some_and(|work| !(work.is_finite() && work >= 0.0)) {
                    return Err(contradiction("work is a finite number, not negative"));
                }
                let stoppable = self
                    .rounds
                    .iter()
                    .find(|round| round.runs.contains_key(run))
                    .is_some_and(|round| self.may_stop_runs(round));
                if outcome.verdict() == Verdict::Stopped && !stoppable {
                    return Err(contradiction(
                        "its rules let no run of this round be stopped",
                    ));
                }
                let run = self.current(*run, *attempt).ok_or(contradiction(STALE))?;
                run.state = run.state.after(RunEvent::Accept)?;
                run.outcome = Some(*outcome);
                run.to_target = *to_target;
            }
            Event::RunRequeued { run, attempt, .. } => {
                self.require_state(kind, TournamentState::Closed)?;
                let run = self.current(*run, *attempt).ok_or(contradiction(STALE))?;
                run.state = run.state.after(RunEvent::Requeue)?;
            }
            Event::RunStuck { run, attempt, .. } => {
                self.require_state(kind, TournamentState::Closed)?;
                let run = self.current(*run, *attempt).ok_or(contradiction(STALE))?;
                run.state = run.state.after(RunEvent::GiveUp)?;
            }
            Event::RunRetried { run } => {
                self.require_state(kind, TournamentState::Closed)?;
                let run = self.run(*run).ok_or(contradiction("no such run"))?;
                run.state = run.state.after(RunEvent::Retry)?;
            }
            Event::BlockVoided { round, block, .. } => {
                self.require_state(kind, TournamentState::Closed)?;
                let at = self.undecided(*round, *block).map_err(contradiction)?;
                let round = &mut self.rounds[at];
                if round.is_last_of_a_heat(*block) {
                    return Err(contradiction("a heat would have no block left"));
                }
                round.void(*block)?;
            }
            Event::BlockReplaced {
                round,
                block,
                replacement,
                runs,
                ..
            } => {
                self.require_state(kind, TournamentState::Closed)?;
                let at = self.undecided(*round, *block).map_err(contradiction)?;
                if self.replacement(*round, *block) != Some(*replacement) {
                    return Err(contradiction("not the block that follows from the seed"));
                }
                let mut next = self.rounds[at].clone();
                next.void(*block)?;
                next.replace(*block, *replacement);
                let wanted: Vec<(SubmissionId, u32)> = next
                    .runs_of(replacement.index)
                    .filter(|(who, _)| !self.is_disqualified(*who))
                    .collect();
                if !self.are_new(runs) || !next.add(wanted, runs) {
                    return Err(contradiction(
                        "its runs are not every entrant of the block, once each",
                    ));
                }
                self.rounds[at] = next;
            }
            Event::Disqualified { submission, .. } => {
                self.require_under_way(kind)?;
                if !self
                    .entrants()
                    .any(|entrant| entrant.submission == *submission)
                {
                    return Err(contradiction("no such method"));
                }
                if !self.put_out(*submission) {
                    return Err(contradiction("it is out already"));
                }
            }
            Event::MethodSetAside {
                submission,
                runners,
                ..
            } => {
                self.require_state(kind, TournamentState::Closed)?;
                let fits = self.may_be_set_aside(*submission, runners);
                fits.map_err(contradiction)?;
                self.put_out(*submission);
            }
            Event::Paused { reason } => {
                self.require_under_way(kind)?;
                if self.paused.is_some() {
                    return Err(contradiction("it is paused already"));
                }
                self.paused = Some(reason.clone());
            }
            Event::Resumed => {
                self.require_under_way(kind)?;
                if self.paused.take().is_none() {
                    return Err(contradiction("it is not paused"));
                }
            }
            Event::ShareSet { share, .. } => {
                self.require_not_ended(kind)?;
                if !share.is_valid() {
                    return Err(contradiction("its priority or weight is out of range"));
                }
            }
            Event::MadePrivate => self.require_state(kind, TournamentState::Draft)?,
            // Who may look changes nothing of what there is to see, also when it has ended.
            Event::MemberAdded { .. } | Event::MemberRemoved { .. } => {}
            Event::RoundDecided(decision) => {
                self.require_state(kind, TournamentState::Closed)?;
                self.goes_on().map_err(contradiction)?;
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
                self.require_state(kind, TournamentState::Closed)?;
                self.goes_on().map_err(contradiction)?;
                let over = match self.rounds.last() {
                    Some(round) => round.decision.is_some(),
                    // Without a round only if nobody is left to play one.
                    None => self.playing().is_empty(),
                };
                if !over {
                    return Err(contradiction("a round is not decided"));
                }
                self.champion = *champion;
                self.state = TournamentState::Completed;
            }
            Event::Rejudged {
                changes,
                champion,
                ranking,
                ..
            } => {
                self.require_state(kind, TournamentState::Completed)?;
                let judged = self
                    .rejudge(changes)
                    .map_err(|_| contradiction("its changes do not fit the tournament"))?;
                if judged.champion != *champion || judged.ranking != *ranking {
                    return Err(contradiction(
                        "not the champion or ranking that follows from the changes",
                    ));
                }
                self.champion = *champion;
            }
            Event::Cancelled { .. } => {
                self.require_not_ended(kind)?;
                self.state = TournamentState::Cancelled;
            }
        }
        Ok(())
    }

    fn require_state(
        &self,
        event: &'static str,
        state: TournamentState,
    ) -> Result<(), IllegalEvent> {
        if self.state == state {
            Ok(())
        } else {
            Err(IllegalEvent::State {
                event,
                state: self.state,
            })
        }
    }

    fn require_under_way(&self, event: &'static str) -> Result<(), IllegalEvent> {
        if matches!(self.state, TournamentState::Open | TournamentState::Closed) {
            return Ok(());
        }
        Err(IllegalEvent::State {
            event,
            state: self.state,
        })
    }

    fn require_not_ended(&self, event: &'static str) -> Result<(), IllegalEvent> {
        if matches!(
            self.state,
            TournamentState::Completed | TournamentState::Cancelled
        ) {
            return Err(IllegalEvent::State {
                event,
                state: self.state,
            });
        }
        Ok(())
    }

    const fn goes_on(&self) -> Result<(), &'static str> {
        if self.paused.is_some() {
            return Err(PAUSED);
        }
        Ok(())
    }

    fn knows(&self, submission: SubmissionId, name: &MethodName, digest: &Digest) -> bool {
        self.entrants().any(|entrant| {
            entrant.submission == submission || entrant.name == *name || entrant.digest == *digest
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
