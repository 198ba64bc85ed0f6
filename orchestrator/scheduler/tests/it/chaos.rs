//! Messages lost, repeated, delayed and forged, in orders nobody planned. After
//! each of them what must always hold is checked; in the end the tournament
//! has the champion that an undisturbed one has.

use std::collections::BTreeMap;
use std::time::Duration;

use gauntlet_domain::RunId;
use gauntlet_domain::run::Outcome;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_scheduler::Policy;
use gauntlet_scheduler::commands::claim::Claim;
use gauntlet_scheduler::commands::fault::fault;
use gauntlet_scheduler::commands::heartbeat::heartbeat;
use gauntlet_scheduler::commands::retry::retry_run;
use gauntlet_scheduler::loops::{advance_rounds, expire_leases};
use gauntlet_storage::views::TournamentView;

use crate::dice::Dice;
use crate::support::{Platform, completed, failed, nth, register};

/// What the method is worth on the block: m0 always fails.
fn truth(claim: &Claim) -> Outcome {
    if nth(claim) == 0.0 {
        return failed();
    }
    let noise = (claim.work.seed.0 >> 5) % 17;
    completed((nth(claim) * 3.0 + noise as f64) / 40.0)
}

async fn chaos(seed: u64) -> TournamentView {
    let platform = Platform::with(Policy {
        lease: Duration::from_millis(30),
        retry_pause: Duration::ZERO,
        max_attempts: 4,
        ..Policy::default()
    })
    .await;
    platform.started("t", 5).await;
    let mut dice = Dice::new(seed);
    // Every attempt ever leased: old ones keep talking.
    let mut claims: Vec<Claim> = Vec::new();
    let mut accepted: BTreeMap<RunId, i32> = BTreeMap::new();
    for _ in 0..3000 {
        let some = |dice: &mut Dice, claims: &[Claim]| -> Option<Claim> {
            let late = claims.len().saturating_sub(1 + dice.roll(4) as usize);
            claims.get(late).cloned()
        };
        match dice.roll(12) {
            0..=2 => {
                if let Some(claim) = platform.claim().await {
                    let before = claims
                        .iter()
                        .filter(|other| other.run == claim.run)
                        .map(|other| other.attempt)
                        .max();
                    assert!(claim.attempt > before.unwrap_or(0), "attempts only rise");
                    assert!(
                        !accepted.contains_key(&claim.run),
                        "a run with a result was leased again"
                    );
                    claims.push(claim);
                }
            }
            3..=6 => {
                if let Some(claim) = some(&mut dice, &claims) {
                    let result = platform.report(&claim, truth(&claim)).await;
                    if result.is_ok() {
                        let attempt = *accepted.entry(claim.run).or_insert(claim.attempt);
                        assert_eq!(attempt, claim.attempt, "two attempts were accepted");
                    }
                }
            }
            7 => {
                if let Some(claim) = some(&mut dice, &claims) {
                    // A forged, better result: only as good as the true one if it comes first,
                    // so it is sent only where the true one is in.
                    if accepted.contains_key(&claim.run) {
                        assert!(platform.report(&claim, completed(1.0)).await.is_err());
                    }
                }
            }
            8 => {
                if let Some(claim) = some(&mut dice, &claims) {
                    // Refused or not, it must not matter.
                    let _ = heartbeat(&platform.ctx, &platform.holder(&claim), 0.5, vec![]).await;
                }
            }
            9 => {
                if let Some(claim) = some(&mut dice, &claims) {
                    let _ = fault(&platform.ctx, &platform.holder(&claim), "chaos").await;
                }
            }
            10 => {
                if dice.roll(3) == 0 {
                    register(&platform.ctx, platform.runner_token, "local").await;
                } else {
                    tokio::time::sleep(Duration::from_millis(dice.roll(40))).await;
                }
            }
            _ => {
                expire_leases::once(&platform.ctx).await.unwrap();
                advance_rounds::once(&platform.ctx).await.unwrap();
                // The operator looks after what is stuck.
                for run in platform
                    .view("t")
                    .await
                    .rounds
                    .iter()
                    .flat_map(|round| &round.runs)
                {
                    if run.state == gauntlet_domain::run::RunState::Stuck {
                        retry_run(&platform.ctx, run.run).await.unwrap();
                    }
                }
                platform.check("t").await;
                if platform.view("t").await.state == TournamentState::Completed {
                    break;
                }
            }
        }
    }
    platform.check("t").await;
    for (run, attempt) in accepted {
        let view = platform.run(run).await;
        let reported: Vec<i32> = view
            .attempts
            .iter()
            .filter(|other| other.state == gauntlet_domain::run::AttemptState::Reported)
            .map(|other| other.number)
            .collect();
        assert_eq!(reported, [attempt]);
    }
    platform.view("t").await
}

#[tokio::test]
async fn whatever_happens_on_the_way_the_end_is_the_same() {
    let undisturbed = Platform::new().await;
    undisturbed.started("t", 5).await;
    undisturbed.play(truth).await;
    let wanted = undisturbed.view("t").await;
    let lines = |view: &TournamentView| -> Vec<(String, u64, u32)> {
        view.standings
            .iter()
            .map(|line| (line.method.clone(), line.mean.to_bits(), line.faults))
            .collect()
    };
    for seed in 1..=4 {
        let view = chaos(seed).await;
        assert_eq!(view.state, TournamentState::Completed, "seed {seed}");
        assert_eq!(lines(&view), lines(&wanted), "seed {seed}");
        assert_eq!(
            view.champion.as_ref().map(|champion| champion.model),
            wanted.champion.as_ref().map(|champion| champion.model),
            "seed {seed}"
        );
    }
}
