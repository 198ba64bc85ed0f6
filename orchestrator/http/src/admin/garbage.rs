//! `POST /api/v1/gc`.

use axum::extract::State;
use gauntlet_api::{CollectGarbage, Pile, Swept};
use gauntlet_scheduler::commands::collect_garbage::collect_garbage;
use gauntlet_storage::sweep;

use crate::app::App;
use crate::auth::Admin;
use crate::error::Result;
use crate::extract::Json;

#[utoipa::path(
    post,
    path = "/gc",
    operation_id = "collect_garbage",
    tag = "platform",
    summary = "Remove stored bytes that nothing names",
    request_body = CollectGarbage,
    responses(
        (status = 200, description = "What was found and done", body = Swept),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn collect(
    State(app): State<App>,
    _: Admin,
    Json(body): Json<CollectGarbage>,
) -> Result<axum::Json<Swept>> {
    let swept = collect_garbage(&app.context, body.dry_run).await?;
    Ok(axum::Json(Swept {
        dry_run: body.dry_run,
        blobs: pile(swept.blobs),
        set_aside: pile(swept.set_aside),
        waiting: pile(swept.waiting),
        removed: pile(swept.removed),
        brought_back: pile(swept.brought_back),
        halves: pile(swept.halves),
        grace_seconds: app.context.policy.blob_grace.as_secs(),
    }))
}

const fn pile(pile: sweep::Pile) -> Pile {
    Pile {
        count: pile.count,
        bytes: pile.bytes,
    }
}
