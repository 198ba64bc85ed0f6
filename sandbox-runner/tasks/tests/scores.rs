//! Marks, and what predictions that cannot be marked get.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use gauntlet_tasks::{LabelsFault, MAX_HEADER_BYTES, PredictionsFault, ScoreError, score};
use gauntlet_wire::TaskKind;
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

const KIND: TaskKind = TaskKind::Classification { classes: 3 };

fn file(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (
            *name,
            TensorView::new(*dtype, shape.to_vec(), bytes).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}

fn labels(values: &[i64]) -> Vec<u8> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    file(&[("labels", Dtype::I64, &[values.len()], &bytes)])
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn predictions(values: &[f32], classes: usize) -> Vec<u8> {
    file(&[(
        "predictions",
        Dtype::F32,
        &[values.len() / classes, classes],
        &bytes(values),
    )])
}

fn fault(file: &[u8]) -> PredictionsFault {
    match score(&KIND, &labels(&[0, 2]), file).unwrap_err() {
        ScoreError::Predictions(fault) => fault,
        other => panic!("{other}"),
    }
}

const GOOD: [f32; 6] = [0.9, 0.1, 0.0, -3.0, -2.0, -1.0];

#[test]
fn accuracy_is_the_share_of_right_rows() {
    let mark = |answers: &[i64]| {
        let score = score(&KIND, &labels(answers), &predictions(&GOOD, 3)).unwrap();
        assert_eq!(score.metric, "accuracy");
        score.value
    };
    assert_eq!(mark(&[0, 2]), 1.0);
    assert_eq!(mark(&[1, 2]), 0.5);
    assert_eq!(mark(&[1, 1]), 0.0);
}

#[test]
fn of_equal_values_the_first_counts() {
    let flat = predictions(&[0.5; 6], 3);
    assert_eq!(score(&KIND, &labels(&[0, 0]), &flat).unwrap().value, 1.0);
    assert_eq!(score(&KIND, &labels(&[1, 2]), &flat).unwrap().value, 0.0);
}

#[test]
fn not_finite_values_are_refused_by_place() {
    for (value, text) in [
        (f32::NAN, "NaN"),
        (f32::INFINITY, "inf"),
        (f32::NEG_INFINITY, "-inf"),
    ] {
        let mut values = GOOD;
        values[4] = value;
        let wanted = PredictionsFault::NotFinite {
            row: 1,
            class: 1,
            value: text.to_owned(),
        };
        assert_eq!(fault(&predictions(&values, 3)), wanted);
    }
}

#[test]
fn wrong_shape_dtype_and_tensors_are_refused() {
    let shape = |found: &[usize]| PredictionsFault::Shape {
        found: found.to_vec(),
        wanted: [2, 3],
    };
    assert_eq!(fault(&predictions(&GOOD[..3], 3)), shape(&[1, 3]));
    assert_eq!(fault(&predictions(&GOOD, 2)), shape(&[3, 2]));
    let flat = file(&[("predictions", Dtype::F32, &[6], &bytes(&GOOD))]);
    assert_eq!(fault(&flat), shape(&[6]));
    let half = file(&[("predictions", Dtype::F16, &[2, 3], &[0; 12])]);
    assert_eq!(
        fault(&half),
        PredictionsFault::Dtype {
            found: "F16".to_owned()
        }
    );
    let tensors = |names: &[&str]| PredictionsFault::Tensors {
        found: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let named = |name| (name, Dtype::F32, [1usize, 3], bytes(&GOOD[..3]));
    let many: Vec<_> = ["predictions", "extra"].map(named).into();
    let many: Vec<_> = many
        .iter()
        .map(|(n, d, s, b)| (*n, *d, s.as_slice(), b.as_slice()))
        .collect();
    assert_eq!(fault(&file(&many)), tensors(&["extra", "predictions"]));
    assert_eq!(fault(&file(&many[1..])), tensors(&["extra"]));
    assert_eq!(fault(&file(&[])), tensors(&[]));
}

#[test]
fn oversized_files_are_refused_unread() {
    let limit = 2 * 3 * 4 + MAX_HEADER_BYTES;
    let wanted = PredictionsFault::Oversized {
        found: limit + 1,
        limit,
    };
    assert_eq!(fault(&vec![0xff; limit + 1]), wanted);
    assert!(matches!(
        fault(&vec![0xff; limit]),
        PredictionsFault::Unreadable(_)
    ));
}

#[test]
fn our_own_damage_is_not_the_entrants_fault() {
    let good = predictions(&GOOD, 3);
    let ours = |file: &[u8]| match score(&KIND, file, &good).unwrap_err() {
        ScoreError::Labels(fault) => fault,
        other => panic!("{other}"),
    };
    assert!(matches!(ours(b"nonsense"), LabelsFault::Unreadable(_)));
    assert!(matches!(ours(&labels(&[])), LabelsFault::Layout(_)));
    assert!(matches!(ours(&good), LabelsFault::Layout(_)));
    assert_eq!(
        ours(&labels(&[0, 3])),
        LabelsFault::Range {
            row: 1,
            label: 3,
            classes: 3
        }
    );
    assert_eq!(
        ours(&labels(&[-1, 0])),
        LabelsFault::Range {
            row: 0,
            label: -1,
            classes: 3
        }
    );
}

fn matrix() -> impl Strategy<Value = (Vec<f32>, Vec<i64>)> {
    (1usize..40).prop_flat_map(|rows| {
        let values = prop::collection::vec(-1e6f32..1e6, rows * 3);
        (values, prop::collection::vec(0i64..3, rows))
    })
}

proptest! {
    #[test]
    fn a_mark_lies_between_none_and_all((values, answers) in matrix()) {
        let value = score(&KIND, &labels(&answers), &predictions(&values, 3)).unwrap().value;
        prop_assert!((0.0..=1.0).contains(&value));
        // It is a whole number of rows.
        let rows = value * answers.len() as f64;
        prop_assert!((rows - rows.round()).abs() < 1e-9);
    }

    /// Answering by the labels themselves is right everywhere, shifting them by one nowhere.
    #[test]
    fn the_labels_score_one_and_their_shift_none((_, answers) in matrix()) {
        let one_hot = |shift: i64| {
            let row = |answer: i64| (0..3).map(move |class| f32::from(class == (answer + shift) % 3));
            answers.iter().copied().flat_map(row).collect::<Vec<f32>>()
        };
        let mark = |shift| score(&KIND, &labels(&answers), &predictions(&one_hot(shift), 3)).unwrap().value;
        prop_assert_eq!(mark(0), 1.0);
        prop_assert_eq!(mark(1), 0.0);
    }

    /// Scaling a row's scores by a positive number changes no answer.
    #[test]
    fn only_the_order_within_a_row_counts((values, answers) in matrix()) {
        let doubled: Vec<f32> = values.iter().map(|value| value * 2.0).collect();
        let mark = |values: &[f32]| score(&KIND, &labels(&answers), &predictions(values, 3)).unwrap().value;
        prop_assert_eq!(mark(&values), mark(&doubled));
    }

    #[test]
    fn no_bytes_make_the_scorer_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(score(&KIND, &labels(&[0, 2]), &bytes).is_err());
    }

    /// Nor does a real file with some bytes changed, and it never passes for ours.
    #[test]
    fn a_damaged_file_is_the_entrants_fault(place in 0usize..200, byte: u8) {
        let mut file = predictions(&GOOD, 3);
        let place = place % file.len();
        file[place] = byte;
        if let Err(error) = score(&KIND, &labels(&[0, 2]), &file) {
            prop_assert!(matches!(error, ScoreError::Predictions(_)));
        }
    }
}
