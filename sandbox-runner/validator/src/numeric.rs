//! Operations on float and int tensors.

use burn_backend::{DType, Distribution};
use burn_ir::{DimOpIr, NumericOperationIr, PadModeIr, PadOpIr, RandomOpIr, ScalarOpIr, TensorIr};

use crate::axis::axis;
use crate::base::{comparison, scalar_comparison};
use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::{binary, broadcast, unary};
use crate::reduction::Sorting;
use crate::violation::{Checked, Fault, require};
use crate::{price, reduction, scalar, shape};

pub(crate) fn check<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o NumericOperationIr,
    class: Class,
) -> Checked {
    use NumericOperationIr as Op;
    match op {
        Op::Add(op) | Op::Sub(op) | Op::Mul(op) | Op::Div(op) => binary(c, op, class, 1),
        Op::Rem(op) => binary(c, op, class, 2),
        Op::AddScalar(op)
        | Op::SubScalar(op)
        | Op::MulScalar(op)
        | Op::ClampMin(op)
        | Op::ClampMax(op) => with_scalar(c, op, class, 1),
        Op::DivScalar(op) | Op::RemScalar(op) => {
            scalar::divides(op.rhs, op.lhs.dtype)?;
            with_scalar(c, op, class, 2)
        }
        Op::Abs(op) | Op::Neg(op) | Op::Sign(op) => unary(c, op, class, 1),
        Op::Full(op) => {
            scalar::fits(op.value, op.out.dtype)?;
            if class == Class::Int {
                // Flex takes every integer through a signed one first.
                scalar::fits(op.value, DType::I64)?;
            }
            c.created(&op.out, class)
        }
        Op::Clamp(op) => {
            c.input(&op.tensor, class)?;
            scalar::fits(op.min, op.tensor.dtype)?;
            scalar::fits(op.max, op.tensor.dtype)?;
            // Rust's `clamp` panics otherwise.
            require!(
                scalar::float(op.min) <= scalar::float(op.max),
                "{:?} to {:?} is no range",
                op.min,
                op.max
            );
            c.flops_each(&op.tensor, 2);
            c.like(&op.out, &op.tensor)
        }
        Op::Mean(op) if op.input.dtype.is_uint() => Err(Fault::Unsupported(
            "unsigned tensors have no mean; cast the tensor first",
        )),
        Op::Sum(op) | Op::Mean(op) | Op::Prod(op) | Op::Max(op) | Op::Min(op) => {
            reduction::whole(c, op, class)
        }
        Op::MaxAbs(op) => {
            reduction::whole(c, op, class)?;
            magnitudes(c, &op.input)
        }
        Op::SumDim(op) | Op::MeanDim(op) => reduction::summed(c, op, class),
        Op::ProdDim(op) | Op::MaxDim(op) | Op::MinDim(op) => reduction::along(c, op, class),
        Op::MaxAbsDim(op) => {
            reduction::along(c, op, class)?;
            magnitudes(c, &op.input)
        }
        Op::SumDims(op) => reduction::along_several(c, op, class),
        Op::ArgMax(op) | Op::ArgMin(op) => {
            require!(
                op.accumulator_len == 1,
                "it leaves one element, not {}",
                op.accumulator_len
            );
            reduction::indices_along(c, op, class)
        }
        Op::ArgTopK(op) => reduction::top_indices(c, op, class),
        Op::TopK(op) => reduction::top(c, op, class),
        Op::TopKWithIndices(op) => reduction::top_with_indices(c, op, class),
        Op::MaxDimWithIndices(op) | Op::MinDimWithIndices(op) => {
            reduction::with_indices(c, op, class)
        }
        Op::Greater(op) | Op::GreaterEqual(op) | Op::Lower(op) | Op::LowerEqual(op) => {
            comparison(c, op, class)
        }
        Op::GreaterElem(op)
        | Op::GreaterEqualElem(op)
        | Op::LowerElem(op)
        | Op::LowerEqualElem(op) => scalar_comparison(c, op, class),
        Op::IntRandom(_) if class == Class::Float => Err(Fault::Unsupported(
            "float tensors have a random operation of their own",
        )),
        Op::IntRandom(op) => random(c, op, class),
        Op::Powi(op) => {
            c.input(&op.lhs, class)?;
            c.input(&op.rhs, Class::Int)?;
            if class == Class::Int {
                crate::elementwise::same_dtype(&op.lhs, &op.rhs)?;
            }
            broadcast(c, &op.lhs, &op.rhs, &op.out, op.lhs.dtype)?;
            if class == Class::Float {
                // Flex turns the exponents into floats first.
                let exponents = shape::count(&op.rhs.shape);
                c.working_memory(exponents.saturating_mul(op.lhs.dtype.size() as u64));
            }
            c.flops_each(&op.out, price::TRANSCENDENTAL);
            Ok(())
        }
        Op::PowiScalar(op) => {
            // The exponent is an integer whatever the tensor is.
            scalar::fits(op.rhs, DType::I64)?;
            with_scalar(c, op, class, price::TRANSCENDENTAL)
        }
        Op::CumSum(op) | Op::CumProd(op) | Op::CumMin(op) | Op::CumMax(op) => {
            cumulative(c, op, class)
        }
        Op::Sort(op) => {
            reduction::sorted(c, &op.input, op.dim, class)?;
            c.like(&op.out, &op.input)
        }
        Op::SortWithIndices(op) => {
            reduction::sorted(c, &op.input, op.dim, class)?;
            c.like(&op.out, &op.input)?;
            reduction::index_dtype(c, class, &op.input, &op.out_indices)?;
            let sorting = Sorting {
                values: true,
                indices: Some(op.out_indices.dtype),
                cut: None,
            };
            sorting.take(c, &op.input, op.dim);
            c.like_as(&op.out_indices, &op.input, Class::Int)
        }
        Op::ArgSort(op) => {
            reduction::sorted(c, &op.input, op.dim, class)?;
            reduction::index_dtype(c, class, &op.input, &op.out)?;
            let sorting = Sorting {
                values: false,
                indices: Some(op.out.dtype),
                cut: None,
            };
            sorting.take(c, &op.input, op.dim);
            c.like_as(&op.out, &op.input, Class::Int)
        }
        Op::Pad(op) => pad(c, op, class),
    }
}

