//! Runs that are stopped because they can no longer matter, and work until a target.

use gauntlet_domain::record::Event;
use gauntlet_domain::run::{Outcome, RunState, Verdict};
use gauntlet_domain::tournament::{CheckpointScore, Combine, Halving, MidRun, Play, Rules, Terms};
use gauntlet_scheduler::Refusal;
use gauntlet_scheduler::commands::claim::Claim;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_task::{NewTask, create_task};
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::fault::fault;
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::report::{NewReport, report};
use gauntlet_scheduler::commands::score_checkpoints::score_checkpoints;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_storage::leases::Holder;

use crate::support::{Platform, completed, method, name, reason};

fn halving(blocks: u32, terms: Terms) -> Rules {
    Rules {
        play: Play::Halving(Halving {
            rungs: 1,
            eta: 2,
            blocks_per_rung: vec![blocks],
            race: None,
        }),
        terms,
    }
}

/// One rung, one block; runs may be stopped.
fn stopping() -> Rules {
    halving(
        1,
        Terms {
            mid_run: Some(MidRun {
                slack: 0.0,
                min_finished: 2,
            }),
            ..Terms::default()
        },
    )
}

async fn start(platform: &Platform, tournament: &str, task: &str, rules: Rules, field: usize) {
    let new = NewTournament {
        name: name(tournament),
        task: task.parse().unwrap(),
        more_tasks: vec![],
        rules,
        phrase: Some("7".to_owned()),
        share: gauntlet_domain::tournament::Share::default(),
        organiser: None,
        private: false,
    };
    create_tournament(&platform.ctx, new).await.unwrap();
    open_tournament(&platform.ctx, &name(tournament))
        .await
        .unwrap();
    for nth in 0..field {
        let entered = platform.enter(tournament, &format!("m{nth}")).await;
        entered.unwrap();
    }
    close_tournament(&platform.ctx, &name(tournament))
        .await
        .unwrap();
    advance_rounds::once(&platform.ctx).await.unwrap();
}

fn at(checkpoint_index: u32, score: f64) -> CheckpointScore {
    CheckpointScore {
        checkpoint_index,
        work: u64::from(checkpoint_index) * 1000,
        score,
    }
}

async fn ask(platform: &Platform, claim: &Claim, probes: &[CheckpointScore]) -> Option<String> {
    let holder = platform.holder(claim);
    score_checkpoints(&platform.ctx, &holder, probes)
        .await
        .unwrap()
}

/// Two of three have completed, from 0.5 to 0.75; here is the third.
async fn third(platform: &Platform) -> Claim {
    start(platform, "t", "digits", stopping(), 3).await;
    for _ in 0..2 {
        let claim = platform.claim().await.unwrap();
        assert_eq!(claim.work.probing.unwrap().every, 4);
        let probes = [at(4, 0.5), at(8, 0.625)];
        assert_eq!(ask(platform, &claim, &probes).await, None);
        platform.report(&claim, completed(0.75)).await.unwrap();
    }
    platform.claim().await.unwrap()
}

async fn stop(platform: &Platform, claim: &Claim, score: f64) -> Result<(), Refusal> {
    let stopped = Outcome::new(Verdict::Stopped, Some(score)).unwrap();
    platform.report(claim, stopped).await
}

