//! Resizing and sampling of images `[batch, channels, height, width]`.

use burn_backend::DType;
use burn_ir::{
    GridSample2dOpIr, InterpolateBackwardOpIr, InterpolateModeIr, InterpolateOpIr, TensorIr,
    Unfold4dOpIr,
};

use super::{conv_scratch as scratch, window};
use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::price;
use crate::shape;
use crate::violation::{Checked, Fault, require};

fn image(tensor: &TensorIr) -> Checked {
    let dims = tensor.shape.as_slice();
    require!(
        dims.len() == 4 && !dims.contains(&0),
        "{dims:?} is empty or not of 4 dimensions"
    );
    Ok(())
}

/// FLOPs for each element of the output.
fn taps(mode: &InterpolateModeIr) -> u64 {
    match mode {
        InterpolateModeIr::Nearest | InterpolateModeIr::NearestExact => 2,
        InterpolateModeIr::Bilinear => 12,
        InterpolateModeIr::Bicubic => 64,
        InterpolateModeIr::Lanczos3 => 256,
    }
}

pub(super) fn interpolate<'o>(c: &mut Check<'_, 'o>, op: &'o InterpolateOpIr) -> Checked {
    c.input(&op.x, Class::Float)?;
    image(&op.x)?;
    if matches!(op.options.mode, InterpolateModeIr::NearestExact) {
        return Err(Fault::Unsupported(
            "images are resized by the nearest element, bilinearly, bicubically or by Lanczos",
        ));
    }
    require!(
        !op.output_size.contains(&0),
        "an output of {:?} is empty",
        op.output_size
    );
    let x = &op.x.shape;
    c.output(&op.out, op.x.dtype, 4, |i| {
        if i < 2 { x[i] } else { op.output_size[i - 2] }
    })?;
    c.flops_each(&op.out, taps(&op.options.mode));
    if op.x.dtype == DType::BF16 {
        let elements = shape::count(x).saturating_add(shape::count(&op.out.shape));
        c.working_memory(elements.saturating_mul(4));
    }
    Ok(())
}

pub(super) fn interpolate_backward<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o InterpolateBackwardOpIr,
) -> Checked {
    c.input(&op.x, Class::Float)?;
    c.input(&op.grad, Class::Float)?;
    same_dtype(&op.x, &op.grad)?;
    image(&op.x)?;
    image(&op.grad)?;
    if matches!(
        op.options.mode,
        InterpolateModeIr::NearestExact | InterpolateModeIr::Lanczos3
    ) {
        return Err(Fault::Unsupported(
            "this mode of interpolation has no gradient",
        ));
    }
    let x = &op.x.shape;
    let fits = op.grad.shape[..2] == x[..2] && op.grad.shape[2..] == op.output_size;
    require!(
        fits,
        "a gradient of shape {:?} is not one of an output of {:?}",
        op.grad.shape.as_slice(),
        op.output_size
    );
    c.flops_each(&op.grad, taps(&op.options.mode));
    if op.x.dtype == DType::BF16 {
        // Gradients in single precision, before the output itself is made.
        let (x, grad) = (shape::count(x), shape::count(&op.grad.shape));
        c.working_memory(x.saturating_mul(6).saturating_add(grad.saturating_mul(4)));
    }
    c.like(&op.out, &op.x)
}

/// The grid is `[batch, height, width, 2]`.
pub(crate) fn grid_sample<'o>(c: &mut Check<'_, 'o>, op: &'o GridSample2dOpIr) -> Checked {
    c.input(&op.tensor, Class::Float)?;
    c.input(&op.grid, Class::Float)?;
    same_dtype(&op.tensor, &op.grid)?;
    image(&op.tensor)?;
    image(&op.grid)?;
    if op.options.mode != InterpolateModeIr::Bilinear
        && op.options.mode != InterpolateModeIr::Nearest
    {
        return Err(Fault::Unsupported(
            "grids are sampled bilinearly or at the nearest element",
        ));
    }
    let (tensor, grid) = (&op.tensor.shape, &op.grid.shape);
    require!(
        grid[0] == tensor[0] && grid[3] == 2,
        "a grid of shape {:?} does not sample {:?}",
        grid.as_slice(),
        tensor.as_slice()
    );
    let dims = [tensor[0], tensor[1], grid[1], grid[2]];
    c.output(&op.out, op.tensor.dtype, 4, |i| dims[i])?;
    c.flops_each(&op.out, 24);
    Ok(())
}

/// Columns `[batch, channels * kernel, places]`, as a convolution with a weight of ones and zeros.
pub(super) fn unfold<'o>(c: &mut Check<'_, 'o>, op: &'o Unfold4dOpIr) -> Checked {
    c.input(&op.x, Class::Float)?;
    image(&op.x)?;
    let x = &op.x.shape;
    let (mut places, mut padded) = (1_usize, shape::count(&x[..2]));
    let mut lengths = [0; 2];
    for i in 0..2 {
        let padding = op.options.padding[i];
        let extent = window::extent(op.kernel_size[i], op.options.dilation[i])?;
        let length = window::padded(x[i + 2], (padding, padding))?;
        padded = padded.saturating_mul(length as u64);
        let along = window::places(length, extent, op.options.stride[i])?;
        places = places.saturating_mul(along);
        lengths[i] = along as u64;
    }
    require!(
        padded <= c.limits.elements_per_tensor,
        "the padded input is too large"
    );
    let columns = x[1]
        .saturating_mul(op.kernel_size[0])
        .saturating_mul(op.kernel_size[1]);
    let dims = [x[0], columns, places];
    c.output(&op.out, op.x.dtype, 3, |i| dims[i])?;
    // The weight is [columns, channels, kernel].
    let weight = (columns as u64).saturating_mul(columns as u64);
    c.flops(price::product(&[
        2,
        shape::count(&op.out.shape),
        columns as u64,
    ]));
    let conv = scratch::Shape {
        batch: x[0] as u64,
        channels_in: x[1] as u64,
        input: [x[2] as u64, x[3] as u64],
        channels_out: columns as u64,
        kernel: op.kernel_size.map(|length| length as u64),
        places: lengths,
        stride: op.options.stride.map(|stride| stride as u64),
        padding: op.options.padding.map(|padding| padding as u64),
        dilation: op.options.dilation.map(|dilation| dilation as u64),
        groups: 1,
    };
    // The weight is made in single precision.
    let size = op.x.dtype.size() as u64;
    let made = size + if op.x.dtype == DType::F32 { 0 } else { 4 };
    c.working_memory(weight.saturating_mul(made));
    c.working_memory(conv.bytes(op.x.dtype, c.limits.threads));
    Ok(())
}