fn with_scalar<'o>(c: &mut Check<'_, 'o>, op: &'o ScalarOpIr, class: Class, flops: u64) -> Checked {
    c.input(&op.lhs, class)?;
    scalar::fits(op.rhs, op.lhs.dtype)?;
    c.flops_each(&op.lhs, flops);
    c.like(&op.out, &op.lhs)
}

/// Magnitudes are made before the largest is looked for.
fn magnitudes(c: &mut Check<'_, '_>, input: &TensorIr) -> Checked {
    let bytes = c.bytes_of(input)?;
    c.working_memory(bytes);
    Ok(())
}

fn cumulative<'o>(c: &mut Check<'_, 'o>, op: &'o DimOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    axis(&op.input, op.axis)?;
    c.flops_each(&op.input, 1);
    // What has been added up so far, of a slice.
    let slice = shape::count(&op.input.shape[op.axis + 1..]);
    c.working_memory(slice.saturating_mul(op.input.dtype.size().max(4) as u64));
    c.like(&op.out, &op.input)
}

/// Random elements; a distribution with impossible parameters makes the sampler panic.
pub(crate) fn random<'o>(c: &mut Check<'_, 'o>, op: &'o RandomOpIr, class: Class) -> Checked {
    let possible = match op.distribution {
        Distribution::Default => true,
        Distribution::Bernoulli(probability) => (0.0..=1.0).contains(&probability),
        Distribution::Uniform(low, high) => uniform(op.out.dtype, low, high),
        Distribution::Normal(mean, deviation) => {
            mean.is_finite()
                && deviation.is_finite()
                && deviation >= 0.0
                && (op.out.dtype.is_float() || within_ints(op.out.dtype, mean, deviation))
        }
    };
    require!(
        possible,
        "{:?} is not a distribution of {}",
        op.distribution,
        op.out.dtype.name()
    );
    c.created(&op.out, class)?;
    c.flops_each(&op.out, price::RANDOM);
    Ok(())
}

