//! The state of a tournament, and how events change it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::standings::standings;
use crate::{
    BlockSeed, Digest, Effect, Event, Evidence, IllegalTransition, MethodName, Nonce, Outcome,
    Rules, RunEvent, RunId, RunState, Standing, SubmissionId, TournamentSeed,
};

/// Where a tournament is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TournamentState {
    /// Being prepared.
    Draft,
    /// Accepting submissions.
    Open,
    /// Closed; rounds are played.
    Closed,
    /// Ended, usually with a champion.
    Completed,
    /// Called off.
    Cancelled,
}

impl TournamentState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Draft,
        Self::Open,
        Self::Closed,
        Self::Completed,
        Self::Cancelled,
    ];

    /// The name used in the database, in JSON and for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl std::fmt::Display for TournamentState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrant {
    /// The submission.
    pub submission: SubmissionId,
    /// Its name.
    pub name: MethodName,
    /// Digest of its module.
    pub digest: Digest,
}

/// What all entrants of a round are run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Number of the round, from 1.
    pub round: u32,
    /// Number within the round, from 1.
    pub index: u32,
    /// Seed of every run on it.
    pub seed: BlockSeed,
}

/// What a finished round decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Number of the round.
    pub round: u32,
    /// The standings over all results so far, best first.
    pub standings: Vec<Standing>,
    /// Who goes on (after the last round: the best), best first.
    pub kept: Vec<SubmissionId>,
    /// Who is out, best first.
    pub cut: Vec<SubmissionId>,
    /// What the cut rests on; none if nobody was cut.
    pub evidence: Option<Evidence>,
}

impl Decision {
    /// Decides `round` by keeping the first `keep` of the standings.
    pub fn new(tournament: &Tournament, round: &Round, keep: usize) -> Self {
        let standings = tournament.standings(round.number);
        let order: Vec<SubmissionId> = standings.iter().map(|line| line.submission).collect();
        let (kept, cut) = order.split_at(keep.min(order.len()));
        let evidence = match (kept.last(), cut.first()) {
            (Some(last_kept), Some(first_cut)) => Some(Evidence::new(
                *last_kept,
                *first_cut,
                &tournament.pairs(*last_kept, *first_cut, round.number),
            )),
            _ => None,
        };
        Self {
            round: round.number,
            kept: kept.to_vec(),
            cut: cut.to_vec(),
            evidence,
            standings,
        }
    }
}

/// A run as far as the rules care.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Whose.
    pub submission: SubmissionId,
    /// Round and number of the block.
    pub block: (u32, u32),
    /// Where it is.
    pub state: RunState,
    /// Attempts so far.
    pub attempt: i32,
    /// The accepted result.
    pub outcome: Option<Outcome>,
}

/// A round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Number, from 1.
    pub number: u32,
    /// Who takes part.
    pub entrants: Vec<SubmissionId>,
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// Its runs.
    pub runs: BTreeMap<RunId, RunRecord>,
    /// What it decided, once finished.
    pub decision: Option<Decision>,
}

impl Round {
    /// Whether every run has its result.
    pub fn is_finished(&self) -> bool {
        self.runs.values().all(|run| run.outcome.is_some())
    }
}

/// A tournament: rules, field, rounds. Changed only by [`Tournament::apply`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tournament {
    rules: Rules,
    state: TournamentState,
    commitment: Option<Digest>,
    field: Vec<Entrant>,
    seed: Option<TournamentSeed>,
    rounds: Vec<Round>,
    champion: Option<SubmissionId>,
}

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

/// Applies `event` and says what follows from it. The shell carries the
/// effects out and reports each back as an event.
pub fn step(
    mut tournament: Tournament,
    event: &Event,
) -> Result<(Tournament, Vec<Effect>), IllegalEvent> {
    tournament.apply(event)?;
    let effects = tournament.next().into_iter().collect();
    Ok((tournament, effects))
}

impl Tournament {
    /// A draft with these rules.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: TournamentState::Draft,
            commitment: None,
            field: Vec::new(),
            seed: None,
            rounds: Vec::new(),
            champion: None,
        }
    }

    /// The tournament that `events` tell of; the first must be its creation.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, IllegalEvent> {
        let mut events = events.into_iter();
        let Some(Event::Created { rules, .. }) = events.next() else {
            return Err(IllegalEvent::Contradiction {
                event: "created",
                why: "it must come first",
            });
        };
        let mut tournament = Self::new(rules.clone());
        for event in events {
            tournament.apply(event)?;
        }
        Ok(tournament)
    }

    /// Where it is.
    pub const fn state(&self) -> TournamentState {
        self.state
    }

    /// Its rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Its seed, once closed.
    pub const fn seed(&self) -> Option<&TournamentSeed> {
        self.seed.as_ref()
    }

    /// The field, in the order of submission.
    pub fn entrants(&self) -> impl Iterator<Item = &Entrant> {
        self.field.iter()
    }

    /// The rounds so far.
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// The winner.
    pub const fn champion(&self) -> Option<SubmissionId> {
        self.champion
    }

    /// What is to be done next, if anything.
    pub fn next(&self) -> Option<Effect> {
        match self.state {
            TournamentState::Closed => self.rules.format().next(self),
            _ => None,
        }
    }

    /// Accepted results up to and with round `up_to`.
    fn results(&self, up_to: u32) -> impl Iterator<Item = (SubmissionId, u32, u32, Outcome)> + '_ {
        self.rounds
            .iter()
            .filter(move |round| round.number <= up_to)
            .flat_map(|round| round.runs.values())
            .filter_map(|run| {
                let (round, index) = run.block;
                Some((run.submission, round, index, run.outcome?))
            })
    }

    /// Standings of round `number`'s entrants over all results up to then;
    /// provisional while the round is played.
    pub fn standings(&self, number: u32) -> Vec<Standing> {
        let Some((seed, round)) = self
            .seed
            .as_ref()
            .zip(self.rounds.iter().find(|round| round.number == number))
        else {
            return Vec::new();
        };
        let entrants = self
            .field
            .iter()
            .filter(|entrant| round.entrants.contains(&entrant.submission));
        standings(seed, entrants, self.results(number))
    }

    /// Scores of two methods on the blocks both ran, in the order of the blocks.
    fn pairs(&self, one: SubmissionId, other: SubmissionId, up_to: u32) -> Vec<(f64, f64)> {
        let of = |who: SubmissionId| -> BTreeMap<(u32, u32), f64> {
            self.results(up_to)
                .filter(|(submission, ..)| *submission == who)
                .map(|(_, round, index, outcome)| ((round, index), outcome.points()))
                .collect()
        };
        let others = of(other);
        of(one)
            .into_iter()
            .filter_map(|(block, score)| Some((score, *others.get(&block)?)))
            .collect()
    }

    pub(crate) fn has_completed_a_run(&self, submission: SubmissionId) -> bool {
        self.results(u32::MAX)
            .any(|(who, _, _, outcome)| who == submission && !outcome.is_fault())
    }

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
                self.field.push(Entrant {
                    submission: *submission,
                    name: name.clone(),
                    digest: *digest,
                });
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

    /// The seed that `nonce` gives with the present field.
    pub fn derive_seed(&self, nonce: &Nonce) -> TournamentSeed {
        let digests: Vec<Digest> = self.field.iter().map(|entrant| entrant.digest).collect();
        TournamentSeed::derive(nonce, &digests)
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

const STALE: &str = "not the run's current attempt";
