//! How the app is served.

use std::net::SocketAddr;

use axum::Router;
use axum::serve::Listener;
use gauntlet_intake::Intake;
use gauntlet_scheduler::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::routes;
use crate::tls_listener::TlsListener;

/// The app: a function from requests to answers.
///
/// It starts tasks that listen for notifications, hand out work and take results in.
/// They end with the last clone of the app or when `stop` is cancelled; `stop` also
/// ends event streams and waiting runners.
pub fn app(context: Context, stop: &CancellationToken) -> Router {
    routes::router(App::start(context, stop).0)
}

/// The app, with another program than `gauntlet-intake` to read what is handed in. For tests.
#[doc(hidden)]
pub fn app_with_intake(context: Context, intake: Intake, stop: &CancellationToken) -> Router {
    routes::router(App::start(context, stop).0.with_intake(intake))
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
    let served = on(routes::router(app), listener, stop);
    tokio::select! {
        served = served => served,
        died = tasks.died() => Err(std::io::Error::other(died)),
    }
}

/// Serves one app to others over TLS, and to this machine in the clear, until `stop` is cancelled
/// and the requests under way are answered.
///
/// # Errors
/// As [`serve`].
pub async fn serve_tls(
    context: Context,
    listener: TlsListener,
    local: TcpListener,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let (app, tasks) = App::start(context, &stop);
    let app = routes::router(app);
    let served = async {
        tokio::try_join!(
            on(app.clone(), listener, stop.clone()),
            on(app, local, stop)
        )
    };
    tokio::select! {
        served = served => served.map(drop),
        died = tasks.died() => Err(std::io::Error::other(died)),
    }
}

async fn on<L: Listener<Addr = SocketAddr>>(
    app: Router,
    listener: L,
    stop: CancellationToken,
) -> std::io::Result<()> {
    // A router as it is would be copied for every connection, with all its routes.
    axum::serve(listener, app.into_make_service())
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}
