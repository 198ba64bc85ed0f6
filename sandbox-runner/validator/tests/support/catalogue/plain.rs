//! Operations that are no module's.

use burn_backend::{DType, Distribution, Shape, Slice, tensor::IndexingUpdateOp};
use burn_ir::*;

use super::{Maker, Source};

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Float,
    Int,
    Bool,
}

fn class(s: &mut Source<'_>) -> (Class, DType) {
    match s.below(4) {
        0 => (Class::Bool, s.bool()),
        1 => (Class::Int, s.int()),
        _ => (Class::Float, s.float()),
    }
}

fn number(s: &mut Source<'_>) -> (Class, DType) {
    if s.either() {
        (Class::Float, s.float())
    } else {
        (Class::Int, s.int())
    }
}

fn base(class: Class, op: BaseOperationIr) -> OperationIr {
    match class {
        Class::Float => OperationIr::BaseFloat(op),
        Class::Int => OperationIr::BaseInt(op),
        Class::Bool => OperationIr::BaseBool(op),
    }
}

fn numeric(class: Class, dtype: DType, op: NumericOperationIr) -> OperationIr {
    match class {
        Class::Float => OperationIr::NumericFloat(dtype, op),
        _ => OperationIr::NumericInt(dtype, op),
    }
}

fn scalar(dtype: DType) -> ScalarIr {
    ScalarIr::new(2, &dtype)
}

fn operand(s: &mut Source<'_>, dtype: DType) -> TensorIr {
    let rank = s.within(1, 4);
    let shape = s.shape(rank);
    s.tensor(&shape, dtype)
}

fn pair(s: &mut Source<'_>, dtype: DType) -> (TensorIr, TensorIr) {
    let lhs = operand(s, dtype);
    let shape = s.broadcastable(&lhs.shape);
    (lhs, s.tensor(&shape, dtype))
}

fn update(s: &mut Source<'_>, class: Class) -> IndexingUpdateOp {
    use IndexingUpdateOp as Op;
    if class == Class::Bool {
        return Op::Add;
    }
    [Op::Add, Op::Assign, Op::Mul, Op::Min, Op::Max][s.below(5)]
}

macro_rules! variants {
    ($s:ident, $enum:ident :: [$($name:ident),+ $(,)?]) => {{
        let makers = [$($enum::$name),+];
        makers[$s.below(makers.len())]
    }};
}

fn ranges(s: &mut Source<'_>, shape: &[usize]) -> Vec<Slice> {
    let count = s.within(1, shape.len());
    let mut ranges = Vec::new();
    for &length in &shape[..count] {
        let start = s.below(length);
        let end = s.within(start + 1, length);
        let step = [1, 1, 2, -1, -2][s.below(5)];
        let negative = s.below(4) == 0 && end < length;
        let end = if negative {
            end as isize - length as isize
        } else {
            end as isize
        };
        let end = if s.below(5) == 0 { None } else { Some(end) };
        ranges.push(Slice::new(start as isize, end, step));
    }
    ranges
}

