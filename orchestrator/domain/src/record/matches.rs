//! What a completed tournament says about who is better than whom, for ratings.

use std::collections::BTreeMap;

use crate::ids::SubmissionId;
use crate::record::rejudge::{Changes, RejudgeError};
use crate::tournament::{Decision, Standing, Tournament, TournamentState};

/// Who met whom, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The champion; none if nobody completed a run.
    pub champion: Option<SubmissionId>,
    /// The final ranking, best first; without the disqualified.
    pub ranking: Vec<SubmissionId>,
    /// The field by its final ranking, best first; equals are together, so that nobody is said to
    /// have beaten another where only the tie-break came between them. Without the defending
    /// champion, who met nobody but its challenger.
    pub field: Vec<Vec<SubmissionId>>,
    /// The title's round, better one first or both together: by the mean on its blocks, and not
    /// by who has the title, which stays with the defender unless it is clearly beaten.
    pub title: Option<Vec<Vec<SubmissionId>>>,
}

impl Tournament {
    /// The matches of a completed tournament, as it was played or, under `changes`, as it was
    /// judged again.
    ///
    /// # Errors
    /// If it is not completed, or the changes do not fit.
    pub fn matches(&self, changes: Option<&Changes>) -> Result<Matches, RejudgeError> {
        if self.state != TournamentState::Completed {
            return Err(RejudgeError::State(self.state));
        }
        let title_rounds = |decision: &&Decision| {
            let round = self.rounds.iter().find(|one| one.number == decision.round);
            round.is_some_and(|round| self.is_title(round))
        };
        let (decisions, champion, ranking) = match changes {
            Some(changes) => {
                let judged = self.rejudge(changes)?;
                (judged.decisions, judged.champion, judged.ranking)
            }
            None => {
                let all: Vec<Decision> = self
                    .rounds
                    .iter()
                    .filter_map(|round| round.decision.clone())
                    .collect();
                let of_field: Vec<Decision> = all
                    .iter()
                    .filter(|one| !title_rounds(one))
                    .cloned()
                    .collect();
                let champion = self.recorded_champion();
                let ranking = self.ranking(&of_field, champion);
                (all, champion, ranking)
            }
        };
        let title = decisions.iter().find(title_rounds);
        let title = title.and_then(|decision| decision.title.as_ref());
        let of_field: Vec<&Decision> = decisions.iter().filter(|one| !title_rounds(one)).collect();
        Ok(Matches {
            champion,
            field: self.field_of(&ranking, &of_field, title.map(|title| title.challenger)),
            title: title
                .filter(|title| {
                    let both = [title.defender, title.challenger];
                    title.evidence.blocks > 0 && both.iter().all(|who| ranking.contains(who))
                })
                .map(|title| {
                    let (challenger, defender) = (vec![title.challenger], vec![title.defender]);
                    match title.evidence.effect {
                        effect if effect > 0.0 => vec![challenger, defender],
                        effect if effect < 0.0 => vec![defender, challenger],
                        _ => vec![[challenger, defender].concat()],
                    }
                }),
            ranking,
        })
    }

    /// The ranking of the field alone, with those together whom only the tie-break has put in
    /// order: neighbours of the ranking that stood as equals last, and pairs of which one went
    /// on and the other did not. What came after that is not held against the one cut, so
    /// everybody between the two is with them: groups know no half of a comparison.
    fn field_of(
        &self,
        ranking: &[SubmissionId],
        decisions: &[&Decision],
        challenger: Option<SubmissionId>,
    ) -> Vec<Vec<SubmissionId>> {
        // Where each stood last: later rounds overwrite earlier ones.
        let mut stood: BTreeMap<SubmissionId, (u32, &Standing)> = BTreeMap::new();
        for decision in decisions {
            let lines = decision.standings.iter();
            stood.extend(lines.map(|line| (line.submission, (decision.round, line))));
        }
        let defender = self.defender.as_ref().map(|one| one.submission);
        let first = challenger.filter(|who| ranking.contains(who));
        let others = ranking.iter().copied();
        let others = others.filter(|who| Some(*who) != defender && Some(*who) != first);
        let order: Vec<SubmissionId> = first.into_iter().chain(others).collect();

        // Whether each is with the one before it.
        let mut with_previous = vec![false; order.len()];
        for (at, pair) in order.windows(2).enumerate() {
            let last = |who| stood.get(who).copied();
            if let (Some(one), Some(other)) = (last(&pair[0]), last(&pair[1])) {
                with_previous[at + 1] = one.0 == other.0
                    && (equals(one.1, other.1) || self.told_apart_by_nothing(one.1, other.1));
            }
        }
        let place = |who: SubmissionId| order.iter().position(|one| *one == who);
        for decision in decisions {
            let went_on = |line: &&Standing| stood[&line.submission].0 > decision.round;
            let (on, out): (Vec<&Standing>, Vec<&Standing>) =
                decision.standings.iter().partition(went_on);
            for (one, other) in on
                .iter()
                .flat_map(|one| out.iter().map(move |other| (one, other)))
            {
                if equals(one, other)
                    && self.met_in(decision.round, one.submission, other.submission)
                    && let (Some(a), Some(b)) = (place(one.submission), place(other.submission))
                {
                    with_previous[a.min(b) + 1..=a.max(b)].fill(true);
                }
            }
        }
        let mut field: Vec<Vec<SubmissionId>> = Vec::new();
        for (who, with_previous) in order.into_iter().zip(with_previous) {
            match field.last_mut().filter(|_| with_previous) {
                Some(group) => group.push(who),
                None => field.push(vec![who]),
            }
        }
        field
    }

    /// In a race: whether they did the same on every block that both ran. Of two equals the
    /// tie-break says who is given further runs, and an estimate that rests on more runs is
    /// another one.
    fn told_apart_by_nothing(&self, one: &Standing, other: &Standing) -> bool {
        let raced = one.estimate.is_some() && other.estimate.is_some();
        raced && self.did_the_same(one.submission, other.submission)
    }

    /// Whether two were in the same heat of a round: means over blocks of different heats order
    /// nobody.
    fn met_in(&self, round: u32, one: SubmissionId, other: SubmissionId) -> bool {
        let round = self.rounds.iter().find(|known| known.number == round);
        let mut heats = round.iter().flat_map(|round| &round.heats);
        heats.any(|heat| heat.entrants.contains(&one) && heat.entrants.contains(&other))
    }
}

/// Whether nothing but the hash orders them.
fn equals(one: &Standing, other: &Standing) -> bool {
    let key = |line: &Standing| {
        (
            line.estimate,
            line.points,
            line.opponents,
            line.mean,
            line.faults,
        )
    };
    key(one) == key(other)
}
