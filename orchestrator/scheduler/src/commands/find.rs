//! Things by name, or a refusal that names them.

use gauntlet_domain::{SeriesId, SeriesName, TaskName, TokenId, TournamentId, TournamentName};
use gauntlet_storage::{Access, Conn, members, series, tournaments, views};

use crate::{Reason, Refusal};

pub(super) async fn tournament(
    conn: &mut Conn,
    name: &TournamentName,
) -> Result<TournamentId, Refusal> {
    tournaments::id(conn, name)
        .await?
        .ok_or_else(|| unknown_tournament(name))
}

/// The same for the bearer of a token: a private one is not there for those who are no members.
pub(super) async fn tournament_for(
    conn: &mut Conn,
    name: &TournamentName,
    token: TokenId,
) -> Result<TournamentId, Refusal> {
    members::seen_by(conn, name, token)
        .await?
        .ok_or_else(|| unknown_tournament(name))
}

fn unknown_tournament(name: &TournamentName) -> Refusal {
    Reason::new(
        "unknown-tournament",
        format!("there is no tournament `{name}`"),
        "see `gauntlet tournament list` or GET /api/v1/tournaments; private ones are there for \
         tokens of their members alone",
    )
    .field("path.name")
    .not_found()
}

pub(super) async fn series(conn: &mut Conn, name: &SeriesName) -> Result<SeriesId, Refusal> {
    series::id(conn, name).await?.ok_or_else(|| {
        Reason::new(
            "unknown-series",
            format!("there is no series `{name}`"),
            "see `gauntlet series list` or GET /api/v1/series",
        )
        .field("path.name")
        .not_found()
    })
}

pub(super) async fn task(
    conn: &mut Conn,
    name: &TaskName,
    access: Access,
) -> Result<views::TaskView, Refusal> {
    views::task(conn, name, access).await?.ok_or_else(|| {
        Reason::new(
            "unknown-task",
            format!("there is no task `{name}`"),
            "see `gauntlet task list` or GET /api/v1/tasks",
        )
        .field("body.task")
        .not_found()
    })
}