/// Are normal numbers of an integer dtype such that none can be drawn that does not fit?
/// One of unsigned numbers could always be negative.
fn within_ints(dtype: DType, mean: f64, deviation: f64) -> bool {
    // A sampler of 64-bit floats does not reach this far.
    const DEVIATIONS: f64 = 40.0;
    let most = match dtype {
        DType::I64 => i64::MAX as f64,
        DType::I32 => f64::from(i32::MAX),
        DType::I16 => f64::from(i16::MAX),
        DType::I8 => f64::from(i8::MAX),
        _ => return false,
    };
    mean.abs() + DEVIATIONS * deviation < most
}

/// Is there a number of this dtype in `low..high`, and can it be drawn without overflow?
fn uniform(dtype: DType, low: f64, high: f64) -> bool {
    // What a bound becomes when it is rounded to the dtype.
    let round: fn(f64) -> f64 = match dtype {
        DType::F64 => |bound| bound,
        DType::F32 => |bound| f64::from(bound as f32),
        DType::F16 => |bound| burn_std::f16::from_f64(bound).to_f64(),
        DType::BF16 => |bound| burn_std::bf16::from_f64(bound).to_f64(),
        _ => f64::trunc,
    };
    let (least, most) = match dtype {
        DType::F64 => (f64::MIN, f64::MAX),
        DType::F32 => (f64::from(f32::MIN), f64::from(f32::MAX)),
        DType::BF16 => (burn_std::bf16::MIN.to_f64(), burn_std::bf16::MAX.to_f64()),
        DType::F16 => (burn_std::f16::MIN.to_f64(), burn_std::f16::MAX.to_f64()),
        DType::I64 => (i64::MIN as f64, i64::MAX as f64),
        DType::I32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
        DType::I16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
        DType::I8 => (f64::from(i8::MIN), f64::from(i8::MAX)),
        DType::U64 => (0.0, u64::MAX as f64),
        DType::U32 => (0.0, f64::from(u32::MAX)),
        DType::U16 => (0.0, f64::from(u16::MAX)),
        DType::U8 => (0.0, f64::from(u8::MAX)),
        _ => return false,
    };
    let (low, high) = (round(low), round(high));
    // The sampler of floats computes the width of the range.
    let width = if dtype.is_float() { high - low } else { 0.0 };
    low >= least && high <= most && low < high && width <= most
}

fn pad<'o>(c: &mut Check<'_, 'o>, op: &'o PadOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    let shape = &op.input.shape;
    require!(
        op.padding.len() == shape.num_dims(),
        "{} pairs of padding do not fit {} dimensions",
        op.padding.len(),
        shape.num_dims()
    );
    for (&(before, after), &length) in op.padding.iter().zip(shape.iter()) {
        match op.mode {
            PadModeIr::Constant(value) => scalar::fits(value, op.input.dtype)?,
            PadModeIr::Reflect => require!(
                before < length && after < length,
                "{length} elements do not reflect {before} and {after}"
            ),
            PadModeIr::Edge => {
                require!(
                    before == 0 && after == 0 || length > 0,
                    "an empty dimension has no edge"
                );
            }
        }
    }
    let padded = |i: usize| {
        let (before, after) = op.padding[i];
        shape[i].saturating_add(before).saturating_add(after)
    };
    c.output(&op.out, op.input.dtype, shape.num_dims(), padded)?;
    if !matches!(op.mode, PadModeIr::Constant(_)) {
        // One dimension after another: zeros, which are copied to where they are aligned,
        // and what was made of the dimensions before.
        let padded = op.padding.iter().filter(|&&pair| pair != (0, 0)).count();
        let working = c.bytes_of(&op.out)?;
        c.working_memory(working.saturating_mul(padded.min(2) as u64));
    }
    c.flops(shape::count(&op.out.shape));
    Ok(())
}
