//! Parameters that a backend would panic on, or index outside of its memory with.

mod support;

use burn_backend::{DType, Shape, Slice};
use burn_ir::*;
use support::{Guest, invalid, out};

#[test]
fn axes_are_within_the_rank() {
    let mut guest = Guest::new();
    let x = guest.f32(&[2, 3]);
    let float = |op| OperationIr::NumericFloat(DType::F32, op);
    let base = OperationIr::BaseFloat;
    for axis in [2, usize::MAX] {
        let id = guest.id();
        let op = || DimOpIr {
            input: x.clone(),
            out: TensorIr::uninit(id, x.shape.clone(), DType::F32),
            axis,
        };
        for op in [
            float(NumericOperationIr::CumSum(op())),
            float(NumericOperationIr::CumMax(op())),
            OperationIr::Activation(ActivationOperationIr::Softmax(op())),
        ] {
            invalid(&mut guest, op);
        }
        let reduce = || ReduceDimOpIr {
            input: x.clone(),
            out: TensorIr::uninit(id, Shape::from([1, 3]), DType::F32),
            axis,
            accumulator_len: 1,
        };
        let index = || ReduceDimOpIr {
            out: TensorIr {
                dtype: DType::I64,
                ..reduce().out
            },
            ..reduce()
        };
        for op in [
            NumericOperationIr::SumDim(reduce()),
            NumericOperationIr::MaxDim(reduce()),
            NumericOperationIr::TopK(reduce()),
            NumericOperationIr::ArgMax(index()),
            NumericOperationIr::ArgTopK(index()),
        ] {
            invalid(&mut guest, float(op));
        }
        let out = out(&mut guest, [2, 3], DType::F32);
        let sort = SortOpIr {
            input: x.clone(),
            dim: axis,
            descending: false,
            out: out.clone(),
        };
        invalid(&mut guest, float(NumericOperationIr::Sort(sort)));
        let flip = FlipOpIr {
            input: x.clone(),
            out: out.clone(),
            axes: vec![axis],
        };
        invalid(&mut guest, base(BaseOperationIr::Flip(flip)));
        let swap = SwapDimsOpIr {
            input: x.clone(),
            out: out.clone(),
            dim1: 0,
            dim2: axis,
        };
        invalid(&mut guest, base(BaseOperationIr::SwapDims(swap)));
        let repeat = RepeatDimOpIr {
            tensor: x.clone(),
            dim: axis,
            times: 1,
            out: out.clone(),
        };
        invalid(&mut guest, base(BaseOperationIr::RepeatDim(repeat)));
        let cat = CatOpIr {
            tensors: vec![x.clone()],
            dim: axis,
            out: out.clone(),
        };
        invalid(&mut guest, base(BaseOperationIr::Cat(cat)));
        let indices = guest.i64(&[2, 3]);
        let gather = GatherOpIr {
            tensor: x.clone(),
            dim: axis,
            indices,
            out: out.clone(),
        };
        invalid(&mut guest, base(BaseOperationIr::Gather(gather)));
        let indices = guest.i64(&[3]);
        let select = SelectOpIr {
            tensor: x.clone(),
            dim: axis,
            indices,
            out,
        };
        invalid(&mut guest, base(BaseOperationIr::Select(select)));
    }
}

#[test]
fn permutations_are_permutations() {
    let mut guest = Guest::new();
    let x = guest.f32(&[2, 2]);
    for axes in [
        vec![],
        vec![0],
        vec![0, 0],
        vec![0, 2],
        vec![0, 1, 1],
        vec![usize::MAX, 0],
    ] {
        let out = out(&mut guest, [2, 2], DType::F32);
        let op = PermuteOpIr {
            input: x.clone(),
            out,
            axes,
        };
        invalid(
            &mut guest,
            OperationIr::BaseFloat(BaseOperationIr::Permute(op)),
        );
    }
    let out = out(&mut guest, [1, 2], DType::F32);
    let op = ReduceDimsOpIr {
        input: x,
        out,
        axes: vec![0, 0],
    };
    invalid(
        &mut guest,
        OperationIr::NumericFloat(DType::F32, NumericOperationIr::SumDims(op)),
    );
}

