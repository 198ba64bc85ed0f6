//! What a completed tournament gives to ratings, kept with the event that it follows from.

use gauntlet_domain::TournamentId;
use gauntlet_domain::record::{Changes, Event};
use gauntlet_domain::tournament::Tournament;
use gauntlet_ratings::Contribution;
use gauntlet_storage::{Conn, Error, contributions, events};

/// Keeps what the tournament gives, after its end or a rejudgement with these `changes`, whose
/// event is written.
pub(crate) async fn keep(
    conn: &mut Conn,
    id: TournamentId,
    tournament: &Tournament,
    changes: Option<&Changes>,
) -> Result<(), Error> {
    let gives = Contribution::read(tournament, changes)
        .map_err(|error| Error::Corrupt(format!("what tournament {id} gives: {error}")))?;
    contributions::set(conn, id, &gives).await
}

/// What a completed tournament gives, from its record and its results.
///
/// # Errors
/// When the database fails, or the tournament is not completed.
pub async fn recomputed(
    conn: &mut Conn,
    id: TournamentId,
    tournament: &Tournament,
) -> Result<Contribution, Error> {
    // The last rejudgement is the one that counts.
    let changes = match events::last(conn, id, "rejudged").await? {
        Some(Event::Rejudged { changes, .. }) => Some(changes),
        _ => None,
    };
    Contribution::read(tournament, changes.as_ref())
        .map_err(|error| Error::Corrupt(format!("what tournament {id} gives: {error}")))
}
