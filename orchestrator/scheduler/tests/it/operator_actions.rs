//! What an operator does to a tournament under way: pause, void, replace, disqualify.

use gauntlet_domain::record::{Changes, Erratum, Event};
use gauntlet_domain::run::AttemptState;
use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::disqualify::disqualify;
use gauntlet_scheduler::commands::heartbeat::heartbeat;
use gauntlet_scheduler::commands::pause::{pause, resume};
use gauntlet_scheduler::commands::rejudge::{rejudge, shadow};
use gauntlet_scheduler::commands::void_block::{Which, replace_block, void_block};
use gauntlet_scheduler::loops::advance_rounds;

use crate::support::{Platform, completed, halving, method, name, nth, reason};

#[tokio::test]
async fn a_paused_tournament_gives_no_work_but_takes_results() {
    let platform = Platform::new().await;
    platform.started("t", 2).await;
    let under_way = platform.claim().await.unwrap();
    // Twice changes nothing.
    for _ in 0..2 {
        pause(&platform.ctx, &name("t"), "the power is cut")
            .await
            .unwrap();
    }
    assert_eq!(
        platform.view("t").await.paused_because.as_deref(),
        Some("the power is cut")
    );
    assert_eq!(platform.claim().await, None);
    heartbeat(&platform.ctx, &platform.holder(&under_way), 0.5, vec![])
        .await
        .unwrap();
    platform.report(&under_way, completed(0.5)).await.unwrap();
    assert_eq!(advance_rounds::once(&platform.ctx).await.unwrap(), 0);
    platform.check("t").await;
    for _ in 0..2 {
        resume(&platform.ctx, &name("t")).await.unwrap();
    }
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    assert_eq!(platform.view("t").await.state, TournamentState::Completed);
    let late = pause(&platform.ctx, &name("t"), "too late").await;
    assert_eq!(reason(late).code, "tournament-state");
    platform.check("t").await;
}

#[tokio::test]
async fn a_replaced_block_gets_runs_of_its_own() {
    let platform = Platform::new().await;
    platform.started("t", 3).await;
    let under_way = platform.claim().await.unwrap();
    let spoilt = Which { round: 1, block: 1 };
    // A round must keep a block.
    let refused = void_block(&platform.ctx, &name("t"), spoilt, "bad data").await;
    assert_eq!(reason(refused).code, "not-allowed");
    replace_block(&platform.ctx, &name("t"), spoilt, "bad data")
        .await
        .unwrap();
    platform.check("t").await;

    // What was executing is not needed any more.
    let run = platform.run(under_way.run).await;
    assert_eq!(run.state, RunState::Void);
    assert_eq!(run.attempts[0].state, AttemptState::Voided);
    let late = platform.report(&under_way, completed(1.0)).await;
    assert_eq!(reason(late).code, "lease-lost");

    let view = platform.view("t").await;
    let [old, new] = &view.rounds[0].blocks[..] else {
        panic!("two blocks");
    };
    assert!(old.voided && !new.voided);
    assert_ne!(old.seed, new.seed);
    // Voiding it again, or one that is not there, is refused.
    let again = void_block(&platform.ctx, &name("t"), spoilt, "bad data").await;
    assert_eq!(reason(again).code, "not-allowed");
    let nowhere = Which { round: 7, block: 1 };
    let refused = replace_block(&platform.ctx, &name("t"), nowhere, "bad data").await;
    assert_eq!(reason(refused).code, "unknown-block");

    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    let view = platform.view("t").await;
    assert_eq!(view.champion.unwrap().method, "m2");
    assert_eq!(view.rounds[0].standings[0].blocks, 1);
    platform.check("t").await;
    let late = replace_block(&platform.ctx, &name("t"), spoilt, "bad data").await;
    assert_eq!(reason(late).code, "tournament-state");
}

#[tokio::test]
async fn a_voided_block_counts_for_nobody() {
    let platform = Platform::new().await;
    platform.started("t", 4).await;
    // To the second round, which has two blocks.
    for _ in 0..4 {
        let claim = platform.claim().await.unwrap();
        let score = completed(nth(&claim) / 10.0);
        platform.report(&claim, score).await.unwrap();
    }
    advance_rounds::once(&platform.ctx).await.unwrap();
    let claim = platform.claim().await.unwrap();
    platform.report(&claim, completed(1.0)).await.unwrap();
    let which = Which { round: 2, block: 1 };
    void_block(&platform.ctx, &name("t"), which, "a leak")
        .await
        .unwrap();
    platform.check("t").await;
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    let view = platform.view("t").await;
    // One block of the first round, one of the second.
    assert!(view.rounds[1].standings.iter().all(|line| line.blocks == 2));
    assert_eq!(view.champion.unwrap().method, "m3");
    platform.check("t").await;
}

