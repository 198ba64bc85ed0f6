//! Guests that send operations which must not be executed, or not for ever.

use burn_backend::{DType, Slice};
use burn_ir::{
    BaseOperationIr, BinaryOpIr, CatOpIr, CreationOpIr, CustomOpIr, FloatOperationIr, MatmulOpIr,
    NumericOperationIr, OperationIr, RepeatDimOpIr, ShapeOpIr, SliceOpIr, TensorIr, TensorStatus,
};

use super::Row;
use crate::expected::Expected::{Budget, Harmless, Memory, Method};
use crate::guest::{Guest, encoded, ones, tensor, typed};

/// Guests that send operations which must not be executed, or not for ever.
pub(super) fn rows() -> Vec<Row> {
    let flood = {
        // 64 tensors of a MiB each, against a limit of 32 MiB.
        let many: Vec<OperationIr> = (10..74).map(|id| ones(id, &[512, 512])).collect();
        Guest::operating(&many)
    };
    let custom = OperationIr::Custom(CustomOpIr::new("anything", &[], &[]));
    let lie = Guest::operating(&[ones(10, &[4, 4]), ones(11, &[4, 4]), matmul(12, 9)]);
    let foreign = Guest::operating(&[matmul(12, 4)]);
    let dropped_twice = {
        let drop = OperationIr::Drop(tensor(10, &[4, 4], TensorStatus::ReadWrite));
        Guest::operating(&[ones(10, &[4, 4]), drop.clone(), drop])
    };
    let mut rows = vec![
        ("a flood of tensors", flood, Memory("tensors")),
        (
            "a tensor of a terabyte",
            Guest::operating(&[ones(10, &[1 << 20, 1 << 18])]),
            Memory("tensors"),
        ),
        (
            "a shape that overflows",
            Guest::operating(&[ones(10, &[1 << 40, 1 << 40])]),
            Memory("tensors"),
        ),
        (
            "a custom operation",
            Guest::operating(&[custom]),
            Method("ustom"),
        ),
        ("an operation on unknown tensors", foreign, Method("10")),
        (
            "an operation that lies about shapes",
            lie,
            Method("not [9, 9]"),
        ),
        ("a tensor dropped twice", dropped_twice, Method("10")),
        ("more work than there is", expensive(), Budget("work")),
    ];
    rows.extend(more());
    rows
}

/// The product of tensors 10 and 11.
fn matmul(id: u64, side: usize) -> OperationIr {
    OperationIr::Float(
        DType::F32,
        FloatOperationIr::Matmul(MatmulOpIr {
            lhs: read(10, &[side, side]),
            rhs: read(11, &[side, side]),
            out: fresh(id, &[side, side]),
        }),
    )
}

/// A guest that does more work than the usual budget has.
pub(crate) fn expensive() -> Guest {
    Guest::operating(&[
        ones(10, &[512, 512]),
        ones(11, &[512, 512]),
        matmul(12, 512),
    ])
}

pub(super) fn read(id: u64, shape: &[usize]) -> TensorIr {
    tensor(id, shape, TensorStatus::ReadOnly)
}

fn last(id: u64, shape: &[usize]) -> TensorIr {
    tensor(id, shape, TensorStatus::ReadWrite)
}

pub(super) fn fresh(id: u64, shape: &[usize]) -> TensorIr {
    tensor(id, shape, TensorStatus::NotInit)
}

fn sum(lhs: TensorIr, rhs: TensorIr, out: TensorIr) -> OperationIr {
    OperationIr::NumericFloat(
        DType::F32,
        NumericOperationIr::Add(BinaryOpIr { lhs, rhs, out }),
    )
}

pub(super) fn base(operation: BaseOperationIr) -> OperationIr {
    OperationIr::BaseFloat(operation)
}

