//! A runner that does not do its part is set aside, and nobody pays for it with attempts.

use std::time::Duration;

use gauntlet_domain::RunnerId;
use gauntlet_domain::run::{AttemptState, Lane, RunState, RunnerState};
use gauntlet_domain::tournament::{Audience, TournamentState};
use gauntlet_scheduler::commands::claim::{Claim, claim};
use gauntlet_scheduler::commands::fault::{fault, give_up};
use gauntlet_scheduler::commands::heartbeat::heartbeat;
use gauntlet_scheduler::loops::{advance_rounds, expire_leases};
use gauntlet_scheduler::{Cause, HealthPolicy, Policy};
use gauntlet_storage::views::{self, RunnerView};

use crate::support::{Platform, completed, nth, reason, register};

async fn platform() -> Platform {
    Platform::with_health(Policy {
        retry_pause: Duration::ZERO,
        health: HealthPolicy {
            pause: Duration::from_secs(1000),
            longest_pause: Duration::from_secs(3000),
            ..HealthPolicy::default()
        },
        ..Policy::default()
    })
    .await
}

impl Platform {
    async fn runner_view(&self, runner: RunnerId) -> RunnerView {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let runners = views::runners(
            &mut conn,
            Audience::Organiser,
            &gauntlet_storage::Page::first(100),
        )
        .await
        .unwrap();
        runners.into_iter().find(|view| view.id == runner).unwrap()
    }

    async fn claim_as(&self, runner: RunnerId) -> Option<Claim> {
        let claimed = claim(&self.ctx, runner, self.runner_token, &[Lane::Wasm]).await;
        claimed.unwrap()
    }

    async fn fail(&self, claim: &Claim) {
        let holder = self.holder(claim);
        fault(&self.ctx, &holder, "the disk is full").await.unwrap();
    }

    /// Attempts that each run of the tournament has left.
    async fn left(&self, tournament: &str) -> Vec<i32> {
        let id = self.loaded(tournament).await.row.id;
        let ledger = self.database.ledger(id.0).await;
        let left = ledger.iter().map(|run| run.attempts_allowed - run.attempt);
        left.collect()
    }

    /// Fails until it is given nothing any more; how often.
    async fn fail_until_set_aside(&self, runner: RunnerId) -> usize {
        let mut failed = 0;
        while let Some(claim) = self.claim_as(runner).await {
            self.fail(&claim).await;
            failed += 1;
            assert!(failed < 100, "it is never set aside");
        }
        failed
    }
}

#[tokio::test]
async fn a_failing_runner_is_set_aside_by_name_and_costs_no_run_an_attempt() {
    let platform = platform().await;
    platform.started("t", 4).await;
    assert_eq!(platform.fail_until_set_aside(platform.runner).await, 3);
    let bad = platform.runner_view(platform.runner).await;
    assert_eq!(bad.state, RunnerState::SetAside);
    assert_eq!(bad.set_aside_because.as_deref(), Some("3 faults in a row"));
    assert_eq!(bad.last_fault.as_deref(), Some("the disk is full"));
    assert!(bad.set_aside_until.is_some());
    let most = platform.ctx.policy.max_attempts;
    assert!(platform.left("t").await.iter().all(|left| *left == most));

    // A healthy one beside it plays the tournament to its end.
    let good = register(&platform.ctx, platform.runner_token, "good").await;
    loop {
        advance_rounds::once(&platform.ctx).await.unwrap();
        let Some(claim) = platform.claim_as(good).await else {
            break;
        };
        platform
            .report(&claim, completed(nth(&claim) / 10.0))
            .await
            .unwrap();
    }
    assert_eq!(platform.view("t").await.state, TournamentState::Completed);
    assert_eq!(platform.runner_view(good).await.state, RunnerState::Serving);
    // Everyone is told that it is set aside, and not what it says.
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let told = views::runners(
        &mut conn,
        Audience::Everyone,
        &gauntlet_storage::Page::first(100),
    )
    .await
    .unwrap();
    assert!(told.iter().all(|runner| runner.last_fault.is_none()));
    platform.check("t").await;
}

#[tokio::test]
async fn probation_is_one_attempt_at_a_time_until_one_has_a_result() {
    let platform = platform().await;
    platform.started("t", 6).await;
    platform.fail_until_set_aside(platform.runner).await;
    let first_pause = platform.runner_view(platform.runner).await.set_aside_until;
    // The clock is the database's; instead of it the date is moved.
    let time_passes = "UPDATE runners SET set_aside_until = now() WHERE set_aside_until > now()";
    platform.database.execute(time_passes).await.unwrap();

    let tried = platform.claim().await.unwrap();
    let view = platform.runner_view(platform.runner).await;
    assert_eq!(view.state, RunnerState::Probation);
    assert_eq!(platform.claim().await, None, "a second at the same time");
    platform.fail(&tried).await;
    let view = platform.runner_view(platform.runner).await;
    assert_eq!(view.state, RunnerState::SetAside);
    let longer = view.set_aside_until.unwrap() - first_pause.unwrap();
    assert!(longer > Duration::from_secs(900), "{longer}");
    let most = platform.ctx.policy.max_attempts;
    assert!(platform.left("t").await.iter().all(|left| *left == most));

    platform.database.execute(time_passes).await.unwrap();
    let tried = platform.claim().await.unwrap();
    platform.report(&tried, completed(0.5)).await.unwrap();
    let view = platform.runner_view(platform.runner).await;
    assert_eq!(
        (view.state, view.set_aside_because),
        (RunnerState::Serving, None)
    );
    assert!(platform.claim().await.is_some());
    assert!(platform.claim().await.is_some());
    platform.check("t").await;
}

