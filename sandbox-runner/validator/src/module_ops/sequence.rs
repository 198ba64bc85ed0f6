//! Connectionist temporal classification.

use burn_ir::{CtcLossBackwardOpIr, CtcLossOpIr};

use crate::check::Check;
use crate::violation::{Checked, Fault};

/// The host composes it of operations whose lengths and labels are data: a length
/// beyond the input makes it index outside, and its memory is not known beforehand.
const WHY: &str = "CTC loss indexes by data that is not checked; compose it of other operations";

pub(super) fn ctc_loss(_: &mut Check<'_, '_>, _: &CtcLossOpIr) -> Checked {
    Err(Fault::Unsupported(WHY))
}

pub(super) fn ctc_loss_backward(_: &mut Check<'_, '_>, _: &CtcLossBackwardOpIr) -> Checked {
    Err(Fault::Unsupported(WHY))
}
