//! Several orchestrators and runners over one database.

use std::collections::BTreeMap;

use gauntlet_domain::run::Lane;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_scheduler::commands::claim::claim;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::report::report;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_storage::leases::Holder;

use crate::support::{Platform, completed, method, name, nth, register};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn orchestrators_take_turns_and_runners_do_not_collide() {
    let platform = Platform::new().await;
    platform.started("t", 6).await;
    let mut workers = tokio::task::JoinSet::new();
    let platform = std::sync::Arc::new(platform);
    for worker in 0..4 {
        let platform = std::sync::Arc::clone(&platform);
        workers.spawn(async move {
            let ctx = platform.another().await;
            let runner = register(&ctx, platform.runner_token, &format!("w{worker}")).await;
            let mut own = Vec::new();
            for _ in 0..2000 {
                advance_rounds::once(&ctx).await.unwrap();
                let leased = claim(&ctx, runner, platform.runner_token, &[Lane::Wasm])
                    .await
                    .unwrap();
                let Some(leased) = leased else {
                    if platform.view("t").await.state == TournamentState::Completed {
                        break;
                    }
                    tokio::task::yield_now().await;
                    continue;
                };
                let holder = Holder {
                    run: leased.run,
                    attempt: leased.attempt,
                    token: platform.runner_token,
                };
                let result = platform
                    .result(&leased, completed(nth(&leased) / 10.0))
                    .await;
                report(&ctx, &holder, result).await.unwrap();
                own.push(leased.run);
            }
            own
        });
    }
    let mut by_run: BTreeMap<_, u32> = BTreeMap::new();
    while let Some(own) = workers.join_next().await {
        for run in own.unwrap() {
            *by_run.entry(run).or_default() += 1;
        }
    }
    // 6 x 1, 3 x 2, 2 x 3.
    assert_eq!(by_run.len(), 18);
    assert!(by_run.values().all(|count| *count == 1));
    assert_eq!(platform.view("t").await.champion.unwrap().method, "m5");
    platform.check("t").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_submission_is_in_the_sealed_field_or_refused() {
    let platform = std::sync::Arc::new(Platform::new().await);
    platform.open("t").await;
    platform.enter("t", "first").await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for nth in 0..12 {
        let platform = std::sync::Arc::clone(&platform);
        tasks.spawn(async move {
            let new = NewSubmission {
                tournament: name("t"),
                name: method(&format!("m{nth}")),
                artifact: Artifact::Module(bytes::Bytes::from(format!("m{nth}"))),
                token: platform.miner,
            };
            submit(&platform.ctx, new).await.is_ok()
        });
    }
    close_tournament(&platform.ctx, &name("t")).await.unwrap();
    let mut accepted = 1;
    while let Some(ok) = tasks.join_next().await {
        accepted += usize::from(ok.unwrap());
    }
    let view = platform.view("t").await;
    assert_eq!(view.methods.len(), accepted);
    let digests: Vec<_> = view.methods.iter().map(|method| method.digest).collect();
    assert_eq!(
        view.seed,
        Some(gauntlet_domain::tournament::TournamentSeed::derive(
            &view.nonce.unwrap(),
            &digests
        ))
    );
    platform.check("t").await;
}
