//! Leases: at most one holder, a deadline in database time, and a fence for
//! everybody who comes late.

use gauntlet_domain::RunnerId;
use gauntlet_domain::run::AttemptState;
use gauntlet_domain::run::{CurvePoint, Lane, RunState};
use gauntlet_scheduler::Refusal;
use gauntlet_scheduler::commands::claim::claim;
use gauntlet_scheduler::commands::heartbeat::heartbeat;
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token};
use gauntlet_scheduler::loops::expire_leases;
use gauntlet_storage::leases::Holder;
use uuid::Uuid;

use crate::support::{Platform, completed, reason, register, token};

#[tokio::test]
async fn a_claim_has_all_that_is_needed() {
    let platform = Platform::new().await;
    platform.started("t", 2).await;
    let claim = platform.claim().await.unwrap();
    assert_eq!(claim.attempt, 1);
    assert_eq!(claim.lease, platform.ctx.policy.lease);
    assert_eq!(claim.work.tournament.as_str(), "t");
    assert_eq!(claim.work.task.as_str(), "digits");
    assert_eq!(claim.work.budget, crate::support::BUDGET);
    let module = platform.ctx.blobs.get(&claim.work.artifact).await.unwrap();
    assert_eq!(
        module.unwrap(),
        format!("module of {}", claim.work.method).as_bytes()
    );
    let run = platform.run(claim.run).await;
    assert_eq!(run.state, RunState::Leased);
    assert_eq!(run.attempts[0].state, AttemptState::Leased);
    assert_eq!(run.attempts[0].runner, "local");
}

#[tokio::test]
async fn each_run_is_leased_once() {
    let platform = Platform::new().await;
    platform.started("t", 3).await;
    let mut runs = Vec::new();
    while let Some(claim) = platform.claim().await {
        runs.push(claim.run);
    }
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len(), 3);
}

#[tokio::test]
async fn only_a_registered_runner_with_its_own_token_may_claim() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let ctx = &platform.ctx;
    let other = ensure_token(ctx, &token("runner", 9), Scope::Runner, "")
        .await
        .unwrap();
    let foreign = claim(ctx, platform.runner, other, &[Lane::Wasm]).await;
    assert!(matches!(foreign, Err(Refusal::NotFound(_))), "{foreign:?}");
    let unknown = claim(
        ctx,
        RunnerId(Uuid::nil()),
        platform.runner_token,
        &[Lane::Wasm],
    )
    .await;
    assert!(matches!(unknown, Err(Refusal::NotFound(_))), "{unknown:?}");
    assert!(platform.claim().await.is_some());
}

#[tokio::test]
async fn a_heartbeat_prolongs_the_lease_and_shows_progress() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let holder = platform.holder(&claim);
    for beat in 1..=4_u64 {
        // Its time is up, and nobody has noticed yet.
        platform.database.let_expire(&[claim.run.0]).await;
        let point = CurvePoint {
            step: beat,
            name: "loss".to_owned(),
            value: Some(1.0 / beat as f64),
        };
        // Sent again, as after a lost answer: the point is kept once.
        for _ in 0..2 {
            heartbeat(
                &platform.ctx,
                &holder,
                beat as f64 / 10.0,
                vec![point.clone()],
            )
            .await
            .unwrap();
        }
        assert_eq!(expire_leases::once(&platform.ctx).await.unwrap(), 0);
    }
    let run = platform.run(claim.run).await;
    assert_eq!(run.progress, 0.4);
    assert_eq!(run.curve.len(), 4);
}

#[tokio::test]
async fn every_change_raises_the_version() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let before = platform.view("t").await.version;
    let claim = platform.claim().await.unwrap();
    let leased = platform.view("t").await.version;
    heartbeat(&platform.ctx, &platform.holder(&claim), 0.5, vec![])
        .await
        .unwrap();
    let beaten = platform.view("t").await.version;
    platform.report(&claim, completed(0.5)).await.unwrap();
    let done = platform.view("t").await.version;
    assert!(before < leased && leased < beaten && beaten < done);
}

