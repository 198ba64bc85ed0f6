//! The validator's rules against the backend that executes: shapes, dtypes and bytes
//! are those that the ledger believes in, and what it accepts does not panic.

#![cfg(feature = "flex")]

#[path = "../../validator/tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use burn_backend::{Bytes, DType, Shape, Slice, TensorData, TensorMetadata};
use burn_flex::{Flex, FlexDevice, FlexTensor};
use burn_ir::*;
use burn_router::TensorInterpreter;
use gauntlet_validator::sanitise;
use support::catalogue::{Source, catalogue};
use support::{Guest, kept, last};

/// SplitMix64, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as u32
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound
    }
}

/// Data of which every element is `value`.
fn data(tensor: &TensorIr, value: f64) -> TensorData {
    let elements = tensor.shape.num_elements();
    let element = TensorData::from([value]).convert_dtype(match tensor.dtype {
        DType::Bool(_) => DType::U8,
        dtype => dtype,
    });
    let bytes = element.as_bytes().repeat(elements);
    TensorData::from_bytes(
        Bytes::from_bytes_vec(bytes),
        tensor.shape.clone(),
        tensor.dtype,
    )
}

/// The backend's tensor behind an id, which stays alive.
fn real(interpreter: &mut TensorInterpreter<Flex>, tensor: &TensorIr) -> FlexTensor {
    match interpreter.get_tensor(&kept(tensor)) {
        HandleKind::Float(real) | HandleKind::Int(real) | HandleKind::Bool(real) => real,
        HandleKind::Quantized(_) => panic!("{tensor:?} is quantised"),
    }
}

/// Flex forgets that what it has gathered or selected is bool: the elements are the same.
fn as_stored(name: &str, dtype: DType) -> DType {
    match dtype {
        DType::Bool(_) if matches!(name, "gather" | "select") => DType::U8,
        dtype => dtype,
    }
}

/// Does a tensor of which the ledger says so lie in order, with nothing before or behind it?
fn assert_order(guest: &Guest, tensor: &TensorIr, real: &FlexTensor) {
    let entry = guest.ledger.tensor(tensor.id.value());
    let entry = entry.expect("the ledger knows it");
    let in_order = real.layout().is_contiguous()
        && real.layout().start_offset() == 0
        && real.bytes().len() as u64 == entry.bytes;
    assert!(
        in_order || !entry.contiguous,
        "{tensor:?} does not lie in order"
    );
}

/// Bytes of all storage that these tensors hold.
fn held(tensors: &[FlexTensor]) -> u64 {
    let mut storage = BTreeMap::new();
    for tensor in tensors {
        storage.insert(
            tensor.bytes().as_ptr() as usize,
            tensor.bytes().len() as u64,
        );
    }
    storage.values().sum()
}

#[test]
fn every_operation_gives_what_the_ledger_believes() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut failures = BTreeMap::new();
    for (number, (name, make)) in catalogue().into_iter().enumerate() {
        for round in 0..300 {
            let mut random = Random(number as u64 * 1_000_003 + round);
            let choices: Vec<u32> = (0..96).map(|_| random.next()).collect();
            let mut guest = Guest::new();
            let op = make(&mut Source::new(&mut guest, &choices));
            let mut interpreter = TensorInterpreter::<Flex>::new(FlexDevice);
            // Zero is an index into anything; integers are divided by something else.
            let int = if name == "arithmetic" { 1.0 } else { 0.0 };
            for upload in &guest.uploads {
                let value = if upload.dtype.is_float() { 0.5 } else { int };
                interpreter.register_tensor_data_id(upload.id, data(upload, value));
            }
            if let Err(violation) = guest.ledger.check(&op) {
                failures
                    .entry(format!("{name}: {violation}"))
                    .or_insert_with(|| format!("{op:?}"));
                continue;
            }
            let executed = catch_unwind(AssertUnwindSafe(|| {
                interpreter.register_op(sanitise(op.clone()));
                let mut live = Vec::new();
                for output in op.outputs() {
                    let tensor = real(&mut interpreter, output);
                    assert_eq!(tensor.shape(), output.shape, "shape");
                    assert_eq!(
                        as_stored(name, tensor.dtype()),
                        as_stored(name, output.dtype)
                    );
                    assert_order(&guest, output, &tensor);
                    live.push(tensor);
                }
                for upload in &guest.uploads {
                    if guest.ledger.tensor(upload.id.value()).is_some() {
                        live.push(real(&mut interpreter, upload));
                    }
                }
                let charged = guest.ledger.meters().live_bytes;
                assert!(
                    held(&live) <= charged,
                    "{} bytes held, {charged} charged",
                    held(&live)
                );
            }));
            if let Err(panic) = executed {
                let text = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                    .unwrap_or_default();
                let kind = gauntlet_validator::operation_name(&op);
                let text: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
                failures
                    .entry(format!("{kind}: {text}"))
                    .or_insert_with(|| format!("{op:?}"));
            }
        }
    }
    let _ = std::panic::take_hook();
    for (failure, op) in &failures {
        eprintln!("{failure}\n    {op}");
    }
    assert!(failures.is_empty(), "{} kinds of failures", failures.len());
}

