//! A server of its own for each test: database, blobs, tokens, and the app, which
//! is called as a function unless a browser needs an address.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use gauntlet_api::Problem;
use gauntlet_http::{Limits, RequestLimits, TlsListener};
use gauntlet_intake::Intake;
use gauntlet_scheduler::commands::tokens::{self, Scope};
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_scheduler::{Context, Policy};
use gauntlet_storage::{Blobs, Db};
use gauntlet_test_support::{Description, TestDatabase};
use gauntlet_transport::ServerTls;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;
use uuid::Uuid;

/// See the module.
pub(crate) struct Server {
    app: Router,
    context: Context,
    database: TestDatabase,
    blobs: tempfile::TempDir,
    pub(crate) admin: String,
    pub(crate) miner: String,
    pub(crate) runner: String,
    stop: CancellationToken,
    _stop_at_the_end: DropGuard,
}

/// What is stored: rows of each table, and blobs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Contents {
    pub(crate) rows: BTreeMap<String, i64>,
    blobs: Vec<String>,
}

/// A leased attempt.
pub(crate) struct Lease {
    pub(crate) run: Uuid,
    pub(crate) attempt: i64,
    pub(crate) method: String,
    pub(crate) assignment: Value,
}

impl Server {
    /// A server with an empty database and one token of each scope.
    pub(crate) async fn start() -> Self {
        Self::start_within(RequestLimits::default()).await
    }

    pub(crate) async fn start_within(limits: RequestLimits) -> Self {
        Self::start_as(limits, |context| context).await
    }

    /// With a context that `change` makes of the usual one.
    pub(crate) async fn start_as(
        limits: RequestLimits,
        change: impl FnOnce(Context) -> Context,
    ) -> Self {
        let database = gauntlet_test_support::database().await;
        let blobs = tempfile::tempdir().unwrap();
        let policy = Policy {
            retry_pause: Duration::from_millis(50),
            ..Policy::default()
        };
        let context = Context::new(
            Db::from_pool(database.pool().clone()),
            Blobs::local(blobs.path(), [7; 32].into()).expect("a folder for blobs"),
            policy,
        );
        let context = change(context);
        let token = async |scope| {
            tokens::issue_token(&context, scope, "")
                .await
                .expect("a token")
        };
        let (admin, miner, runner) = (
            token(Scope::Admin).await,
            token(Scope::Miner).await,
            token(Scope::Runner).await,
        );
        let stop = CancellationToken::new();
        let app = gauntlet_http::app(context.clone(), limits, &stop);
        Self {
            app,
            context,
            database,
            blobs,
            admin,
            miner,
            runner,
            _stop_at_the_end: stop.clone().drop_guard(),
            stop,
        }
    }

    /// The same with another program to read what is handed in.
    pub(crate) fn read_by(mut self, program: &Path) -> Self {
        let intake = Intake::with_program(program);
        self.app = gauntlet_http::app_with_intake(
            self.context.clone(),
            RequestLimits::default(),
            intake,
            &self.stop,
        );
        self
    }

    /// As when the process is told to end.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// What its loops work with.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Address of its database, for another server over it.
    pub(crate) fn database_url(&self) -> &str {
        self.database.url()
    }

    /// What is stored now.
    pub(crate) async fn contents(&self) -> Contents {
        Contents {
            rows: self.database.row_counts().await,
            blobs: files(self.blobs.path()),
        }
    }

    /// Every row as text.
    pub(crate) async fn dump(&self) -> String {
        self.database.dump().await
    }

    /// Changes rows behind the server's back.
    pub(crate) async fn execute(&self, sql: &str) {
        self.database
            .execute(sql)
            .await
            .expect("the statement is right");
    }