/// Uses after the last use, and lies of every kind.
fn more() -> Vec<Row> {
    let operating = Guest::operating;
    let two = || ones(10, &[2, 2]);
    let reshape = |to: &[usize]| {
        base(BaseOperationIr::Reshape(ShapeOpIr {
            input: read(10, &[2, 2]),
            out: fresh(11, to),
        }))
    };
    let slice = |slice: Slice, out: &[usize]| {
        base(BaseOperationIr::Slice(SliceOpIr {
            tensor: read(10, &[2, 2]),
            ranges: vec![slice],
            out: fresh(11, out),
        }))
    };
    let repeat = |times: usize, out: &[usize]| {
        base(BaseOperationIr::RepeatDim(RepeatDimOpIr {
            tensor: read(10, &[2, 2]),
            dim: 0,
            times,
            out: fresh(11, out),
        }))
    };
    let cat = |dim: usize| {
        base(BaseOperationIr::Cat(CatOpIr {
            tensors: vec![read(10, &[2, 2]), read(11, &[3, 3])],
            dim,
            out: fresh(12, &[5, 2]),
        }))
    };
    let truncated = {
        let mut guest = Guest::honest();
        let mut batch = encoded(&two());
        batch.truncate(batch.len() - 1);
        let code = guest.submit_bytes(&batch);
        guest.train(&code)
    };
    let quantised = {
        let mut guest = Guest::honest();
        let mut batch = encoded(&two());
        // The dtype is the last byte: one that no backend here has.
        if let Some(byte) = batch.last_mut() {
            *byte = 0x7f;
        }
        let code = guest.submit_bytes(&batch);
        guest.train(&code)
    };
    let wide_view = base(BaseOperationIr::Expand(ShapeOpIr {
        input: read(10, &[1]),
        out: fresh(11, &[1 << 40]),
    }));
    let read_lie = {
        let mut guest = Guest::honest();
        let header = postcard::to_allocvec(&read(10, &[1 << 20])).expect("it has a size");
        let make = guest.submit(&[two()]);
        let header = guest.constant(&header);
        guest.train(&format!("{make} (drop (call $read {header}))"))
    };
    vec![
        (
            "a tensor used after its last use",
            operating(&[
                two(),
                sum(last(10, &[2, 2]), last(10, &[2, 2]), fresh(11, &[2, 2])),
            ]),
            Method("after its last use"),
        ),
        (
            "a tensor used after it was freed",
            operating(&[
                two(),
                OperationIr::Drop(last(10, &[2, 2])),
                sum(read(10, &[2, 2]), read(10, &[2, 2]), fresh(11, &[2, 2])),
            ]),
            Method("no tensor 10"),
        ),
        (
            "a result in place of an operand",
            operating(&[
                two(),
                sum(read(10, &[2, 2]), read(10, &[2, 2]), fresh(10, &[2, 2])),
            ]),
            Method("exists already"),
        ),
        (
            "an operand that says it is not initialised",
            operating(&[
                two(),
                sum(fresh(10, &[2, 2]), read(10, &[2, 2]), fresh(11, &[2, 2])),
            ]),
            Method("not initialised"),
        ),
        (
            "a result that says it is there already",
            operating(&[
                two(),
                sum(read(10, &[2, 2]), read(10, &[2, 2]), read(11, &[2, 2])),
            ]),
            Method("initialised"),
        ),
        (
            "a result under an id of the host's",
            operating(&[
                two(),
                sum(
                    read(10, &[2, 2]),
                    read(10, &[2, 2]),
                    fresh(1 << 63, &[2, 2]),
                ),
            ]),
            Method("host's"),
        ),
        (
            "operands of shapes that do not fit",
            operating(&[
                two(),
                ones(11, &[3, 3]),
                sum(read(10, &[2, 2]), read(11, &[3, 3]), fresh(12, &[3, 3])),
            ]),
            Method("not valid"),
        ),
        (
            "integers that are added as floats",
            operating(&[
                two(),
                sum(
                    typed(10, &[2, 2], TensorStatus::ReadOnly, DType::I64),
                    read(10, &[2, 2]),
                    fresh(11, &[2, 2]),
                ),
            ]),
            Method("not valid"),
        ),
        (
            "a reshape to more elements",
            operating(&[two(), reshape(&[8])]),
            Method("not valid"),
        ),
        (
            "a reshape to a product that wraps around",
            operating(&[two(), reshape(&[1 << 33, 1 << 33])]),
            Method("not valid"),
        ),
        (
            "a slice beyond the end",
            operating(&[two(), slice(Slice::new(0, Some(9), 1), &[9, 2])]),
            Method("not valid"),
        ),
        (
            "a slice with no step",
            operating(&[
                two(),
                slice(
                    Slice {
                        start: 0,
                        end: Some(2),
                        step: 0,
                    },
                    &[2, 2],
                ),
            ]),
            Method("not valid"),
        ),
        (
            "a slice from the smallest number there is",
            operating(&[
                two(),
                slice(
                    Slice {
                        start: isize::MIN,
                        end: None,
                        step: isize::MIN,
                    },
                    &[1, 2],
                ),
            ]),
            Method("not valid"),
        ),
        (
            "a repetition without end",
            operating(&[two(), repeat(usize::MAX, &[usize::MAX, 2])]),
            Memory("tensors"),
        ),
        (
            "a repetition to a terabyte",
            operating(&[two(), repeat(1 << 36, &[1 << 37, 2])]),
            Memory("tensors"),
        ),
        (
            "tensors put together that do not fit",
            operating(&[two(), ones(11, &[3, 3]), cat(0)]),
            Method("not valid"),
        ),
        (
            "tensors put together along an axis that there is not",
            operating(&[two(), ones(11, &[3, 3]), cat(9)]),
            Method("not valid"),
        ),
        (
            "a view of a number as a terabyte",
            operating(&[ones(10, &[1]), wide_view]),
            Memory("tensors"),
        ),
        (
            "a tensor of twenty dimensions",
            operating(&[ones(10, &[1; 20])]),
            Method("dimensions"),
        ),
        (
            "no elements in a shape that would overflow",
            operating(&[ones(10, &[0, 1 << 62, 1 << 62])]),
            Memory("tensors"),
        ),
        ("half an operation", truncated, Method("cannot be decoded")),
        (
            "a dtype that there is not",
            quantised,
            Method("cannot be decoded"),
        ),
        (
            "a read that lies about a shape",
            read_lie,
            Method("not [1048576]"),
        ),
        (
            "memory that nobody has cleared",
            operating(&[base(BaseOperationIr::Empty(CreationOpIr {
                out: fresh(10, &[1024]),
            }))]),
            Harmless,
        ),
        (
            "more operations than the work allows, each of nothing",
            {
                let many: Vec<OperationIr> = (10..10_000).map(|id| ones(id, &[1])).collect();
                operating(&many)
            },
            Budget("work"),
        ),
    ]
}
