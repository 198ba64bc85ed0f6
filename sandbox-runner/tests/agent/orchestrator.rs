//! An orchestrator small enough to be read: it hands out what a test queues, writes
//! down what it is told, and fails on command.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use gauntlet_protocol::{
    Assignment, Fault, Heartbeat, LeaseExtended, LeaseRequest, Register, Registered, Report,
};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const TOKEN: &str = "gnt_runner_0123";
/// A fifth of it is for killing a sandbox: seconds, since machines are busy.
const LEASE_SECONDS: u32 = 20;
/// How long anything may take on a busy machine before it is taken not to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What the orchestrator knows and what it was told.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) runners: Vec<(Uuid, Register)>,
    pub(crate) queue: VecDeque<Assignment>,
    pub(crate) blobs: HashMap<String, Vec<u8>>,
    pub(crate) heartbeats: Vec<(Uuid, Heartbeat)>,
    pub(crate) reports: Vec<(Uuid, i32, Report)>,
    pub(crate) faults: Vec<(Uuid, i32, Fault)>,
    /// Answer to heartbeats instead of the right one.
    pub(crate) heartbeat_status: Option<StatusCode>,
    /// Answer to heartbeats that carry a score: the run is to be stopped.
    pub(crate) stop: Option<String>,
    /// Runners are told at once that there is no work, and counted.
    pub(crate) no_work_at_once: bool,
    pub(crate) asked: usize,
    /// So many reports are taken down, but the answer gets lost.
    pub(crate) lose_answers: usize,
}

pub(crate) struct Orchestrator {
    pub(crate) book: Arc<Mutex<Book>>,
    address: SocketAddr,
    server: Option<(tokio::task::JoinHandle<()>, CancellationToken)>,
}

type Shared = State<Arc<Mutex<Book>>>;

impl Orchestrator {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let mut orchestrator = Self {
            book: Arc::default(),
            address,
            server: None,
        };
        orchestrator.resume().await;
        orchestrator
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nobody answers any more, open connections end.
    pub(crate) async fn vanish(&mut self) {
        if let Some((server, stop)) = self.server.take() {
            // Idle connections end now, others after their answer.
            stop.cancel();
            tokio::time::sleep(Duration::from_millis(50)).await;
            server.abort();
            let _cancelled = server.await;
        }
    }

    /// Answers again, at the same address.
    pub(crate) async fn resume(&mut self) {
        let listener = loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let attempts = "/api/v1/runs/{run}/attempts/{attempt}";
        let routes = axum::Router::new()
            .route("/api/v1/runners", post(register))
            .route("/api/v1/runners/{id}/lease", post(lease))
            .route(&format!("{attempts}/heartbeat"), post(heartbeat))
            .route(&format!("{attempts}/report"), post(report))
            .route(&format!("{attempts}/fault"), post(fault))
            .route("/api/v1/blobs/{digest}", get(blob).put(put_blob))
            .with_state(Arc::clone(&self.book));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            let _served = axum::serve(listener, routes)
                .with_graceful_shutdown(stopped)
                .await;
        });
        self.server = Some((server, stop));
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Book) -> T) -> T {
        look(&mut self.book.lock().unwrap())
    }

    /// Stores a blob and returns its digest.
    pub(crate) fn store(&self, bytes: &[u8]) -> String {
        let digest = hex::encode(Sha256::digest(bytes));
        self.with(|book| book.blobs.insert(digest.clone(), bytes.to_vec()));
        digest
    }

    /// Waits until `look` finds something.
    pub(crate) async fn until<T>(&self, what: &str, look: impl Fn(&mut Book) -> Option<T>) -> T {
        for _ in 0..PATIENCE.as_millis() / 50 {
            if let Some(found) = self.with(&look) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what} did not happen within {PATIENCE:?}");
    }
}

/// The lease that assignments carry.
pub(crate) fn lease_seconds() -> u32 {
    LEASE_SECONDS
}

