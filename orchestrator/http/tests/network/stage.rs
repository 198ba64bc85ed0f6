//! An orchestrator, a proxy and two runners, with a tournament to be played.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use clap::Parser as _;
use gauntlet_domain::RunId;
use gauntlet_domain::record::Event;
use gauntlet_domain::run::{Budget, Metric};
use gauntlet_domain::tournament::{Audience, Tournament};
use gauntlet_http::Limits;
use gauntlet_runner::{agent, config::Config};
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_task::{NewTask, create_task};
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token};
use gauntlet_scheduler::{Context, HealthPolicy, Policy, SubmissionLimits, loops};
use gauntlet_storage::Access;
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::views::{self, RunView, TournamentView};
use gauntlet_storage::{Blobs, Db, events, play};
use gauntlet_test_support::TestDatabase;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::proxy::Proxy;

const NAME: &str = "cup";

/// See the module.
pub(crate) struct Stage {
    pub(crate) proxy: Proxy,
    ctx: Context,
    stop_runners: CancellationToken,
    runners: JoinSet<()>,
    stop: CancellationToken,
    orchestrator: JoinSet<()>,
    folder: tempfile::TempDir,
    runs: tempfile::TempDir,
    _database: TestDatabase,
}

impl Stage {
    pub(crate) async fn set(seed: Option<u64>) -> Self {
        let database = gauntlet_test_support::database().await;
        let folder = tempfile::tempdir().unwrap();
        // Where workers with a user id of their own can get to, should this be root.
        let runs = tempfile::Builder::new()
            .prefix("gauntlet-test-runs-")
            .tempdir()
            .unwrap();
        let ctx = Context::new(
            Db::connect(database.url()).await.unwrap(),
            Blobs::local(&folder.path().join("blobs"), [7; 32].into()).unwrap(),
            Policy {
                lease: Duration::from_secs(4),
                heartbeat: Duration::from_secs(1),
                submissions: SubmissionLimits::NONE,
                // The network's faults are many, and no reason to call the operator.
                max_attempts: 1000,
                retry_pause: Duration::from_millis(50),
                poll: Duration::from_millis(100),
                // Nor a reason to do without a runner for long.
                health: HealthPolicy {
                    pause: Duration::from_millis(50),
                    longest_pause: Duration::from_millis(500),
                    ..HealthPolicy::default()
                },
                ..Policy::default()
            },
        );
        enter(&ctx).await;
        let secret = format!("gnt_runner_{:064x}", 2);
        ensure_token(&ctx, &secret, Scope::Runner, "")
            .await
            .unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let mut orchestrator = JoinSet::new();
        let served = gauntlet_http::serve(ctx.clone(), listener, Limits::default(), stop.clone());
        orchestrator.spawn(async move { served.await.unwrap() });
        orchestrator.spawn(loops::run(ctx.clone(), stop.clone()));

        let proxy = Proxy::start(address, seed).await;
        let stop_runners = CancellationToken::new();
        let mut runners = JoinSet::new();
        std::fs::write(folder.path().join("token"), &secret).unwrap();
        for name in ["one", "two"] {
            let config = config(&proxy, folder.path(), runs.path(), name);
            let stop = stop_runners.clone();
            runners.spawn(async move { agent::run(&config, stop).await.unwrap() });
        }
        Self {
            proxy,
            ctx,
            stop_runners,
            runners,
            stop,
            orchestrator,
            folder,
            runs,
            _database: database,
        }
    }

    /// Ends everybody, in order.
    pub(crate) async fn end(mut self) {
        self.stop_runners.cancel();
        while let Some(ended) = self.runners.join_next().await {
            ended.unwrap();
        }
        self.stop.cancel();
        // Copies of messages may still be waiting for an answer.
        let all = async { while self.orchestrator.join_next().await.is_some() {} };
        let _cut_off = tokio::time::timeout(Duration::from_secs(5), all).await;
        self.ctx.db.close().await;
        let _only_space = (self.folder.close(), self.runs.close());
    }

    pub(crate) async fn view(&self) -> TournamentView {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let view = views::tournament(
            &mut conn,
            &NAME.parse().unwrap(),
            Audience::Organiser,
            Access::Everything,
        )
        .await;
        view.unwrap().unwrap()
    }

