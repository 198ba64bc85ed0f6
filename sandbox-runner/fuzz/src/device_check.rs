//! Another backend against the CPU's: the catalogue's operations on the same data, an
//! index outside of its tensor, and the same stream twice.
//!
//! Generic over the backend, so that the check which a GPU machine makes is itself
//! tested where there is none.

use std::collections::BTreeMap;

use burn_backend::{DType, Shape, TensorData};
use burn_flex::{Flex, FlexDevice};
use burn_ir::{
    BackendIr, BaseOperationIr, OperationIr, SelectOpIr, TensorId, TensorIr, TensorStatus,
};
use gauntlet_validator::{Limits, OperationKind};
use gauntlet_worker::executor_harness::{Ended, ExecutorHarness};
use serde::Serialize;

use crate::compare::difference;
use crate::contents::plain;
use crate::isolate::{data, is_random};
use crate::random::Random;
use crate::support::Guest;
use crate::support::catalogue::{Source, catalogue};

/// What a device was found to do.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Operations executed on both, by kind.
    pub checked: BTreeMap<String, u32>,
    /// Kinds whose results differ by more than rounding, with the first difference.
    pub differ: BTreeMap<String, String>,
    /// Kinds that the device does not execute, with what it said first.
    pub failed: BTreeMap<String, String>,
    /// Results that were the same to the bit when they were computed again.
    pub repeated: u32,
    /// Kinds whose results were not.
    pub unsteady: BTreeMap<String, String>,
    /// What the device's executor said to an index outside of its tensor.
    pub outside: String,
}

impl Report {
    /// Was the index refused, and did nothing differ?
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differ.is_empty()
            && self.failed.is_empty()
            && self.unsteady.is_empty()
            && self.outside.contains("an index lies outside of its tensor")
    }
}

fn limits(int_indices: Option<DType>) -> Limits {
    Limits {
        tensor_bytes: 1 << 28,
        tensors: 1000,
        work: u64::MAX,
        elements_per_tensor: 1 << 28,
        dims: 8,
        int_indices,
        guards_indices: true,
        threads: 1,
    }
}

/// Checks a device, `rounds` times each kind of operation. `int_indices` is that of
/// [`Limits::int_indices`].
pub fn check<B: BackendIr>(device: &B::Device, int_indices: Option<DType>, rounds: u64) -> Report {
    let mut report = Report::default();
    for (number, (name, make)) in catalogue().into_iter().enumerate() {
        for round in 0..rounds {
            let mut random = Random::new(number as u64 * 1_000_003 + round);
            let choices: Vec<u32> = (0..96).map(|_| random.bits() as u32).collect();
            let mut guest = Guest::new();
            let op = make(&mut Source::new(&mut guest, &choices));
            if is_random(&op) {
                continue;
            }
            // Zero is an index into anything; integers are divided by something else.
            let int = i64::from(name == "arithmetic");
            let uploads: Vec<_> = (guest.uploads.iter())
                .map(|tensor| (tensor.clone(), plain(&mut random, tensor, int)))
                .collect();
            one::<B>(device, int_indices, &op, &uploads, &mut report);
        }
    }
    report.outside = outside::<B>(device, int_indices);
    report
}

fn one<B: BackendIr>(
    device: &B::Device,
    int_indices: Option<DType>,
    op: &OperationIr,
    uploads: &[(TensorIr, Vec<u8>)],
    report: &mut Report,
) {
    let kind = OperationKind::of(op).to_string();
    let fresh = || ExecutorHarness::<B>::guarding_indices(device.clone(), limits(int_indices), 0);
    let expected = execute(
        ExecutorHarness::<Flex>::new(FlexDevice, limits(Some(DType::I64)), 0),
        op,
        uploads,
    );
    // Where the CPU has no answer there is nothing to compare with.
    let Ok(expected) = expected else {
        return;
    };
    let first = match execute(fresh(), op, uploads) {
        Ok(first) => first,
        // Integer indices have another dtype there.
        Err(Ended::Refused(_)) if int_indices != Some(DType::I64) => return,
        Err(ended) => {
            report.failed.entry(kind).or_insert(format!("{ended:?}"));
            return;
        }
    };
    *report.checked.entry(kind.clone()).or_default() += 1;
    for ((output, expected), found) in op.outputs().zip(&expected).zip(&first) {
        if let Some(told) = difference(output.dtype, expected, found) {
            report.differ.entry(kind.clone()).or_insert(told);
        }
    }
    match execute(fresh(), op, uploads) {
        Ok(again) if again == first => report.repeated += 1,
        other => {
            let told = format!("{first:?}, then {other:?}");
            let told = told.chars().take(300).collect();
            report.unsteady.entry(kind).or_insert(told);
        }
    }
}

fn execute<B: BackendIr>(
    mut harness: ExecutorHarness<B>,
    op: &OperationIr,
    uploads: &[(TensorIr, Vec<u8>)],
) -> Result<Vec<Vec<u8>>, Ended> {
    for (tensor, contents) in uploads {
        harness.upload(tensor.id.value(), data(tensor, contents.clone()))?;
    }
    harness.execute(op.clone())?;
    harness.sync()?;
    op.outputs()
        .map(|output| Ok(harness.observe(output.id.value())?.as_bytes().to_vec()))
        .collect()
}

/// Selects rows 3 and 1,000,000 of four.
fn outside<B: BackendIr>(device: &B::Device, int_indices: Option<DType>) -> String {
    let mut harness =
        ExecutorHarness::<B>::guarding_indices(device.clone(), limits(int_indices), 0);
    let tensor = |id: u64, shape: &[usize], dtype| TensorIr {
        id: TensorId::new(id),
        shape: Shape::from(shape.to_vec()),
        status: TensorStatus::ReadOnly,
        dtype,
    };
    let ended = (|| {
        harness.upload(1, TensorData::new(vec![1.0_f32; 8], [4, 2]))?;
        harness.upload(2, TensorData::from([3_i32, 1_000_000]))?;
        let (table, at) = (tensor(1, &[4, 2], DType::F32), tensor(2, &[2], DType::I32));
        let op = SelectOpIr::create(table, 0, at, || TensorId::new(3));
        harness.execute(OperationIr::BaseFloat(BaseOperationIr::Select(op)))?;
        harness.sync()
    })();
    match ended {
        Ok(()) => "nothing".to_owned(),
        Err(Ended::Refused(message)) => message,
        Err(other) => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against itself, with the guard that another backend needs.
    #[test]
    fn the_cpu_backend_agrees_with_itself() {
        let report = check::<Flex>(&FlexDevice, Some(DType::I64), 4);
        assert!(report.is_clean(), "{report:?}");
        assert!(report.checked.len() > 150, "{}", report.checked.len());
        assert!(report.repeated > 250, "{}", report.repeated);
    }
}
