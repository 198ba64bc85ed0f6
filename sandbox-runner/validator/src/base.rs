//! Operations that exist for every class of tensors.

use burn_backend::tensor::IndexingUpdateOp;
use burn_ir::{BaseOperationIr, BinaryOpIr, CatOpIr, ReduceDimOpIr, ScalarOpIr, TensorIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::{broadcast3, same_dtype};
use crate::violation::{Checked, Fault, require};
use crate::{indexing, views};

pub(crate) fn check<'o>(c: &mut Check<'_, 'o>, op: &'o BaseOperationIr, class: Class) -> Checked {
    use BaseOperationIr as Op;
    match op {
        Op::Reshape(op) => views::reshape(c, op, class),
        Op::SwapDims(op) => views::swap_dims(c, op, class),
        Op::Permute(op) => views::permute(c, op, class),
        Op::Flip(op) => views::flip(c, op, class),
        Op::Expand(op) => views::expand(c, op, class),
        Op::Unfold(op) => views::unfold(c, op, class),
        Op::Slice(op) => views::slice(c, op, class),
        Op::SliceAssign(op) => indexing::slice_assign(c, op, class),
        Op::Select(op) => indexing::select(c, op, class),
        Op::SelectAssign(op) => {
            bool_update(class, op.update)?;
            indexing::select_assign(c, op, class)
        }
        Op::Gather(op) => indexing::gather(c, op, class),
        Op::Scatter(op) => {
            bool_update(class, op.update)?;
            indexing::scatter(c, op, class)
        }
        Op::ScatterNd(_) | Op::GatherNd(_) if class == Class::Bool => {
            Err(Fault::Unsupported("there is none for bool tensors"))
        }
        Op::ScatterNd(op) => indexing::scatter_nd(c, op, class),
        Op::GatherNd(op) => indexing::gather_nd(c, op, class),
        Op::MaskWhere(op) => {
            c.input(&op.tensor, class)?;
            c.input(&op.mask, Class::Bool)?;
            c.input(&op.value, class)?;
            same_dtype(&op.tensor, &op.value)?;
            broadcast3(c, &op.tensor, &op.mask, &op.value, &op.out)?;
            c.flops_each(&op.out, 1);
            Ok(())
        }
        Op::MaskFill(op) => {
            c.input(&op.tensor, class)?;
            c.input(&op.mask, Class::Bool)?;
            broadcast3(c, &op.tensor, &op.mask, &op.mask, &op.out)?;
            c.flops_each(&op.out, 1);
            Ok(())
        }
        Op::NotEqual(op) => {
            comparison(c, op, class)?;
            if class == Class::Bool {
                // Equality is made, and negated.
                let bytes = c.bytes_of(&op.out)?;
                c.working_memory(bytes);
            }
            Ok(())
        }
        Op::Equal(op) => comparison(c, op, class),
        Op::EqualElem(op) | Op::NotEqualElem(op) => scalar_comparison(c, op, class),
        Op::RepeatDim(op) => {
            c.input(&op.tensor, class)?;
            require!(
                op.dim < op.tensor.shape.num_dims(),
                "there is no dimension {}",
                op.dim
            );
            let repeated = op.tensor.shape[op.dim].saturating_mul(op.times);
            let shape = &op.tensor.shape;
            c.output(&op.out, op.tensor.dtype, shape.num_dims(), |i| {
                if i == op.dim { repeated } else { shape[i] }
            })?;
            // The host makes bytes, and copies them to where they are aligned.
            let bytes = c.bytes_of(&op.out)?;
            c.working_memory(bytes);
            Ok(())
        }
        Op::Cat(op) => cat(c, op, class),
        Op::Cast(op) => {
            if class == Class::Bool {
                return Err(Fault::Unsupported("bool tensors are not cast"));
            }
            c.input(&op.input, class)?;
            c.flops_each(&op.input, 1);
            c.like_as(&op.out, &op.input, class)
        }
        Op::Ones(op) => c.created(&op.out, class),
        Op::Empty(op) | Op::Zeros(op) => {
            c.created(&op.out, class)?;
            // Flex makes the zeros, and copies them to where they are aligned.
            let working = c.bytes_of(&op.out)?;
            c.working_memory(working);
            Ok(())
        }
        Op::All(op) | Op::Any(op) => {
            c.input(&op.input, class)?;
            c.flops_each(&op.input, 1);
            truth(class, &op.input, &op.out)?;
            c.output(&op.out, op.out.dtype, 1, |_| 1)
        }
        Op::AllDim(op) | Op::AnyDim(op) => truth_along(c, op, class),
    }
}

