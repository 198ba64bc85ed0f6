//! Activation functions.

use burn_ir::{ActivationOperationIr, BinaryOpIr, DimOpIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::{binary, same_dtype, unary};
use crate::price::TRANSCENDENTAL;
use crate::violation::{Checked, require};

pub(crate) fn check<'o>(c: &mut Check<'_, 'o>, op: &'o ActivationOperationIr) -> Checked {
    use ActivationOperationIr as Op;
    match op {
        Op::Relu(op) => unary(c, op, Class::Float, 1),
        Op::ReluBackward(op) => backward(c, op, 1),
        Op::LeakyRelu(op) => {
            c.input(&op.lhs, Class::Float)?;
            c.flops_each(&op.lhs, 2);
            c.like(&op.out, &op.lhs)
        }
        Op::PRelu(op) => binary(c, op, Class::Float, 2),
        Op::Gelu(op) => unary(c, op, Class::Float, 2 * TRANSCENDENTAL),
        Op::GeluBackward(op) => backward(c, op, 4 * TRANSCENDENTAL),
        Op::Sigmoid(op) | Op::LogSigmoid(op) => unary(c, op, Class::Float, 2 * TRANSCENDENTAL),
        Op::SigmoidBackward(op) => backward(c, op, 3),
        Op::LogSigmoidBackward(op) => backward(c, op, 2 * TRANSCENDENTAL),
        Op::HardSigmoid(op) => {
            c.input(&op.tensor, Class::Float)?;
            c.flops_each(&op.tensor, 4);
            c.like(&op.out, &op.tensor)
        }
        Op::Softmax(op) => {
            along_last(c, op)?;
            softmax(c, op)
        }
        Op::Softmin(op) => {
            // Of the negated operand.
            one_more(c, op)?;
            along_last(c, op)?;
            softmax(c, op)
        }
        Op::LogSoftmax(op) => {
            // The exponentials are summed up.
            one_more(c, op)?;
            softmax(c, op)
        }
    }
}

/// An operand of the forward pass and the gradient, of one shape.
fn backward<'o>(c: &mut Check<'_, 'o>, op: &'o BinaryOpIr, flops: u64) -> Checked {
    c.input(&op.lhs, Class::Float)?;
    c.input(&op.rhs, Class::Float)?;
    same_dtype(&op.lhs, &op.rhs)?;
    require!(
        op.lhs.shape == op.rhs.shape,
        "a gradient of shape {:?} is not one of {:?}",
        op.rhs.shape.as_slice(),
        op.lhs.shape.as_slice()
    );
    c.flops_each(&op.lhs, flops);
    c.like(&op.out, &op.lhs)
}

fn softmax<'o>(c: &mut Check<'_, 'o>, op: &'o DimOpIr) -> Checked {
    c.input(&op.input, Class::Float)?;
    require!(
        op.axis < op.input.shape.num_dims(),
        "there is no dimension {}",
        op.axis
    );
    c.flops_each(&op.input, TRANSCENDENTAL + 4);
    c.like(&op.out, &op.input)
}

/// A tensor like the operand.
fn one_more(c: &mut Check<'_, '_>, op: &DimOpIr) -> Checked {
    let bytes = c.bytes_of(&op.input)?;
    c.working_memory(bytes);
    Ok(())
}

/// What is computed along the last dimension: along another one of a copy in that order,
/// and left in it.
fn along_last(c: &mut Check<'_, '_>, op: &DimOpIr) -> Checked {
    if op.axis + 1 < op.input.shape.num_dims() {
        one_more(c, op)?;
        c.leaves_strided();
    }
    Ok(())
}