fn authorised(headers: &HeaderMap) -> Result<(), Refused> {
    let wanted = format!("Bearer {TOKEN}");
    match headers.get("authorization") {
        Some(value) if value.as_bytes() == wanted.as_bytes() => Ok(()),
        _ => Err(Refused(StatusCode::UNAUTHORIZED, "not this token")),
    }
}

/// A problem document.
struct Refused(StatusCode, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, detail) = self;
        (
            status,
            Json(serde_json::json!({ "title": "refused", "detail": detail })),
        )
            .into_response()
    }
}

async fn register(
    State(book): Shared,
    headers: HeaderMap,
    Json(register): Json<Register>,
) -> Result<Json<Registered>, Refused> {
    authorised(&headers)?;
    let runner = Uuid::from_u128(u128::from(rand::random::<u64>()));
    book.lock().unwrap().runners.push((runner, register));
    Ok(Json(Registered {
        runner,
        heartbeat_seconds: 1,
    }))
}

async fn lease(
    State(book): Shared,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(request): Json<LeaseRequest>,
) -> Result<Response, Refused> {
    authorised(&headers)?;
    for _ in 0..request.wait_seconds.max(1) * 20 {
        {
            let mut book = book.lock().unwrap();
            if !book.runners.iter().any(|(runner, _)| *runner == id) {
                return Err(Refused(StatusCode::NOT_FOUND, "no such runner"));
            }
            if book.no_work_at_once {
                book.asked += 1;
                return Ok(StatusCode::NO_CONTENT.into_response());
            }
            if let Some(assignment) = book.queue.pop_front() {
                return Ok(Json(assignment).into_response());
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn heartbeat(
    State(book): Shared,
    Path((run, _attempt)): Path<(Uuid, i32)>,
    Json(heartbeat): Json<Heartbeat>,
) -> Result<Json<LeaseExtended>, Refused> {
    let mut book = book.lock().unwrap();
    if let Some(status) = book.heartbeat_status {
        return Err(Refused(status, "the attempt is not yours"));
    }
    let stop = book.stop.clone().filter(|_| !heartbeat.probes.is_empty());
    book.heartbeats.push((run, heartbeat));
    Ok(Json(LeaseExtended {
        lease_seconds: LEASE_SECONDS,
        stop,
    }))
}

async fn report(
    State(book): Shared,
    Path((run, attempt)): Path<(Uuid, i32)>,
    Json(report): Json<Report>,
) -> Result<StatusCode, Refused> {
    let mut book = book.lock().unwrap();
    let before = book.reports.iter().find(|(other, _, _)| *other == run);
    if before.is_some_and(|(_, before, other)| (*before, other) != (attempt, &report)) {
        return Err(Refused(StatusCode::CONFLICT, "another result is there"));
    }
    book.reports.push((run, attempt, report));
    if book.lose_answers > 0 {
        book.lose_answers -= 1;
        return Err(Refused(StatusCode::INTERNAL_SERVER_ERROR, "lost"));
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn fault(
    State(book): Shared,
    Path((run, attempt)): Path<(Uuid, i32)>,
    Json(fault): Json<Fault>,
) -> StatusCode {
    book.lock().unwrap().faults.push((run, attempt, fault));
    StatusCode::NO_CONTENT
}

async fn blob(State(book): Shared, Path(digest): Path<String>) -> Result<Vec<u8>, Refused> {
    let found = book.lock().unwrap().blobs.get(&digest).cloned();
    found.ok_or(Refused(StatusCode::NOT_FOUND, "no such blob"))
}

async fn put_blob(
    State(book): Shared,
    Path(digest): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<StatusCode, Refused> {
    authorised(&headers)?;
    if hex::encode(Sha256::digest(&bytes)) != digest {
        return Err(Refused(StatusCode::BAD_REQUEST, "other bytes"));
    }
    book.lock().unwrap().blobs.insert(digest, bytes.to_vec());
    Ok(StatusCode::NO_CONTENT)
}
