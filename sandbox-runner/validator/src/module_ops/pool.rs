//! Pools over windows: `x` is `[batch, channels, ..]`.

use burn_backend::DType;
use burn_ir::{
    AvgPool1dBackwardOpIr, AvgPool1dOpIr, AvgPool2dBackwardOpIr, AvgPool2dOpIr, MaxPool1dOpIr,
    MaxPool1dWithIndicesBackwardOpIr, MaxPool1dWithIndicesOpIr, MaxPool2dOpIr,
    MaxPool2dWithIndicesBackwardOpIr, MaxPool2dWithIndicesOpIr, TensorIr,
};

use super::window;
use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::price;
use crate::shape;
use crate::violation::{Checked, require};

/// A pool of `N` spatial dimensions.
pub(super) struct Pool<'o, const N: usize> {
    x: &'o TensorIr,
    kernel: [usize; N],
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
    ceil_mode: bool,
    out: &'o TensorIr,
}

macro_rules! pool_from {
    ($($op:ty, $dims:literal, |$op_name:ident| $dilation:expr;)+) => {
        $(impl<'o> From<&'o $op> for Pool<'o, $dims> {
            fn from($op_name: &'o $op) -> Self {
                Self {
                    x: &$op_name.x,
                    kernel: each($op_name.kernel_size),
                    stride: each($op_name.stride),
                    padding: each($op_name.padding),
                    dilation: each($dilation),
                    ceil_mode: $op_name.ceil_mode,
                    out: &$op_name.out,
                }
            }
        })+
    };
}

/// One-dimensional operations hold their numbers bare.
fn each<const N: usize>(numbers: impl Numbers<N>) -> [usize; N] {
    numbers.array()
}

trait Numbers<const N: usize> {
    fn array(self) -> [usize; N];
}

impl Numbers<1> for usize {
    fn array(self) -> [usize; 1] {
        [self]
    }
}

impl Numbers<2> for [usize; 2] {
    fn array(self) -> [usize; 2] {
        self
    }
}

pool_from! {
    AvgPool1dOpIr, 1, |op| 1;
    AvgPool2dOpIr, 2, |op| [1, 1];
    AvgPool1dBackwardOpIr, 1, |op| 1;
    AvgPool2dBackwardOpIr, 2, |op| [1, 1];
    MaxPool1dOpIr, 1, |op| op.dilation;
    MaxPool2dOpIr, 2, |op| op.dilation;
    MaxPool1dWithIndicesOpIr, 1, |op| op.dilation;
    MaxPool2dWithIndicesOpIr, 2, |op| op.dilation;
    MaxPool1dWithIndicesBackwardOpIr, 1, |op| op.dilation;
    MaxPool2dWithIndicesBackwardOpIr, 2, |op| op.dilation;
}

impl<const N: usize> Pool<'_, N> {
    /// How many windows there are in each dimension.
    fn places(&self) -> Checked<[usize; N]> {
        let x = self.x.shape.as_slice();
        require!(
            x.len() == N + 2 && !x.contains(&0),
            "an input of {x:?} does not have {} dimensions, or is empty",
            N + 2
        );
        let mut places = [0; N];
        for (i, places) in places.iter_mut().enumerate() {
            *places = self.places_in(i, x[i + 2])?;
        }
        Ok(places)
    }

    fn places_in(&self, i: usize, length: usize) -> Checked<usize> {
        let (stride, padding) = (self.stride[i], self.padding[i]);
        let extent = window::extent(self.kernel[i], self.dilation[i])?;
        // A window must not lie in the padding alone, where there is no maximum and no mean.
        require!(
            padding <= extent / 2,
            "padding of {padding} is more than half of what the kernel covers, {extent}"
        );
        let padded = window::padded(length, (padding, padding))?;
        if !self.ceil_mode {
            return window::places(padded, extent, stride);
        }
        require!(stride > 0, "a stride of zero gets nowhere");
        require!(
            extent <= padded,
            "a kernel that covers {extent} does not fit in {padded}"
        );
        let places = (padded - extent).div_ceil(stride) + 1;
        // The last window starts inside the input or the padding before it.
        let starts_late = (places - 1).saturating_mul(stride) >= length + padding;
        Ok(places - usize::from(starts_late))
    }

    /// Elements looked at: each output times the kernel.
    fn flops(&self, places: &[usize; N]) -> u64 {
        let x = &self.x.shape;
        price::product(&[
            x[0] as u64,
            x[1] as u64,
            shape::count(places),
            shape::count(&self.kernel),
        ])
    }
}

