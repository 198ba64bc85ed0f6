//! `POST /api/v1/series` and `POST /api/v1/series/{name}/end`.

use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_api::{NewSeries, Series};
use gauntlet_scheduler::commands::create_series::{self as command, create_series};
use gauntlet_scheduler::commands::end_series::end_series;
use gauntlet_storage::Access;
use serde_json::{Map, Value};

use super::tournaments::rules;
use crate::app::App;
use crate::auth::Organiser;
use crate::error::Result;
use crate::extract::{self, Json, Path};
use crate::public::series::shown;
use crate::read;

#[utoipa::path(
    post,
    path = "/series",
    operation_id = "create_series",
    tag = "series",
    summary = "Start a series of tournaments",
    request_body = NewSeries,
    responses(
        (status = 201, description = "The series", body = Series),
        (status = 404, description = "There is no such task"),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Json(body): Json<NewSeries>,
) -> Result<(StatusCode, axum::Json<Series>)> {
    let new = command::NewSeries {
        name: extract::name(&body.name, "body.name")?,
        task: extract::name(&body.task, "body.task")?,
        more_tasks: body
            .more_tasks
            .iter()
            .map(|task| extract::name(task, "body.more_tasks"))
            .collect::<Result<_>>()?,
        rules: rules(defended(body.rules, !body.private)?)?,
        calendar: body.calendar,
        open_seconds: body.open_seconds,
        organiser: Some(organiser.account),
        private: body.private,
    };
    create_series(&organiser.context(&app), new).await?;
    let made = read::one_series(&app, &body.name, Access::Everything).await?;
    Ok((StatusCode::CREATED, axum::Json(shown(made))))
}

#[utoipa::path(
    post,
    path = "/series/{name}/end",
    operation_id = "end_series",
    tag = "series",
    summary = "End a series",
    params(("name" = gauntlet_domain::SeriesName, Path, description = "Name of the series")),
    responses(
        (status = 200, description = "The series", body = Series),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn end(
    State(app): State<App>,
    Organiser(organiser): Organiser,
    Path(name): Path<String>,
) -> Result<axum::Json<Series>> {
    let series = read::series_name(&name)?;
    organiser.must_organise_series(&app, &series).await?;
    end_series(&organiser.context(&app), &series).await?;
    let ended = read::one_series(&app, &name, Access::Everything).await?;
    Ok(axum::Json(shown(ended)))
}

/// Rules in which the champion defends its title unless they say otherwise: in a series this
/// is what carries it over from one tournament to the next. In a private one none does.
fn defended(given: Option<Value>, by_default: bool) -> Result<Value> {
    let mut rules = match given {
        Some(rules) => rules,
        None => serde_json::to_value(gauntlet_domain::tournament::Rules::default())
            .map_err(crate::error::Error::internal)?,
    };
    // What is not an object is refused where rules are read.
    if let Some(rules) = rules.as_object_mut() {
        let terms = rules
            .entry("terms")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(terms) = terms.as_object_mut() {
            terms.entry("defend").or_insert(Value::Bool(by_default));
        }
    }
    Ok(rules)
}
