//! The database is killed in the middle of a round, several times, and comes back.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use gauntlet_domain::record::Event;
use gauntlet_domain::run::{Lane, Outcome};
use gauntlet_domain::tournament::{Tournament, TournamentState};
use gauntlet_domain::{Digest, RunId, TokenId};
use gauntlet_postgres::{Options, PrivateServer};
use gauntlet_scheduler::commands::claim::{Claim, claim};
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_task::create_task;
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::heartbeat::heartbeat;
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::report::report;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token};
use gauntlet_scheduler::loops;
use gauntlet_scheduler::{Context, Policy, Refusal, SubmissionLimits};
use gauntlet_storage::leases::Holder;
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Blobs, Db, events, play};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;

use crate::histories::truth::{truth, undisturbed};
use crate::support::{method, model_report, name, new_task, token, try_register};

const FIELD: usize = 6;
/// Times the server is killed.
const KILLS: u32 = 5;

/// Immediately, as after a crash: nothing is flushed, clients are cut off.
fn crash(server: &PrivateServer) {
    kill(Pid::from_raw(server.pid()), Signal::SIGQUIT).unwrap();
}

async fn start(data: &Path) -> PrivateServer {
    // Durable: what was acknowledged has to survive.
    PrivateServer::start(Options::new(data)).await.unwrap()
}

fn worth(claim: &Claim) -> Outcome {
    truth(&claim.work.method, claim.work.seed, false)
}

