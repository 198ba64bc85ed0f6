//! The state of a tournament, and how events change it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::standings::standings;
use crate::{
    Digest, Effect, Entrant, Event, IllegalEvent, Metric, Nonce, Outcome, Round, Rules, Standing,
    SubmissionId, TournamentSeed,
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

/// A tournament: rules, field, rounds. Changed only by [`Tournament::apply`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tournament {
    pub(crate) rules: Rules,
    pub(crate) metric: Metric,
    pub(crate) state: TournamentState,
    pub(crate) commitment: Option<Digest>,
    pub(crate) field: Vec<Entrant>,
    pub(crate) seed: Option<TournamentSeed>,
    pub(crate) rounds: Vec<Round>,
    pub(crate) champion: Option<SubmissionId>,
}

/// What a stored tournament consists of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Its rules.
    pub rules: Rules,
    /// What its task measures.
    pub metric: Metric,
    /// Where it is.
    pub state: TournamentState,
    /// Digest of the nonce, once open.
    pub commitment: Option<Digest>,
    /// The field, in any order.
    pub field: Vec<Entrant>,
    /// The seed, once closed.
    pub seed: Option<TournamentSeed>,
    /// The rounds so far, in order.
    pub rounds: Vec<Round>,
    /// The winner.
    pub champion: Option<SubmissionId>,
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
    /// A draft with these rules, for a task that measures `metric`.
    pub fn new(rules: Rules, metric: Metric) -> Self {
        Self {
            rules,
            metric,
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
        let Some(Event::Created { rules, metric, .. }) = events.next() else {
            return Err(IllegalEvent::Contradiction {
                event: "created",
                why: "it must come first",
            });
        };
        let mut tournament = Self::new(rules.clone(), metric.clone());
        for event in events {
            tournament.apply(event)?;
        }
        Ok(tournament)
    }

    /// A tournament from what is stored of it. The caller vouches that these
    /// parts came about by events; [`Tournament::replay`] is the check.
    pub fn restore(mut parts: Parts) -> Self {
        parts.field.sort_by_key(|entrant| entrant.digest);
        Self {
            rules: parts.rules,
            metric: parts.metric,
            state: parts.state,
            commitment: parts.commitment,
            field: parts.field,
            seed: parts.seed,
            rounds: parts.rounds,
            champion: parts.champion,
        }
    }

    /// Where it is.
    pub const fn state(&self) -> TournamentState {
        self.state
    }

    /// Its rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What its task measures.
    pub const fn metric(&self) -> &Metric {
        &self.metric
    }

    /// Its seed, once closed.
    pub const fn seed(&self) -> Option<&TournamentSeed> {
        self.seed.as_ref()
    }

    /// The field, ordered by digest.
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
        standings(seed, &self.metric, entrants, self.results(number))
    }

    /// Scores of two methods on the blocks both ran, in the order of the blocks.
    pub(crate) fn pairs(
        &self,
        one: SubmissionId,
        other: SubmissionId,
        up_to: u32,
    ) -> Vec<(f64, f64)> {
        let of = |who: SubmissionId| -> BTreeMap<(u32, u32), f64> {
            self.results(up_to)
                .filter(|(submission, ..)| *submission == who)
                .map(|(_, round, index, outcome)| ((round, index), self.metric.points(&outcome)))
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

    /// The seed that `nonce` gives with the present field.
    pub fn derive_seed(&self, nonce: &Nonce) -> TournamentSeed {
        let digests: Vec<Digest> = self.field.iter().map(|entrant| entrant.digest).collect();
        TournamentSeed::derive(nonce, &digests)
    }
}
