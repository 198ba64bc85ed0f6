//! `GET /api/v1/tasks` and `GET /api/v1/tasks/{name}`.

use axum::Json;
use axum::extract::State;
use gauntlet_api::{List, Task};

use crate::app::App;
use crate::auth::Viewer;
use crate::convert;
use crate::error::Result;
use crate::extract::{Path, Query};
use crate::page::Piece;
use crate::read;

#[utoipa::path(
    get,
    path = "/tasks",
    operation_id = "list_tasks",
    tag = "tasks",
    summary = "The tasks there are",
    params(Piece),
    responses(
        (status = 200, description = "The tasks", body = List<Task>),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(piece): Query<Piece>,
) -> Result<Json<List<Task>>> {
    let read = read::tasks(&app, &piece.page()?, viewer.access()).await?;
    let list = piece.list(read, |task| task.name.clone(), convert::task);
    Ok(Json(list))
}

#[utoipa::path(
    get,
    path = "/tasks/{name}",
    operation_id = "show_task",
    tag = "tasks",
    summary = "A task",
    params(("name" = gauntlet_domain::TaskName, Path, description = "Name of the task")),
    responses(
        (status = 200, description = "The task", body = Task),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<Json<Task>> {
    let task = read::task(&app, &name, viewer.access()).await?;
    Ok(Json(convert::task(task)))
}