#[tokio::test]
async fn a_disqualified_method_is_out_at_once() {
    let platform = Platform::new().await;
    platform.started("t", 3).await;
    let mut claims = Vec::new();
    while let Some(claim) = platform.claim().await {
        claims.push(claim);
    }
    let best = claims.iter().find(|claim| nth(claim) == 2.0).unwrap();
    disqualify(&platform.ctx, &name("t"), &method("m2"), "a copy")
        .await
        .unwrap();
    let late = platform.report(best, completed(1.0)).await;
    assert_eq!(reason(late).code, "lease-lost");
    for claim in claims.iter().filter(|claim| nth(claim) < 2.0) {
        let score = completed(nth(claim) / 10.0);
        platform.report(claim, score).await.unwrap();
    }
    platform.check("t").await;
    let twice = disqualify(&platform.ctx, &name("t"), &method("m2"), "a copy").await;
    assert_eq!(reason(twice).code, "not-allowed");
    let unknown = disqualify(&platform.ctx, &name("t"), &method("m9"), "a copy").await;
    assert_eq!(reason(unknown).code, "unknown-method");
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    let view = platform.view("t").await;
    assert_eq!(view.champion.unwrap().method, "m1");
    let out = view.methods.iter().find(|it| it.name == "m2").unwrap();
    assert_eq!(out.disqualified_because.as_deref(), Some("a copy"));
    platform.check("t").await;
}

#[tokio::test]
async fn a_full_field_takes_no_more_and_a_small_one_does_not_close() {
    let platform = Platform::new().await;
    let mut rules = halving();
    rules.terms.min_field = 2;
    rules.terms.max_field = Some(2);
    platform.draft_by("t", rules).await;
    gauntlet_scheduler::commands::open_tournament::open_tournament(&platform.ctx, &name("t"))
        .await
        .unwrap();
    platform.enter("t", "m0").await.unwrap();
    let small = close_tournament(&platform.ctx, &name("t")).await;
    let small = reason(small);
    assert_eq!(small.code, "small-field");
    assert_eq!(small.limit.as_deref(), Some("at least 2 methods"));
    platform.enter("t", "m1").await.unwrap();
    let full = reason(platform.enter("t", "m2").await);
    assert_eq!(
        (full.code, full.limit.as_deref()),
        ("field-full", Some("2 methods"))
    );
    // The place of one that is put out is free again.
    disqualify(&platform.ctx, &name("t"), &method("m1"), "a copy")
        .await
        .unwrap();
    platform.enter("t", "m2").await.unwrap();
    close_tournament(&platform.ctx, &name("t")).await.unwrap();
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    let view = platform.view("t").await;
    assert_eq!(view.champion.unwrap().method, "m2");
    platform.check("t").await;
    let kinds: Vec<&str> = platform.record("t").await.iter().map(Event::kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "submitted").count(), 3);
}

#[tokio::test]
async fn a_tournament_judged_again_has_another_champion() {
    let platform = Platform::new().await;
    platform.started("t", 3).await;
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    let best = platform.view("t").await.champion.unwrap();
    assert_eq!(best.method, "m2");
    let submission = platform
        .view("t")
        .await
        .methods
        .iter()
        .find(|method| method.name == "m2")
        .unwrap()
        .submission;
    let changes = Changes {
        erratum: Erratum {
            disqualify: vec![submission],
            ..Erratum::default()
        },
        ..Changes::default()
    };
    // In the shadow nothing changes.
    let seen = shadow(&platform.ctx, &name("t"), &changes).await.unwrap();
    assert_ne!(seen.champion, Some(submission));
    assert_eq!(platform.view("t").await.champion.unwrap(), best);
    let judged = rejudge(&platform.ctx, &name("t"), changes, "a copy")
        .await
        .unwrap();
    assert_eq!(judged, seen);
    platform.check("t").await;
    let view = platform.view("t").await;
    let champion = view.champion.unwrap();
    assert_eq!(champion.method, "m1");
    assert!(champion.archive.is_some());
    assert_eq!(platform.archive().await.len(), 2);
    // Without changes the recorded champion comes back, to the entry it had.
    rejudge(&platform.ctx, &name("t"), Changes::default(), "it was none")
        .await
        .unwrap();
    assert_eq!(platform.view("t").await.champion.unwrap(), best);
    assert_eq!(platform.archive().await.len(), 2);
    platform.check("t").await;
}
