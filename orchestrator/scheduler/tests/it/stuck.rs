//! Faults of the platform never become verdicts.

use std::time::Duration;

use gauntlet_domain::run::AttemptState;
use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_scheduler::Policy;
use gauntlet_scheduler::commands::cancel_tournament::cancel_tournament;
use gauntlet_scheduler::commands::fault::fault;
use gauntlet_scheduler::commands::retry::{retry_run, retry_tournament};
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_storage::views::RoundState;

use crate::support::{Platform, completed, name, reason};

#[tokio::test]
async fn a_fault_queues_the_run_again_without_a_verdict() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let first = platform.claim().await.unwrap();
    let holder = platform.holder(&first);
    // Sent again, as after a lost answer.
    for _ in 0..2 {
        fault(&platform.ctx, &holder, "the disk\n is full")
            .await
            .unwrap();
    }
    let run = platform.run(first.run).await;
    assert_eq!(run.state, RunState::Queued);
    assert_eq!(run.verdict, None);
    assert_eq!(run.attempts[0].state, AttemptState::Faulted);
    assert_eq!(run.attempts[0].reason.as_deref(), Some("the disk  is full"));

    let second = platform.claim().await.unwrap();
    assert_eq!(second.attempt, 2);
    // The first attempt's fault, once more, does not touch the second.
    fault(&platform.ctx, &holder, "the disk is full")
        .await
        .unwrap();
    assert_eq!(platform.run(first.run).await.state, RunState::Leased);
    platform.report(&second, completed(0.5)).await.unwrap();
    // Nor can a fault take back what was accepted.
    let after = fault(&platform.ctx, &platform.holder(&second), "too late").await;
    assert_eq!(reason(after).code, "lease-lost");
    platform.check("t").await;
}

#[tokio::test]
async fn a_pause_follows_a_fault() {
    let platform = Platform::with(Policy {
        retry_pause: Duration::from_secs(3600),
        ..Policy::default()
    })
    .await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    fault(&platform.ctx, &platform.holder(&claim), "no GPU")
        .await
        .unwrap();
    assert_eq!(platform.claim().await, None);
    // The clock is the database's; instead of it the date is moved.
    let sql = "UPDATE runs SET not_before = not_before - interval '1 hour'";
    platform.database.execute(sql).await.unwrap();
    assert!(platform.claim().await.is_some());
}

#[tokio::test]
async fn after_the_last_attempt_the_round_says_why_it_waits() {
    let platform = Platform::with(Policy {
        max_attempts: 3,
        retry_pause: Duration::ZERO,
        ..Policy::default()
    })
    .await;
    platform.started("t", 2).await;
    let other = platform.claim().await.unwrap();
    platform.report(&other, completed(0.5)).await.unwrap();
    for attempt in 1..=3 {
        let claim = platform.claim().await.unwrap();
        assert_eq!(claim.attempt, attempt);
        fault(&platform.ctx, &platform.holder(&claim), "no such device")
            .await
            .unwrap();
    }
    assert_eq!(platform.claim().await, None);
    assert_eq!(advance_rounds::once(&platform.ctx).await.unwrap(), 0);

    let view = platform.view("t").await;
    assert_eq!(view.state, TournamentState::Closed);
    let round = &view.rounds[0];
    assert_eq!(round.state, RoundState::Stuck);
    let note = round.note.as_deref().unwrap();
    assert!(note.contains("no such device"), "{note}");
    let stuck = round
        .runs
        .iter()
        .find(|run| run.state == RunState::Stuck)
        .unwrap();
    assert_eq!(stuck.verdict, None);
    assert!(note.contains(&stuck.run.to_string()), "{note}");
    platform.check("t").await;

    // The operator repairs the machine and grants it as many attempts again.
    retry_run(&platform.ctx, stuck.run).await.unwrap();
    retry_run(&platform.ctx, stuck.run).await.unwrap();
    platform.play(|_| completed(0.75)).await;
    let view = platform.view("t").await;
    assert_eq!(view.state, TournamentState::Completed);
    let refused = retry_run(&platform.ctx, stuck.run).await;
    assert_eq!(reason(refused).code, "run-done");
    platform.check("t").await;
}

#[tokio::test]
async fn all_stuck_runs_of_a_tournament_or_round_are_retried_at_once() {
    let platform = Platform::with(Policy {
        max_attempts: 1,
        retry_pause: Duration::ZERO,
        ..Policy::default()
    })
    .await;
    let ctx = &platform.ctx;
    platform.draft("t").await;
    let early = retry_tournament(ctx, &name("t"), None).await;
    assert_eq!(reason(early).code, "tournament-not-closed");
    platform.started("u", 3).await;
    while let Some(claim) = platform.claim().await {
        fault(ctx, &platform.holder(&claim), "no such device")
            .await
            .unwrap();
    }
    assert_eq!(platform.view("u").await.rounds[0].state, RoundState::Stuck);

    let unknown = reason(retry_tournament(ctx, &name("u"), Some(2)).await);
    assert_eq!(
        (unknown.code, unknown.limit.as_deref()),
        ("unknown-round", Some("1 to 1"))
    );
    assert_eq!(retry_tournament(ctx, &name("u"), Some(1)).await.unwrap(), 3);
    // Nothing is stuck any more; asking again changes nothing.
    assert_eq!(retry_tournament(ctx, &name("u"), None).await.unwrap(), 0);
    let retried = platform.record("u").await.into_iter();
    assert_eq!(
        retried
            .filter(|event| event.kind() == "run_retried")
            .count(),
        3
    );
    assert_eq!(
        platform.view("u").await.rounds[0].state,
        RoundState::Running
    );
    platform.play(|_| completed(0.75)).await;
    assert_eq!(platform.view("u").await.state, TournamentState::Completed);
    platform.check("u").await;

    cancel_tournament(ctx, &name("t"), "it is over")
        .await
        .unwrap();
    let late = retry_tournament(ctx, &name("t"), None).await;
    assert_eq!(reason(late).code, "tournament-ended");
}
