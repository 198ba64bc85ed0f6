//! Who may see what of a tournament, and when: the one place that says so.
//!
//! A method that predicts has the hidden inputs before it. Whatever it can choose from then on
//! is a message to its author, who may hand in another method: so until the tournament has
//! ended, everybody but the organiser sees a run as one of few answers, and everything else
//! that is shown (means, standings, cuts) is computed from these answers and from who goes on.

use crate::run::{Meters, Metric, Outcome, Verdict};
use crate::tournament::state::{Tournament, TournamentState};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Entrants and strangers.
    Everyone,
    /// Who keeps the hidden part anyway: an admin, or the platform itself.
    Organiser,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disclosure {
    /// Everything that is stored.
    Full,
    /// Of a run: its state, its verdict, its score in [`SCORE_STEPS`](crate::run::SCORE_STEPS) steps, and what was made
    /// before the method saw hidden inputs.
    Coarse,
}

impl Disclosure {
    /// What `audience` may see of a tournament in `state`.
    pub const fn of(audience: Audience, state: TournamentState) -> Self {
        match (audience, state) {
            (Audience::Organiser, _)
            | (_, TournamentState::Completed | TournamentState::Cancelled) => Self::Full,
            (
                Audience::Everyone,
                TournamentState::Draft | TournamentState::Open | TournamentState::Closed,
            ) => Self::Coarse,
        }
    }

    /// Whether everything is shown.
    pub const fn is_full(self) -> bool {
        matches!(self, Self::Full)
    }

    /// A score as it is shown.
    pub fn score(self, metric: &Metric, score: f64) -> f64 {
        match self {
            Self::Full => score,
            Self::Coarse => metric.rounded(score),
        }
    }

    /// The line for the entrant, if it is shown: words are for those whose method failed before
    /// it came to predict, which `predict`, what prediction used, tells. Why a run was stopped
    /// is told in others' scores.
    pub fn detail(
        self,
        detail: Option<String>,
        verdict: Option<Verdict>,
        predict: Option<&Meters>,
    ) -> Option<String> {
        let never_predicted = predict.is_none_or(|meters| *meters == Meters::default());
        let told = never_predicted && verdict != Some(Verdict::Stopped);
        detail.filter(|_| self.is_full() || told)
    }

    /// What only shows after the end: what prediction used and made, how long anything took,
    /// how often the platform failed and why.
    pub fn later<T>(self, value: Option<T>) -> Option<T> {
        value.filter(|_| self.is_full())
    }
}

impl Tournament {
    /// The tournament as it is shown. Coarse, it has rounded scores; its standings follow from
    /// these, as does the order of those who go on and of those who are out; and the evidence
    /// for decisions, which is of the scores themselves, is left out.
    #[must_use]
    pub fn disclosed(mut self, disclosure: Disclosure) -> Self {
        if disclosure.is_full() {
            return self;
        }
        let default = Metric::default();
        for round in &mut self.rounds {
            for run in round.runs.values_mut() {
                let block = round.blocks.iter().find(|block| block.index == run.block.1);
                let task = block.map_or(0, |block| block.task as usize);
                let metric = self.metrics.get(task).unwrap_or(&default);
                run.outcome = run.outcome.map(|outcome| rounded(metric, outcome));
                // How often the platform failed: a worker that was taken over can see to that.
                run.attempt = run.attempt.min(1);
            }
        }
        let standings: Vec<_> = self
            .rounds
            .iter()
            .map(|round| self.standings(round.number))
            .collect();
        for (round, standings) in self.rounds.iter_mut().zip(standings) {
            let Some(decision) = &mut round.decision else {
                continue;
            };
            let place = |who| standings.iter().position(|line| line.submission == who);
            // Who is in no standing, being disqualified, comes last.
            let order = |who| (place(who).unwrap_or(usize::MAX), who);
            decision.kept.sort_by_key(|who| order(*who));
            decision.cut.sort_by_key(|who| order(*who));
            decision.standings = standings;
            decision.evidence = None;
            decision.comparisons = Vec::new();
            decision.friedman = None;
            decision.title = None;
        }
        self
    }
}

/// The same verdict with its score rounded; what a stopped run scored on public rows stays.
fn rounded(metric: &Metric, outcome: Outcome) -> Outcome {
    let Some(score) = outcome.score() else {
        return outcome;
    };
    Outcome::new(outcome.verdict(), Some(metric.rounded(score))).unwrap_or(outcome)
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::{Audience, Disclosure};
    use crate::run::{Meters, Verdict};
    use crate::tournament::TournamentState;

    #[test]
    fn strangers_see_all_once_it_has_ended_and_the_organiser_at_any_time() {
        for state in TournamentState::VARIANTS {
            assert!(Disclosure::of(Audience::Organiser, *state).is_full());
            let ended = matches!(
                state,
                TournamentState::Completed | TournamentState::Cancelled
            );
            let shown = Disclosure::of(Audience::Everyone, *state);
            assert_eq!(shown.is_full(), ended, "{state}");
        }
    }

    #[test]
    fn words_are_shown_of_who_never_predicted() {
        let said = |disclosure: Disclosure, verdict, wall_micros| {
            let predict = Meters {
                wall_micros,
                ..Meters::default()
            };
            let detail = Some("label 3".to_owned());
            disclosure.detail(detail, Some(verdict), Some(&predict))
        };
        let (coarse, full) = (Disclosure::Coarse, Disclosure::Full);
        assert!(said(coarse, Verdict::MethodFailed, 0).is_some());
        assert_eq!(said(coarse, Verdict::MethodFailed, 1), None);
        assert_eq!(said(coarse, Verdict::Stopped, 0), None);
        assert!(said(full, Verdict::MethodFailed, 1).is_some());
    }
}
