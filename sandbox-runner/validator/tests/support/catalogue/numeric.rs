//! Operations of float and int tensors.

use burn_backend::{DType, Shape};
use burn_ir::*;

use super::operands::{Class, number, numeric, operand, pair, scalar, variants};
use super::source::Maker;

pub const OPERATIONS: &[(&str, Maker)] = &[
    ("full", |s| {
        let (class, dtype) = number(s);
        let (shape, id) = (s.shape(2), s.id());
        let op = FullOpIr::create(Shape::from(shape), dtype, scalar(dtype), || id);
        numeric(class, dtype, NumericOperationIr::Full(op))
    }),
    ("arithmetic", |s| {
        let (class, dtype) = number(s);
        let (lhs, rhs) = pair(s, dtype);
        let id = s.id();
        let op = BinaryOpIr::create(lhs, rhs, || id);
        let maker = variants!(s, NumericOperationIr::[Add, Sub, Mul, Div, Rem]);
        numeric(class, dtype, maker(op))
    }),
    ("arithmetic with a scalar", |s| {
        let (class, dtype) = number(s);
        let lhs = operand(s, dtype);
        let id = s.id();
        let op = ScalarOpIr::create(lhs, scalar(dtype), || id);
        let maker = variants!(s, NumericOperationIr::[
            AddScalar, SubScalar, MulScalar, DivScalar, RemScalar, ClampMin, ClampMax, PowiScalar,
        ]);
        numeric(class, dtype, maker(op))
    }),
    ("unary", |s| {
        let (class, dtype) = number(s);
        let unsigned = dtype.is_uint();
        let input = operand(s, dtype);
        let id = s.id();
        let op = UnaryOpIr::create(input, || id);
        let maker = if unsigned {
            NumericOperationIr::Abs
        } else {
            variants!(s, NumericOperationIr::[Abs, Neg, Sign])
        };
        numeric(class, dtype, maker(op))
    }),
    ("clamp", |s| {
        let (class, dtype) = number(s);
        let tensor = operand(s, dtype);
        let id = s.id();
        let op = ClampOpIr::create(tensor, ScalarIr::new(1, &dtype), scalar(dtype), || id);
        numeric(class, dtype, NumericOperationIr::Clamp(op))
    }),
    ("powi", |s| {
        let dtype = s.int();
        let (lhs, rhs) = pair(s, dtype);
        let id = s.id();
        let op = BinaryOpIr::create(lhs, rhs, || id);
        numeric(Class::Int, dtype, NumericOperationIr::Powi(op))
    }),
    ("reduce", |s| {
        let (class, dtype) = number(s);
        let input = operand(s, dtype);
        let id = s.id();
        let op = ReduceOpIr::create(input, || id);
        let maker = if dtype.is_uint() {
            NumericOperationIr::Sum
        } else {
            variants!(s, NumericOperationIr::[Sum, Mean, Prod, Max, Min])
        };
        numeric(class, dtype, maker(op))
    }),
    ("reduce a dimension", |s| {
        let (class, dtype) = number(s);
        let input = operand(s, dtype);
        let (axis, id) = (s.below(input.shape.num_dims()), s.id());
        let op = ReduceDimOpIr::create(input, axis, 1, || id);
        let maker = variants!(s, NumericOperationIr::[SumDim, MeanDim, ProdDim, MaxDim, MinDim]);
        numeric(class, dtype, maker(op))
    }),
    ("reduce dimensions", |s| {
        let (class, dtype) = number(s);
        let input = operand(s, dtype);
        let axes = (0..input.shape.num_dims()).filter(|_| s.either()).collect();
        let id = s.id();
        let op = ReduceDimsOpIr::create(input, axes, || id);
        numeric(class, dtype, NumericOperationIr::SumDims(op))
    }),
    ("largest magnitude", |s| {
        let dtype = s.float();
        let input = operand(s, dtype);
        let (axis, id) = (s.below(input.shape.num_dims()), s.id());
        let op = if s.either() {
            NumericOperationIr::MaxAbs(ReduceOpIr::create(input, || id))
        } else {
            NumericOperationIr::MaxAbsDim(ReduceDimOpIr::create(input, axis, 1, || id))
        };
        numeric(Class::Float, dtype, op)
    }),
    ("indices", |s| {
        let class = if s.either() { Class::Float } else { Class::Int };
        let (dtype, index) = match class {
            Class::Float => (s.float(), s.int()),
            _ => (DType::I64, DType::I64),
        };
        let input = operand(s, dtype);
        let (axis, id) = (s.below(input.shape.num_dims()), s.id());
        let op = if s.either() {
            let op = ReduceDimOpIr::create_arg(input, axis, 1, index, || id);
            variants!(s, NumericOperationIr::[ArgMax, ArgMin])(op)
        } else {
            let k = s.within(1, input.shape[axis]);
            NumericOperationIr::ArgTopK(ReduceDimOpIr::create_arg(input, axis, k, index, || id))
        };
        numeric(class, dtype, op)
    }),
    ("topk", |s| {
        let (class, dtype) = number(s);
        let input = operand(s, dtype);
        let (axis, id) = (s.below(input.shape.num_dims()), s.id());
        let k = s.within(1, input.shape[axis]);
        let op = ReduceDimOpIr::create(input, axis, k, || id);
        numeric(class, dtype, NumericOperationIr::TopK(op))
    }),
    ("values with indices", |s| {
        let class = if s.either() { Class::Float } else { Class::Int };
        let (dtype, index) = match class {
            Class::Float => (s.float(), s.int()),
            _ => (DType::I64, DType::I64),
        };
        let tensor = operand(s, dtype);
        let dim = s.below(tensor.shape.num_dims());
        let mut ids = vec![s.id(), s.id()].into_iter();
        let id = || ids.next().expect("there are two outputs");
        let op = match s.below(3) {
            0 => {
                let op = ReduceDimWithIndicesOpIr::create(tensor, dim, index, id);
                variants!(s, NumericOperationIr::[MaxDimWithIndices, MinDimWithIndices])(op)
            }
            1 => {
                let k = s.within(1, tensor.shape[dim]);
                let op = TopKWithIndicesOpIr::create(tensor, dim, k, index, id);
                NumericOperationIr::TopKWithIndices(op)
            }
            _ => {
                let op = SortWithIndicesOpIr::create(tensor, dim, s.either(), index, id);
                NumericOperationIr::SortWithIndices(op)
            }
        };
        numeric(class, dtype, op)
    }),
    ("sort", |s| {
        let (class, dtype) = number(s);
        let input = operand(s, dtype);
        let (dim, id) = (s.below(input.shape.num_dims()), s.id());
        let op = SortOpIr::create(input, dim, s.either(), || id);
        numeric(class, dtype, NumericOperationIr::Sort(op))
    }),
    ("argsort", |s| {
        let dtype = s.float();
        let input = operand(s, dtype);
        let (dim, id) = (s.below(input.shape.num_dims()), s.id());
        let index = s.int();
        let op = SortOpIr::create_arg(input, dim, s.either(), index, || id);
        numeric(Class::Float, dtype, NumericOperationIr::ArgSort(op))
    }),
    ("compare", |s| {
        let (class, dtype) = number(s);
        let (lhs, rhs) = pair(s, dtype);
        let (truth, id) = (s.bool(), s.id());
        let op = BinaryOpIr::create_comparison(lhs, rhs, truth, || id);
        let maker = variants!(s, NumericOperationIr::[Greater, GreaterEqual, Lower, LowerEqual]);
        numeric(class, dtype, maker(op))
    }),
    ("compare with a scalar", |s| {
        let (class, dtype) = number(s);
        let lhs = operand(s, dtype);
        let (truth, id) = (s.bool(), s.id());
        let op = ScalarOpIr::create_comparison(lhs, scalar(dtype), truth, || id);
        let maker = variants!(s, NumericOperationIr::[
            GreaterElem, GreaterEqualElem, LowerElem, LowerEqualElem,
        ]);
        numeric(class, dtype, maker(op))
    }),
    ("cumulative", |s| {
        let (class, dtype) = number(s);
        let input = operand(s, dtype);
        let (axis, id) = (s.below(input.shape.num_dims()), s.id());
        let op = DimOpIr::create(input, axis, || id);
        let maker = variants!(s, NumericOperationIr::[CumSum, CumProd, CumMin, CumMax]);
        numeric(class, dtype, maker(op))
    }),
    ("pad", |s| {
        let (class, dtype) = number(s);
        let input = operand(s, dtype);
        let constant = PadModeIr::Constant(scalar(dtype));
        let mode = [constant, PadModeIr::Edge, PadModeIr::Reflect][s.below(3)];
        let mut padding = Vec::new();
        for &length in input.shape.iter() {
            let most = if mode == PadModeIr::Reflect {
                length - 1
            } else {
                3
            };
            padding.push((s.within(0, most), s.within(0, most)));
        }
        let id = s.id();
        numeric(
            class,
            dtype,
            NumericOperationIr::Pad(PadOpIr::create(input, padding, mode, || id)),
        )
    }),
];