#[tokio::test]
async fn an_expired_lease_is_given_to_the_next_and_fences_the_late() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let late = platform.claim().await.unwrap();
    assert_eq!(expire_leases::once(&platform.ctx).await.unwrap(), 0);
    assert_eq!(platform.claim().await, None);

    platform.database.let_expire(&[late.run.0]).await;
    assert_eq!(expire_leases::once(&platform.ctx).await.unwrap(), 1);
    let run = platform.run(late.run).await;
    assert_eq!(run.state, RunState::Queued);
    assert_eq!(run.attempts[0].state, AttemptState::Expired);
    assert!(run.attempts[0].reason.is_some());

    // Between the leases nobody may write.
    let holder = platform.holder(&late);
    assert_eq!(
        reason(heartbeat(&platform.ctx, &holder, 0.5, vec![]).await).code,
        "lease-lost"
    );
    assert_eq!(
        reason(platform.report(&late, completed(1.0)).await).code,
        "lease-lost"
    );

    let next = platform.claim().await.unwrap();
    assert_eq!((next.run, next.attempt), (late.run, 2));
    // Nor the late one once another attempt is leased.
    assert_eq!(
        reason(platform.report(&late, completed(1.0)).await).code,
        "lease-lost"
    );
    platform.report(&next, completed(0.25)).await.unwrap();
    assert_eq!(
        reason(platform.report(&late, completed(1.0)).await).code,
        "lease-lost"
    );
    assert_eq!(platform.run(next.run).await.score, Some(0.25));
    platform.check("t").await;
}

#[tokio::test]
async fn another_runner_cannot_speak_for_the_holder() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let thief = ensure_token(&platform.ctx, &token("runner", 9), Scope::Runner, "")
        .await
        .unwrap();
    register(&platform.ctx, thief, "thief").await;
    let holder = Holder {
        token: thief,
        ..platform.holder(&claim)
    };
    let beat = heartbeat(&platform.ctx, &holder, 0.5, vec![]).await;
    assert_eq!(reason(beat).code, "lease-lost");
    let report = platform.result(&claim, completed(1.0)).await;
    let stolen =
        gauntlet_scheduler::commands::report::report(&platform.ctx, &holder, report.clone()).await;
    assert_eq!(reason(stolen).code, "lease-lost");
    // Nor repeat what the holder has reported.
    platform.report(&claim, completed(1.0)).await.unwrap();
    let repeated =
        gauntlet_scheduler::commands::report::report(&platform.ctx, &holder, report).await;
    assert_eq!(reason(repeated).code, "lease-lost");
}

#[tokio::test]
async fn a_runner_that_starts_again_gives_back_what_it_held() {
    let platform = Platform::new().await;
    platform.started("t", 2).await;
    let before = platform.claim().await.unwrap();
    let again = register(&platform.ctx, platform.runner_token, "local").await;
    assert_eq!(again, platform.runner);
    let run = platform.run(before.run).await;
    assert_eq!(run.state, RunState::Queued);
    assert_eq!(
        run.attempts[0].reason.as_deref(),
        Some("the runner started again")
    );
    assert_eq!(
        reason(platform.report(&before, completed(1.0)).await).code,
        "lease-lost"
    );
    // A namesake with another token is somebody else.
    let other = ensure_token(&platform.ctx, &token("runner", 9), Scope::Runner, "")
        .await
        .unwrap();
    let held = platform.claim().await.unwrap();
    assert_ne!(
        register(&platform.ctx, other, "local").await,
        platform.runner
    );
    assert_eq!(platform.run(held.run).await.state, RunState::Leased);
    platform.check("t").await;
}

#[tokio::test]
async fn a_lost_run_goes_to_another_runner_first() {
    let platform = Platform::new().await;
    platform.started("t", 2).await;
    let lost = platform.claim().await.unwrap();
    gauntlet_scheduler::commands::fault::fault(
        &platform.ctx,
        &platform.holder(&lost),
        "the disk is full",
    )
    .await
    .unwrap();
    // The one that lost it gets the other run first, although that is younger.
    let next = platform.claim().await.unwrap();
    assert_ne!(next.run, lost.run);
    let second = register(&platform.ctx, platform.runner_token, "second").await;
    let retried = claim(&platform.ctx, second, platform.runner_token, &[Lane::Wasm])
        .await
        .unwrap()
        .unwrap();
    assert_eq!((retried.run, retried.attempt), (lost.run, 2));
}