pub const OPERATIONS: &[(&str, Maker)] = &[
    ("reshape", |s| {
        let (class, dtype) = class(s);
        let input = operand(s, dtype);
        let mut shape = input.shape.to_vec();
        if s.either() {
            shape = vec![shape.iter().product()];
        } else {
            shape.reverse();
            shape.insert(0, 1);
        }
        let id = s.id();
        base(
            class,
            BaseOperationIr::Reshape(ShapeOpIr::reshape(input, Shape::from(shape), || id)),
        )
    }),
    ("swap_dims", |s| {
        let (class, dtype) = class(s);
        let input = operand(s, dtype);
        let rank = input.shape.num_dims();
        let (a, b, id) = (s.below(rank), s.below(rank), s.id());
        base(
            class,
            BaseOperationIr::SwapDims(SwapDimsOpIr::create(input, a, b, || id)),
        )
    }),
    ("permute", |s| {
        let (class, dtype) = class(s);
        let input = operand(s, dtype);
        let rank = input.shape.num_dims();
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.rotate_left(s.below(rank));
        if s.either() {
            axes.reverse();
        }
        let id = s.id();
        base(
            class,
            BaseOperationIr::Permute(PermuteOpIr::create(input, axes, || id)),
        )
    }),
    ("flip", |s| {
        let (class, dtype) = class(s);
        let input = operand(s, dtype);
        let axes = (0..input.shape.num_dims()).filter(|_| s.either()).collect();
        let id = s.id();
        base(
            class,
            BaseOperationIr::Flip(FlipOpIr::create(input, axes, || id)),
        )
    }),
    ("expand", |s| {
        let (class, dtype) = class(s);
        let shape = s.shape(3);
        let from: Vec<usize> = s.broadcastable(&shape);
        let from = if s.either() { from[1..].to_vec() } else { from };
        let input = s.tensor(&from, dtype);
        let id = s.id();
        base(
            class,
            BaseOperationIr::Expand(ShapeOpIr::expand(input, Shape::from(shape), || id)),
        )
    }),
    ("unfold", |s| {
        let (class, dtype) = class(s);
        let input = operand(s, dtype);
        let dim = s.below(input.shape.num_dims());
        let (size, step, id) = (s.within(1, input.shape[dim]), s.within(1, 3), s.id());
        base(
            class,
            BaseOperationIr::Unfold(UnfoldOpIr::create(input, dim, size, step, || id)),
        )
    }),
    ("slice", |s| {
        let (class, dtype) = class(s);
        let tensor = operand(s, dtype);
        let ranges = ranges(s, &tensor.shape);
        let id = s.id();
        base(
            class,
            BaseOperationIr::Slice(SliceOpIr::create(tensor, ranges, || id)),
        )
    }),
    ("slice_assign", |s| {
        use burn_backend::SliceOps;
        let (class, dtype) = class(s);
        let tensor = operand(s, dtype);
        let ranges = ranges(s, &tensor.shape);
        let part = tensor.shape.clone().slice(&ranges).unwrap();
        let value = s.tensor(&part, dtype);
        let id = s.id();
        base(
            class,
            BaseOperationIr::SliceAssign(SliceAssignOpIr::create(tensor, ranges, value, || id)),
        )
    }),
    ("select", |s| {
        let (class, dtype) = class(s);
        let tensor = operand(s, dtype);
        let dim = s.below(tensor.shape.num_dims());
        let count = s.within(0, 5);
        let index = s.int();
        let indices = s.tensor(&[count], index);
        let id = s.id();
        base(
            class,
            BaseOperationIr::Select(SelectOpIr::create(tensor, dim, indices, || id)),
        )
    }),
    ("select_assign", |s| {
        let (class, dtype) = class(s);
        let tensor = operand(s, dtype);
        let dim = s.below(tensor.shape.num_dims());
        let mut shape = tensor.shape.to_vec();
        // Values are assigned to different places only.
        shape[dim] = 1;
        let index = s.int();
        let indices = s.tensor(&[1], index);
        let value = s.tensor(&shape, dtype);
        let update = update(s, class);
        let id = s.id();
        let op = SelectAssignOpIr::create(tensor, dim, indices, value, update, || id);
        base(class, BaseOperationIr::SelectAssign(op))
    }),
    ("gather", |s| {
        let (class, dtype) = class(s);
        let tensor = operand(s, dtype);
        let dim = s.below(tensor.shape.num_dims());
        let mut shape = tensor.shape.to_vec();
        shape[dim] = s.within(1, 5);
        let index = s.int();
        let indices = s.tensor(&shape, index);
        let id = s.id();
        base(
            class,
            BaseOperationIr::Gather(GatherOpIr::create(tensor, dim, indices, || id)),
        )
    }),
    ("scatter", |s| {
        let (class, dtype) = class(s);
        let tensor = operand(s, dtype);
        let dim = s.below(tensor.shape.num_dims());
        let mut shape = tensor.shape.to_vec();
        shape[dim] = s.within(1, 5);
        let index = s.int();
        let indices = s.tensor(&shape, index);
        let value = s.tensor(&shape, dtype);
        // Flex has addition only.
        let id = s.id();
        let op = ScatterOpIr::create(tensor, dim, indices, value, IndexingUpdateOp::Add, || id);
        base(class, BaseOperationIr::Scatter(op))
    }),
    ("gather_nd", |s| {
        let (class, dtype) = number(s);
        let data = operand(s, dtype);
        let k = s.within(1, data.shape.num_dims());
        let count = s.within(1, 3);
        let indices = s.tensor(&[2, count, k], DType::I64);
        let id = s.id();
        base(
            class,
            BaseOperationIr::GatherNd(GatherNdOpIr::create(data, indices, || id)),
        )
    }),
    ("scatter_nd", |s| {
        let (class, dtype) = number(s);
        let data = operand(s, dtype);
        let k = s.within(1, data.shape.num_dims());
        let indices = s.tensor(&[3, k], DType::I64);
        let mut shape = vec![3];
        shape.extend_from_slice(&data.shape[k..]);
        let values = s.tensor(&shape, dtype);
        let update = update(s, class);
        let id = s.id();
        let op = ScatterNdOpIr::create(data, indices, values, update, || id);
        base(class, BaseOperationIr::ScatterNd(op))
    }),
    ("mask_where", |s| {
        let (class, dtype) = class(s);
        let (tensor, value) = pair(s, dtype);
        let shape = s.broadcastable(&tensor.shape);
        let mask = s.bool();
        let mask = s.tensor(&shape, mask);
        let id = s.id();
        base(
            class,
            BaseOperationIr::MaskWhere(MaskWhereOpIr::create(tensor, mask, value, || id)),
        )
    }),
    ("mask_fill", |s| {
        let (class, dtype) = class(s);
        let tensor = operand(s, dtype);
        let shape = s.broadcastable(&tensor.shape);
        let mask = s.bool();
        let mask = s.tensor(&shape, mask);
        let id = s.id();
        let op = MaskFillOpIr::create(tensor, mask, scalar(dtype), || id);
        base(class, BaseOperationIr::MaskFill(op))
    }),
    ("equal", |s| {
        let (class, dtype) = class(s);
        let (lhs, rhs) = pair(s, dtype);
        let truth = if class == Class::Bool {
            dtype
        } else {
            s.bool()
        };
        let id = s.id();
        let op = BinaryOpIr::create_comparison(lhs, rhs, truth, || id);
        let maker = variants!(s, BaseOperationIr::[Equal, NotEqual]);
        base(class, maker(op))
    }),
    ("equal_elem", |s| {
        let (class, dtype) = class(s);
        let lhs = operand(s, dtype);
        let truth = if class == Class::Bool {
            dtype
        } else {
            s.bool()
        };
        let id = s.id();
        let op = ScalarOpIr::create_comparison(lhs, scalar(dtype), truth, || id);
        let maker = variants!(s, BaseOperationIr::[EqualElem, NotEqualElem]);
        base(class, maker(op))
    }),
    ("repeat_dim", |s| {
        let (class, dtype) = class(s);
        let tensor = operand(s, dtype);
        let (dim, times) = (s.below(tensor.shape.num_dims()), s.within(1, 3));
        let id = s.id();
        base(
            class,
            BaseOperationIr::RepeatDim(RepeatDimOpIr::create(tensor, dim, times, || id)),
        )
    }),
    ("cat", |s| {
        let (class, dtype) = class(s);
        let first = operand(s, dtype);
        let dim = s.below(first.shape.num_dims());
        let mut tensors = vec![first];
        for _ in 0..s.below(3) {
            let mut shape = tensors[0].shape.to_vec();
            shape[dim] = s.within(0, 3);
            tensors.push(s.tensor(&shape, dtype));
        }
        let id = s.id();
        base(
            class,
            BaseOperationIr::Cat(CatOpIr::create(tensors, dim, || id)),
        )
    }),
    ("cast", |s| {
        let input = s.float();
        let input = operand(s, input);
        let (dtype, id) = (s.float(), s.id());
        OperationIr::BaseFloat(BaseOperationIr::Cast(CastOpIr::create(input, dtype, || id)))
    }),
    ("create", |s| {
        let (class, dtype) = class(s);
        let (shape, id) = (s.shape(3), s.id());
        let op = CreationOpIr::create(Shape::from(shape), dtype, || id);
        let maker = variants!(s, BaseOperationIr::[Empty, Ones, Zeros]);
        base(class, maker(op))
    }),
    ("full", |s| {
        let (class, dtype) = number(s);
        let (shape, id) = (s.shape(2), s.id());
        let op = FullOpIr::create(Shape::from(shape), dtype, scalar(dtype), || id);
        numeric(class, dtype, NumericOperationIr::Full(op))
    }),
    ("truth", |s| {
        let (class, dtype) = class(s);
        let input = operand(s, dtype);
        let truth = if class == Class::Bool {
            dtype
        } else {
            s.bool()
        };
        let id = s.id();
        if s.either() {
            let op = ReduceOpIr::create_bool(input, truth, || id);
            let maker = variants!(s, BaseOperationIr::[All, Any]);
            base(class, maker(op))
        } else {
            let axis = s.below(input.shape.num_dims());
            let op = ReduceDimOpIr::create_bool(input, axis, 1, truth, || id);
            let maker = variants!(s, BaseOperationIr::[AllDim, AnyDim]);
            base(class, maker(op))
        }
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
        let id = || ids.next().unwrap();
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
    ("random", |s| {
        let distributions = [
            Distribution::Default,
            Distribution::Bernoulli(0.5),
            Distribution::Uniform(1.0, 3.0),
            Distribution::Normal(2.0, 0.5),
        ];
        let distribution = distributions[s.below(4)];
        let shape = Shape::from(s.shape(2));
        let id = s.id();
        if s.either() {
            let dtype = s.float();
            let op = RandomOpIr::create(shape, dtype, distribution, || id);
            OperationIr::Float(dtype, FloatOperationIr::Random(op))
        } else {
            let dtype = s.int();
            let op = RandomOpIr::create(shape, dtype, distribution, || id);
            numeric(Class::Int, dtype, NumericOperationIr::IntRandom(op))
        }
    }),
    ("float function", |s| {
        let dtype = s.float();
        let input = operand(s, dtype);
        let id = s.id();
        let op = UnaryOpIr::create(input, || id);
        let maker = variants!(s, FloatOperationIr::[
            Exp, Log, Log1p, Erf, Sqrt, Cos, Cosh, Sin, Sinh, Tan, Tanh, ArcCos, ArcCosh, ArcSin,
            ArcSinh, ArcTan, ArcTanh, Round, Floor, Ceil, Trunc, Recip,
        ]);
        OperationIr::Float(dtype, maker(op))
    }),
    ("float function of two", |s| {
        let dtype = s.float();
        let (lhs, rhs) = pair(s, dtype);
        let id = s.id();
        let op = BinaryOpIr::create(lhs, rhs, || id);
        OperationIr::Float(
            dtype,
            variants!(s, FloatOperationIr::[ArcTan2, Powf, Hypot])(op),
        )
    }),
    ("powf_scalar", |s| {
        let dtype = s.float();
        let lhs = operand(s, dtype);
        let id = s.id();
        let op = ScalarOpIr::create(lhs, ScalarIr::Float(0.5), || id);
        OperationIr::Float(dtype, FloatOperationIr::PowfScalar(op))
    }),
    ("predicate", |s| {
        let dtype = s.float();
        let input = operand(s, dtype);
        let (truth, id) = (s.bool(), s.id());
        let op = UnaryOpIr::create_comparison(input, truth, || id);
        OperationIr::Float(dtype, variants!(s, FloatOperationIr::[IsNan, IsInf])(op))
    }),
    ("between classes", |s| {
        let id = s.id();
        match s.below(4) {
            0 => {
                let (from, to) = (s.float(), s.int());
                let op = CastOpIr::create(operand(s, from), to, || id);
                OperationIr::Float(from, FloatOperationIr::IntoInt(op))
            }
            1 => {
                let (from, to) = (s.int(), s.float());
                let op = CastOpIr::create(operand(s, from), to, || id);
                OperationIr::Int(IntOperationIr::IntoFloat(op))
            }
            2 => {
                let (from, to) = (s.bool(), s.float());
                let op = CastOpIr::create(operand(s, from), to, || id);
                OperationIr::Bool(BoolOperationIr::IntoFloat(op))
            }
            _ => {
                let (from, to) = (s.bool(), s.int());
                let op = CastOpIr::create(operand(s, from), to, || id);
                OperationIr::Bool(BoolOperationIr::IntoInt(op))
            }
        }
    }),
    ("matmul", |s| {
        let float = s.either();
        let dtype = if float {
            s.float()
        } else {
            [DType::I64, DType::I32][s.below(2)]
        };
        let rank = s.within(2, 4);
        let mut lhs = s.shape(rank);
        let mut rhs = s.broadcastable(&lhs);
        lhs[rank - 1] = s.within(1, 4);
        rhs[rank - 2] = lhs[rank - 1];
        rhs[rank - 1] = s.within(1, 4);
        let (lhs, rhs) = (s.tensor(&lhs, dtype), s.tensor(&rhs, dtype));
        let id = s.id();
        let op = MatmulOpIr::create(lhs, rhs, || id);
        if float {
            OperationIr::Float(dtype, FloatOperationIr::Matmul(op))
        } else {
            OperationIr::Int(IntOperationIr::Matmul(op))
        }
    }),
    ("cross", |s| {
        let dtype = s.float();
        let mut shape = s.shape(3);
        let dim = s.below(3);
        shape[dim] = 3;
        let (lhs, rhs) = (s.tensor(&shape, dtype), s.tensor(&shape, dtype));
        let id = s.id();
        OperationIr::Float(
            dtype,
            FloatOperationIr::Cross(CrossOpIr::create(lhs, rhs, dim, || id)),
        )
    }),
    ("bitwise", |s| {
        let dtype = s.int();
        let (lhs, rhs) = pair(s, dtype);
        let id = s.id();
        let op = BinaryOpIr::create(lhs, rhs, || id);
        OperationIr::Int(variants!(s, IntOperationIr::[
            BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseLeftShift, BitwiseRightShift,
        ])(op))
    }),
    ("bitwise with a scalar", |s| {
        let dtype = s.int();
        let lhs = operand(s, dtype);
        let id = s.id();
        let op = ScalarOpIr::create(lhs, scalar(dtype), || id);
        OperationIr::Int(variants!(s, IntOperationIr::[
            BitwiseAndScalar, BitwiseOrScalar, BitwiseXorScalar, BitwiseLeftShiftScalar,
            BitwiseRightShiftScalar,
        ])(op))
    }),
    ("bitwise_not", |s| {
        let dtype = s.int();
        let input = operand(s, dtype);
        let id = s.id();
        OperationIr::Int(IntOperationIr::BitwiseNot(UnaryOpIr::create(input, || id)))
    }),
    ("logic", |s| {
        let dtype = s.bool();
        let (lhs, rhs) = pair(s, dtype);
        let id = s.id();
        if s.either() {
            return OperationIr::Bool(BoolOperationIr::Not(UnaryOpIr::create(lhs, || id)));
        }
        let op = BinaryOpIr::create(lhs, rhs, || id);
        OperationIr::Bool(variants!(s, BoolOperationIr::[And, Or, Xor])(op))
    }),
];
