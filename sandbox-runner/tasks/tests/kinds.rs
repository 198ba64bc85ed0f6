//! Regression and language modelling: marks, and what each kind refuses.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use gauntlet_tasks::{
    Agreement, Direction, LabelsFault, PredictionsFault, ScoreError, causality_check, metric, score,
};
use gauntlet_wire::TaskKind;
use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

const NUMBERS: TaskKind = TaskKind::Regression { targets: 2 };
const TEXT: TaskKind = TaskKind::LanguageModelling {
    vocabulary: 4,
    context: 3,
};

fn file(name: &str, dtype: Dtype, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let view = TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
    safetensors::serialize([(name, view)], None).unwrap()
}

fn floats(name: &str, values: &[f32], width: usize) -> Vec<u8> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    file(name, Dtype::F32, &[values.len() / width, width], &bytes)
}

fn tokens(name: &str, values: &[u8], width: usize) -> Vec<u8> {
    file(name, Dtype::U8, &[values.len() / width, width], values)
}

fn predictions(values: &[f32], width: usize) -> Vec<u8> {
    floats("predictions", values, width)
}

fn ours(kind: &TaskKind, labels: &[u8]) -> LabelsFault {
    match score(kind, labels, &predictions(&[0.0; 4], 2)).unwrap_err() {
        ScoreError::Labels(fault) => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn every_kind_says_which_way_is_better_and_what_a_miss_costs() {
    let classes = metric(&TaskKind::Classification { classes: 3 });
    assert_eq!(
        (classes.name, classes.better),
        ("accuracy", Direction::Higher)
    );
    let numbers = metric(&NUMBERS);
    assert_eq!((numbers.name, numbers.better), ("rmse", Direction::Lower));
    assert_eq!(numbers.miss, 1.0);
    let text = metric(&TEXT);
    assert_eq!(
        (text.name, text.better),
        ("bits per byte", Direction::Lower)
    );
    assert_eq!(text.miss, 2.0);
}

#[test]
fn errors_are_squared_averaged_and_rooted() {
    let labels = floats("labels", &[0.0, 1.0, 2.0, 3.0], 2);
    // Errors 0, 2, 0 and 2: mean square 2. Deviations of each column are 1: sum of squares 4.
    let marked = score(&NUMBERS, &labels, &predictions(&[0.0, 3.0, 2.0, 1.0], 2)).unwrap();
    assert_eq!((marked.metric, marked.value), ("rmse", 2.0_f64.sqrt()));
    assert_eq!(marked.secondary, [("r2", -1.0)]);
    let constant = floats("labels", &[1.0; 4], 2);
    let marked = score(&NUMBERS, &constant, &predictions(&[1.0; 4], 2)).unwrap();
    assert_eq!((marked.value, marked.secondary.len()), (0.0, 0));
}

#[test]
fn labels_that_are_none_are_our_fault() {
    assert!(matches!(
        ours(&NUMBERS, &floats("labels", &[1.0; 3], 3)),
        LabelsFault::Layout(_)
    ));
    assert!(matches!(
        ours(&NUMBERS, &floats("labels", &[1.0, f32::NAN], 2)),
        LabelsFault::Layout(_)
    ));
    assert_eq!(
        ours(&TEXT, &tokens("labels", &[0, 1, 2, 3, 4, 0], 3)),
        LabelsFault::Range {
            row: 1,
            label: 4,
            classes: 4
        }
    );
    assert!(matches!(
        ours(&TEXT, &tokens("labels", &[0; 4], 2)),
        LabelsFault::Layout(_)
    ));
}

#[test]
fn knowing_nothing_costs_the_logarithm_of_the_vocabulary() {
    let labels = tokens("labels", &[0, 1, 3], 3);
    let mark = |values: &[f32]| {
        score(&TEXT, &labels, &predictions(values, 4))
            .unwrap()
            .value
    };
    assert!((mark(&[7.0; 12]) - 2.0).abs() < 1e-12);
    // Half of the probability on the right one, twice; a quarter once.
    let half = (3.0_f32).ln();
    let values = [half, 0., 0., 0., 0., half, 0., 0., 1., 1., 1., 1.];
    assert!((mark(&values) - 4.0 / 3.0).abs() < 1e-6);
    // Certain and right; certain and wrong is dear but a number.
    let sure = [1e30, 0., 0., 0., 0., 1e30, 0., 0., 0., 0., 0., 1e30];
    assert_eq!(mark(&sure), 0.0);
    assert!(mark(&sure.map(|value| -value)) > 1e29);
}

fn windows() -> impl Strategy<Value = (Vec<u8>, Vec<f32>)> {
    (1usize..12).prop_flat_map(|rows| {
        (
            prop::collection::vec(0u8..4, rows * 3),
            prop::collection::vec(-30f32..30.0, rows * 3 * 4),
        )
    })
}

/// Scores of a method whose prediction at a position depends on tokens `0..=position + ahead`.
fn depends(inputs: &[u8], ahead: usize) -> Vec<f32> {
    let mut values = Vec::new();
    for window in inputs.chunks(3) {
        for position in 0..3 {
            let seen = &window[..(position + ahead + 1).min(3)];
            let sum: usize = seen
                .iter()
                .enumerate()
                .map(|(at, token)| (at + 1) * usize::from(*token))
                .sum();
            values.extend((0..4).map(|token| (sum * 7 + token) as f32));
        }
    }
    values
}

fn inputs_of(file: &[u8]) -> Vec<u8> {
    SafeTensors::deserialize(file)
        .unwrap()
        .tensor("inputs")
        .unwrap()
        .data()
        .to_vec()
}

proptest! {
    /// A distribution is what the scorer makes of any scores: adding a number to a line
    /// changes nothing, and no line costs less than nothing.
    #[test]
    fn any_scores_are_a_distribution((labels, values) in windows(), shift in -100f32..100.0) {
        let mark = |values: &[f32]| {
            score(&TEXT, &tokens("labels", &labels, 3), &predictions(values, 4)).unwrap().value
        };
        let shifted: Vec<f32> = values.iter().map(|value| value + shift).collect();
        prop_assert!(mark(&values) >= 0.0);
        prop_assert!((mark(&values) - mark(&shifted)).abs() < 1e-3);
    }

    /// Of all predictions that are the same everywhere, the labels' mean is the best.
    #[test]
    fn no_constant_beats_the_mean(labels in prop::collection::vec(-5f32..5.0, 4..40), other in -5f32..5.0) {
        let kind = TaskKind::Regression { targets: 1 };
        let mark = |value: f32| {
            let values = vec![value; labels.len()];
            score(&kind, &floats("labels", &labels, 1), &predictions(&values, 1)).unwrap().value
        };
        let mean = labels.iter().sum::<f32>() / labels.len() as f32;
        prop_assert!(mark(mean) <= mark(other) + 1e-5);
    }

    /// Who looks at nothing later passes, whatever the secret.
    #[test]
    fn an_honest_method_passes((inputs, _) in windows(), secret: [u8; 32]) {
        let check = causality_check(&TEXT, &tokens("inputs", &inputs, 3), &secret).unwrap().unwrap();
        let one = predictions(&depends(&inputs, 0), 4);
        let other = predictions(&depends(&inputs_of(&check.file()), 0), 4);
        prop_assert!(check.compare(&one, &other, Agreement::Exact).is_ok());
    }

    /// Who looks one token ahead is told so, with the place.
    #[test]
    fn a_method_that_peeks_is_caught((inputs, _) in windows(), secret: [u8; 32]) {
        let check = causality_check(&TEXT, &tokens("inputs", &inputs, 3), &secret).unwrap().unwrap();
        let one = predictions(&depends(&inputs, 1), 4);
        let other = predictions(&depends(&inputs_of(&check.file()), 1), 4);
        let caught = check.compare(&one, &other, Agreement::Exact);
        prop_assert!(
            matches!(caught, Err(ScoreError::Predictions(PredictionsFault::LooksAhead { .. }))),
            "{:?}", caught
        );
    }

    /// Only what comes later changes, all of it, and the first token never does.
    #[test]
    fn a_causality_check_replaces_what_comes_later((inputs, _) in windows(), secret: [u8; 32]) {
        let file = tokens("inputs", &inputs, 3);
        let check = causality_check(&TEXT, &file, &secret).unwrap().unwrap();
        for (window, replaced) in inputs.chunks(3).zip(inputs_of(&check.file()).chunks(3)) {
            let kept = window.iter().zip(replaced).take_while(|(a, b)| a == b).count();
            prop_assert!((1..3).contains(&kept));
            prop_assert!(window[kept..].iter().zip(&replaced[kept..]).all(|(a, b)| a != b));
            prop_assert!(replaced.iter().all(|token| *token < 4));
        }
    }
}

#[test]
fn other_kinds_need_no_causality_check() {
    let inputs = floats("inputs", &[1.0, 2.0], 2);
    assert!(
        causality_check(&NUMBERS, &inputs, &[1; 32])
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_tolerance_lets_rounding_pass_and_nothing_else() {
    let inputs = [0, 1, 2];
    let check = causality_check(&TEXT, &tokens("inputs", &inputs, 3), &[1; 32])
        .unwrap()
        .unwrap();
    let one = vec![1.0; 12];
    let near = predictions(&[1.000_001; 12], 4);
    let far = predictions(&[1.1; 12], 4);
    let tolerance = Agreement::Within {
        absolute: 1e-5,
        relative: 1e-4,
    };
    let one = predictions(&one, 4);
    assert!(check.compare(&one, &near, Agreement::Exact).is_err());
    assert!(check.compare(&one, &near, tolerance).is_ok());
    assert!(check.compare(&one, &far, tolerance).is_err());
}
