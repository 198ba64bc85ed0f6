//! `GET /api/v1/tasks/{name}/ratings`.

use axum::Json;
use axum::extract::State;
use gauntlet_api::{Rating, RatingStep, Ratings};
use gauntlet_domain::Digest;
use gauntlet_ratings::{Contribution, Played, Rated, rate};
use gauntlet_scheduler::contributions;
use gauntlet_storage::tournaments::{Completed, Lock};
use gauntlet_storage::{Conn, play, tournaments};
use time::OffsetDateTime;

use crate::app::App;
use crate::auth::Viewer;
use crate::error::{Error, Result};
use crate::extract::{Path, Query};
use crate::page::{Piece, cursor};
use crate::read;

/// Computed anew each time from what the tournaments give, which is kept where they end and are
/// judged again: no run is read.
#[utoipa::path(
    get,
    path = "/tasks/{name}/ratings",
    operation_id = "show_ratings",
    tag = "tasks",
    summary = "How strong the methods of a task are",
    params(
        ("name" = gauntlet_domain::TaskName, Path, description = "Name of the task"),
        Piece,
    ),
    responses(
        (status = 200, description = "The ratings", body = Ratings),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(name): Path<String>,
    Query(piece): Query<Piece>,
) -> Result<Json<Ratings>> {
    let (limit, after) = (piece.limit()?, piece.after::<Digest>()?);
    let task = read::task(&app, &name, viewer.access()).await?;
    let mut conn = app.context.db.acquire().await?;
    let completed = tournaments::completed_on(&mut conn, task.id, viewer.access()).await?;
    let mut played = Vec::with_capacity(completed.len());
    for one in completed {
        played.extend(read_one(&mut conn, one).await?);
    }
    drop(conn);
    let tournaments = played.len() as u32;
    let all = rate(played);
    let begin = match after {
        None => 0,
        Some(digest) => all
            .iter()
            .position(|rated| rated.digest == digest)
            .map_or(all.len(), |at| at + 1),
    };
    let end = all.len().min(begin + limit);
    let next = all[begin..end].last().filter(|_| end < all.len());
    Ok(Json(Ratings {
        task: name,
        tournaments,
        next: next.map(|last| cursor(&last.digest)),
        methods: all
            .into_iter()
            .skip(begin)
            .take(limit)
            .map(shown)
            .collect::<Result<_>>()?,
    }))
}

async fn read_one(conn: &mut Conn, completed: Completed) -> Result<Option<Played>> {
    let kept = completed
        .contribution
        .and_then(|kept| serde_json::from_value::<Contribution>(kept).ok());
    let gives = match kept {
        Some(gives) => gives,
        // Of another release, which kept nothing or what we do not read; a loop makes up for it.
        None => {
            let Some(loaded) = play::load(&mut *conn, completed.id, Lock::None).await? else {
                return Ok(None);
            };
            contributions::recomputed(conn, completed.id, &loaded.tournament).await?
        }
    };
    Ok(Some(Played {
        id: completed.id,
        name: completed.name,
        ended_at: (completed.ended_at.unix_timestamp_nanos() / 1_000) as i64,
        gives,
    }))
}

fn shown(rated: Rated) -> Result<Rating> {
    Ok(Rating {
        place: rated.place,
        at_least: rated.at_least(),
        titles: rated.titles() as u32,
        method: rated.name.to_string(),
        digest: rated.digest.to_string(),
        rating: rated.rating,
        uncertainty: rated.uncertainty,
        history: rated
            .history
            .into_iter()
            .map(|step| {
                let nanos = i128::from(step.ended_at) * 1_000;
                Ok(RatingStep {
                    tournament: step.name.to_string(),
                    ended_at: OffsetDateTime::from_unix_timestamp_nanos(nanos)
                        .map_err(Error::internal)?,
                    place: step.place,
                    of: step.of,
                    champion: step.champion,
                    rating: step.rating,
                    uncertainty: step.uncertainty,
                })
            })
            .collect::<Result<_>>()?,
    })
}
