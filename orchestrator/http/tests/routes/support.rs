//! A server of its own for each test: database, blobs, tokens, and the app, which
//! is called as a function unless a browser needs an address.

mod answer;
mod playing;
mod requests;
mod serving;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use gauntlet_http::RequestLimits;
use gauntlet_intake::Intake;
use gauntlet_scheduler::commands::tokens::{self, Scope};
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_scheduler::{Context, Policy};
use gauntlet_storage::{Blobs, Db};
use gauntlet_test_support::TestDatabase;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use answer::Answer;
pub(crate) use playing::{Lease, report};

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

    pub(crate) async fn new_token(&self, scope: &str) -> String {
        let made = self.make_token(json!({ "scope": scope })).await;
        made["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn make_token(&self, body: Value) -> Value {
        self.admin_post_json("/api/v1/tokens", &body)
            .await
            .ok(StatusCode::CREATED)
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

pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
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