#[tokio::test]
async fn a_hopeless_run_is_stopped_once_and_for_all() {
    let platform = Platform::new().await;
    let claim = third(&platform).await;
    // It may still reach 0.75.
    assert_eq!(ask(&platform, &claim, &[at(4, 0.5)]).await, None);
    // What is known stays as it is, and only quarters count.
    assert_eq!(
        ask(&platform, &claim, &[at(4, 0.0), at(7, 0.0)]).await,
        None
    );
    let early = reason(stop(&platform, &claim, 0.0).await);
    assert_eq!(early.code, "not-stopped");

    let told = ask(&platform, &claim, &[at(8, 0.125)]).await.unwrap();
    assert!(told.contains("ends at 0.25 at best"), "{told}");
    for probes in [&[at(8, 0.125)][..], &[at(12, 1.0)], &[]] {
        assert_eq!(ask(&platform, &claim, probes).await, Some(told.clone()));
    }
    let run = platform.run(claim.run).await;
    assert_eq!(run.state, RunState::Leased);
    assert_eq!(run.probes, [at(4, 0.5), at(7, 0.0), at(8, 0.125)]);

    stop(&platform, &claim, 0.125).await.unwrap();
    stop(&platform, &claim, 0.125).await.unwrap();
    let run = platform.run(claim.run).await;
    assert_eq!(
        (run.state, run.verdict),
        (RunState::Done, Some(Verdict::Stopped))
    );
    assert_eq!((run.score, run.model), (None, None));
    platform.play(|_| unreachable!("everything has run")).await;
    let view = platform.view("t").await;
    let last = view.standings.last().unwrap();
    assert_eq!((last.mean, last.faults), (0.0, 0));
    assert_ne!(view.champion.unwrap().method, claim.work.method.to_string());
    platform.check("t").await;
    let stopped = |event: &Event| {
        matches!(event, Event::RunDone { outcome, model: None, .. }
            if outcome.verdict() == Verdict::Stopped && outcome.probe() == Some(0.125))
    };
    assert!(platform.record("t").await.iter().any(stopped));
}

#[tokio::test]
async fn a_run_that_ends_before_it_hears_keeps_its_result() {
    let platform = Platform::new().await;
    let claim = third(&platform).await;
    ask(&platform, &claim, &[at(4, 0.0)]).await.unwrap();
    platform.report(&claim, completed(0.5)).await.unwrap();
    assert_eq!(platform.run(claim.run).await.score, Some(0.5));
}

#[tokio::test]
async fn only_the_holder_of_the_attempt_may_probe_and_another_attempt_starts_anew() {
    let platform = Platform::new().await;
    let claim = third(&platform).await;
    ask(&platform, &claim, &[at(4, 0.0)]).await.unwrap();
    let holder = platform.holder(&claim);
    let other = Holder {
        token: platform.miner,
        ..holder
    };
    for wrong in [
        other,
        Holder {
            attempt: 2,
            ..holder
        },
    ] {
        let refused = score_checkpoints(&platform.ctx, &wrong, &[at(4, 0.0)]).await;
        assert_eq!(reason(refused.map(drop)).code, "lease-lost");
    }
    fault(&platform.ctx, &holder, "the disk is full")
        .await
        .unwrap();
    let again = platform.claim().await.unwrap();
    assert_eq!((again.run, again.attempt), (claim.run, 2));
    assert_eq!(platform.run(claim.run).await.probes, []);
    assert_eq!(ask(&platform, &again, &[]).await, None);
    assert_eq!(ask(&platform, &again, &[at(4, 0.5)]).await, None);
    let refused = score_checkpoints(&platform.ctx, &holder, &[at(4, 0.0)]).await;
    assert_eq!(reason(refused.map(drop)).code, "lease-lost");
    for wrong in [at(0, 0.5), at(17, 0.5), at(4, f64::NAN)] {
        let refused = score_checkpoints(&platform.ctx, &platform.holder(&again), &[wrong]).await;
        assert_eq!(reason(refused.map(drop)).code, "invalid-probe");
    }
}

#[tokio::test]
async fn where_the_rules_do_not_ask_nothing_is_stopped() {
    let platform = Platform::new().await;
    start(&platform, "t", "digits", halving(1, Terms::default()), 3).await;
    for _ in 0..2 {
        let claim = platform.claim().await.unwrap();
        assert_eq!(claim.work.probing, None);
        ask(&platform, &claim, &[at(4, 0.5)]).await;
        platform.report(&claim, completed(0.75)).await.unwrap();
    }
    let claim = platform.claim().await.unwrap();
    assert_eq!(ask(&platform, &claim, &[at(4, 0.0)]).await, None);
    assert_eq!(
        reason(stop(&platform, &claim, 0.0).await).code,
        "not-stopped"
    );
}

