//! How the app is served.

use axum::Router;
use axum::serve::Listener;
use gauntlet_intake::Intake;
use gauntlet_scheduler::Context;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::connection::{self, Peer};
use crate::connections::{ConnectionLimits, Connections};
use crate::proxies::TrustedProxies;
use crate::request_limits::RequestLimits;
use crate::routes;
use crate::tls_listener::TlsListener;

/// The app: a function from requests to answers.
///
/// It starts tasks that listen for notifications, hand out work and take results in.
/// They end with the last clone of the app or when `stop` is cancelled; `stop` also
/// ends event streams and waiting runners.
pub fn app(context: Context, limits: RequestLimits, stop: &CancellationToken) -> Router {
    routes::router(App::start(context, limits, Intake::default(), stop).0)
}

/// What callers may ask of the server itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// How many connections there may be.
    pub connections: ConnectionLimits,
    /// How often one may ask.
    pub requests: RequestLimits,
    /// Whose word is taken for who the caller is.
    pub proxies: TrustedProxies,
}

/// The app, with another program than `gauntlet-intake` to read what is handed in. For tests.
#[doc(hidden)]
pub fn app_with_intake(
    context: Context,
    limits: RequestLimits,
    intake: Intake,
    stop: &CancellationToken,
) -> Router {
    routes::router(App::start(context, limits, intake, stop).0)
}

/// Serves the app until `stop` is cancelled and the requests under way are answered.
///
/// # Errors
/// If one of the app's tasks panicked: nobody would be handed work any more, or told of it.
pub async fn serve(
    context: Context,
    listener: TcpListener,
    limits: Limits,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let (app, tasks) = App::start(context, limits.requests, Intake::default(), &stop);
    let connections = Connections::new(limits.connections, limits.proxies, app.metrics.clone());
    let served = accept(routes::router(app), listener, None, connections, stop);
    tokio::select! {
        () = served => Ok(()),
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
    limits: Limits,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let (app, tasks) = App::start(context, limits.requests, Intake::default(), &stop);
    let connections = Connections::new(limits.connections, limits.proxies, app.metrics.clone());
    let app = routes::router(app);
    let TlsListener { listener, acceptor } = listener;
    let own = accept(app.clone(), local, None, connections.clone(), stop.clone());
    let others = accept(app, listener, Some(acceptor), connections, stop);
    tokio::select! {
        ((), ()) = async { tokio::join!(own, others) } => Ok(()),
        died = tasks.died() => Err(std::io::Error::other(died)),
    }
}

/// Takes connections in, each served by a task of its own.
async fn accept(
    app: Router,
    mut listener: TcpListener,
    tls: Option<TlsAcceptor>,
    connections: Connections,
    stop: CancellationToken,
) {
    // A router that still waits for its state would be made anew for every request.
    let app: Router = app.with_state(());
    let tasks = TaskTracker::new();
    // Axum's own way to accept: it waits where the process has too many files open.
    while let Some((stream, address)) = stop
        .run_until_cancelled(Listener::accept(&mut listener))
        .await
    {
        // Whom nobody makes room for is told nothing: to wait for him to listen would take a place.
        let Some(connection) = connections.enter(address) else {
            continue;
        };
        let (app, tls, stop) = (app.clone(), tls.clone(), stop.clone());
        tasks.spawn(connection::serve(
            stream,
            tls,
            Peer(address),
            app,
            connection,
            stop,
        ));
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}
