//! Several leases and several results in one transaction: each still an attempt, a fence,
//! an event and an answer of its own.

use std::collections::BTreeSet;

use gauntlet_domain::run::{Lane, RunState};
use gauntlet_domain::{RunId, RunnerId};
use gauntlet_scheduler::commands::cancel_tournament::cancel_tournament;
use gauntlet_scheduler::commands::claim::{Claim, LeaseRequest, claim_for};
use gauntlet_scheduler::commands::fault::fault;
use gauntlet_scheduler::commands::report::{NewReport, accept_all, check};
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_scheduler::{Refusal, commands};
use gauntlet_storage::claims::{MOST_TOGETHER, pick};
use gauntlet_storage::leases::Holder;

use crate::support::{Platform, completed, failed, name, register};

async fn ask(platform: &Platform, asks: &[(RunnerId, usize)]) -> Vec<Vec<Claim>> {
    let asks: Vec<LeaseRequest> = asks
        .iter()
        .map(|(runner, most)| LeaseRequest {
            runner: *runner,
            most: *most,
        })
        .collect();
    claim_for(&platform.ctx, &asks, &[Lane::Wasm])
        .await
        .unwrap()
}

async fn hand_in(
    platform: &Platform,
    reports: Vec<(Holder, NewReport)>,
) -> Vec<Result<(), Refusal>> {
    let mut checked = Vec::new();
    for (holder, report) in reports {
        checked.push(check(&platform.ctx, &holder, report).await.unwrap());
    }
    accept_all(&platform.ctx, checked).await.unwrap()
}

fn codes(answers: &[Result<(), Refusal>]) -> Vec<&'static str> {
    answers
        .iter()
        .map(|answer| match answer {
            Ok(()) => "accepted",
            Err(refusal) => refusal.reason().unwrap().code,
        })
        .collect()
}

#[tokio::test]
async fn runners_that_ask_together_get_each_run_once() {
    let platform = Platform::new().await;
    platform.started("t", 7).await;
    let second = register(&platform.ctx, platform.runner_token, "second").await;
    let before = platform.record("t").await.len();
    let given = ask(&platform, &[(platform.runner, 4), (second, 2)]).await;
    assert_eq!(given.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2]);
    let runs: BTreeSet<RunId> = given.iter().flatten().map(|claim| claim.run).collect();
    assert_eq!(runs.len(), 6);
    assert_eq!(platform.record("t").await.len(), before + 6);
    for claim in &given[1] {
        assert_eq!(platform.run(claim.run).await.attempts[0].runner, "second");
    }
    // One is left, for the first who asks.
    let rest = ask(&platform, &[(second, 3), (platform.runner, 3)]).await;
    assert_eq!(rest.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0]);
    platform.check("t").await;
}

/// The query has the number where a constant cannot be.
#[tokio::test]
async fn so_many_runs_are_picked_at_most_as_the_constant_says() {
    let platform = Platform::new().await;
    platform.started("t", MOST_TOGETHER + 2).await;
    let mut tx = platform.ctx.db.begin().await.unwrap();
    for (most, picked) in [
        (MOST_TOGETHER - 1, MOST_TOGETHER - 1),
        (1_000, MOST_TOGETHER),
    ] {
        let turn = pick(&mut tx, &[Lane::Wasm], None, &[], most, 1_000).await;
        assert_eq!(turn.unwrap().unwrap().picked.len(), picked);
    }
}

#[tokio::test]
async fn a_lost_run_goes_to_another_of_those_who_ask() {
    let platform = Platform::new().await;
    platform.started("t", 3).await;
    let lost = platform.claim().await.unwrap();
    fault(&platform.ctx, &platform.holder(&lost), "the disk is full")
        .await
        .unwrap();
    let second = register(&platform.ctx, platform.runner_token, "second").await;
    // It is the oldest, and the loser asks first.
    let given = ask(&platform, &[(platform.runner, 1), (second, 1)]).await;
    assert_ne!(given[0][0].run, lost.run);
    assert_eq!((given[1][0].run, given[1][0].attempt), (lost.run, 2));
}

