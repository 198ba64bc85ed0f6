//! Operations on float tensors.

use burn_backend::DType;
use burn_ir::{CastOpIr, FloatOperationIr, MatmulOpIr, ScalarIr, TensorIr, UnaryOpIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::{binary, same_dtype, unary};
use crate::gemm::{Product, at_once};
use crate::limits::MAX_DIMS;
use crate::module_ops::vision;
use crate::price::{self, TRANSCENDENTAL};
use crate::violation::{Checked, Fault, require};
use crate::{numeric, scalar, shape};

pub(crate) fn check<'o>(c: &mut Check<'_, 'o>, op: &'o FloatOperationIr) -> Checked {
    use FloatOperationIr as Op;
    match op {
        Op::Exp(op)
        | Op::Log(op)
        | Op::Log1p(op)
        | Op::Erf(op)
        | Op::Cos(op)
        | Op::Cosh(op)
        | Op::Sin(op)
        | Op::Sinh(op)
        | Op::Tan(op)
        | Op::Tanh(op)
        | Op::ArcCos(op)
        | Op::ArcCosh(op)
        | Op::ArcSin(op)
        | Op::ArcSinh(op)
        | Op::ArcTan(op)
        | Op::ArcTanh(op) => unary(c, op, Class::Float, TRANSCENDENTAL),
        Op::Sqrt(op) => unary(c, op, Class::Float, 2),
        Op::Round(op) | Op::Floor(op) | Op::Ceil(op) | Op::Trunc(op) | Op::Recip(op) => {
            unary(c, op, Class::Float, 1)
        }
        Op::PowfScalar(op) => {
            c.input(&op.lhs, Class::Float)?;
            // The host turns a whole exponent into an integer.
            if let ScalarIr::Float(exponent) = op.rhs
                && exponent.floor() == exponent
            {
                scalar::fits(op.rhs, DType::I64)?;
            }
            c.flops_each(&op.lhs, TRANSCENDENTAL);
            c.like(&op.out, &op.lhs)
        }
        Op::ArcTan2(op) | Op::Powf(op) => binary(c, op, Class::Float, TRANSCENDENTAL),
        Op::Hypot(op) => binary(c, op, Class::Float, 4),
        Op::IntoInt(op) => cast(c, op, Class::Float, Class::Int),
        Op::Matmul(op) => matmul(c, op, Class::Float),
        Op::Cross(op) => {
            c.input(&op.lhs, Class::Float)?;
            c.input(&op.rhs, Class::Float)?;
            same_dtype(&op.lhs, &op.rhs)?;
            crate::elementwise::broadcast(c, &op.lhs, &op.rhs, &op.out, op.lhs.dtype)?;
            let shape = &op.out.shape;
            require!(
                op.dim < shape.num_dims() && op.lhs.shape[op.dim] == 3 && op.rhs.shape[op.dim] == 3,
                "dimension {} does not have three elements",
                op.dim
            );
            c.flops_each(&op.out, 3);
            // Its three parts are put together.
            let parts = c.bytes_of(&op.out)?;
            c.working_memory(parts);
            Ok(())
        }
        Op::Random(op) => numeric::random(c, op, Class::Float),
        Op::IsNan(op) | Op::IsInf(op) => predicate(c, op),
        Op::Quantize(_) | Op::Dequantize(_) => {
            Err(Fault::Unsupported("the host has no quantised tensors"))
        }
        Op::GridSample2d(op) => vision::grid_sample(c, op),
    }
}

fn predicate<'o>(c: &mut Check<'_, 'o>, op: &'o UnaryOpIr) -> Checked {
    c.input(&op.input, Class::Float)?;
    c.flops_each(&op.input, 1);
    c.like_as(&op.out, &op.input, Class::Bool)
}

/// From one class to another.
pub(crate) fn cast<'o>(c: &mut Check<'_, 'o>, op: &'o CastOpIr, from: Class, to: Class) -> Checked {
    c.input(&op.input, from)?;
    c.flops_each(&op.input, 1);
    c.like_as(&op.out, &op.input, to)
}

/// `[.., m, k] x [.., k, n]`, whose leading dimensions are broadcast: `2 b m n k` FLOPs.
pub(crate) fn matmul<'o>(c: &mut Check<'_, 'o>, op: &'o MatmulOpIr, class: Class) -> Checked {
    c.input(&op.lhs, class)?;
    c.input(&op.rhs, class)?;
    same_dtype(&op.lhs, &op.rhs)?;
    let (lhs, rhs) = (op.lhs.shape.as_slice(), op.rhs.shape.as_slice());
    let rank = lhs.len();
    require!(
        rank == rhs.len() && (2..=MAX_DIMS).contains(&rank) && lhs[rank - 1] == rhs[rank - 2],
        "{lhs:?} and {rhs:?} cannot be multiplied"
    );
    let mut dims = [0; MAX_DIMS];
    for i in 0..rank - 2 {
        dims[i] = shape::broadcast(lhs[i], rhs[i])?;
    }
    dims[rank - 2] = lhs[rank - 2];
    dims[rank - 1] = rhs[rank - 1];
    let inner = lhs[rank - 1] as u64;
    c.output(&op.out, op.lhs.dtype, rank, |i| dims[i])?;
    let out = shape::count(&dims[..rank]);
    c.flops(price::product(&[2, out, inner]));
    let one = Product {
        m: dims[rank - 2] as u64,
        k: inner,
        n: dims[rank - 1] as u64,
        rows: [c.is_contiguous(&op.lhs), c.is_contiguous(&op.rhs)],
    };
    if class == Class::Float {
        // It is read as it lies.
        c.reads_strided();
        multiplied(
            c,
            [&op.lhs, &op.rhs, &op.out],
            one,
            shape::count(&dims[..rank - 2]),
        )?;
    } else if op.lhs.dtype != DType::I64 {
        // The right operand is transposed.
        let transposed = c.bytes_of(&op.rhs)?;
        c.working_memory(transposed);
    }
    Ok(())
}

/// What `batch` products of the first two tensors take, of which the third is the result.
pub(crate) fn multiplied(
    c: &mut Check<'_, '_>,
    [left, right, out]: [&TensorIr; 3],
    one: Product,
    batch: u64,
) -> Checked {
    let wide = if left.dtype == DType::BF16 {
        DType::F32
    } else {
        left.dtype
    };
    let packed = one
        .packed(wide)
        .saturating_mul(at_once(batch, c.limits.threads, false));
    // The output begins as zeros, which the host copies to where they are aligned.
    let zeros = shape::count(&out.shape).saturating_mul(wide.size() as u64);
    c.working_memory(packed.max(zeros));
    if left.dtype == DType::BF16 {
        // Operands and output in single precision; the output itself is made when the
        // operands are gone. Operands that do not lie in order are copied before.
        for (tensor, in_rows) in [left, right].into_iter().zip(one.rows) {
            let size = if in_rows { 4 } else { 6 };
            c.working_memory(shape::count(&tensor.shape).saturating_mul(size));
        }
        c.working_memory(shape::count(&out.shape).saturating_mul(2));
    }
    Ok(())
}
