//! What handlers share, and how the app is served.

use std::sync::Arc;

use axum::Router;
use gauntlet_scheduler::Context;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::changes::Changes;
use crate::routes;
use crate::runner::counter::Counter;
use crate::runner::desk::Desk;

/// Shared by all handlers; cloning is cheap.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) context: Context,
    pub(crate) changes: Changes,
    /// Where runners ask for work.
    pub(crate) desk: Desk,
    /// Where runners hand in their results.
    pub(crate) counter: Counter,
    /// Ends long answers (streams, waits) when the server ends.
    pub(crate) stop: CancellationToken,
    _stop_with_the_last: Arc<DropGuard>,
}

/// The app: a function from requests to answers.
///
/// It starts tasks that listen for notifications, hand out work and take results in.
/// They end with the last clone of the app or when `stop` is cancelled; `stop` also
/// ends event streams and waiting runners.
pub fn app(context: Context, stop: &CancellationToken) -> Router {
    let stop = stop.child_token();
    let changes = Changes::start(context.db.clone(), stop.clone());
    let guard = Arc::new(stop.clone().drop_guard());
    let desk = Desk::open(context.clone(), changes.subscribe(), stop.clone());
    let counter = Counter::open(context.clone());
    routes::router(App {
        context,
        changes,
        desk,
        counter,
        stop,
        _stop_with_the_last: guard,
    })
}

/// Serves the app until `stop` is cancelled and the requests under way are answered.
///
/// # Errors
/// Those of the listener.
pub async fn serve(
    context: Context,
    listener: TcpListener,
    stop: CancellationToken,
) -> std::io::Result<()> {
    // A router as it is would be copied for every connection, with all its routes.
    let app = app(context, &stop).into_make_service();
    axum::serve(listener, app)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}
