//! `POST /api/v1/tasks`.

use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_api::{NewTask, Task};
use gauntlet_scheduler::commands::create_task::{self as command, create_task};
use gauntlet_storage::Access;

use crate::app::App;
use crate::auth::Admin;
use crate::convert;
use crate::error::Result;
use crate::extract::{self, Json};
use crate::read;

#[utoipa::path(
    post,
    path = "/tasks",
    operation_id = "create_task",
    tag = "tasks",
    summary = "Add a task whose data have been put there",
    request_body = NewTask,
    responses(
        (status = 201, description = "The task", body = Task),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Admin(admin): Admin,
    Json(body): Json<NewTask>,
) -> Result<(StatusCode, axum::Json<Task>)> {
    let new = command::NewTask {
        name: extract::name(&body.name, "body.name")?,
        title: body.title,
        description: body.description,
        licence: body.licence,
        info: body.info,
        budget: body.budget,
        train: extract::digest(&body.train, "body.train")?,
        hidden_inputs: extract::digest(&body.hidden_inputs, "body.hidden_inputs")?,
        hidden_labels: extract::digest(&body.hidden_labels, "body.hidden_labels")?,
        base: body
            .base
            .map(|base| extract::digest(&base, "body.base"))
            .transpose()?,
        metric: body.metric,
        target: body.target,
        private: body.private,
    };
    create_task(&admin.context(&app), new).await?;
    let task = convert::task(read::task(&app, &body.name, Access::Everything).await?);
    Ok((StatusCode::CREATED, axum::Json(task)))
}