/// Asks until there is an answer that is not the database's trouble.
async fn insist<T>(mut ask: impl AsyncFnMut() -> Result<T, Refusal>) -> Result<T, Refusal> {
    loop {
        match ask().await {
            Err(Refusal::Storage(error)) => {
                assert!(error.is_transient(), "no reason to try again: {error}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answer => return answer,
        }
    }
}

async fn state(ctx: &Context) -> TournamentState {
    let loaded = insist(async || {
        let mut conn = ctx.db.acquire().await?;
        let id = tournaments::id(&mut conn, &name("t")).await?.unwrap();
        Ok(tournaments::get(&mut conn, id, Lock::None).await?)
    });
    loaded.await.unwrap().unwrap().state
}

/// Works until the tournament is over, and notes what it was told is accepted.
async fn work(ctx: Context, token: TokenId, nth: usize, accepted: &Mutex<BTreeMap<RunId, i32>>) {
    let runner = insist(async || try_register(&ctx, token, &format!("r{nth}")).await);
    let runner = runner.await.unwrap();
    while state(&ctx).await != TournamentState::Completed {
        let leased = insist(async || claim(&ctx, runner, token, &[Lane::Wasm]).await).await;
        let Some(leased) = leased.unwrap() else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let holder = Holder {
            run: leased.run,
            attempt: leased.attempt,
            token,
        };
        tokio::time::sleep(Duration::from_millis(15)).await;
        let _ = insist(async || heartbeat(&ctx, &holder, 0.5, vec![]).await).await;
        let result = model_report(&ctx.blobs, &leased, worth(&leased)).await;
        // Refused if the lease ran out meanwhile.
        if insist(async || report(&ctx, &holder, result.clone()).await)
            .await
            .is_ok()
        {
            let before = accepted.lock().unwrap().insert(leased.run, leased.attempt);
            assert_eq!(before, None, "accepted twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_database_that_crashes_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    let data = folder.path().join("data");
    let mut server = start(&data).await;
    let policy = Policy {
        lease: Duration::from_millis(1500),
        poll: Duration::from_millis(50),
        retry_pause: Duration::ZERO,
        max_attempts: 50,
        submissions: SubmissionLimits::NONE,
        ..Policy::default()
    };
    let ctx = Context::new(
        Db::connect(&server.url("gauntlet")).await.unwrap(),
        Blobs::local(&folder.path().join("blobs"), [7; 32].into()).unwrap(),
        policy,
    );
    ctx.db.migrate().await.unwrap();
    let runner = enter(&ctx).await;

    let stop = CancellationToken::new();
    let orchestrator = tokio::spawn(loops::run(ctx.clone(), stop.clone()));
    let accepted = Mutex::new(BTreeMap::new());
    let played = async {
        tokio::join!(
            work(ctx.clone(), runner, 0, &accepted),
            work(ctx.clone(), runner, 1, &accepted),
        )
    };
    let crashes = async {
        for nth in 0..KILLS {
            // In the middle: more is accepted after every crash than before it.
            let before = accepted.lock().unwrap().len();
            while accepted.lock().unwrap().len() < before + 3 {
                if state(&ctx).await == TournamentState::Completed {
                    return (nth, server);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            crash(&server);
            tokio::time::sleep(Duration::from_millis(100)).await;
            drop(server);
            server = start(&data).await;
        }
        (KILLS, server)
    };
    let both = async { tokio::join!(played, crashes) };
    let (_, (crashed, _server)) = tokio::time::timeout(Duration::from_secs(600), both)
        .await
        .expect("it ends");
    assert_eq!(crashed, KILLS, "the tournament was too short");
    stop.cancel();
    orchestrator.await.unwrap();
    let accepted = accepted.into_inner().unwrap();
    check(&ctx, &accepted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_database_that_is_read_only_for_a_while_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = gauntlet_test_support::database().await;
    let policy = Policy {
        // What was held meanwhile is reported when that is possible again.
        lease: Duration::from_secs(3600),
        poll: Duration::from_millis(50),
        submissions: SubmissionLimits::NONE,
        ..Policy::default()
    };
    let ctx = Context::new(
        Db::connect(database.url()).await.unwrap(),
        Blobs::local(&folder.path().join("blobs"), [7; 32].into()).unwrap(),
        policy,
    );
    let runner = enter(&ctx).await;
    let stop = CancellationToken::new();
    let orchestrator = tokio::spawn(loops::run(ctx.clone(), stop.clone()));
    let accepted = Mutex::new(BTreeMap::new());
    let played = async {
        tokio::join!(
            work(ctx.clone(), runner, 0, &accepted),
            work(ctx.clone(), runner, 1, &accepted),
        )
    };
    let fail_over = async {
        while accepted.lock().unwrap().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        database.set_read_only(true).await;
        // Until the pool holds nothing but connections that cannot write.
        let mut refused = 0;
        while refused < 40 {
            let registered = try_register(&ctx, runner, "another").await;
            refused += u32::from(registered.is_err());
        }
        database.set_read_only(false).await;
        accepted.lock().unwrap().len()
    };
    let both = async { tokio::join!(played, fail_over) };
    let (_, before) = tokio::time::timeout(Duration::from_secs(600), both)
        .await
        .expect("it ends");
    stop.cancel();
    orchestrator.await.unwrap();
    let accepted = accepted.into_inner().unwrap();
    assert!(before < accepted.len(), "the tournament was too short");
    check(&ctx, &accepted).await;
    let mut conn = ctx.db.acquire().await.unwrap();
    let id = tournaments::id(&mut conn, &name("t")).await.unwrap();
    for run in database.ledger(id.unwrap().0).await {
        let charged = policy.max_attempts + run.attempt - 1 - run.attempts_allowed;
        assert_eq!(charged, 0, "{run:?}");
    }
}

/// A closed tournament; the token of its runners.
async fn enter(ctx: &Context) -> TokenId {
    let secret = token("runner", 2);
    let runner = ensure_token(ctx, &secret, Scope::Runner, "").await.unwrap();
    let secret = token("miner", 1);
    let miner = ensure_token(ctx, &secret, Scope::Miner, "").await.unwrap();
    create_task(ctx, new_task(&ctx.blobs).await).await.unwrap();
    let rules = r#"{"format":"round_robin","blocks":6}"#;
    let new = NewTournament {
        name: name("t"),
        task: "digits".parse().unwrap(),
        more_tasks: vec![],
        rules: serde_json::from_str(rules).unwrap(),
        phrase: Some("crashes".to_owned()),
        share: gauntlet_domain::tournament::Share::default(),
        organiser: None,
        private: false,
    };
    create_tournament(ctx, new).await.unwrap();
    open_tournament(ctx, &name("t")).await.unwrap();
    for nth in 0..FIELD {
        let new = NewSubmission {
            tournament: name("t"),
            name: method(&format!("m{nth}")),
            artifact: Artifact::Module(Bytes::from(format!("module {nth}"))),
            token: miner,
        };
        submit(ctx, new).await.unwrap();
    }
    close_tournament(ctx, &name("t")).await.unwrap();
    runner
}

async fn check(ctx: &Context, accepted: &BTreeMap<RunId, i32>) {
    let mut conn = ctx.db.acquire().await.unwrap();
    let id = tournaments::id(&mut conn, &name("t"))
        .await
        .unwrap()
        .unwrap();
    let chain = id.to_string();
    let links = events::list(&mut conn, &chain, 0, 100_000).await.unwrap();
    let (_, head) = events::head(&mut conn, &chain).await.unwrap().unwrap();
    assert_eq!(
        gauntlet_domain::record::verify(&chain, &links, Some(&head)),
        Ok(head)
    );
    let record: Vec<Event> = links
        .iter()
        .map(|link| serde_json::from_str(&link.body).unwrap())
        .collect();
    let loaded = play::load(&mut conn, id, Lock::None)
        .await
        .unwrap()
        .unwrap();
    let found = loaded.tournament;
    assert_eq!(Tournament::replay(&record).unwrap(), found);

    // What runners were told is what is recorded, each once.
    let mut done: BTreeMap<RunId, i32> = BTreeMap::new();
    for event in &record {
        if let Event::RunDone {
            run,
            attempt,
            model,
            ..
        } = event
        {
            assert_eq!(done.insert(*run, *attempt), None, "two results of {run}");
            let model: Option<Digest> = *model;
            if let Some(digest) = model {
                assert!(ctx.blobs.exists(&digest).await.unwrap(), "no blob {digest}");
            }
        }
    }
    assert_eq!(&done, accepted);

    let closed = record
        .iter()
        .position(|event| event.kind() == "closed")
        .unwrap();
    let wanted = undisturbed(Tournament::replay(&record[..=closed]).unwrap()).unwrap();
    assert_eq!(found.champion(), wanted.champion());
    let decisions = |tournament: &Tournament| {
        let rounds = tournament.rounds().iter();
        let decisions = rounds.map(|round| round.decision.clone());
        decisions.collect::<Vec<_>>()
    };
    assert_eq!(decisions(&found), decisions(&wanted));
}
