//! The orchestrator: API and pages, and the loops that move tournaments forward.

use std::path::Path;

use gauntlet_http::Limits;
use gauntlet_scheduler::{Context, Policy, SubmissionLimits, loops};
use gauntlet_storage::{Blobs, Db, check_server};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::ServerError;
use crate::schema;
use crate::tls::Doors;

/// Connects to the database and sees that its schema is this release's.
pub(crate) async fn context(
    blobs: Blobs,
    database: &str,
    submissions: SubmissionLimits,
) -> Result<Context, ServerError> {
    check_server(database)
        .await
        .map_err(ServerError::Connect)?
        .map_err(ServerError::UnfitDatabase)?;
    let db = Db::connect(database).await.map_err(ServerError::Connect)?;
    schema::ready(&db).await?;
    let policy = Policy {
        submissions,
        ..Policy::default()
    };
    Ok(Context::new(db, blobs, policy))
}

/// Says once how many blobs still lie as they were stored before blobs were sealed.
pub(crate) async fn tell_of_plain(blobs: &Blobs, folder: &Path) -> Result<(), ServerError> {
    let plain = blobs.plain().await;
    let plain = plain.map_err(|error| ServerError::file("read the blobs in", folder, error))?;
    if plain > 0 {
        tracing::warn!(
            plain,
            "blobs lie unsealed in {}; `gauntlet blobs reseal` seals them",
            folder.display()
        );
    }
    Ok(())
}

/// Starts both parts; they end when `stop` is cancelled.
pub(crate) fn start(
    context: Context,
    doors: Doors,
    limits: Limits,
    stop: CancellationToken,
) -> JoinSet<Result<(), ServerError>> {
    let mut parts = JoinSet::new();
    let (served, until) = (context.clone(), stop.clone());
    parts.spawn(async move {
        let ended = match doors {
            Doors::Plain(listener) => gauntlet_http::serve(served, listener, limits, until).await,
            Doors::Tls(listener, local) => {
                gauntlet_http::serve_tls(served, listener, local, limits, until).await
            }
        };
        ended.map_err(|error| ServerError::failed("serve requests", error))
    });
    parts.spawn(async move {
        loops::run(context, stop).await;
        Ok(())
    });
    parts
}
