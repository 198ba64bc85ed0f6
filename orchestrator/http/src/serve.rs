//! How the app is served.

use axum::Router;
use gauntlet_scheduler::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::routes;

/// The app: a function from requests to answers.
///
/// It starts tasks that listen for notifications, hand out work and take results in.
/// They end with the last clone of the app or when `stop` is cancelled; `stop` also
/// ends event streams and waiting runners.
pub fn app(context: Context, stop: &CancellationToken) -> Router {
    routes::router(App::start(context, stop).0)
}

/// Serves the app until `stop` is cancelled and the requests under way are answered.
///
/// # Errors
/// Those of the listener, and if one of the app's tasks panicked: nobody would be handed work
/// any more, or told of it.
pub async fn serve(
    context: Context,
    listener: TcpListener,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let (app, tasks) = App::start(context, &stop);
    // A router as it is would be copied for every connection, with all its routes.
    let app = routes::router(app).into_make_service();
    let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned());
    tokio::select! {
        served = served.into_future() => served,
        died = tasks.died() => Err(std::io::Error::other(died)),
    }
}