#[tokio::test]
async fn what_is_left_are_own_losses_and_they_are_given_last() {
    let platform = Platform::new().await;
    platform.started("t", 2).await;
    let second = register(&platform.ctx, platform.runner_token, "second").await;
    for claims in ask(&platform, &[(platform.runner, 2)]).await {
        for claim in claims {
            fault(&platform.ctx, &platform.holder(&claim), "the disk is full")
                .await
                .unwrap();
        }
    }
    let given = ask(&platform, &[(platform.runner, 2), (second, 1)]).await;
    assert_eq!(given.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    platform.check("t").await;
}

#[tokio::test]
async fn several_tournaments_are_leased_from_the_oldest_run_first() {
    let platform = Platform::new().await;
    platform.started("first", 2).await;
    platform.started("second", 2).await;
    platform.started("third", 2).await;
    cancel_tournament(&platform.ctx, &name("first"), "the data were wrong")
        .await
        .unwrap();
    let given = ask(&platform, &[(platform.runner, 10)]).await;
    let from: Vec<&str> = given[0]
        .iter()
        .map(|claim| claim.work.tournament.as_str())
        .collect();
    assert_eq!(from, ["second", "second", "third", "third"]);
    platform.check("second").await;
    platform.check("third").await;
}

#[tokio::test]
async fn each_of_several_results_counts_or_is_refused_on_its_own() {
    let platform = Platform::new().await;
    platform.started("a", 3).await;
    platform.started("b", 2).await;
    let claims = ask(&platform, &[(platform.runner, 5)]).await.remove(0);
    let mut reports = Vec::new();
    for claim in &claims {
        let outcome = if claim.work.method.as_str() == "m0" {
            failed()
        } else {
            completed(0.5)
        };
        let report = platform.result(claim, outcome).await;
        reports.push((platform.holder(claim), report));
    }
    // One has another attempt by now, one has an impossible score.
    reports[1].0.attempt = 9;
    let at = reports.iter().position(|(_, one)| one.score.is_some());
    let at = at.filter(|at| *at != 1).unwrap_or(2);
    reports[at].1.score = Some(1.5);
    let answers = hand_in(&platform, reports.clone()).await;
    let mut wanted = ["accepted"; 5];
    wanted[1] = "lease-lost";
    wanted[at] = "invalid-outcome";
    assert_eq!(codes(&answers), wanted);
    for (nth, claim) in claims.iter().enumerate() {
        let run = platform.run(claim.run).await;
        let done = wanted[nth] == "accepted";
        assert_eq!(run.state == RunState::Done, done, "{nth}");
        assert_eq!(run.curve.is_empty(), !done, "{nth}");
    }
    platform.check("a").await;
    platform.check("b").await;

    // All again, as after a lost answer: nothing changes, and what was wrong put right counts.
    reports[1].0.attempt = 1;
    reports[at].1.score = Some(0.75);
    let record = platform.record("a").await.len() + platform.record("b").await.len();
    assert_eq!(
        codes(&hand_in(&platform, reports.clone()).await),
        ["accepted"; 5]
    );
    assert_eq!(
        codes(&hand_in(&platform, reports.clone()).await),
        ["accepted"; 5]
    );
    let now = platform.record("a").await.len() + platform.record("b").await.len();
    assert_eq!(now, record + 2);
    reports[0].1.detail = Some("another".to_owned());
    assert_eq!(
        codes(&hand_in(&platform, reports).await)[0],
        "report-differs"
    );
    platform.check("a").await;
    platform.check("b").await;
}

#[tokio::test]
async fn one_run_twice_among_the_reports_is_accepted_once() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let holder = platform.holder(&claim);
    let good = platform.result(&claim, completed(0.5)).await;
    let other = platform.result(&claim, completed(0.6)).await;
    let answers = hand_in(
        &platform,
        vec![
            (holder, good.clone()),
            (holder, other),
            (holder, good.clone()),
        ],
    )
    .await;
    assert_eq!(codes(&answers), ["accepted", "report-differs", "accepted"]);
    let done = platform.record("t").await;
    assert_eq!(
        done.iter()
            .filter(|event| event.kind() == "run_done")
            .count(),
        1
    );
    platform.check("t").await;
}

#[tokio::test]
async fn the_points_of_heartbeats_give_way_to_the_final_curve() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let holder = platform.holder(&claim);
    let mut point = platform
        .result(&claim, completed(0.5))
        .await
        .curve
        .remove(0);
    point.step = 7;
    commands::heartbeat::heartbeat(&platform.ctx, &holder, 0.5, vec![point])
        .await
        .unwrap();
    let report = platform.result(&claim, completed(0.5)).await;
    let wanted = report.curve.clone();
    assert_eq!(
        codes(&hand_in(&platform, vec![(holder, report)]).await),
        ["accepted"]
    );
    assert_eq!(platform.run(claim.run).await.curve, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_of_several_orchestrators_do_not_wait_in_a_circle() {
    let platform = std::sync::Arc::new(Platform::new().await);
    for tournament in ["a", "b", "c"] {
        platform.started(tournament, 8).await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..4 {
        let platform = std::sync::Arc::clone(&platform);
        workers.spawn(async move {
            let ctx = platform.another().await;
            let runner = register(&ctx, platform.runner_token, &format!("w{worker}")).await;
            let mut count = 0;
            for _ in 0..400 {
                let asks = [LeaseRequest { runner, most: 5 }];
                let claims = claim_for(&ctx, &asks, &[Lane::Wasm]).await.unwrap();
                let mut checked = Vec::new();
                for claim in &claims[0] {
                    let score = crate::support::nth(claim) / 10.0;
                    let report = platform.result(claim, completed(score)).await;
                    let holder = platform.holder(claim);
                    checked.push(check(&ctx, &holder, report).await.unwrap());
                }
                count += checked.len();
                for answer in accept_all(&ctx, checked).await.unwrap() {
                    answer.unwrap();
                }
                advance_rounds::once(&ctx).await.unwrap();
            }
            count
        });
    }
    let mut runs = 0;
    while let Some(count) = workers.join_next().await {
        runs += count.unwrap();
    }
    // 8 x 1, 4 x 2, 2 x 3 in each.
    assert_eq!(runs, 3 * 22);
    for tournament in ["a", "b", "c"] {
        let champion = platform.view(tournament).await.champion;
        assert_eq!(champion.unwrap().method, "m7");
        platform.check(tournament).await;
    }
}