/// An operation on tensors that are there, most of them views or done in place.
fn step(random: &mut Random, guest: &mut Guest, live: &mut Vec<TensorIr>) -> OperationIr {
    let mut take = |random: &mut Random| {
        let at = random.below(live.len());
        if random.below(2) == 0 {
            last(&live.swap_remove(at))
        } else {
            live[at].clone()
        }
    };
    let input = take(random);
    let rank = input.shape.num_dims();
    let dim = random.below(rank);
    let length = input.shape[dim];
    let id = guest.id();
    let base = OperationIr::BaseFloat;
    let numeric = |op| OperationIr::NumericFloat(DType::F32, op);
    match random.below(13) {
        0 | 1 => {
            let start = random.below(length);
            let end = start + 1 + random.below(length - start);
            let step = [1, 1, 1, 2, -1][random.below(5)];
            let mut ranges = vec![Slice::full(); dim];
            ranges.push(Slice::new(start as isize, Some(end as isize), step));
            base(BaseOperationIr::Slice(SliceOpIr::create(
                input,
                ranges,
                || id,
            )))
        }
        2 => {
            let flat = Shape::from([input.shape.num_elements()]);
            base(BaseOperationIr::Reshape(ShapeOpIr::reshape(
                input,
                flat,
                || id,
            )))
        }
        3 => {
            let mut shape = input.shape.to_vec();
            shape.push(1);
            if shape.len() > 4 {
                shape = vec![shape.iter().product()];
            }
            base(BaseOperationIr::Reshape(ShapeOpIr::reshape(
                input,
                shape.into(),
                || id,
            )))
        }
        4 => {
            let other = random.below(rank);
            base(BaseOperationIr::SwapDims(SwapDimsOpIr::create(
                input,
                dim,
                other,
                || id,
            )))
        }
        5 => {
            let mut shape = input.shape.to_vec();
            shape.insert(
                0,
                if shape.iter().product::<usize>() < 2000 {
                    3
                } else {
                    1
                },
            );
            base(BaseOperationIr::Expand(ShapeOpIr::expand(
                input,
                shape.into(),
                || id,
            )))
        }
        6 => base(BaseOperationIr::Flip(FlipOpIr::create(
            input,
            vec![dim],
            || id,
        ))),
        7 => base(BaseOperationIr::RepeatDim(RepeatDimOpIr::create(
            input,
            dim,
            1,
            || id,
        ))),
        8 => base(BaseOperationIr::Cast(CastOpIr::create(
            input,
            DType::F32,
            || id,
        ))),
        9 => base(BaseOperationIr::Cat(CatOpIr::create(
            vec![input],
            dim,
            || id,
        ))),
        10 => {
            let op = ScalarOpIr::create(input, ScalarIr::Float(1.0), || id);
            numeric(NumericOperationIr::AddScalar(op))
        }
        11 => {
            // The same tensor twice, or another of the same shape.
            let other = live
                .iter()
                .find(|other| other.shape == input.shape)
                .cloned();
            match other {
                Some(other) if other.id != input.id => numeric(NumericOperationIr::Add(
                    BinaryOpIr::create(input, other, || id),
                )),
                _ => numeric(NumericOperationIr::Neg(UnaryOpIr::create(input, || id))),
            }
        }
        _ => numeric(NumericOperationIr::SumDim(ReduceDimOpIr::create(
            input,
            dim,
            1,
            || id,
        ))),
    }
}

#[test]
fn views_never_hold_more_than_is_charged() {
    for round in 0..400 {
        let mut random = Random(round);
        let mut guest = Guest::new();
        let mut interpreter = TensorInterpreter::<Flex>::new(FlexDevice);
        let mut live: Vec<TensorIr> = Vec::new();
        for _ in 0..60 {
            let choice = random.below(10);
            if live.is_empty() || choice == 0 {
                let shape = [1 + random.below(8), 1 + random.below(8)];
                let tensor = guest.f32(&shape);
                interpreter.register_tensor_data_id(tensor.id, data(&tensor, 0.5));
                live.push(tensor);
            } else if choice <= 2 || live.len() > 20 {
                let gone = live.swap_remove(random.below(live.len()));
                let op = OperationIr::Drop(last(&gone));
                guest.ledger.check(&op).unwrap();
                interpreter.register_op(op);
            } else {
                let op = step(&mut random, &mut guest, &mut live);
                guest.ledger.check(&op).unwrap();
                interpreter.register_op(op.clone());
                live.extend(op.outputs().map(kept));
            }
            let real: Vec<_> = live
                .iter()
                .map(|tensor| real(&mut interpreter, tensor))
                .collect();
            for (tensor, real) in live.iter().zip(&real) {
                assert_order(&guest, tensor, real);
            }
            let charged = guest.ledger.meters().live_bytes;
            assert!(
                held(&real) <= charged,
                "{} bytes held, {charged} charged",
                held(&real)
            );
        }
        for tensor in &live {
            guest
                .ledger
                .check(&OperationIr::Drop(last(tensor)))
                .unwrap();
        }
        assert_eq!(guest.ledger.meters().live_bytes, 0);
    }
}