fn dim<const N: usize>(x: &TensorIr, places: &[usize; N], i: usize) -> usize {
    if i < 2 { x.shape[i] } else { places[i - 2] }
}

fn operand<const N: usize>(c: &mut Check<'_, '_>, pool: &Pool<'_, N>) -> Checked<[usize; N]> {
    c.input(pool.x, Class::Float)?;
    let places = pool.places()?;
    c.flops(pool.flops(&places));
    if pool.x.dtype == DType::BF16 {
        // Computed in single precision.
        c.working_memory(shape::count(&pool.x.shape).saturating_mul(4));
    }
    Ok(places)
}

pub(super) fn forward<'o, const N: usize>(c: &mut Check<'_, 'o>, pool: &Pool<'o, N>) -> Checked {
    let places = operand(c, pool)?;
    c.output(pool.out, pool.x.dtype, N + 2, |i| dim(pool.x, &places, i))?;
    if pool.x.dtype == DType::BF16 {
        // The output itself is made when the work space is gone.
        c.working_memory(shape::count(&pool.out.shape).saturating_mul(2));
    }
    Ok(())
}

/// Of a maximum the indices are made in any case.
pub(super) fn max_forward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    pool: &Pool<'o, N>,
) -> Checked {
    forward(c, pool)?;
    c.working_memory(shape::count(&pool.out.shape).saturating_mul(8));
    Ok(())
}

pub(super) fn with_indices<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    pool: &Pool<'o, N>,
    indices: &'o TensorIr,
) -> Checked {
    forward(c, pool)?;
    if indices.dtype != DType::I64 {
        // They are made as such, and cast.
        c.working_memory(shape::count(&pool.out.shape).saturating_mul(8));
    }
    c.like_as(indices, pool.out, Class::Int)
}

fn gradient<const N: usize>(
    c: &mut Check<'_, '_>,
    pool: &Pool<'_, N>,
    grad: &TensorIr,
) -> Checked<[usize; N]> {
    let places = operand(c, pool)?;
    c.input(grad, Class::Float)?;
    same_dtype(pool.x, grad)?;
    let fits = grad.shape.num_dims() == N + 2
        && grad
            .shape
            .iter()
            .enumerate()
            .all(|(i, &length)| length == dim(pool.x, &places, i));
    require!(
        fits,
        "a gradient of shape {:?} is not one of the output",
        grad.shape.as_slice()
    );
    if pool.x.dtype == DType::BF16 {
        let (x, grad) = (shape::count(&pool.x.shape), shape::count(&grad.shape));
        c.working_memory(x.saturating_mul(2).saturating_add(grad.saturating_mul(4)));
    }
    Ok(places)
}

pub(super) fn average_backward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    pool: &Pool<'o, N>,
    grad: &TensorIr,
) -> Checked {
    gradient(c, pool, grad)?;
    c.like(pool.out, pool.x)
}

pub(super) fn max_backward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    pool: &Pool<'o, N>,
    grad: &TensorIr,
    indices: &TensorIr,
) -> Checked {
    gradient(c, pool, grad)?;
    c.input(indices, Class::Int)?;
    require!(
        indices.dtype.is_int(),
        "indices of a maximum are not {}",
        indices.dtype.name()
    );
    require!(
        indices.shape == grad.shape,
        "indices of shape {:?} do not place a gradient of shape {:?}",
        indices.shape.as_slice(),
        grad.shape.as_slice()
    );
    c.like(pool.out, pool.x)
}
