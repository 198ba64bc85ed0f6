//! The hostile corpus: methods that mean harm, and workers that have been taken over,
//! against the real supervisor and the real worker.
//!
//! | file | what |
//! |---|---|
//! | `corpus` | guests in WebAssembly with the verdict that each must end in |
//! | `cut_off` | whether a guest is cut off at the same instruction on a busy machine |
//! | `checkpoints` | what becomes of a run that ends before its method returns |
//! | `checkpoint_scores` | checkpoints that are scored while a run trains on |
//! | `files` | files that only a worker taken over could write |
//! | `native`, `reach`, `protocol` | a worker taken over: what it tries to reach, what it says |
//! | `mutations` | each line of defence taken away, and the guest that then gets its way |
//! | `harness` | the sandbox, and what must be as before after each guest |
//! | `guest` | writes guests |
//! | `figures` | counts, for `make test-hostile` |
//!
//! The containers' guests are in a corpus of their own.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

mod checkpoint_scores;
mod checkpoints;
mod corpus;
mod cut_off;
mod expected;
mod figures;
mod files;
mod guest;
mod harness;
mod mutations;
mod native;
mod protocol;
mod reach;

use std::fs;

use burn_backend::DType;
use burn_ir::{FloatOperationIr, MatmulOpIr, OperationIr, TensorStatus};
use expected::{Expected, judge};
use gauntlet_protocol::Budget;
use gauntlet_worker_protocol::{Outcome, Phase};
use guest::{Guest, ones, tensor};
use harness::{BUDGET, Harness, LIMITS, MIB, job, program};

/// Runs a category: every guest ends in its verdict, leaves nothing, and harms nobody.
async fn run(name: &str) {
    let cases = corpus::category(name);
    let budget = Budget {
        work: corpus::work(name),
        ..BUDGET
    };
    let mut harness = Harness::new();
    harness.honest_as_ever().await.unwrap();
    let (mut wrong, mut leaks) = (Vec::new(), Vec::new());
    for case in &cases {
        let observed = harness.run(&case.guest, budget).await;
        if !judge(&observed, case.expected) {
            let told = observed.told();
            wrong.push(format!(
                "{}: {told} instead of {:?}",
                case.name, case.expected
            ));
        }
        let leaked = harness.leaks(&observed);
        if !leaked.is_empty() {
            leaks.push(format!("{}: left {leaked:?}", case.name));
        }
    }
    if let Err(changed) = harness.honest_as_ever().await {
        leaks.push(changed);
    }
    figures::part(
        &format!("wasm-{name}"),
        &[
            ("guests", cases.len()),
            ("contained", cases.len() - wrong.len()),
            ("escaped", wrong.len()),
            ("leaks", leaks.len()),
        ],
    );
    wrong.extend(leaks);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A test for each category.
macro_rules! categories {
    ($($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                run(stringify!($name)).await;
            }
        )*
    };
}

categories! {
    bombs computing costs determinism indices interface memory models modules operations phases reporting scoring
}

#[tokio::test]
async fn trained_weights_in_the_data_of_a_module_do_not_get_in() {
    // As the server sets the gate, unless a tournament's rules say otherwise.
    let harness = Harness::with(program("gauntlet-worker"), |config| {
        config.gate = gauntlet_gate::GateLimits::default();
    });
    let carrying = |bytes: usize| {
        let mut guest = Guest::honest();
        guest.constant(&vec![0x3f; bytes]);
        guest
    };
    let honest = harness.run(&carrying(0), BUDGET).await;
    assert!(judge(&honest, Expected::Harmless), "{}", honest.told());
    let smuggler = harness.run(&carrying(1 << 20), BUDGET).await;
    let refused = Expected::Refused("bytes of all data segments");
    assert!(judge(&smuggler, refused), "{}", smuggler.told());
}

#[tokio::test]
async fn a_native_operation_that_takes_too_long_is_killed() {
    // Nothing in the worker stops a kernel; the supervisor can.
    let harness = Harness::new();
    let budget = Budget {
        work: u64::MAX,
        wall_seconds: 1,
        tensor_bytes: 1024 * MIB,
        ..BUDGET
    };
    let observed = harness.run(&giant_product(), budget).await;
    assert!(
        judge(&observed, Expected::Budget("wall")) && observed.was_killed(),
        "{:?}",
        observed.result
    );
    assert_eq!(harness.left_behind(), [""; 0]);
}

/// A guest with one operation of some 900 GFLOP.
fn giant_product() -> Guest {
    const SIDE: usize = 7_680;
    let read = |id| tensor(id, &[SIDE, SIDE], TensorStatus::ReadOnly);
    let product = OperationIr::Float(
        DType::F32,
        FloatOperationIr::Matmul(MatmulOpIr {
            lhs: read(10),
            rhs: read(11),
            out: tensor(12, &[SIDE, SIDE], TensorStatus::NotInit),
        }),
    );
    Guest::operating(&[ones(10, &[SIDE, SIDE]), ones(11, &[SIDE, SIDE]), product])
}

#[tokio::test]
async fn the_same_guest_twice_gives_the_same_bytes() {
    let harness = Harness::new();
    let mut guest = Guest::default();
    let train = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
    let guest = guest.train(&train).predict("");
    let mut models = Vec::new();
    for _ in 0..2 {
        let module = harness.sandbox.compile(&guest.module()).await.unwrap().path;
        let phase = Phase::Train {
            train: harness.at("train"),
            base: None,
            model: harness.at("model"),
        };
        let (result, _) = harness.told(job(&module, phase, LIMITS)).await;
        let (outcome, meters) = result.unwrap();
        assert_eq!(outcome, Outcome::Completed);
        assert_eq!(meters.batches, 1);
        models.push(fs::read(harness.at("model")).unwrap());
    }
    assert_eq!(models[0], models[1]);
}
