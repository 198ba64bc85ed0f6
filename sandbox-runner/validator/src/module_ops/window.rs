//! How many windows fit: the arithmetic shared by convolutions and pools.

use crate::violation::{Checked, Fault, require};

/// Longest padded dimension that is considered.
const LONGEST: usize = 1 << 40;

/// Length that a kernel covers: `dilation * (kernel - 1) + 1`.
pub(crate) fn extent(kernel: usize, dilation: usize) -> Checked<usize> {
    require!(
        kernel > 0 && dilation > 0,
        "a kernel of {kernel} dilated by {dilation} covers nothing"
    );
    (kernel - 1)
        .checked_mul(dilation)
        .and_then(|length| length.checked_add(1))
        .filter(|&length| length <= LONGEST)
        .ok_or_else(|| {
            Fault::Invalid(format!(
                "a kernel of {kernel} dilated by {dilation} is too long"
            ))
        })
}

/// Length with padding on both sides.
pub(crate) fn padded(length: usize, (before, after): (usize, usize)) -> Checked<usize> {
    length
        .checked_add(before)
        .and_then(|length| length.checked_add(after))
        .filter(|&length| length <= LONGEST)
        .ok_or_else(|| Fault::Invalid(format!("padding of {before} and {after} is too long")))
}

/// Places of a window of `extent`, `stride` apart, in `length`.
pub(crate) fn places(length: usize, extent: usize, stride: usize) -> Checked<usize> {
    require!(stride > 0, "a stride of zero gets nowhere");
    // Backends add it to the length.
    require!(stride <= LONGEST, "a stride of {stride} is too long");
    require!(
        extent <= length,
        "a kernel that covers {extent} does not fit in {length}"
    );
    Ok((length - extent) / stride + 1)
}
