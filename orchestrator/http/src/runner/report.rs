//! `POST /api/v1/runs/{run}/attempts/{attempt}/report` and `…/fault`.

use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_domain::RunId;
use gauntlet_protocol::{Fault, Report};
use gauntlet_scheduler::commands::fault::fault as lose;
use gauntlet_scheduler::commands::report::{NewReport, report as accept};
use gauntlet_storage::leases::Holder;

use crate::app::App;
use crate::auth::Runner;
use crate::convert;
use crate::error::Result;
use crate::extract::{self, Json, Path};
use crate::runner::probes;

pub(crate) async fn report(
    State(app): State<App>,
    runner: Runner,
    Path((run, attempt)): Path<(RunId, i32)>,
    Json(body): Json<Report>,
) -> Result<StatusCode> {
    let digest =
        |text: Option<String>, field| text.map(|text| extract::digest(&text, field)).transpose();
    let holder = Holder {
        run,
        attempt,
        token: runner.token,
    };
    let report = NewReport {
        verdict: convert::reported_verdict(body.verdict),
        score: body.score,
        model: digest(body.model, "body.model")?,
        predictions: digest(body.predictions, "body.predictions")?,
        detail: body.detail,
        train: convert::reported_meters(body.train),
        predict: convert::reported_meters(body.predict),
        curve: convert::reported_curve(body.curve),
        probes: probes::reported(&body.probes),
        to_target: body.to_target,
    };
    accept(&app.context, &holder, report).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn fault(
    State(app): State<App>,
    runner: Runner,
    Path((run, attempt)): Path<(RunId, i32)>,
    Json(body): Json<Fault>,
) -> Result<StatusCode> {
    let holder = Holder {
        run,
        attempt,
        token: runner.token,
    };
    lose(&app.context, &holder, &body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
