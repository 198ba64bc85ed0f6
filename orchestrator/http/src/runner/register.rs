//! `POST /api/v1/runners`.

use axum::extract::State;
use gauntlet_protocol::{Register, Registered};
use gauntlet_scheduler::commands::register_runner::{NewRunner, register_runner};

use crate::app::App;
use crate::auth::Runner;
use crate::error::Result;
use crate::extract::Json;

#[utoipa::path(
    post,
    path = "/runners",
    operation_id = "register_runner",
    tag = "runners",
    summary = "A runner introduces itself",
    request_body = Register,
    responses(
        (status = 200, description = "It is known", body = Registered),
    ),
    security(("bearer" = ["runner"])),
)]
pub(crate) async fn register(
    State(app): State<App>,
    Runner(runner): Runner,
    Json(body): Json<Register>,
) -> Result<axum::Json<Registered>> {
    let new = NewRunner {
        token: runner.token,
        name: body.name,
        class: body.class,
        version: body.version,
    };
    let id = register_runner(&app.context, new).await?;
    Ok(axum::Json(Registered {
        runner: id.0,
        heartbeat_seconds: app
            .context
            .policy
            .heartbeat
            .as_secs()
            .try_into()
            .unwrap_or(u32::MAX),
    }))
}
