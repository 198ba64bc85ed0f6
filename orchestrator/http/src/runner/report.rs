//! `POST /api/v1/runs/{run}/attempts/{attempt}/report` and `…/fault`, `POST /api/v1/reports`.

use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_domain::RunId;
use gauntlet_protocol::{Fault, Report, ReportAnswer, ReportAnswers, ReportProblem, Reports};
use gauntlet_scheduler::commands::fault::give_up;
use gauntlet_scheduler::commands::report::{NewReport, check};
use gauntlet_storage::leases::Holder;

use crate::app::App;
use crate::auth::Runner;
use crate::error::{Error, Result};
use crate::extract::{self, Json, Path};
use crate::runner::lease::check_count;
use crate::runner::wire;

#[utoipa::path(
    post,
    path = "/runs/{id}/attempts/{attempt}/report",
    operation_id = "report",
    tag = "runners",
    summary = "Hand in a result",
    params(
        ("id" = uuid::Uuid, Path, description = "Id of the run"),
        ("attempt" = i32, Path, description = "Number of the attempt", minimum = 1),
    ),
    request_body = Report,
    responses(
        (status = 204, description = "It is accepted"),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["runner"])),
)]
pub(crate) async fn report(
    State(app): State<App>,
    Runner(runner): Runner,
    Path((run, attempt)): Path<(RunId, i32)>,
    Json(body): Json<Report>,
) -> Result<StatusCode> {
    let holder = Holder {
        run,
        attempt,
        token: runner.token,
    };
    accept(&app, &holder, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Several at once: the answer says of each whether it counts.
#[utoipa::path(
    post,
    path = "/reports",
    operation_id = "report_several",
    tag = "runners",
    summary = "Hand in several results",
    request_body = Reports,
    responses(
        (status = 200, description = "What became of each", body = ReportAnswers),
    ),
    security(("bearer" = ["runner"])),
)]
pub(crate) async fn reports(
    State(app): State<App>,
    Runner(runner): Runner,
    Json(body): Json<Reports>,
) -> Result<axum::Json<ReportAnswers>> {
    check_count("body.reports", body.reports.len())?;
    let answers = body.reports.into_iter().enumerate().map(|(nth, one)| {
        let (app, token) = (&app, runner.token);
        async move {
            let holder = Holder {
                run: RunId(one.run),
                attempt: one.attempt,
                token,
            };
            let outcome = accept(app, &holder, one.report).await;
            ReportAnswer {
                run: one.run,
                attempt: one.attempt,
                problem: outcome.err().map(|error| problem(nth, &error)),
            }
        }
    });
    let answers = futures::future::join_all(answers).await;
    Ok(axum::Json(ReportAnswers { answers }))
}

async fn accept(app: &App, holder: &Holder, body: Report) -> Result<()> {
    let digest =
        |text: Option<String>, field| text.map(|text| extract::digest(&text, field)).transpose();
    let report = NewReport {
        verdict: wire::verdict(body.verdict),
        score: body.score,
        model: digest(body.model, "body.model")?,
        predictions: digest(body.predictions, "body.predictions")?,
        detail: body.detail,
        train: wire::meters(body.train),
        predict: wire::meters(body.predict),
        curve: wire::curve(body.curve),
        probes: wire::checkpoint_scores(&body.probes),
        to_target: body.to_target,
    };
    if let Some(model) = report.model
        && !app
            .uploads
            .has(&app.context.db, holder.token, model)
            .await?
    {
        return Err(Error::new(
            StatusCode::BAD_REQUEST,
            "missing-blob",
            "The request is not valid",
            format!("this token has put no blob {model}"),
            "PUT it to /api/v1/blobs/{digest} first; a result is what its runner has in its hands",
        )
        .field("body.model"));
    }
    let verdict = report.verdict.as_str();
    let checked = check(&app.context, holder, report).await?;
    app.reports.hand_in(checked).await?;
    app.metrics.ended(verdict);
    Ok(())
}

/// The problem of one report among several, with its field as that of the whole body.
fn problem(nth: usize, error: &Error) -> ReportProblem {
    let problem = error.problem();
    let place = format!("body.reports[{nth}]");
    let field = problem.field.as_deref().map(|field| match field {
        "path.attempt" => format!("{place}.attempt"),
        field => field.replacen("body", &format!("{place}.report"), 1),
    });
    ReportProblem {
        status: problem.status,
        kind: problem.kind.clone(),
        detail: problem.detail.clone(),
        help: problem.help.clone(),
        field,
    }
}

#[utoipa::path(
    post,
    path = "/runs/{id}/attempts/{attempt}/fault",
    operation_id = "fault",
    tag = "runners",
    summary = "Give an attempt up through no fault of the entrant",
    params(
        ("id" = uuid::Uuid, Path, description = "Id of the run"),
        ("attempt" = i32, Path, description = "Number of the attempt", minimum = 1),
    ),
    request_body = Fault,
    responses(
        (status = 204, description = "It is noted"),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["runner"])),
)]
pub(crate) async fn fault(
    State(app): State<App>,
    Runner(runner): Runner,
    Path((run, attempt)): Path<(RunId, i32)>,
    Json(body): Json<Fault>,
) -> Result<StatusCode> {
    let holder = Holder {
        run,
        attempt,
        token: runner.token,
    };
    let cause = wire::cause(body.cause);
    give_up(&app.context, &holder, cause, &body.reason).await?;
    app.metrics.gave_up();
    Ok(StatusCode::NO_CONTENT)
}