#[tokio::test]
async fn a_runner_that_was_stopped_in_order_and_started_again_is_on_probation_at_once() {
    let platform = platform().await;
    platform.started("t", 4).await;
    platform.fail_until_set_aside(platform.runner).await;
    register(&platform.ctx, platform.runner_token, "local").await;
    let held = platform.claim().await;
    assert!(held.is_some());
    // One that dies with a run in hand is not.
    register(&platform.ctx, platform.runner_token, "local").await;
    let view = platform.runner_view(platform.runner).await;
    assert_eq!(view.state, RunnerState::SetAside);
    assert_eq!(platform.claim().await, None);
}

#[tokio::test]
async fn a_method_that_faults_everywhere_gets_stuck_and_sets_nobody_aside() {
    let platform = platform().await;
    platform.started("t", 1).await;
    let attempts = platform.fail_until_set_aside(platform.runner).await;
    assert_eq!(attempts, 5);
    let view = platform.runner_view(platform.runner).await;
    assert_eq!(view.state, RunnerState::Serving);
    let run = platform.view("t").await.rounds[0].runs[0].clone();
    assert_eq!(run.state, RunState::Stuck);
}

#[tokio::test]
async fn a_run_that_is_given_back_by_a_stopping_runner_costs_nothing() {
    let platform = platform().await;
    platform.started("t", 3).await;
    for _ in 0..10 {
        let claim = platform.claim().await.unwrap();
        let holder = platform.holder(&claim);
        give_up(&platform.ctx, &holder, Cause::Nothing, "stopping")
            .await
            .unwrap();
    }
    let most = platform.ctx.policy.max_attempts;
    assert!(platform.left("t").await.iter().all(|left| *left == most));
    let view = platform.runner_view(platform.runner).await;
    assert_eq!(view.state, RunnerState::Serving);
    platform.check("t").await;
}

#[tokio::test]
async fn what_runs_out_while_nobody_could_listen_costs_nothing() {
    let platform = platform().await;
    platform.started("t", 2).await;
    let claim = platform.claim().await.unwrap();
    expire_leases::watch(&platform.ctx).await.unwrap();
    // The database was away for an hour.
    let away = "UPDATE lease_watch SET looked_at = now() - interval '1 hour'";
    platform.database.execute(away).await.unwrap();
    platform.database.let_expire(&[claim.run.0]).await;
    expire_leases::watch(&platform.ctx).await.unwrap();
    // Whoever is still there may say so first.
    assert_eq!(expire_leases::once(&platform.ctx).await.unwrap(), 0);
    assert_eq!(platform.run(claim.run).await.state, RunState::Leased);
    expire_leases::watch(&platform.ctx).await.unwrap();

    let time_passes = "UPDATE lease_watch SET forgiven_until = now() - interval '1 second';
                       UPDATE runs SET lease_until = forgiven_until FROM lease_watch
                       WHERE state = 'leased'";
    platform.database.execute(time_passes).await.unwrap();
    assert_eq!(expire_leases::once(&platform.ctx).await.unwrap(), 1);
    let run = platform.run(claim.run).await;
    assert_eq!(run.attempts[0].state, AttemptState::Expired);
    let why = run.attempts[0].reason.as_deref().unwrap();
    assert!(why.contains("was away"), "{why}");
    let most = platform.ctx.policy.max_attempts;
    assert!(platform.left("t").await.iter().all(|left| *left == most));

    // Where somebody listened, it does.
    let claim = platform.claim().await.unwrap();
    platform.database.let_expire(&[claim.run.0]).await;
    let never = "UPDATE lease_watch SET forgiven_until = '-infinity'";
    platform.database.execute(never).await.unwrap();
    assert_eq!(expire_leases::once(&platform.ctx).await.unwrap(), 1);
    assert!(platform.left("t").await.contains(&(most - 1)));
    platform.check("t").await;
}

#[tokio::test]
async fn a_lease_ends_for_good_whatever_its_heartbeats_say() {
    let platform = platform().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let holder = platform.holder(&claim);
    let beat = || heartbeat(&platform.ctx, &holder, 0.5, vec![]);
    assert_eq!(beat().await.unwrap(), platform.ctx.policy.lease);
    let ends_in = |seconds: i32| {
        format!(
            "UPDATE runs SET lease_ends = now() + interval '{seconds} seconds' WHERE state = 'leased'"
        )
    };
    // Shortly before the end it is prolonged to the end and no further.
    platform.database.execute(&ends_in(5)).await.unwrap();
    assert!(beat().await.unwrap() <= Duration::from_secs(5));
    platform.database.execute(&ends_in(-1)).await.unwrap();
    assert_eq!(reason(beat().await).code, "lease-lost");
    platform.database.let_expire(&[claim.run.0]).await;
    assert_eq!(expire_leases::once(&platform.ctx).await.unwrap(), 1);
    let run = platform.run(claim.run).await;
    let why = run.attempts[0].reason.as_deref().unwrap();
    assert!(why.contains("for good"), "{why}");
    assert_eq!((run.state, run.verdict), (RunState::Queued, None));
    platform.check("t").await;
}