    pub(crate) async fn run(&self, run: RunId) -> RunView {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        views::run(&mut conn, run, Audience::Organiser, Access::Everything)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn loaded(&self) -> Tournament {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let id = tournaments::id(&mut conn, &NAME.parse().unwrap()).await;
        let loaded = play::load(&mut conn, id.unwrap().unwrap(), Lock::None).await;
        loaded.unwrap().unwrap().tournament
    }

    /// The record, checked as a chain.
    pub(crate) async fn record(&self) -> Vec<Event> {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let id = tournaments::id(&mut conn, &NAME.parse().unwrap()).await;
        let chain = id.unwrap().unwrap().to_string();
        let links = events::list(&mut conn, &chain, 0, 100_000).await.unwrap();
        let (_, head) = events::head(&mut conn, &chain).await.unwrap().unwrap();
        gauntlet_domain::record::verify(&chain, &links, Some(&head)).unwrap();
        links
            .iter()
            .map(|link| serde_json::from_str(&link.body).unwrap())
            .collect()
    }
}

fn config(proxy: &Proxy, folder: &Path, runs: &Path, name: &str) -> Config {
    let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/network/worker.sh");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let pairs = [
        ["--url".to_owned(), format!("http://{}", proxy.address)],
        ["--data".to_owned(), path(&folder.join(name))],
        ["--runs".to_owned(), path(&runs.join(name))],
        ["--worker".to_owned(), path(&worker)],
        ["--token-file".to_owned(), path(&folder.join("token"))],
        ["--name".to_owned(), name.to_owned()],
        ["--slots".to_owned(), "2".to_owned()],
    ];
    let program = ["gauntlet-runner".to_owned()];
    Config::parse_from(program.into_iter().chain(pairs.concat()))
}

/// A closed tournament of four modules.
async fn enter(ctx: &Context) {
    let secret = format!("gnt_miner_{:064x}", 1);
    let miner = ensure_token(ctx, &secret, Scope::Miner, "").await.unwrap();
    // "Predictions" of the stand-in are the hidden inputs: of four, three are right.
    let scores = [1_f32, 0., 0., 1., 0., 1., 1., 0.].map(f32::to_le_bytes);
    let labels = [0_i64, 1, 1, 1].map(i64::to_le_bytes);
    let blob = async |bytes: Vec<u8>| ctx.blobs.put(Bytes::from(bytes)).await.unwrap();
    let task = NewTask {
        name: "digits".parse().unwrap(),
        title: "Digits".to_owned(),
        description: "Handwritten digits.".to_owned(),
        licence: "CC-BY-4.0".to_owned(),
        info: serde_json::json!({
            "name": "digits",
            "kind": { "kind": "classification", "classes": 2 },
            "inputs": { "kind": "dense", "shape": [1] },
            "train_rows": 4,
        }),
        budget: Budget {
            work: 1_000,
            predict_share_percent: 10,
            wall_seconds: 30,
            tensor_bytes: 1 << 20,
            guest_bytes: 1 << 20,
            output_bytes: 1 << 20,
        },
        train: blob(b"the train part".to_vec()).await,
        hidden_inputs: blob(tensor("predictions", "F32", "[4,2]", scores.as_flattened())).await,
        hidden_labels: blob(tensor("labels", "I64", "[4]", labels.as_flattened())).await,
        base: None,
        target: None,
        metric: Metric::default(),
        private: false,
    };
    create_task(ctx, task).await.unwrap();
    let new = NewTournament {
        name: NAME.parse().unwrap(),
        task: "digits".parse().unwrap(),
        more_tasks: vec![],
        rules: serde_json::from_str(r#"{"format":"round_robin","blocks":3}"#).unwrap(),
        phrase: Some("network".to_owned()),
        share: gauntlet_domain::tournament::Share::default(),
        organiser: None,
        private: false,
    };
    create_tournament(ctx, new).await.unwrap();
    let name = NAME.parse().unwrap();
    open_tournament(ctx, &name).await.unwrap();
    for nth in 0..4 {
        let new = NewSubmission {
            tournament: name.clone(),
            name: format!("m{nth}").parse().unwrap(),
            artifact: Artifact::Module(Bytes::from(module(nth))),
            token: miner,
        };
        submit(ctx, new).await.unwrap();
    }
    close_tournament(ctx, &name).await.unwrap();
}

/// A safetensors file of one tensor.
fn tensor(name: &str, dtype: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let end = bytes.len();
    let mut head =
        format!(r#"{{"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{end}]}}}}"#);
    while head.len() % 8 != 0 {
        head.push(' ');
    }
    let mut file = (head.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(head.as_bytes());
    file.extend_from_slice(bytes);
    file
}

/// A module that differs from others in its number of pages only.
fn module(nth: u32) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (memory (export "memory") {})
            (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#,
        nth + 1
    ))
    .unwrap()
}