    /// What the loops of a real server do all the time.
    pub(crate) async fn tick(&self) {
        advance_rounds::once(&self.context)
            .await
            .expect("tournaments go on");
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn get_as(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post_bytes(
        &self,
        path: &str,
        token: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Answer {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", kind)
            .header("content-length", body.len())
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    pub(crate) async fn post_json_as(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.post_bytes(
            path,
            token,
            "application/json",
            body.to_string().into_bytes(),
        )
        .await
    }

    pub(crate) async fn admin_post(&self, path: &str) -> Answer {
        let request = Request::post(path).header("authorization", format!("Bearer {}", self.admin));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn admin_post_json(&self, path: &str, body: &Value) -> Answer {
        self.post_json_as(path, &self.admin, body).await
    }

    pub(crate) async fn runner_post(&self, path: &str, body: &Value) -> Answer {
        self.post_json_as(path, &self.runner, body).await
    }

    pub(crate) async fn put_blob(&self, name: &str, token: &str, bytes: Vec<u8>) -> Answer {
        let request = Request::put(format!("/api/v1/blobs/{name}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-length", bytes.len())
            .body(Body::from(bytes))
            .unwrap();
        self.send(request).await
    }

    /// The answer, which has to be as described; so has what was asked, if it was accepted.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        if body.size_hint().exact().is_none() {
            // It comes as it is read, or does not end.
            return self.send_as_it_is(Request::from_parts(parts, body)).await;
        }
        let asked = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("the request's body ends");
        let (method, path) = (parts.method.clone(), parts.uri.to_string());
        let kind = text_of(&parts.headers, "content-type");
        let answer = self
            .send_as_it_is(Request::from_parts(parts, Body::from(asked.clone())))
            .await;
        let description = &*DESCRIPTION;
        if let Some(operation) = description.operation(method.as_str(), &path) {
            let status = answer.status.as_u16();
            let given = text_of(&answer.headers, "content-type");
            let mut misfits = operation.misfits_of_answer(status, given.as_deref(), &answer.body);
            if let (true, Some(kind)) = (answer.status.is_success(), kind) {
                misfits.extend(operation.misfits_of_body(&kind, &asked));
            }
            assert!(misfits.is_empty(), "{method} {path}: {misfits:#?}");
        }
        answer
    }

    async fn send_as_it_is(&self, request: Request<Body>) -> Answer {
        let response = self
            .app
            .clone()
            .oneshot(request)
            .await
            .expect("the app answers");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("the body ends");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The chunks of a stream that does not end.
    pub(crate) async fn stream(&self, path: &str) -> impl Stream<Item = String> + Unpin + use<> {
        self.open_stream(Request::get(path)).await
    }

    /// The same by a token.
    pub(crate) async fn stream_as(
        &self,
        path: &str,
        token: &str,
    ) -> impl Stream<Item = String> + Unpin + use<> {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.open_stream(request).await
    }

    async fn open_stream(
        &self,
        request: axum::http::request::Builder,
    ) -> impl Stream<Item = String> + Unpin + use<> {
        let request = request.body(Body::empty()).unwrap();
        let response = self
            .app
            .clone()
            .oneshot(request)
            .await
            .expect("the app answers");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let chunks = response.into_body().into_data_stream();
        Box::pin(chunks.map(|chunk| String::from_utf8(chunk.unwrap().to_vec()).unwrap()))
    }

    /// Serves the app on an address of its own until the test ends.
    pub(crate) async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = self.app.clone();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    pub(crate) async fn submit(&self, tournament: &str, name: &str, module: Vec<u8>) -> Answer {
        let path = format!(
            "/api/v1/tournaments/{tournament}/submissions?name={}",
            escaped(name)
        );
        self.post_bytes(&path, &self.miner, "application/wasm", module)
            .await
    }

    /// Puts the blobs of a task and gives a body for its creation.
    pub(crate) async fn task_body(&self, name: &str) -> Value {
        let mut digests = Vec::new();
        for part in ["train", "hidden inputs", "hidden labels"] {
            let bytes = format!("{part} of {name}").into_bytes();
            let digest = digest(&bytes);
            self.put_blob(&digest, &self.admin, bytes)
                .await
                .ok(StatusCode::NO_CONTENT);
            digests.push(digest);
        }
        json!({
            "name": name,
            "title": "Handwritten digits",
            "description": "Which digit is it?",
            "licence": "CC-BY-4.0",
            "info": { "name": name, "kind": "anything" },
            "budget": {
                "work": 1_000_000_000u64, "predict_share_percent": 20, "wall_seconds": 60,
                "tensor_bytes": 1 << 28, "guest_bytes": 1 << 26, "output_bytes": 1 << 24,
            },
            "train": digests[0],
            "hidden_inputs": digests[1],
            "hidden_labels": digests[2],
        })
    }

    pub(crate) async fn create_task(&self, name: &str) {
        let body = self.task_body(name).await;
        self.admin_post_json("/api/v1/tasks", &body)
            .await
            .ok(StatusCode::CREATED);
    }

    /// A tournament of two rungs on the task `digits`.
    pub(crate) async fn draft_tournament(&self, name: &str) {
        self.create_task("digits").await;
        let rules = json!({ "format": "halving", "rungs": 2, "eta": 2, "blocks_per_rung": [1, 2] });
        let body = json!({ "name": name, "task": "digits", "rules": rules, "seed": 7 });
        self.admin_post_json("/api/v1/tournaments", &body)
            .await
            .ok(StatusCode::CREATED);
    }

    pub(crate) async fn open_tournament(&self, name: &str) {
        self.draft_tournament(name).await;
        self.admin_post(&format!("/api/v1/tournaments/{name}/open"))
            .await
            .ok(StatusCode::OK);
    }

    /// A tournament of two methods, played to its end.
    pub(crate) async fn finished_tournament(&self, name: &str) {
        self.open_tournament(name).await;
        for method in ["one", "two"] {
            self.submit(name, method, crate::modules::honest(method))
                .await
                .ok(StatusCode::CREATED);
        }
        self.admin_post(&format!("/api/v1/tournaments/{name}/close"))
            .await
            .ok(StatusCode::OK);
        self.finish(name).await;
    }

    /// Plays what is left of a tournament.
    pub(crate) async fn finish(&self, name: &str) {
        let runner = self.register("finisher").await;
        for _ in 0..100 {
            self.tick().await;
            let shown = self
                .get(&format!("/api/v1/tournaments/{name}"))
                .await
                .ok(StatusCode::OK);
            if shown["state"] == "completed" {
                return;
            }
            while let Some(lease) = self.lease(runner).await {
                let mut body = self.completed(0.9).await;
                body["curve"] = json!([
                    { "step": 0, "name": "loss", "value": 2.0 },
                    { "step": 10, "name": "loss", "value": 1.0 },
                ]);
                let path = format!(
                    "/api/v1/runs/{}/attempts/{}/report",
                    lease.run, lease.attempt
                );
                self.runner_post(&path, &body)
                    .await
                    .ok(StatusCode::NO_CONTENT);
            }
        }
        panic!("{name} does not end");
    }

    /// Id of the champion's archive entry.
    pub(crate) async fn champion(&self, name: &str) -> String {
        let shown = self
            .get(&format!("/api/v1/tournaments/{name}"))
            .await
            .ok(StatusCode::OK);
        shown["champion"]["archive"]
            .as_str()
            .expect("archived")
            .to_owned()
    }

    pub(crate) async fn register(&self, name: &str) -> Uuid {
        let body = json!({ "name": name, "class": "cpu-2", "version": "0.1.0" });
        let answer = self
            .runner_post("/api/v1/runners", &body)
            .await
            .ok(StatusCode::OK);
        answer["runner"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn lease(&self, runner: Uuid) -> Option<Lease> {
        self.lease_waiting(runner, 0).await
    }

    pub(crate) async fn lease_waiting(&self, runner: Uuid, seconds: u32) -> Option<Lease> {
        let answer = self
            .runner_post(
                &format!("/api/v1/runners/{runner}/lease"),
                &json!({ "wait_seconds": seconds }),
            )
            .await;
        if answer.status == StatusCode::NO_CONTENT {
            return None;
        }
        let assignment = answer.ok(StatusCode::OK);
        Some(Lease {
            run: assignment["run"].as_str().unwrap().parse().unwrap(),
            attempt: assignment["attempt"].as_i64().unwrap(),
            method: assignment["method"].as_str().unwrap().to_owned(),
            assignment,
        })
    }

    /// Leases until it is this run's turn; the others are left leased.
    pub(crate) async fn lease_run(&self, runner: Uuid, run: Uuid) -> Lease {
        for _ in 0..100 {
            match self.lease(runner).await {
                Some(lease) if lease.run == run => return lease,
                Some(_) => {}
                // A lost attempt is followed by a pause.
                None => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("the run is not leased again");
    }

    /// A good report, whose model is put already.
    pub(crate) async fn completed(&self, score: f64) -> Value {
        let model = format!("model {score}").into_bytes();
        let name = digest(&model);
        self.put_blob(&name, &self.runner, model)
            .await
            .ok(StatusCode::NO_CONTENT);
        report("completed", Some(score), Some(&name))
    }

    pub(crate) async fn new_token(&self, scope: &str) -> String {
        let made = self.make_token(json!({ "scope": scope })).await;
        made["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn make_token(&self, body: Value) -> Value {
        self.admin_post_json("/api/v1/tokens", &body)
            .await
            .ok(StatusCode::CREATED)
    }

    /// Serves it over TLS until the test ends; gives the port.
    pub(crate) async fn serve_tls(&self, tls: ServerTls) -> u16 {
        self.serve_tls_within(Limits::default(), tls).await
    }

    pub(crate) async fn serve_tls_within(&self, limits: Limits, tls: ServerTls) -> u16 {
        let listen = || tokio::net::TcpListener::bind("127.0.0.1:0");
        let (listener, local) = (listen().await.unwrap(), listen().await.unwrap());
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let listener = TlsListener::start(listener, tls, stop.clone()).unwrap();
        let context = self.context.clone();
        tokio::spawn(gauntlet_http::serve_tls(
            context, listener, local, limits, stop,
        ));
        port
    }

    /// Serves it, with these limits, until the token is cancelled.
    pub(crate) async fn serve(
        &self,
        limits: Limits,
    ) -> (
        SocketAddr,
        CancellationToken,
        JoinHandle<std::io::Result<()>>,
    ) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let served = gauntlet_http::serve(self.context.clone(), listener, limits, stop.clone());
        (address, stop, tokio::spawn(served))
    }

    /// What is answered to a request in the clear.
    pub(crate) async fn plain_answer(port: u16) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        // It may just be closed.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// It itself, to be asked what need not be as described.
    pub(crate) fn app(&self) -> Router {
        self.app.clone()
    }

    /// Another orchestrator over the same database and blobs.
    pub(crate) fn another(&self) -> Router {
        gauntlet_http::app(
            self.context.clone(),
            RequestLimits::default(),
            &CancellationToken::new(),
        )
    }
}

/// A report as a runner sends it.
pub(crate) fn report(verdict: &str, score: Option<f64>, model: Option<&str>) -> Value {
    let meters = json!({
        "work": 1_900_000u64, "flops": 1_200_000u64, "bytes_moved": 700_000u64, "operations": 480,
        "batches": 12, "peak_tensor_bytes": 3 << 20, "wall_micros": 234_567,
    });
    json!({
        "verdict": verdict, "score": score, "model": model, "predictions": null, "detail": null,
        "train": meters, "predict": meters, "curve": [],
    })
}

static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| Description::new(&gauntlet_http::openapi()));

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

/// What the app answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// It must have this status; its JSON, or null if it has no body.
    pub(crate) fn ok(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    /// It must be a whole problem of this status.
    pub(crate) fn any_problem(self, status: u16) -> Problem {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem: Problem = serde_json::from_slice(&self.body).expect("the answer is a problem");
        assert_eq!(problem.status, status);
        assert!(
            problem.kind.starts_with("urn:gauntlet:problem:"),
            "{problem:?}"
        );
        for text in [&problem.title, &problem.detail, &problem.help] {
            assert!(!text.is_empty(), "{problem:?}");
        }
        problem
    }

    /// It must be a whole problem of this status and kind.
    pub(crate) fn problem(self, status: u16, kind: &str) -> Problem {
        let problem = self.any_problem(status);
        assert_eq!(
            problem.kind,
            format!("urn:gauntlet:problem:{kind}"),
            "{problem:?}"
        );
        problem
    }
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// For a query.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(byte).to_string(),
            b'%' => String::from("%"),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Every file below `dir`, by name.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the blobs' folder is readable") {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    found
}
