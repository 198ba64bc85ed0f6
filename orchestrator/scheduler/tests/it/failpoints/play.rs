//! The process that is killed: operator, entrants, runner and orchestrator in one, each of
//! whom goes on where the tournament is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use gauntlet_domain::TaskName;
use gauntlet_domain::run::{Lane, Outcome, RunState};
use gauntlet_domain::tournament::{Audience, TournamentState};
use gauntlet_scheduler::commands::cancel_tournament::cancel_tournament;
use gauntlet_scheduler::commands::claim::{Claim, claim};
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_task::create_task;
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::disqualify::disqualify;
use gauntlet_scheduler::commands::fault::fault;
use gauntlet_scheduler::commands::heartbeat::heartbeat;
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::pause::{pause, resume};
use gauntlet_scheduler::commands::report::report;
use gauntlet_scheduler::commands::retry::retry_run;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token};
use gauntlet_scheduler::commands::void_block::{Which, replace_block};
use gauntlet_scheduler::loops::{advance_rounds, expire_leases};
use gauntlet_scheduler::{Context, HealthPolicy, Policy, Refusal, SubmissionLimits};
use gauntlet_storage::Access;
use gauntlet_storage::leases::Holder;
use gauntlet_storage::views::{self, TournamentView};
use gauntlet_storage::{Blobs, Db};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::support::{
    completed, failed, method, model_report, name, new_task, nth, register, token,
};

/// The variable that holds the orders.
pub(crate) const ORDERS: &str = "GAUNTLET_TEST_ORDERS";

/// Two rounds; four methods and then two.
const RULES: &str = r#"{"format":"halving","rungs":2,"eta":2,"blocks_per_rung":[1,1]}"#;

/// How often each place was reached.
pub(crate) type Places = BTreeMap<String, u32>;

/// What the process is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    pub(crate) database: String,
    pub(crate) blobs: PathBuf,
    pub(crate) tournament: String,
    /// A place, and which time there is the last.
    pub(crate) die: Option<(String, u32)>,
    /// Where to write how often each place was reached.
    pub(crate) places: PathBuf,
}

impl Orders {
    pub(crate) fn from_env() -> Option<Self> {
        let text = std::env::var(ORDERS).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }
}

static DIE: OnceLock<Option<(String, u32)>> = OnceLock::new();
static PLACES: Mutex<Places> = Mutex::new(Places::new());

fn reached(command: &'static str, place: &'static str) {
    let mut places = PLACES.lock().unwrap();
    let key = format!("{command}, {place}");
    let times = places.entry(key.clone()).or_default();
    *times += 1;
    if DIE.get().and_then(Option::as_ref) == Some(&(key, *times)) {
        kill(Pid::this(), Signal::SIGKILL).unwrap();
        loop {
            std::thread::park(); // never reached any further
        }
    }
}

/// Plays the tournament from wherever it is to its end.
pub(crate) async fn carry_out(orders: Orders) {
    DIE.set(orders.die.clone()).unwrap();
    let policy = Policy {
        lease: Duration::from_millis(20),
        retry_pause: Duration::ZERO,
        max_attempts: 1,
        submissions: SubmissionLimits::NONE,
        health: HealthPolicy::NONE,
        ..Policy::default()
    };
    let db = Db::connect(&orders.database).await.unwrap();
    let blobs = Blobs::local(&orders.blobs, [7; 32].into()).unwrap();
    let ctx = Context::new(db, blobs, policy).with_failpoints(reached);
    enter(&ctx, &orders.tournament).await;
    play(&ctx, &orders.tournament).await;
    // Another that is called off.
    let off = format!("{}-off", orders.tournament);
    draft(&ctx, &off).await;
    cancel_tournament(&ctx, &name(&off), "enough")
        .await
        .unwrap();
    let places = serde_json::to_string(&*PLACES.lock().unwrap()).unwrap();
    std::fs::write(&orders.places, places).unwrap();
}

/// Refused because it was done before, in another life.
fn perhaps_again<T>(done: Result<T, Refusal>) {
    if let Err(refusal) = done {
        let code = refusal.reason().map(|reason| reason.code);
        let codes = ["name-taken", "not-allowed"];
        assert!(code.is_some_and(|code| codes.contains(&code)), "{refusal}");
    }
}

/// Every tournament makes a task of its own; the one that is called off shares it.
fn task_name(tournament: &str) -> TaskName {
    let tournament = tournament.trim_end_matches("-off");
    format!("task-{tournament}").parse().unwrap()
}