/// Every method ends where its number says. Stopping saves runs and changes no champion.
#[tokio::test]
async fn the_champion_is_the_same_with_and_without() {
    let platform = Platform::new().await;
    let goal = |claim: &Claim| {
        let nth: f64 = claim.work.method.as_str()[1..].parse().unwrap();
        1.0 - nth / 8.0
    };
    let mut champions = Vec::new();
    let mut stops = 0;
    for (tournament, rules) in [
        ("with", stopping()),
        ("without", halving(1, Terms::default())),
    ] {
        start(&platform, tournament, "digits", rules, 8).await;
        loop {
            advance_rounds::once(&platform.ctx).await.unwrap();
            let Some(claim) = platform.claim().await else {
                break;
            };
            let halfway = goal(&claim) - 0.125;
            if ask(&platform, &claim, &[at(8, halfway)]).await.is_some() {
                stop(&platform, &claim, halfway).await.unwrap();
                stops += 1;
            } else {
                platform
                    .report(&claim, completed(goal(&claim)))
                    .await
                    .unwrap();
            }
        }
        champions.push(platform.view(tournament).await.champion.unwrap().method);
        platform.check(tournament).await;
    }
    assert_eq!(champions, ["m0", "m0"]);
    assert!(stops > 0);
}

fn profile() -> Terms {
    Terms {
        combine: Combine::Profile {
            r_max: 4.0,
            reference: vec![1000.0],
        },
        ..Terms::default()
    }
}

async fn task_with_target(platform: &Platform, target: f64) -> Result<(), Refusal> {
    let task = NewTask {
        name: format!("to-{}", (target * 100.0) as i64).parse().unwrap(),
        target: Some(target),
        ..platform.task().await
    };
    create_task(&platform.ctx, task).await.map(drop)
}

#[tokio::test]
async fn less_work_to_the_target_is_a_better_place() {
    let platform = Platform::new().await;
    task_with_target(&platform, 0.9).await.unwrap();
    start(&platform, "t", "to-90", halving(1, profile()), 3).await;
    while let Some(claim) = platform.claim().await {
        let asked = claim.work.probing.unwrap();
        assert_eq!((asked.every, asked.target), (1, Some(0.9)));
        // All end with the same score; m0 never reaches the target.
        let new = NewReport {
            probes: vec![at(1, 0.25), at(16, 0.95)],
            to_target: match claim.work.method.as_str() {
                "m0" => None,
                "m1" => Some(3000),
                _ => Some(1500),
            },
            ..platform.result(&claim, completed(0.95)).await
        };
        report(&platform.ctx, &platform.holder(&claim), new.clone())
            .await
            .unwrap();
        report(&platform.ctx, &platform.holder(&claim), new.clone())
            .await
            .unwrap();
        let run = platform.run(claim.run).await;
        assert_eq!(run.probes, new.probes);
        assert_eq!(run.to_target, new.to_target.map(|work| work as f64));
    }
    advance_rounds::once(&platform.ctx).await.unwrap();
    let view = platform.view("t").await;
    let order: Vec<String> = view
        .standings
        .iter()
        .map(|line| line.method.clone())
        .collect();
    assert_eq!(order, ["m2", "m1", "m0"]);
    assert_eq!(view.champion.unwrap().method, "m2");
    platform.check("t").await;
}

#[tokio::test]
async fn a_profile_needs_targets_and_metered_work() {
    let platform = Platform::new().await;
    let new = NewTournament {
        name: name("t"),
        task: "digits".parse().unwrap(),
        more_tasks: vec![],
        rules: halving(1, profile()),
        phrase: None,
        share: gauntlet_domain::tournament::Share::default(),
        organiser: None,
        private: false,
    };
    let refused = create_tournament(&platform.ctx, new.clone()).await;
    assert_eq!(reason(refused.map(drop)).code, "tasks-do-not-combine");
    for wrong in [0.0, 1.5, f64::NAN] {
        let refused = task_with_target(&platform, wrong).await;
        assert_eq!(reason(refused).code, "invalid-target");
    }
    task_with_target(&platform, 0.5).await.unwrap();
    let new = NewTournament {
        task: "to-50".parse().unwrap(),
        ..new
    };
    create_tournament(&platform.ctx, new).await.unwrap();
    open_tournament(&platform.ctx, &name("t")).await.unwrap();
    let image = NewSubmission {
        tournament: name("t"),
        name: method("m"),
        artifact: Artifact::Image {
            digest: gauntlet_domain::Digest::of(b"image"),
            bytes: 5,
        },
        token: platform.miner,
    };
    let refused = submit(&platform.ctx, image).await;
    assert_eq!(reason(refused.map(drop)).code, "no-images");
}
