//! `POST /api/v1/tournaments`, `…/open`, `…/close`, `…/cancel`, `…/pause`, `…/resume`,
//! `…/disqualify`, `…/rounds/{round}/blocks/{block}/void` and `…/replace`.

use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_api::{ChangeShare, Disqualify, NewTournament, Retry, Tournament, WithReason};
use gauntlet_domain::TournamentName;
use gauntlet_domain::tournament::Rules;
use gauntlet_scheduler::commands::cancel_tournament::cancel_tournament;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_tournament::{self as command, create_tournament};
use gauntlet_scheduler::commands::disqualify::disqualify as command_disqualify;
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::pause::{pause as command_pause, resume as command_resume};
use gauntlet_scheduler::commands::retry::retry_tournament;
use gauntlet_scheduler::commands::share::{ShareChange, set_share};
use gauntlet_scheduler::commands::void_block::{self as blocks, Which};

use crate::app::App;
use crate::auth::{Admin, Caller, Eyes, Organiser};
use crate::convert;
use crate::error::{Error, Result};
use crate::extract::{self, Json, Path};
use crate::read;

#[utoipa::path(
    post,
    path = "/tournaments",
    operation_id = "create_tournament",
    tag = "tournaments",
    summary = "Make a tournament",
    request_body = NewTournament,
    responses(
        (status = 201, description = "The tournament", body = Tournament),
        (status = 404, description = "There is no such task"),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Json(body): Json<NewTournament>,
) -> Result<(StatusCode, axum::Json<Tournament>)> {
    let new = command::NewTournament {
        name: extract::name(&body.name, "body.name")?,
        task: extract::name(&body.task, "body.task")?,
        more_tasks: body
            .more_tasks
            .iter()
            .map(|task| extract::name(task, "body.more_tasks"))
            .collect::<Result<_>>()?,
        rules: body.rules.map(rules).transpose()?.unwrap_or_default(),
        phrase: body.seed.map(|seed| seed.to_string()),
        share: body.share,
        organiser: Some(organiser.account),
        private: body.private,
    };
    create_tournament(&organiser.context(&app), new).await?;
    Ok((StatusCode::CREATED, shown(&app, &body.name).await?))
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/open",
    operation_id = "open_tournament",
    tag = "tournaments",
    summary = "Let methods be handed in",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn open(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
) -> Result<axum::Json<Tournament>> {
    open_tournament(
        &organiser.context(&app),
        &organised(&app, &organiser, &name).await?,
    )
    .await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/close",
    operation_id = "close_tournament",
    tag = "tournaments",
    summary = "Let no more methods be handed in, and play",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn close(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
) -> Result<axum::Json<Tournament>> {
    close_tournament(
        &organiser.context(&app),
        &organised(&app, &organiser, &name).await?,
    )
    .await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/cancel",
    operation_id = "cancel_tournament",
    tag = "tournaments",
    summary = "Call a tournament off",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    request_body = WithReason,
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
    Json(body): Json<WithReason>,
) -> Result<axum::Json<Tournament>> {
    cancel_tournament(
        &organiser.context(&app),
        &organised(&app, &organiser, &name).await?,
        &body.reason,
    )
    .await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/pause",
    operation_id = "pause_tournament",
    tag = "tournaments",
    summary = "Lease none of its runs for now",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    request_body = WithReason,
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn pause(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
    Json(body): Json<WithReason>,
) -> Result<axum::Json<Tournament>> {
    command_pause(
        &organiser.context(&app),
        &organised(&app, &organiser, &name).await?,
        &body.reason,
    )
    .await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/resume",
    operation_id = "resume_tournament",
    tag = "tournaments",
    summary = "Lease its runs again",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn resume(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
) -> Result<axum::Json<Tournament>> {
    command_resume(
        &organiser.context(&app),
        &organised(&app, &organiser, &name).await?,
    )
    .await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/share",
    operation_id = "share_tournament",
    tag = "tournaments",
    summary = "Change its part of the time of runners",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    request_body = ChangeShare,
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn share(
    State(app): State<App>,
    Admin(admin): Admin,
    Path(name): Path<String>,
    Json(body): Json<ChangeShare>,
) -> Result<axum::Json<Tournament>> {
    let change = ShareChange {
        priority: body.priority,
        weight: body.weight,
    };
    let tournament = read::tournament_name(&name)?;
    set_share(&admin.context(&app), &tournament, change, &body.reason).await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/retry",
    operation_id = "retry_tournament",
    tag = "tournaments",
    summary = "Grant its stuck runs further attempts",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    request_body = Retry,
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn retry(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
    Json(body): Json<Retry>,
) -> Result<axum::Json<Tournament>> {
    retry_tournament(
        &organiser.context(&app),
        &organised(&app, &organiser, &name).await?,
        body.round,
    )
    .await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/disqualify",
    operation_id = "disqualify",
    tag = "tournaments",
    summary = "Put a method out",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    request_body = Disqualify,
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn disqualify(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
    Json(body): Json<Disqualify>,
) -> Result<axum::Json<Tournament>> {
    let method = extract::name(&body.method, "body.method")?;
    let tournament = organised(&app, &organiser, &name).await?;
    command_disqualify(&organiser.context(&app), &tournament, &method, &body.reason).await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/rounds/{round}/blocks/{block}/void",
    operation_id = "void_block",
    tag = "tournaments",
    summary = "Take a block out",
    params(
        ("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament"),
        ("round" = u32, Path, description = "Number of the round", minimum = 1),
        ("block" = u32, Path, description = "Number of the block", minimum = 1),
    ),
    request_body = WithReason,
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn void_block(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path((name, round, block)): Path<(String, u32, u32)>,
    Json(body): Json<WithReason>,
) -> Result<axum::Json<Tournament>> {
    let which = Which { round, block };
    blocks::void_block(
        &organiser.context(&app),
        &organised(&app, &organiser, &name).await?,
        which,
        &body.reason,
    )
    .await?;
    shown(&app, &name).await
}

#[utoipa::path(
    post,
    path = "/tournaments/{name}/rounds/{round}/blocks/{block}/replace",
    operation_id = "replace_block",
    tag = "tournaments",
    summary = "Take a block out and draw another",
    params(
        ("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament"),
        ("round" = u32, Path, description = "Number of the round", minimum = 1),
        ("block" = u32, Path, description = "Number of the block", minimum = 1),
    ),
    request_body = WithReason,
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn replace_block(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path((name, round, block)): Path<(String, u32, u32)>,
    Json(body): Json<WithReason>,
) -> Result<axum::Json<Tournament>> {
    let which = Which { round, block };
    blocks::replace_block(
        &organiser.context(&app),
        &organised(&app, &organiser, &name).await?,
        which,
        &body.reason,
    )
    .await?;
    shown(&app, &name).await
}

/// The tournament of that name, which must be the caller's to organise.
pub(super) async fn organised(app: &App, organiser: &Caller, name: &str) -> Result<TournamentName> {
    let name = read::tournament_name(name)?;
    organiser.must_organise(app, &name).await?;
    Ok(name)
}

pub(super) fn rules(value: serde_json::Value) -> Result<Rules> {
    serde_json::from_value(value).map_err(|error| {
        Error::invalid(
            "body.rules",
            format!("the rules cannot be read: {error}"),
            "for example {\"format\":\"halving\",\"rungs\":3,\"eta\":2,\"blocks_per_rung\":[1,2,3]}; \
             leave them out for these",
        )
    })
}

pub(super) async fn shown(app: &App, name: &str) -> Result<axum::Json<Tournament>> {
    Ok(axum::Json(convert::tournament(
        read::tournament(app, name, Eyes::ORGANISER).await?,
    )))
}