#[test]
fn ranges_lie_within_the_tensor() {
    let mut guest = Guest::new();
    let x = guest.f32(&[4]);
    for (start, end, step, length) in [
        (0, Some(5), 1, 5),
        (0, Some(5), 1, 4),
        (5, Some(5), 1, 0),
        (-5, Some(4), 1, 4),
        (0, Some(isize::MAX), 1, 4),
        (isize::MIN, None, 1, 4),
        (0, Some(4), 0, 4),
        (0, Some(4), isize::MIN, 4),
    ] {
        let out = out(&mut guest, [length], DType::F32);
        let op = SliceOpIr {
            tensor: x.clone(),
            ranges: vec![Slice { start, end, step }],
            out,
        };
        invalid(
            &mut guest,
            OperationIr::BaseFloat(BaseOperationIr::Slice(op)),
        );
    }
    let out = out(&mut guest, [4], DType::F32);
    let value = guest.f32(&[3]);
    let op = SliceAssignOpIr {
        tensor: x,
        ranges: vec![Slice::new(0, Some(2), 1)],
        value,
        out,
    };
    invalid(
        &mut guest,
        OperationIr::BaseFloat(BaseOperationIr::SliceAssign(op)),
    );
}

#[test]
fn reshapes_keep_the_number_of_elements_and_expansions_start_from_one() {
    let mut guest = Guest::new();
    let x = guest.f32(&[2, 3]);
    for shape in [vec![5], vec![2, 3, 2], vec![0], vec![]] {
        let out = out(&mut guest, shape, DType::F32);
        let op = ShapeOpIr {
            input: x.clone(),
            out,
        };
        invalid(
            &mut guest,
            OperationIr::BaseFloat(BaseOperationIr::Reshape(op)),
        );
    }
    for shape in [vec![4, 3], vec![3], vec![2, 6], vec![0, 3]] {
        let out = out(&mut guest, shape, DType::F32);
        let op = ShapeOpIr {
            input: x.clone(),
            out,
        };
        invalid(
            &mut guest,
            OperationIr::BaseFloat(BaseOperationIr::Expand(op)),
        );
    }
    for (size, step) in [(0, 1), (1, 0), (4, 1), (usize::MAX, 1)] {
        let out = out(&mut guest, [2, 1, 1], DType::F32);
        let op = UnfoldOpIr {
            input: x.clone(),
            out,
            dim: 1,
            size,
            step,
        };
        invalid(
            &mut guest,
            OperationIr::BaseFloat(BaseOperationIr::Unfold(op)),
        );
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let mut guest = Guest::new();
    let (x, y) = (guest.f32(&[2, 3]), guest.f32(&[2, 4]));
    let vector = guest.f32(&[3]);
    for (lhs, rhs) in [(&x, &y), (&x, &vector), (&x, &x)] {
        let out = out(&mut guest, [2, 3], DType::F32);
        let op = MatmulOpIr {
            lhs: lhs.clone(),
            rhs: rhs.clone(),
            out,
        };
        invalid(
            &mut guest,
            OperationIr::Float(DType::F32, FloatOperationIr::Matmul(op)),
        );
    }
    for rhs in [&y, &vector] {
        let out = out(&mut guest, [2, 3], DType::F32);
        let op = BinaryOpIr {
            lhs: x.clone(),
            rhs: rhs.clone(),
            out,
        };
        invalid(
            &mut guest,
            OperationIr::NumericFloat(DType::F32, NumericOperationIr::Add(op)),
        );
    }
    let out = out(&mut guest, [2, 3], DType::F32);
    let op = CatOpIr {
        tensors: vec![],
        dim: 0,
        out,
    };
    invalid(&mut guest, OperationIr::BaseFloat(BaseOperationIr::Cat(op)));
}

#[test]
fn k_is_at_most_the_length() {
    let mut guest = Guest::new();
    let x = guest.f32(&[2, 3]);
    let out = out(&mut guest, [2, 4], DType::F32);
    let op = ReduceDimOpIr {
        input: x,
        out,
        axis: 1,
        accumulator_len: 4,
    };
    invalid(
        &mut guest,
        OperationIr::NumericFloat(DType::F32, NumericOperationIr::TopK(op)),
    );
}
