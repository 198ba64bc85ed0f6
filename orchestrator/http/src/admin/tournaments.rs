//! `POST /api/v1/tournaments`, `…/open`, `…/close`, `…/cancel`, `…/pause`, `…/resume`,
//! `…/disqualify`, `…/rounds/{round}/blocks/{block}/void` and `…/replace`.

use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_api::{ChangeShare, Disqualify, NewTournament, Retry, Tournament, WithReason};
use gauntlet_domain::tournament::{Audience, Rules};
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
use crate::auth::Admin;
use crate::convert;
use crate::error::{Error, Result};
use crate::extract::{self, Json, Path};
use crate::read;

pub(crate) async fn create(
    State(app): State<App>,
    admin: Admin,
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
        organiser: Some(admin.token),
    };
    create_tournament(&app.context, new).await?;
    Ok((StatusCode::CREATED, shown(&app, &body.name).await?))
}

pub(crate) async fn open(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
) -> Result<axum::Json<Tournament>> {
    open_tournament(&app.context, &read::tournament_name(&name)?).await?;
    shown(&app, &name).await
}

pub(crate) async fn close(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
) -> Result<axum::Json<Tournament>> {
    close_tournament(&app.context, &read::tournament_name(&name)?).await?;
    shown(&app, &name).await
}

pub(crate) async fn cancel(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
    Json(body): Json<WithReason>,
) -> Result<axum::Json<Tournament>> {
    cancel_tournament(&app.context, &read::tournament_name(&name)?, &body.reason).await?;
    shown(&app, &name).await
}

pub(crate) async fn pause(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
    Json(body): Json<WithReason>,
) -> Result<axum::Json<Tournament>> {
    command_pause(&app.context, &read::tournament_name(&name)?, &body.reason).await?;
    shown(&app, &name).await
}

pub(crate) async fn resume(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
) -> Result<axum::Json<Tournament>> {
    command_resume(&app.context, &read::tournament_name(&name)?).await?;
    shown(&app, &name).await
}

pub(crate) async fn share(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
    Json(body): Json<ChangeShare>,
) -> Result<axum::Json<Tournament>> {
    let change = ShareChange {
        priority: body.priority,
        weight: body.weight,
    };
    let tournament = read::tournament_name(&name)?;
    set_share(&app.context, &tournament, change, &body.reason).await?;
    shown(&app, &name).await
}

pub(crate) async fn retry(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
    Json(body): Json<Retry>,
) -> Result<axum::Json<Tournament>> {
    retry_tournament(&app.context, &read::tournament_name(&name)?, body.round).await?;
    shown(&app, &name).await
}

pub(crate) async fn disqualify(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
    Json(body): Json<Disqualify>,
) -> Result<axum::Json<Tournament>> {
    let method = extract::name(&body.method, "body.method")?;
    let tournament = read::tournament_name(&name)?;
    command_disqualify(&app.context, &tournament, &method, &body.reason).await?;
    shown(&app, &name).await
}

pub(crate) async fn void_block(
    State(app): State<App>,
    _: Admin,
    Path((name, round, block)): Path<(String, u32, u32)>,
    Json(body): Json<WithReason>,
) -> Result<axum::Json<Tournament>> {
    let which = Which { round, block };
    blocks::void_block(
        &app.context,
        &read::tournament_name(&name)?,
        which,
        &body.reason,
    )
    .await?;
    shown(&app, &name).await
}

pub(crate) async fn replace_block(
    State(app): State<App>,
    _: Admin,
    Path((name, round, block)): Path<(String, u32, u32)>,
    Json(body): Json<WithReason>,
) -> Result<axum::Json<Tournament>> {
    let which = Which { round, block };
    blocks::replace_block(
        &app.context,
        &read::tournament_name(&name)?,
        which,
        &body.reason,
    )
    .await?;
    shown(&app, &name).await
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

async fn shown(app: &App, name: &str) -> Result<axum::Json<Tournament>> {
    Ok(axum::Json(convert::tournament(
        read::tournament(app, name, Audience::Organiser).await?,
    )))
}