/// Bool tensors know one way of updating: or, which is spelt `Add`.
fn bool_update(class: Class, update: IndexingUpdateOp) -> Checked {
    if class == Class::Bool && update != IndexingUpdateOp::Add {
        return Err(Fault::Unsupported("bool tensors are updated by `or` only"));
    }
    Ok(())
}

/// A truth value may be stored as the device likes; bool tensors keep their own way.
fn truth(class: Class, input: &TensorIr, out: &TensorIr) -> Checked {
    Class::Bool.require(out.dtype)?;
    if class == Class::Bool {
        same_dtype(input, out)?;
    }
    Ok(())
}

fn truth_along<'o>(c: &mut Check<'_, 'o>, op: &'o ReduceDimOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    let shape = &op.input.shape;
    require!(
        op.axis < shape.num_dims(),
        "there is no dimension {}",
        op.axis
    );
    require!(
        op.accumulator_len == 1,
        "it leaves one element, not {}",
        op.accumulator_len
    );
    c.flops_each(&op.input, 1);
    truth(class, &op.input, &op.out)?;
    c.output(&op.out, op.out.dtype, shape.num_dims(), |i| {
        if i == op.axis { 1 } else { shape[i] }
    })
}

/// `lhs <op> rhs`, broadcast, as truth values.
pub(crate) fn comparison<'o>(c: &mut Check<'_, 'o>, op: &'o BinaryOpIr, class: Class) -> Checked {
    c.input(&op.lhs, class)?;
    c.input(&op.rhs, class)?;
    same_dtype(&op.lhs, &op.rhs)?;
    truth(class, &op.lhs, &op.out)?;
    crate::elementwise::broadcast(c, &op.lhs, &op.rhs, &op.out, op.out.dtype)?;
    c.flops_each(&op.out, 1);
    Ok(())
}

/// `lhs <op> scalar` as truth values.
pub(crate) fn scalar_comparison<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o ScalarOpIr,
    class: Class,
) -> Checked {
    c.input(&op.lhs, class)?;
    truth(class, &op.lhs, &op.out)?;
    crate::scalar::fits(op.rhs, op.lhs.dtype)?;
    c.flops_each(&op.out, 1);
    c.output_of(&op.out, &op.lhs.shape, op.out.dtype)
}

fn cat<'o>(c: &mut Check<'_, 'o>, op: &'o CatOpIr, class: Class) -> Checked {
    let Some(first) = op.tensors.first() else {
        return Err(Fault::Invalid("there is nothing to concatenate".into()));
    };
    require!(
        op.dim < first.shape.num_dims(),
        "there is no dimension {}",
        op.dim
    );
    let mut length = 0_usize;
    c.may_be_empty();
    for tensor in &op.tensors {
        c.input(tensor, class)?;
        same_dtype(first, tensor)?;
        let fits = tensor.shape.num_dims() == first.shape.num_dims()
            && (tensor.shape.iter().zip(first.shape.iter()).enumerate())
                .all(|(i, (a, b))| i == op.dim || a == b);
        require!(
            fits,
            "shapes {:?} and {:?} differ elsewhere than in dimension {}",
            first.shape.as_slice(),
            tensor.shape.as_slice(),
            op.dim
        );
        length = length.saturating_add(tensor.shape[op.dim]);
    }
    c.output(&op.out, first.dtype, first.shape.num_dims(), |i| {
        if i == op.dim { length } else { first.shape[i] }
    })
}
