//! The state of a tournament. Events change it: [`crate::record`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ids::{RunId, SubmissionId};
use crate::run::Metric;
use crate::tournament::round::{Entrant, Round, RunRecord};
use crate::tournament::rules::Rules;
use crate::tournament::seed::{Nonce, TournamentSeed};

/// Where a tournament is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[strum(serialize_all = "snake_case")]
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
    /// The name used in the database, in JSON and for people.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A tournament: rules, field, rounds. Changed only by [`Tournament::apply`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tournament {
    pub(crate) rules: Rules,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) state: TournamentState,
    pub(crate) paused: Option<String>,
    pub(crate) commitment: Option<Digest>,
    pub(crate) field: Vec<Entrant>,
    pub(crate) defender: Option<Entrant>,
    pub(crate) disqualified: BTreeSet<SubmissionId>,
    pub(crate) seed: Option<TournamentSeed>,
    pub(crate) rounds: Vec<Round>,
    pub(crate) champion: Option<SubmissionId>,
}

/// What a stored tournament consists of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Its rules.
    pub rules: Rules,
    /// What its tasks measure, in their order; at least one.
    pub metrics: Vec<Metric>,
    /// Where it is.
    pub state: TournamentState,
    /// Why it is paused, if it is.
    pub paused: Option<String>,
    /// Digest of the nonce, once open.
    pub commitment: Option<Digest>,
    /// The field, in any order.
    pub field: Vec<Entrant>,
    /// Who defends the title.
    pub defender: Option<Entrant>,
    /// Who is out: for breaking rules, or set aside because it cannot be run.
    pub disqualified: BTreeSet<SubmissionId>,
    /// The seed, once closed.
    pub seed: Option<TournamentSeed>,
    /// The rounds so far, in order.
    pub rounds: Vec<Round>,
    /// The winner.
    pub champion: Option<SubmissionId>,
}

impl Tournament {
    /// A draft with these rules, for tasks that measure `metrics`.
    pub fn new(rules: Rules, metrics: Vec<Metric>) -> Self {
        Self {
            rules,
            metrics,
            state: TournamentState::Draft,
            paused: None,
            commitment: None,
            field: Vec::new(),
            defender: None,
            disqualified: BTreeSet::new(),
            seed: None,
            rounds: Vec::new(),
            champion: None,
        }
    }

    /// A tournament from what is stored of it. The caller vouches that these
    /// parts came about by events; [`Tournament::replay`] is the check.
    pub fn restore(parts: Parts) -> Self {
        let mut tournament = Self {
            rules: parts.rules,
            metrics: parts.metrics,
            state: parts.state,
            paused: parts.paused,
            commitment: parts.commitment,
            field: parts.field,
            defender: parts.defender,
            disqualified: parts.disqualified,
            seed: parts.seed,
            rounds: parts.rounds,
            champion: parts.champion,
        };
        tournament.order_field();
        tournament
    }

    /// Puts the field in its order. Whatever compares methods by their place in the field (the
    /// posterior, the allocation of runs, the order in which floating-point numbers are added)
    /// ends in this order, so once there is a seed it is one that nobody could choose: an
    /// entrant chooses its digest, by changing bytes that do nothing, but not the seed.
    pub(crate) fn order_field(&mut self) {
        match self.seed {
            Some(seed) => self
                .field
                .sort_by_key(|entrant| seed.tie_break(&entrant.digest)),
            None => self.field.sort_by_key(|entrant| entrant.digest),
        }
    }

    /// Where it is.
    pub const fn state(&self) -> TournamentState {
        self.state
    }

    /// Why it is paused, if it is.
    pub fn paused(&self) -> Option<&str> {
        self.paused.as_deref()
    }

    /// Its rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What its first task measures.
    pub fn metric(&self) -> &Metric {
        &self.metrics[0]
    }

    /// What its tasks measure, in their order.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Its seed, once closed.
    pub const fn seed(&self) -> Option<&TournamentSeed> {
        self.seed.as_ref()
    }

    /// The field, ordered by digest until it is sealed and by [`TournamentSeed::tie_break`] from
    /// then on. Who was disqualified stays in it: the seed depends on
    /// everybody who handed something in, so that nobody can choose it by throwing some out.
    pub fn field(&self) -> impl Iterator<Item = &Entrant> {
        self.field.iter()
    }

    /// Who defends the title.
    pub const fn defender(&self) -> Option<&Entrant> {
        self.defender.as_ref()
    }

    /// Everybody who may run: the field, and the defending champion.
    pub fn entrants(&self) -> impl Iterator<Item = &Entrant> {
        self.field.iter().chain(&self.defender)
    }

    /// Everybody in the field who may still play, in the order of [`Self::field`].
    pub fn playing(&self) -> Vec<SubmissionId> {
        self.field()
            .map(|entrant| entrant.submission)
            .filter(|who| !self.is_disqualified(*who))
            .collect()
    }

    /// Whether a method is out: for breaking rules, or set aside because it cannot be run.
    pub fn is_disqualified(&self, submission: SubmissionId) -> bool {
        self.disqualified.contains(&submission)
    }

    /// The rounds so far.
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// A run and its number of round.
    pub fn find_run(&self, run: RunId) -> Option<&RunRecord> {
        self.rounds.iter().find_map(|round| round.runs.get(&run))
    }

    /// The winner.
    pub const fn champion(&self) -> Option<SubmissionId> {
        self.champion
    }

    /// How many started: the entrants of the first round, once it is open.
    pub(crate) fn starters(&self) -> usize {
        self.rounds
            .first()
            .map_or_else(|| self.playing().len(), |round| round.entrants.len())
    }

    /// The seed that `nonce` gives with the present field and defender.
    pub fn derive_seed(&self, nonce: &Nonce) -> TournamentSeed {
        let digests: Vec<Digest> = self.entrants().map(|entrant| entrant.digest).collect();
        TournamentSeed::derive(nonce, &digests)
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::TournamentState;

    #[test]
    fn the_names_are_those_of_the_record() {
        let names = TournamentState::VARIANTS.iter().map(|one| one.as_str());
        assert!(names.eq(["draft", "open", "closed", "completed", "cancelled"]));
        for one in TournamentState::VARIANTS {
            assert_eq!(one.as_str().parse(), Ok(*one));
            assert_eq!(one.to_string(), one.as_str());
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
    }
}
