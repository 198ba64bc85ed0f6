//! `POST /api/v1/tournaments/{name}/rejudge`.

use axum::extract::State;
use gauntlet_api::{Move, Rejudge, Rejudged};
use gauntlet_domain::SubmissionId;
use gauntlet_domain::record::Changes;
use gauntlet_scheduler::commands::rejudge as command;

use crate::app::App;
use crate::auth::{Eyes, Organiser};
use crate::error::{Error, Result};
use crate::extract::{Json, Path};
use crate::read;

#[utoipa::path(
    post,
    path = "/tournaments/{name}/rejudge",
    operation_id = "rejudge",
    tag = "tournaments",
    summary = "Judge a tournament again",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    request_body = Rejudge,
    responses(
        (status = 200, description = "What changes", body = Rejudged),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn rejudge(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
    Json(body): Json<Rejudge>,
) -> Result<axum::Json<Rejudged>> {
    let tournament = read::tournament_name(&name)?;
    organiser.must_organise(&app, &tournament).await?;
    let field = read::tournament(&app, &name, Eyes::ORGANISER)
        .await?
        .methods;
    let changes = changes(body.changes, |method| {
        let named = field.iter().find(|other| other.name == method);
        // The record names methods by the ids of their submissions.
        let by_id = || {
            field
                .iter()
                .find(|other| other.submission.to_string() == method)
        };
        named.or_else(by_id).map(|other| other.submission)
    })?;
    let judged = if body.apply {
        let reason = body.reason.unwrap_or_default();
        command::rejudge(&organiser.context(&app), &tournament, changes, &reason).await?
    } else {
        command::shadow(&app.context, &tournament, &changes).await?
    };
    let named = |who: SubmissionId| -> String {
        field
            .iter()
            .find(|method| method.submission == who)
            .map(|method| method.name.clone())
            .unwrap_or_default()
    };
    let in_round = |all: Vec<(SubmissionId, u32)>| {
        all.into_iter()
            .map(|(who, round)| (named(who), round))
            .collect()
    };
    Ok(axum::Json(Rejudged {
        applied: body.apply,
        champion_before: judged.champion_before.map(named),
        champion: judged.champion.map(named),
        moves: judged
            .moves
            .iter()
            .map(|change| Move {
                method: named(change.submission),
                before: change.before,
                after: change.after,
            })
            .collect(),
        cut_too_early: in_round(judged.cut_too_early),
        kept_too_long: in_round(judged.kept_too_long),
    }))
}

/// Reads the changes; methods are named in them, the rules want their ids.
fn changes(
    mut value: serde_json::Value,
    id: impl Fn(&str) -> Option<SubmissionId>,
) -> Result<Changes> {
    let named = value
        .pointer_mut("/erratum/disqualify")
        .and_then(serde_json::Value::as_array_mut);
    for method in named.into_iter().flatten() {
        let name = method.as_str().unwrap_or_default();
        let Some(found) = id(name) else {
            return Err(Error::not_found(
                "body.changes.erratum.disqualify",
                "method",
                name,
            ));
        };
        *method = serde_json::Value::String(found.to_string());
    }
    serde_json::from_value(value).map_err(|error| {
        Error::invalid(
            "body.changes",
            format!("the changes cannot be read: {error}"),
            "for example {\"combine\":{\"by\":\"ranks\"}} or {\"erratum\":{\"void_blocks\":[[1,1]]}}",
        )
    })
}
