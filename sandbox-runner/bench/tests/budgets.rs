//! Metered budgets do not depend on how busy the machine is: the same method is cut off
//! at the same step and leaves the same model, in the real sandbox.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gauntlet_bench::{Lane, LaneRun};
use gauntlet_tasks::{Dataset, TaskDefinition};
use gauntlet_worker_protocol::{Limits, Meters, Outcome};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The worker of the build that this test is from.
fn worker() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let programs = test.parent().and_then(Path::parent).unwrap();
    programs.join("gauntlet-worker")
}

fn digits() -> Dataset {
    TaskDefinition::load(&root().join("examples/tasks/digits"))
        .unwrap()
        .materialise(&[5; 32])
        .unwrap()
}

/// Threads that do nothing but keep the processor busy, as long as this is alive.
struct Load(Arc<AtomicBool>);

impl Load {
    fn new() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..3 * cores {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self(stop)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// All that must not depend on the machine.
fn steady(run: LaneRun) -> (Outcome, Meters, Option<Vec<u8>>) {
    let meters = Meters {
        wall_micros: 0,
        ..run.meters
    };
    (run.outcome, meters, run.model)
}

async fn run(method: &str, limits: Limits) -> (Outcome, Meters, Option<Vec<u8>>) {
    let methods = root().join("examples/methods/target/gauntlet");
    let lane = Lane::new(&worker(), &methods, 2).unwrap();
    steady(lane.train(method, &digits(), 3, limits).await.unwrap())
}

fn work(work: u64) -> Limits {
    Limits {
        work,
        batches: None,
        ..Lane::limits(0)
    }
}

#[tokio::test]
async fn a_method_that_plans_by_its_budget_leaves_the_same_model_on_a_busy_machine() {
    let idle = run("adamw-cosine", work(2_000_000_000)).await;
    let busy = {
        let _load = Load::new();
        run("adamw-cosine", work(2_000_000_000)).await
    };
    assert_eq!(idle.0, Outcome::Completed);
    assert!(idle.1.batches > 50 && idle.2.is_some(), "{:?}", idle.1);
    assert!(idle == busy, "{:?} and {:?}", idle.1, busy.1);
}

#[tokio::test]
async fn a_method_that_goes_on_is_cut_off_at_the_same_operation_on_a_busy_machine() {
    // Some of its twenty honest steps.
    let limits = work(6_000_000);
    let idle = run("never-returns", limits).await;
    let busy = {
        let _load = Load::new();
        run("never-returns", limits).await
    };
    let ran_out = Outcome::BudgetExceeded {
        limit: "work".to_owned(),
    };
    assert_eq!(idle.0, ran_out);
    assert!((1..20).contains(&idle.1.batches), "{:?}", idle.1);
    assert!(idle == busy, "{:?} and {:?}", idle.1, busy.1);
}
