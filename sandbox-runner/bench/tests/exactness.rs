//! Same method, block and seed: the same model to the bit, with one thread and with
//! two, natively and in the real sandbox, for every architecture of the table.
//! `make exactness` does the same ten times over, and longer.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gauntlet_bench::Lane;
use gauntlet_bench::exactness::{self, CASES};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The worker that `make build` puts beside every program.
fn worker() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("gauntlet-worker")
}

/// The device's random stream belongs to the process: one training at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn models_are_equal_to_the_bit_on_any_number_of_threads_natively_and_sandboxed() {
    let _alone = alone();
    let data = exactness::dataset(&root().join("examples/tasks/digits")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let methods = root().join("examples/methods/target/gauntlet");
    let lanes = [1, 2].map(|threads| (threads, Lane::new(&worker(), &methods, threads).unwrap()));
    for case in &CASES {
        let mut digests: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (threads, lane) in &lanes {
            let native = exactness::native(case, &data, case.short, *threads).unwrap();
            let sandboxed = runtime
                .block_on(exactness::sandboxed(lane, case, &data, case.short))
                .unwrap();
            for (place, digest) in [("natively", native), ("sandboxed", sandboxed)] {
                let who = format!("{place} on {threads}");
                digests.entry(digest).or_default().push(who);
            }
        }
        assert_eq!(digests.len(), 1, "{}: {digests:#?}", case.name);
    }
}

#[test]
fn another_seed_or_number_of_batches_gives_another_model() {
    // Without this, the test above would pass for digests of nothing.
    let _alone = alone();
    let data = exactness::dataset(&root().join("examples/tasks/digits")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for case in &CASES {
        for batches in [case.short, case.short + 1] {
            let digest = exactness::native(case, &data, batches, 1).unwrap();
            assert!(seen.insert(digest), "{} {batches}", case.name);
        }
    }
}
