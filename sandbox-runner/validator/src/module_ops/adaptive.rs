//! Adaptive average pools: the output's size is given, the windows follow.

use burn_backend::DType;
use burn_ir::TensorIr;

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::shape;
use crate::violation::{Checked, require};

fn spatial<const N: usize>(tensor: &TensorIr) -> Checked {
    let dims = tensor.shape.as_slice();
    require!(
        dims.len() == N + 2 && !dims.contains(&0),
        "{dims:?} does not have {} dimensions, or is empty",
        N + 2
    );
    Ok(())
}

/// Windows overlap by one element at most on either side.
fn price<const N: usize>(c: &mut Check<'_, '_>, x: &TensorIr, out: &TensorIr) {
    let windows = (0..N).fold(1_u64, |product, i| {
        let (from, to) = (x.shape[i + 2] as u64, out.shape[i + 2] as u64);
        product.saturating_mul(from.saturating_add(to.saturating_mul(2)))
    });
    let rows = shape::count(&x.shape[..2]);
    c.flops(rows.saturating_mul(windows));
    if x.dtype == DType::BF16 {
        // Computed in single precision.
        let operands = shape::count(&x.shape).saturating_add(shape::count(&out.shape));
        c.working_memory(operands.saturating_mul(4));
    }
}

pub(super) fn forward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    x: &TensorIr,
    size: [usize; N],
    out: &'o TensorIr,
) -> Checked {
    c.input(x, Class::Float)?;
    spatial::<N>(x)?;
    require!(!size.contains(&0), "an output of {size:?} is empty");
    c.output(out, x.dtype, N + 2, |i| {
        if i < 2 { x.shape[i] } else { size[i - 2] }
    })?;
    price::<N>(c, x, out);
    Ok(())
}

pub(super) fn backward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    x: &TensorIr,
    grad: &TensorIr,
    out: &'o TensorIr,
) -> Checked {
    c.input(x, Class::Float)?;
    c.input(grad, Class::Float)?;
    same_dtype(x, grad)?;
    spatial::<N>(x)?;
    spatial::<N>(grad)?;
    require!(
        x.shape[..2] == grad.shape[..2],
        "a gradient of shape {:?} is not one for {:?}",
        grad.shape.as_slice(),
        x.shape.as_slice()
    );
    price::<N>(c, x, grad);
    if x.dtype == DType::BF16 {
        c.working_memory(shape::count(&x.shape).saturating_mul(2));
    }
    c.like(out, x)
}
