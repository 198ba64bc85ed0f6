//! Checkpoints that are scored while a run trains on: it must not be able to tell.

use std::sync::Mutex;

use burn_backend::DType;
use burn_ir::{FloatOperationIr, MatmulOpIr, OperationIr, TensorStatus};
use gauntlet_protocol::{Budget, CheckpointScore, Verdict};
use gauntlet_runner::attempt::AttemptResult;
use gauntlet_runner::probing::Probing;
use gauntlet_wire::calls::Call;
use gauntlet_worker_protocol::{Event, Phase, Snapshots};

use crate::guest::{Guest, ones, tensor};
use crate::harness::{BUDGET, Harness, LIMITS, MIB, job};

const SIDE: usize = 64;

/// What one of the guest's steps costs, more or less: a product of two matrices.
const STEP: u64 = 2 * (SIDE * SIDE * SIDE) as u64 + 3 * 4 * (SIDE * SIDE) as u64;

/// Checks in its first batch, then computes for ten steps; predicts what it is given.
fn computing() -> Guest {
    let mut guest = Guest::default();
    let mut code = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
    code += &guest.submit(&[ones(90, &[SIDE, SIDE]), ones(91, &[SIDE, SIDE])]);
    let read = |id| tensor(id, &[SIDE, SIDE], TensorStatus::ReadOnly);
    for step in 0..10 {
        let out = tensor(100 + step, &[SIDE, SIDE], TensorStatus::NotInit);
        let product = OperationIr::Float(
            DType::F32,
            FloatOperationIr::Matmul(MatmulOpIr {
                lhs: read(90),
                rhs: read(91),
                out,
            }),
        );
        let drop = OperationIr::Drop(tensor(100 + step, &[SIDE, SIDE], TensorStatus::ReadWrite));
        code += &guest.submit(&[product, drop]);
        code += &guest.call(&Call::Progress);
    }
    code += &guest.checkpoint("weights", 1);
    let predict = guest.calls(&[
        Call::HiddenInputs { inputs: 1 },
        Call::Predictions { tensor: 1 },
    ]);
    guest.train(&code).predict(&predict)
}

fn budget() -> Budget {
    Budget {
        work: 10 * STEP,
        wall_seconds: 20,
        output_bytes: MIB,
        ..BUDGET
    }
}

async fn perform(
    harness: &Harness,
    guest: &Guest,
    probing: Option<(u32, Option<f64>)>,
) -> (AttemptResult, Vec<CheckpointScore>) {
    let scores = Mutex::new(Vec::new());
    let on_score = |score| scores.lock().unwrap().push(score);
    let probing = probing.map(|(every, target)| Probing {
        every,
        target,
        on_score: &on_score,
    });
    let found = harness
        .probed(guest.module(), budget(), probing.as_ref())
        .await;
    (found.unwrap(), scores.into_inner().unwrap())
}

#[tokio::test]
async fn scores_appear_and_the_run_is_the_same_to_the_bit() {
    let harness = Harness::new();
    let guest = computing();
    let (without, none) = perform(&harness, &guest, None).await;
    assert_eq!(
        (without.verdict, without.score),
        (Verdict::Completed, Some(1.0))
    );
    assert!(none.is_empty());
    // A target that is never reached: no checkpoint is left out.
    let (with, scores) = perform(&harness, &guest, Some((1, Some(2.0)))).await;
    assert_eq!(with.verdict, Verdict::Completed);
    assert_eq!(with.model_digest(), without.model_digest());
    assert_eq!(with.predictions, without.predictions);
    let (mut one, mut other) = (with.train, without.train);
    (one.wall_micros, other.wall_micros) = (0, 0);
    assert_eq!(one, other, "nothing is charged for it");

    assert!(scores.len() > 8, "{scores:?}");
    assert_eq!(scores.last().unwrap().fraction, 1.0);
    assert_eq!(scores.last().unwrap().work, with.train.work);
    for pair in scores.windows(2) {
        assert!(pair[0].fraction < pair[1].fraction, "{scores:?}");
        assert!(pair[0].work <= pair[1].work, "{scores:?}");
    }
    for checkpoint in &scores {
        assert!((checkpoint.fraction * 16.0).fract() == 0.0);
        assert!(
            checkpoint.work as f64 >= checkpoint.fraction * budget().work as f64
                || checkpoint.fraction == 1.0
        );
        // It predicts right whatever it learned: the public rows are like the hidden ones.
        assert_eq!(checkpoint.score, 1.0);
    }
    // The same again: what is asked for a target does not depend on the machine.
    let (_, again) = perform(&harness, &guest, Some((1, Some(2.0)))).await;
    assert_eq!(again, scores);
    assert_eq!(harness.left_behind(), Vec::<String>::new());
}

#[tokio::test]
async fn the_first_checkpoint_to_reach_the_target_is_the_last() {
    let harness = Harness::new();
    let (found, scores) = perform(&harness, &computing(), Some((1, Some(0.5)))).await;
    assert_eq!(found.verdict, Verdict::Completed);
    assert_eq!(scores.len(), 1, "{scores:?}");
}

#[tokio::test]
async fn without_a_checkpoint_there_is_no_score() {
    let harness = Harness::new();
    let mut guest = Guest::default();
    let code = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
    let predict = guest.calls(&[
        Call::HiddenInputs { inputs: 1 },
        Call::Predictions { tensor: 1 },
    ]);
    let guest = guest.train(&code).predict(&predict);
    let (found, scores) = perform(&harness, &guest, Some((4, None))).await;
    assert_eq!(found.verdict, Verdict::Completed);
    let fractions: Vec<f64> = scores
        .iter()
        .map(|checkpoint| checkpoint.fraction)
        .collect();
    assert_eq!(fractions, [1.0], "the finished model alone");
}

#[tokio::test]
async fn a_method_that_fails_on_a_checkpoint_is_not_judged_by_it() {
    let harness = Harness::new();
    let guest = computing().predict("(unreachable)");
    let (found, scores) = perform(&harness, &guest, Some((4, None))).await;
    assert_eq!(found.verdict, Verdict::MethodFailed);
    assert!(scores.is_empty());
}

#[tokio::test]
async fn snapshots_come_only_where_they_are_asked_for() {
    let harness = Harness::new();
    let module = harness
        .sandbox
        .compile(&computing().module())
        .await
        .unwrap();
    for asked in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let phase = Phase::Train {
            train: harness.at("train"),
            base: None,
            model: harness.at("model"),
        };
        let limits = gauntlet_worker_protocol::Limits {
            work: budget().work,
            wall_ms: 20_000,
            ..LIMITS
        };
        let mut job = job(&module.path, phase, limits);
        job.snapshots = asked.then(|| Snapshots {
            every: 4,
            folder: folder.path().to_owned(),
        });
        let (_, events) = harness.told(job).await;
        let told: Vec<u32> = events
            .iter()
            .filter_map(|event| match event {
                Event::Snapshot { sixteenths, .. } => Some(*sixteenths),
                _ => None,
            })
            .collect();
        assert_eq!(told, if asked { vec![4, 8, 12] } else { vec![] });
        for sixteenths in told {
            let file = std::fs::read(folder.path().join(Snapshots::file(sixteenths))).unwrap();
            assert_eq!(file, std::fs::read(harness.at("model")).unwrap());
        }
    }
}
