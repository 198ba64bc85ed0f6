//! Histories that nobody planned: random rows of questions by operators, entrants and
//! runners to two orchestrators over one database, with a reference that knows every
//! answer beforehand.
//!
//! `make test-histories` plays ten thousand. `GAUNTLET_HISTORIES` is how many,
//! `GAUNTLET_HISTORIES_SEED` the first one's seed. A history that fails is made
//! small and added to `histories.jsonl`, whose lines are played first from then on.

mod ask;
mod champion;
mod check;
mod expect;
mod known;
mod model;
mod op;
mod plan;
mod settle;
mod shrink;
mod stage;
mod tally;
pub(crate) mod truth;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use gauntlet_domain::Digest;
use gauntlet_scheduler::commands::report::NewReport;

use plan::Plan;
use stage::Stage;
use tally::Tally;
use world::World;

/// Otherwise the history has failed, with this message.
#[rustfmt::skip]
macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(format!($($why)+));
        }
    };
}
use ensure;

/// Histories on one database, before it gets so full that questions take longer.
const ON_ONE_DATABASE: u64 = 400;

/// Plays a history from beginning to end. After a failure the world is of no more use.
async fn play(world: &mut World, plan: &Plan, nth: u64) -> Result<u32, String> {
    let mut stage = Stage::set(world, plan, nth).await?;
    for (at, step) in plan.steps.iter().enumerate() {
        stage
            .step(step)
            .await
            .map_err(|why| format!("step {at}, {:?}: {why}", step.ops))?;
    }
    stage.settle().await?;
    Ok(stage.deadlocks)
}

/// Tells the same report from another, as the platform does.
fn report_digest(report: &NewReport) -> Digest {
    Digest::of(&serde_json::to_vec(report).unwrap())
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}

#[tokio::test]
async fn known_histories_go_well() {
    for (nth, plan) in known::read().into_iter().enumerate() {
        let mut world = World::new().await;
        if let Err(why) = play(&mut world, &plan, nth as u64).await {
            panic!("line {}: {why}", nth + 1);
        }
    }
}

#[test]
fn whatever_is_asked_in_whatever_order() {
    let wanted = number("GAUNTLET_HISTORIES");
    let count = wanted.unwrap_or(150);
    let first = number("GAUNTLET_HISTORIES_SEED").unwrap_or(1);
    let next = AtomicU64::new(0);
    let tally = Tally::new(count);
    std::thread::scope(|threads| {
        for _ in 0..count.min(3) {
            threads.spawn(|| {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().unwrap();
                let seeds = || {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    (nth < count).then_some((nth, first + nth))
                };
                runtime.block_on(work(seeds, &tally));
            });
        }
    });
    if wanted.is_some() {
        tally.write();
    }
    tally.assert_none_failed();
}

/// Plays one history after another.
async fn work(seeds: impl Fn() -> Option<(u64, u64)>, tally: &Tally) {
    let mut world = World::new().await;
    let mut played = 0;
    while let Some((nth, seed)) = seeds() {
        if played == ON_ONE_DATABASE {
            world = World::new().await;
            played = 0;
        }
        played += 1;
        let plan = Plan::from_seed(seed);
        match play(&mut world, &plan, nth).await {
            Ok(deadlocks) => tally.passed(&plan, deadlocks),
            Err(why) => {
                world = World::new().await;
                played = 0;
                let (small, why) = if tally.failed() {
                    shrink::shrink(plan, why).await
                } else {
                    (plan, why)
                };
                known::add(&small);
                tally.tell(&small, &why);
            }
        }
    }
}
