//! What the operator's commands on a tournament under way have in common.

use gauntlet_domain::record::{Event, IllegalEvent};
use gauntlet_domain::tournament::Tournament;
use gauntlet_domain::{TournamentId, TournamentName};
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::tournaments::Lock;
use gauntlet_storage::{Conn, Error};

use crate::{Reason, Refusal};

/// The tournament, locked: nobody else moves it until we commit.
pub(super) async fn locked(conn: &mut Conn, id: TournamentId) -> Result<Loaded, Refusal> {
    play::load(conn, id, Lock::Update)
        .await?
        .ok_or_else(|| Error::Corrupt(format!("tournament {id} vanished")).into())
}

/// Applies what the operator asks for, or says why the rules do not allow it.
pub(super) fn apply(
    tournament: &mut Tournament,
    name: &TournamentName,
    event: &Event,
    field: &'static str,
) -> Result<(), Refusal> {
    tournament.apply(event).map_err(|error| {
        let (code, what) = match &error {
            IllegalEvent::State { state, .. } => {
                ("tournament-state", format!("`{name}` is {state}"))
            }
            IllegalEvent::Contradiction { why, .. } => ("not-allowed", format!("`{name}`: {why}")),
            IllegalEvent::Run(error) => ("not-allowed", error.to_string()),
        };
        Reason::new(code, what, "see `gauntlet tournament show` for where it is")
            .field(field)
            .conflict()
    })
}

/// A tournament that changed although it was locked.
pub(super) fn changed(id: TournamentId) -> Refusal {
    Error::Corrupt(format!("tournament {id} changed under its lock")).into()
}
