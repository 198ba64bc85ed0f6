//! `GET` and `POST /api/v1/tournaments/{name}/members`, `…/members/{account}/remove`.

use axum::extract::State;
use gauntlet_api::{List, Member, NewMember, Tournament};
use gauntlet_scheduler::commands::members as command;
use gauntlet_storage::members;

use super::tournaments::{organised, shown};
use crate::app::App;
use crate::auth::Organiser;
use crate::error::Result;
use crate::extract::{self, Json, Path, Query};
use crate::page::Piece;
use crate::read;

#[utoipa::path(
    get,
    path = "/tournaments/{name}/members",
    operation_id = "list_members",
    tag = "tournaments",
    summary = "The accounts for which a private tournament is there",
    params(
        ("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament"),
        Piece,
    ),
    responses(
        (status = 200, description = "The members, by name; none of a public one", body = List<Member>),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
    Query(piece): Query<Piece>,
) -> Result<axum::Json<List<Member>>> {
    organised(&app, &organiser, &name).await?;
    let id = read::tournament_id(&app, &name, organiser.access()).await?;
    let rows = {
        let mut conn = app.context.db.acquire().await?;
        members::list(&mut conn, id, &piece.page()?).await?
    };
    let key = |row: &members::MemberRow| row.account.clone();
    Ok(axum::Json(piece.list(rows, key, |row| Member {
        account: row.account,
        role: row.role,
        since: row.since,
    })))
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/members",
    operation_id = "add_member",
    tag = "tournaments",
    summary = "Make an account a member of a private tournament",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    request_body = NewMember,
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It is public"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn add(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
    Json(body): Json<NewMember>,
) -> Result<axum::Json<Tournament>> {
    let account = extract::name(&body.account, "body.account")?;
    let tournament = organised(&app, &organiser, &name).await?;
    command::add_member(&organiser.context(&app), &tournament, &account).await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/members/{account}/remove",
    operation_id = "remove_member",
    tag = "tournaments",
    summary = "Make an account a member no longer",
    params(
        ("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament"),
        ("account" = gauntlet_domain::AccountName, Path, description = "Name of the account"),
    ),
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It is public, or the account's that organises it"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path((name, account)): Path<(String, String)>,
) -> Result<axum::Json<Tournament>> {
    let account = extract::name(&account, "path.account")?;
    let tournament = organised(&app, &organiser, &name).await?;
    command::remove_member(&organiser.context(&app), &tournament, &account).await?;
    shown(&app, &name).await
}
