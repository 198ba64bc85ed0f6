//! A method that no runner can run does not hold a tournament up.

use std::time::Duration;

use gauntlet_domain::record::audit;
use gauntlet_domain::run::{Lane, RunState};
use gauntlet_domain::tournament::TournamentState;
use gauntlet_domain::{RunId, RunnerId};
use gauntlet_scheduler::Policy;
use gauntlet_scheduler::commands::claim::claim;
use gauntlet_scheduler::commands::fault::fault;
use gauntlet_scheduler::loops::{advance_rounds, set_methods_aside};
use gauntlet_storage::views::RoundState;

use crate::support::{Platform, completed, nth, register};

/// Both runners take what there is; m2 faults wherever it runs.
async fn play(platform: &Platform, runners: &[RunnerId]) {
    for _ in 0..1000 {
        advance_rounds::once(&platform.ctx).await.unwrap();
        let mut idle = true;
        for runner in runners {
            let token = platform.runner_token;
            let claimed = claim(&platform.ctx, *runner, token, &[Lane::Wasm]).await;
            let Some(claim) = claimed.unwrap() else {
                continue;
            };
            idle = false;
            if nth(&claim) == 2.0 {
                let holder = platform.holder(&claim);
                fault(&platform.ctx, &holder, "the worker died")
                    .await
                    .unwrap();
            } else {
                let outcome = completed(nth(&claim) / 10.0);
                platform.report(&claim, outcome).await.unwrap();
            }
        }
        if idle {
            return;
        }
    }
    panic!("it does not end");
}

async fn platform() -> Platform {
    Platform::with_health(Policy {
        retry_pause: Duration::ZERO,
        ..Policy::default()
    })
    .await
}

fn stuck(platform: &gauntlet_storage::views::TournamentView) -> Vec<RunId> {
    let runs = platform.rounds.iter().flat_map(|round| &round.runs);
    runs.filter(|run| run.state == RunState::Stuck)
        .map(|run| run.run)
        .collect()
}

#[tokio::test]
async fn a_method_that_faults_on_several_runners_is_set_aside_and_the_rest_goes_on() {
    let platform = platform().await;
    let other = register(&platform.ctx, platform.runner_token, "other").await;
    let runners = [platform.runner, other];
    platform.started("t", 6).await;
    play(&platform, &runners).await;
    let view = platform.view("t").await;
    assert_eq!(view.rounds[0].state, RoundState::Stuck);
    assert_eq!(stuck(&view).len(), 1);

    assert_eq!(set_methods_aside::once(&platform.ctx).await.unwrap(), 1);
    assert_eq!(set_methods_aside::once(&platform.ctx).await.unwrap(), 0);
    platform.check("t").await;
    play(&platform, &runners).await;
    let view = platform.view("t").await;
    assert_eq!(view.state, TournamentState::Completed);
    assert_eq!(view.champion.unwrap().method, "m5");
    let method = view
        .methods
        .iter()
        .find(|method| method.name == "m2")
        .unwrap();
    let why = method.set_aside_because.as_deref().unwrap();
    assert!(why.contains("local") && why.contains("other"), "{why}");
    assert_eq!(method.disqualified_because, None);
    let record = platform.record("t").await;
    assert!(
        record
            .iter()
            .any(|event| event.kind() == "method_set_aside")
    );
    assert_eq!(audit(&record).differences, []);
    platform.check("t").await;
}

#[tokio::test]
async fn with_a_single_runner_nobody_can_tell_and_the_operator_is_asked() {
    let platform = platform().await;
    platform.started("t", 6).await;
    play(&platform, &[platform.runner]).await;
    assert_eq!(stuck(&platform.view("t").await).len(), 1);
    assert_eq!(set_methods_aside::once(&platform.ctx).await.unwrap(), 0);
    platform.check("t").await;
}
