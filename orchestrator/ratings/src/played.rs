//! A completed tournament as ratings see it.

use std::collections::BTreeMap;

use gauntlet_domain::record::{Changes, RejudgeError};
use gauntlet_domain::tournament::{Entrant, Tournament, TournamentSeed};
use gauntlet_domain::{Digest, MethodName, SubmissionId, TournamentId, TournamentName};

/// A completed tournament, its methods named by their digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// Its id.
    pub id: TournamentId,
    /// Its name.
    pub name: TournamentName,
    /// When it ended, in microseconds since 1970.
    pub ended_at: i64,
    /// Its seed, which orders equals.
    pub seed: TournamentSeed,
    /// The final ranking, best first, without the disqualified.
    pub ranking: Vec<(Digest, MethodName)>,
    /// Who won.
    pub champion: Option<Digest>,
    /// Who met whom: groups of equals, best first.
    pub matches: Vec<Vec<Vec<Digest>>>,
}

impl Played {
    /// Reads a completed tournament; `changes` are those of its last rejudgement, if there
    /// was one.
    ///
    /// # Errors
    /// If it is not completed, or the changes do not fit.
    pub fn read(
        (id, name, ended_at): (TournamentId, TournamentName, i64),
        tournament: &Tournament,
        changes: Option<&Changes>,
    ) -> Result<Self, RejudgeError> {
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
            id,
            name,
            ended_at,
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
