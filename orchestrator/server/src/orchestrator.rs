//! The orchestrator: API and pages, and the loops that move tournaments forward.

use gauntlet_http::Limits;
use gauntlet_scheduler::{Context, Policy, SubmissionLimits, loops};
use gauntlet_storage::{Blobs, Db, check_server};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::data_dir::DataDir;
use crate::error::ServerError;
use crate::tls::Doors;

/// Connects to the database, brings its schema up to date and opens the blobs.
pub(crate) async fn context(
    data: &DataDir,
    database: &str,
    submissions: SubmissionLimits,
) -> Result<Context, ServerError> {
    check_server(database)
        .await
        .map_err(ServerError::Connect)?
        .map_err(ServerError::UnfitDatabase)?;
    let db = Db::connect(database).await.map_err(ServerError::Connect)?;
    db.migrate()
        .await
        .map_err(|error| ServerError::failed("bring the database's schema up to date", error))?;
    let blobs = Blobs::local(&data.blobs())
        .map_err(|error| ServerError::file("open the blobs in", &data.blobs(), error))?;
    let policy = Policy {
        submissions,
        ..Policy::default()
    };
    Ok(Context::new(db, blobs, policy))
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
