//! What a completed tournament gives to ratings.

use std::collections::BTreeMap;

use gauntlet_domain::record::{Changes, RejudgeError};
use gauntlet_domain::tournament::{Entrant, Tournament, TournamentSeed};
use gauntlet_domain::{Digest, MethodName, SubmissionId};
use serde::{Deserialize, Serialize};

/// Who met whom in a completed tournament, as it was judged last; methods are named by their
/// digests. It grows with the field and not with the runs, and is what is kept of a tournament.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// The tournament's seed, which orders equals.
    pub seed: TournamentSeed,
    /// The final ranking, best first, without the disqualified.
    pub ranking: Vec<(Digest, MethodName)>,
    /// Who won.
    pub champion: Option<Digest>,
    /// Who met whom: groups of equals, best first.
    pub matches: Vec<Vec<Vec<Digest>>>,
}

impl Contribution {
    /// Reads it off a completed tournament; `changes` are those of its last rejudgement, if there
    /// was one.
    ///
    /// # Errors
    /// If it is not completed, or the changes do not fit.
    pub fn read(tournament: &Tournament, changes: Option<&Changes>) -> Result<Self, RejudgeError> {
        let found = tournament.matches(changes)?;
        let Some(&seed) = tournament.seed() else {
            return Err(RejudgeError::State(tournament.state()));
        };
        let entrants: BTreeMap<SubmissionId, &Entrant> = tournament
            .entrants()
            .map(|entrant| (entrant.submission, entrant))
            .collect();
        let named = |group: &Vec<SubmissionId>| -> Vec<Digest> {
            let known = group.iter().filter_map(|who| entrants.get(who));
            known.map(|entrant| entrant.digest).collect()
        };
        let matches = std::iter::once(&found.field).chain(&found.title);
        Ok(Self {
            seed,
            champion: found
                .champion
                .and_then(|who| entrants.get(&who))
                .map(|entrant| entrant.digest),
            matches: matches
                .map(|groups| groups.iter().map(named).collect())
                .collect(),
            ranking: found
                .ranking
                .iter()
                .filter_map(|who| entrants.get(who))
                .map(|entrant| (entrant.digest, entrant.name.clone()))
                .collect(),
        })
    }
}
