//! Indices outside of a tensor, on a backend that does not look at them: the guard that
//! CUDA needs, forced on the CPU backend, which panics over what gets past it.

#![cfg(feature = "flex")]
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

#[path = "../../validator/tests/support/mod.rs"]
mod support;

use burn_backend::{Bytes, DType, Shape, TensorData};
use burn_flex::{Flex, FlexDevice};
use burn_ir::*;
use gauntlet_validator::OperationKind;
use gauntlet_worker::executor_harness::{Ended, ExecutorHarness};
use support::catalogue::{Source, catalogue};
use support::{Guest, limits};

const INDEXED: [&str; 10] = [
    "Select",
    "SelectAssign",
    "Gather",
    "Scatter",
    "GatherNd",
    "ScatterNd",
    "Embedding",
    "EmbeddingBackward",
    "MaxPool1dWithIndicesBackward",
    "MaxPool2dWithIndicesBackward",
];

/// The operand that holds indices.
fn indices(op: &OperationIr) -> Option<TensorId> {
    let name = OperationKind::of(op).to_string();
    let indexed = INDEXED
        .iter()
        .any(|operation| name.ends_with(&format!("({operation})")));
    if !indexed {
        return None;
    }
    // The only integers among the operands, or the second operand.
    let operands: Vec<_> = op.inputs().collect();
    let place = match name.as_str() {
        "Module(EmbeddingBackward)"
        | "Module(MaxPool1dWithIndicesBackward)"
        | "Module(MaxPool2dWithIndicesBackward)" => operands
            .iter()
            .position(|operand| operand.dtype.is_int() || operand.dtype.is_uint())?,
        _ => 1,
    };
    Some(operands[place].id)
}

fn data(tensor: &TensorIr, value: i64) -> TensorData {
    let numbers = vec![value; tensor.shape.num_elements()];
    match tensor.dtype {
        DType::Bool(_) => TensorData::from_bytes(
            Bytes::from_bytes_vec(vec![value as u8; numbers.len()]),
            tensor.shape.clone(),
            tensor.dtype,
        ),
        dtype => TensorData::new(numbers, tensor.shape.clone()).convert_dtype(dtype),
    }
}

/// Executes an operation on ones and these indices; what it gave.
fn execute(
    mut harness: ExecutorHarness<Flex>,
    guest: &Guest,
    op: &OperationIr,
    index: i64,
) -> (Result<(), Ended>, Vec<TensorData>) {
    let at = indices(op);
    for upload in &guest.uploads {
        let value = if Some(upload.id) == at { index } else { 1 };
        harness
            .upload(upload.id.value(), data(upload, value))
            .unwrap();
    }
    if let Err(ended) = harness.execute(op.clone()) {
        return (Err(ended), Vec::new());
    }
    let outputs = op
        .outputs()
        .map(|output| harness.observe(output.id.value()).unwrap())
        .collect();
    (harness.sync(), outputs)
}

fn guarded() -> ExecutorHarness<Flex> {
    ExecutorHarness::guarding_indices(FlexDevice, limits(), 0)
}

#[test]
fn an_index_outside_is_refused_by_name_and_changes_nothing_else() {
    let mut kinds = std::collections::BTreeSet::new();
    for (number, (_, make)) in catalogue().into_iter().enumerate() {
        for round in 0..60_u32 {
            let choices: Vec<u32> = (0..96_u32)
                .map(|i| (i + 97 * round + 7919 * number as u32).wrapping_mul(2_654_435_769) >> 7)
                .collect();
            let mut guest = Guest::new();
            let op = make(&mut Source::new(&mut guest, &choices));
            let Some(id) = indices(&op) else {
                continue;
            };
            let tensor = guest.uploads.iter().find(|upload| upload.id == id);
            let tensor = tensor.expect("indices are uploaded");
            if tensor.shape.num_elements() == 0 {
                continue;
            }
            let kind = OperationKind::of(&op).to_string();
            // Valid indices: what an executor without the guard gives.
            let plain = ExecutorHarness::new(FlexDevice, limits(), 0);
            let (ended, expected) = execute(plain, &guest, &op, 0);
            assert_eq!(ended, Ok(()), "{kind}");
            let (ended, outputs) = execute(guarded(), &guest, &op, 0);
            assert_eq!(ended, Ok(()), "{kind}");
            assert_eq!(outputs, expected, "{kind}");
            let mut outside = vec![100];
            if tensor.dtype.is_int() {
                outside.extend([-1, i64::from(i8::MIN)]);
            }
            if matches!(tensor.dtype, DType::I64) {
                outside.extend([i64::MAX, i64::MIN]);
            }
            for index in outside {
                // As if each had been zero; and the run ends when the host next waits.
                let (ended, outputs) = execute(guarded(), &guest, &op, index);
                let expected_end =
                    format!("{kind} is not valid: an index lies outside of its tensor");
                assert_eq!(ended, Err(Ended::Refused(expected_end)), "{op:?}");
                assert_eq!(outputs, expected, "{kind}");
            }
            kinds.insert(kind);
        }
    }
    // Six for floats, six for ints, four for bools; two of embedding, two of pools.
    assert_eq!(kinds.len(), 20, "{kinds:?}");
}

#[test]
fn the_offender_is_named_and_a_read_tells() {
    let mut harness = guarded();
    let table = TensorIr {
        id: TensorId::new(1),
        shape: Shape::from([4_usize, 2]),
        status: TensorStatus::ReadOnly,
        dtype: DType::F32,
    };
    let at = TensorIr {
        id: TensorId::new(2),
        shape: Shape::from([2_usize]),
        status: TensorStatus::ReadOnly,
        dtype: DType::I64,
    };
    harness.upload(1, data(&table, 3)).unwrap();
    harness.upload(2, TensorData::from([3_i64, 4])).unwrap();
    let select = |dim: usize, id: u64| {
        let op = SelectOpIr::create(table.clone(), dim, at.clone(), || TensorId::new(id));
        OperationIr::BaseFloat(BaseOperationIr::Select(op))
    };
    harness.execute(select(0, 3)).unwrap();
    let ended = harness.read(table.clone()).unwrap_err();
    let Ended::Refused(message) = ended else {
        panic!("{ended:?}");
    };
    assert!(
        message.starts_with("BaseFloat(Select) is not valid"),
        "{message}"
    );
    // The indices are the guest's again, as they were, and it was asked about once.
    let kept = harness.read(at.clone()).unwrap();
    assert_eq!(kept.iter::<i64>().collect::<Vec<_>>(), [3, 4]);
}
