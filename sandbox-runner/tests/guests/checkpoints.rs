//! What becomes of a run that ends before its method returns a model: only a used-up
//! repeatable budget is forgiven, and what was reported is told in any case.

use std::fs;

use burn_backend::DType;
use burn_ir::{FloatOperationIr, MatmulOpIr, OperationIr, TensorStatus};
use gauntlet_wire::calls::{Call, Direction, Measured};
use gauntlet_worker_protocol::{Event, Limits, Outcome, Phase};

use crate::guest::{Guest, ones, tensor};
use crate::harness::{Harness, LIMITS, job};

/// Trains a guest: how it ended, what it reported, the model's first number if there is one.
async fn train(guest: &Guest, limits: Limits) -> (Outcome, Vec<Event>, Option<f32>) {
    let harness = Harness::new();
    let module = harness.sandbox.compile(&guest.module()).await.unwrap().path;
    let phase = Phase::Train {
        train: harness.at("train"),
        base: None,
        model: harness.at("model"),
    };
    let (result, events) = harness.told(job(&module, phase, limits)).await;
    let model = fs::read(harness.at("model")).ok().map(|bytes| {
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let weights = file.tensor("weights").unwrap();
        f32::from_le_bytes(weights.data()[..4].try_into().unwrap())
    });
    (result.unwrap().0, events, model)
}

/// Code that uses up the budget of work.
fn too_much(guest: &mut Guest) -> String {
    const SIDE: usize = 512;
    let read = |id| tensor(id, &[SIDE, SIDE], TensorStatus::ReadOnly);
    let matmul = OperationIr::Float(
        DType::F32,
        FloatOperationIr::Matmul(MatmulOpIr {
            lhs: read(90),
            rhs: read(91),
            out: tensor(92, &[SIDE, SIDE], TensorStatus::NotInit),
        }),
    );
    guest.submit(&[ones(90, &[SIDE, SIDE]), ones(91, &[SIDE, SIDE]), matmul])
}

fn loss(value: Option<f64>) -> Option<Measured> {
    Some(Measured {
        value,
        better: Direction::Lower,
    })
}

fn cut_off(limit: &str, step: u64) -> Outcome {
    Outcome::CutOff {
        limit: limit.to_owned(),
        step,
    }
}

#[tokio::test]
async fn a_run_out_of_work_has_its_last_checkpoint_for_a_model() {
    let mut guest = Guest::default();
    let mut code = guest.submit(&[ones(1, &[2])]);
    code += &guest.checkpoint_at(3, None, "weights", 1);
    code += &guest.batch(5, 6);
    code += &guest.checkpoint_at(4, None, "weights", 5);
    code += &too_much(&mut guest);
    let guest = guest.train(&code);
    let (outcome, _, model) = train(&guest, LIMITS).await;
    assert_eq!(outcome, cut_off("work", 4));
    // The batch, whose first number is the first input's of some row, was the last one.
    assert!(model.is_some_and(|value| value == 0. || value == 1.));
}

#[tokio::test]
async fn what_a_method_computes_itself_uses_up_its_work_too() {
    let mut guest = Guest::default();
    let mut code = guest.submit(&[ones(1, &[2])]);
    code += &guest.checkpoint_at(3, None, "weights", 1);
    let guest = guest.train(&(code + "(loop (br 0))"));
    let (outcome, _, model) = train(&guest, LIMITS).await;
    assert_eq!((outcome, model), (cut_off("work", 3), Some(1.)));
}

#[tokio::test]
async fn a_run_out_of_batches_has_its_best_checkpoint_for_a_model() {
    let mut guest = Guest::default();
    let mut code = guest.batch(5, 6) + &guest.submit(&[ones(1, &[2])]);
    code += &guest.checkpoint_at(1, loss(Some(0.5)), "weights", 1);
    // Worse, as good, and no number at all.
    for (step, value) in [(2, Some(0.6)), (3, Some(0.5)), (4, None)] {
        code += &guest.checkpoint_at(step, loss(value), "weights", 6);
    }
    code += &guest.batch(7, 8);
    let guest = guest.train(&code);
    let limits = Limits {
        batches: Some(1),
        ..LIMITS
    };
    let (outcome, _, model) = train(&guest, limits).await;
    assert_eq!((outcome, model), (cut_off("batches", 1), Some(1.)));
}

#[tokio::test]
async fn any_other_end_after_a_checkpoint_is_what_it_is() {
    let hurried = Limits {
        work: u64::MAX,
        wall_ms: 1_000,
        ..LIMITS
    };
    for (ending, limits, expected) in [
        ("(unreachable)", LIMITS, "method_failed"),
        ("(loop (br 0))", hurried, "budget_exceeded"),
    ] {
        let mut guest = Guest::default();
        let code = guest.batch(1, 2) + &guest.checkpoint("weights", 1) + ending;
        let (outcome, _, model) = train(&guest.train(&code), limits).await;
        let outcome = serde_json::to_value(&outcome).unwrap();
        assert_eq!(outcome["outcome"], expected, "{outcome}");
        assert_eq!(model, None);
    }
    let mut guest = Guest::default();
    let code = too_much(&mut guest);
    let (outcome, _, model) = train(&guest.train(&code), LIMITS).await;
    let limit = "work".to_owned();
    assert_eq!(outcome, Outcome::BudgetExceeded { limit });
    assert_eq!(model, None);
}

#[tokio::test]
async fn what_was_reported_before_a_failure_is_told() {
    let mut guest = Guest::default();
    let mut code = guest.submit(&[ones(1, &[1])]);
    for step in [1, 2] {
        code += &guest.call(&Call::ReportTensor {
            step,
            name: "loss".to_owned(),
            tensor: 1,
        });
    }
    code += "(unreachable)";
    let (outcome, events, _) = train(&guest.train(&code), LIMITS).await;
    assert!(
        matches!(outcome, Outcome::MethodFailed { .. }),
        "{outcome:?}"
    );
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Metric { step, value, .. } => Some((*step, *value)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(1, Some(1.)), (2, Some(1.))]);
}

#[tokio::test]
async fn reports_without_end_are_thinned_and_never_an_error() {
    let mut guest = Guest::default();
    let report = guest.call(&Call::Report {
        step: 7,
        name: "loss".to_owned(),
        value: Some(0.25),
    });
    let last = guest.call(&Call::Report {
        step: 8,
        name: "loss".to_owned(),
        value: Some(0.5),
    });
    let honest = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
    let code = format!(
        "(local $i i32) (loop {report} (local.set $i (i32.add (local.get $i) (i32.const 1)))
         (br_if 0 (i32.lt_u (local.get $i) (i32.const 20000)))) {last} {honest}"
    );
    let limits = Limits {
        work: 10 * LIMITS.work,
        wall_ms: 20_000,
        ..LIMITS
    };
    let (outcome, events, model) = train(&guest.train(&code), limits).await;
    assert_eq!(outcome, Outcome::Completed);
    assert!(model.is_some());
    let steps: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Metric { step, .. } => Some(*step),
            _ => None,
        })
        .collect();
    assert!((4_096..12_000).contains(&steps.len()), "{}", steps.len());
    assert_eq!(steps.last(), Some(&8), "the last one is always told");
}