async fn draft(ctx: &Context, tournament: &str) {
    let new = NewTournament {
        name: name(tournament),
        task: task_name(tournament),
        more_tasks: vec![],
        rules: serde_json::from_str(RULES).unwrap(),
        phrase: Some("failpoints".to_owned()),
        share: gauntlet_domain::tournament::Share::default(),
        organiser: None,
        private: false,
    };
    perhaps_again(create_tournament(ctx, new).await);
}

async fn enter(ctx: &Context, tournament: &str) {
    let mut task = new_task(&ctx.blobs).await;
    task.name = task_name(tournament);
    create_task(ctx, task).await.unwrap();
    let miner = ensure_token(ctx, &token("miner", 1), Scope::Miner, "")
        .await
        .unwrap();
    draft(ctx, tournament).await;
    let tournament = name(tournament);
    if state(ctx, &tournament).await == TournamentState::Draft {
        open_tournament(ctx, &tournament).await.unwrap();
    }
    if state(ctx, &tournament).await == TournamentState::Open {
        for nth in 0..5 {
            let new = NewSubmission {
                tournament: tournament.clone(),
                name: method(&format!("m{nth}")),
                artifact: Artifact::Module(Bytes::from(format!("module {nth}"))),
                token: miner,
            };
            perhaps_again(submit(ctx, new).await);
        }
        perhaps_again(disqualify(ctx, &tournament, &method("m4"), "a rule").await);
        pause(ctx, &tournament, "a moment").await.unwrap();
        close_tournament(ctx, &tournament).await.unwrap();
    }
    resume_once(ctx, &tournament).await;
}

async fn resume_once(ctx: &Context, tournament: &gauntlet_domain::TournamentName) {
    if state(ctx, tournament).await == TournamentState::Closed {
        resume(ctx, tournament).await.unwrap();
    }
}

async fn play(ctx: &Context, tournament: &str) {
    let tournament = name(tournament);
    let token = ensure_token(ctx, &token("runner", 2), Scope::Runner, "")
        .await
        .unwrap();
    let mut runner = register(ctx, token, "local").await;
    loop {
        expire_leases::once(ctx).await.unwrap();
        advance_rounds::once(ctx).await.unwrap();
        let now = view(ctx, &tournament).await;
        if now.state == TournamentState::Completed {
            return;
        }
        // The first block is replaced before anybody runs it.
        if now.rounds.len() == 1 && now.rounds[0].runs.iter().all(|run| run.block == 1) {
            let which = Which { round: 1, block: 1 };
            replace_block(ctx, &tournament, which, "a broken block")
                .await
                .unwrap();
        }
        for run in now.rounds.iter().flat_map(|round| &round.runs) {
            if run.state == RunState::Stuck {
                retry_run(ctx, run.run).await.unwrap();
            }
        }
        let Some(leased) = claim(ctx, runner, token, &[Lane::Wasm]).await.unwrap() else {
            continue;
        };
        let holder = Holder {
            run: leased.run,
            attempt: leased.attempt,
            token,
        };
        // Some first attempts go wrong.
        match (leased.attempt, nth(&leased) as u32) {
            (1, 1) => fault(ctx, &holder, "no room").await.unwrap(),
            (1, 2) => tokio::time::sleep(ctx.policy.lease * 2).await,
            (1, 3) => runner = register(ctx, token, "local").await,
            _ => {
                heartbeat(ctx, &holder, 0.5, vec![]).await.unwrap();
                let result = model_report(&ctx.blobs, &leased, truth(&leased)).await;
                report(ctx, &holder, result).await.unwrap();
            }
        }
    }
}

/// Method 0 always fails; the others change places from block to block.
fn truth(claim: &Claim) -> Outcome {
    if nth(claim) == 0.0 {
        return failed();
    }
    let noise = (claim.work.seed.0 >> 7) % 13;
    completed(((nth(claim) * 5.0 + noise as f64) % 50.0) / 50.0)
}

async fn view(ctx: &Context, tournament: &gauntlet_domain::TournamentName) -> TournamentView {
    let mut conn = ctx.db.acquire().await.unwrap();
    let view = views::tournament(
        &mut conn,
        tournament,
        Audience::Organiser,
        Access::Everything,
    )
    .await
    .unwrap();
    view.unwrap()
}

async fn state(ctx: &Context, tournament: &gauntlet_domain::TournamentName) -> TournamentState {
    view(ctx, tournament).await.state
}
