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
    /// The field by its final ranking, best first; equals are together. Without the defending
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
        let of_field = decisions.iter().filter(|one| !title_rounds(one));
        Ok(Matches {
            champion,
            field: self.field_of(&ranking, of_field, title.map(|title| title.challenger)),
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

    /// The ranking of the field alone, with those together whom only a hash has put in order.
    fn field_of<'a>(
        &self,
        ranking: &[SubmissionId],
        decisions: impl Iterator<Item = &'a Decision>,
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
        let mut field: Vec<Vec<SubmissionId>> = Vec::new();
        for who in first.into_iter().chain(others) {
            let with = field.last().and_then(|group| group.last());
            let equal = with
                .and_then(|other| stood.get(other))
                .zip(stood.get(&who))
                .is_some_and(|(one, other)| one.0 == other.0 && equals(one.1, other.1));
            match field.last_mut().filter(|_| equal) {
                Some(group) => group.push(who),
                None => field.push(vec![who]),
            }
        }
        field
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
