//! Operations of every class of tensors.

use burn_backend::{DType, Shape, Slice, tensor::IndexingUpdateOp};
use burn_ir::*;

use super::operands::{Class, base, class, number, operand, pair, scalar, variants};
use super::source::{Maker, Source};

fn update(s: &mut Source<'_>, class: Class) -> IndexingUpdateOp {
    use IndexingUpdateOp as Op;
    if class == Class::Bool {
        return Op::Add;
    }
    [Op::Add, Op::Assign, Op::Mul, Op::Min, Op::Max][s.below(5)]
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
        let part = tensor
            .shape
            .clone()
            .slice(&ranges)
            .expect("the ranges are valid");
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
];
