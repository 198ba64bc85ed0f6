//! Orchestrators come and go; the database stays.

use std::time::Duration;

use gauntlet_domain::run::Lane;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_scheduler::Policy;
use gauntlet_scheduler::commands::claim::claim;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::loops::{self, advance_rounds, expire_leases};
use tokio_util::sync::CancellationToken;

use crate::support::{Platform, completed, name, nth};

/// Scores that change places from block to block, so that order matters.
fn score(claim: &gauntlet_scheduler::commands::claim::Claim) -> gauntlet_domain::run::Outcome {
    let noise = (claim.work.seed.0 >> 7) % 13;
    completed(((nth(claim) * 5.0 + noise as f64) % 50.0) / 50.0)
}

#[tokio::test]
async fn a_tournament_interrupted_anywhere_ends_with_the_same_champion() {
    let undisturbed = Platform::new().await;
    undisturbed.started("t", 5).await;
    undisturbed.play(score).await;
    let wanted = undisturbed.view("t").await;

    let platform = Platform::with(Policy {
        lease: Duration::from_millis(50),
        retry_pause: Duration::ZERO,
        ..Policy::default()
    })
    .await;
    platform.started("t", 5).await;
    let mut turn = 0;
    for _ in 0..1000 {
        turn += 1;
        // Every few steps the orchestrator is replaced, and whatever was leased is lost.
        let ctx = platform.another().await;
        expire_leases::once(&ctx).await.unwrap();
        advance_rounds::once(&ctx).await.unwrap();
        let leased = claim(&ctx, platform.runner, platform.runner_token, &[Lane::Wasm])
            .await
            .unwrap();
        let Some(leased) = leased else {
            if platform.view("t").await.state == TournamentState::Completed {
                break;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
            continue;
        };
        if turn % 4 == 0 {
            continue; // the runner is killed with the run in hand
        }
        platform.report(&leased, score(&leased)).await.unwrap();
        if turn % 3 == 0 {
            // The answer was lost: the report is sent again.
            platform.report(&leased, score(&leased)).await.unwrap();
        }
        platform.check("t").await;
    }
    let view = platform.view("t").await;
    assert_eq!(view.state, TournamentState::Completed);
    let lines = |view: &gauntlet_storage::views::TournamentView| -> Vec<(String, u64)> {
        view.standings
            .iter()
            .map(|line| (line.method.clone(), line.mean.to_bits()))
            .collect()
    };
    assert_eq!(lines(&view), lines(&wanted));
    assert_eq!(
        view.champion.as_ref().unwrap().model,
        wanted.champion.as_ref().unwrap().model
    );
    assert!(
        view.rounds
            .iter()
            .flat_map(|round| &round.runs)
            .any(|run| run.attempt > 1),
        "nothing was lost on the way"
    );
    platform.check("t").await;
}

#[tokio::test]
async fn the_loops_play_a_tournament_by_themselves() {
    let platform = Platform::with(Policy {
        poll: Duration::from_secs(3600), // so that only notifications can wake them
        ..Policy::default()
    })
    .await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(loops::run(platform.ctx.clone(), stop.clone()));
    platform.open("t").await;
    for nth in 0..3 {
        platform.enter("t", &format!("m{nth}")).await.unwrap();
    }
    close_tournament(&platform.ctx, &name("t")).await.unwrap();
    let play = async {
        while platform.view("t").await.state != TournamentState::Completed {
            match platform.claim().await {
                Some(claim) => platform.report(&claim, score(&claim)).await.unwrap(),
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), play)
        .await
        .expect("notifications wake the loops");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(60), running)
        .await
        .expect("the loops stop")
        .unwrap();
    platform.check("t").await;
}

#[tokio::test]
async fn without_notifications_the_loops_look_for_themselves() {
    let platform = Platform::with(Policy {
        lease: Duration::from_millis(100),
        poll: Duration::from_millis(50),
        retry_pause: Duration::ZERO,
        ..Policy::default()
    })
    .await;
    platform.started("t", 1).await;
    let lost = platform.claim().await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(loops::run(platform.ctx.clone(), stop.clone()));
    // Nobody announces that a lease runs out.
    let again = async {
        loop {
            if let Some(claim) = platform.claim().await {
                return claim;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let again = tokio::time::timeout(Duration::from_secs(60), again)
        .await
        .unwrap();
    assert_eq!((again.run, again.attempt), (lost.run, 2));
    stop.cancel();
    running.await.unwrap();
}
