//! One operation on the CPU backend, seen by the allocator and by the ledger.

use std::sync::{Mutex, PoisonError};

use burn_backend::{Bytes, DType, TensorData};
use burn_flex::{Flex, FlexDevice};
use burn_ir::{OperationIr, TensorIr};
use gauntlet_fuzz::memory;
use gauntlet_worker::executor_harness::{Ended, ExecutorHarness};

use crate::MOST;
use crate::support::{Guest, limits};

/// Beside tensors: entries of tables, shapes, jobs of threads.
pub(crate) const OVERHEAD: u64 = 48 << 10;

/// What an operation took at most, its operands included, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// As the allocator saw it.
    pub(crate) real: u64,
    /// As the ledger charged it.
    pub(crate) charged: u64,
}

impl Taken {
    /// How much more was charged than taken.
    pub(crate) fn ratio(self) -> f64 {
        self.charged as f64 / self.real.max(1) as f64
    }
}

/// There is one allocator.
static ALONE: Mutex<()> = Mutex::new(());

/// Measures what `act` does on so many threads, while nothing else is measured.
pub(crate) fn on_threads<T: Send>(threads: usize, act: impl FnOnce() -> T + Send) -> T {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.expect("threads can be started");
    pool.install(|| {
        warm_up(threads);
        act()
    })
}

/// Lets the buffers come to be that each thread keeps for matrix products.
fn warm_up(threads: usize) {
    use burn_backend::ops::FloatTensorOps;
    use burn_backend::{FloatDType, Shape};
    rayon::broadcast(|_| {
        for dtype in [FloatDType::F32, FloatDType::F64, FloatDType::F16] {
            for size in [40_usize, 400] {
                let ones = || Flex::float_ones(Shape::from([size, size]), &FlexDevice, dtype);
                drop(Flex::float_matmul(ones(), ones()));
            }
        }
    });
    assert_eq!(rayon::current_num_threads(), threads);
}

/// Executes an operation of a guest on its uploads, on the threads of this pool.
fn taken(guest: &Guest, op: &OperationIr) -> Result<Taken, Ended> {
    let mut harness = ExecutorHarness::<Flex>::new(
        FlexDevice,
        gauntlet_validator::Limits {
            threads: rayon::current_num_threads(),
            ..limits()
        },
        0,
    );
    assert!(memory::installed(), "the allocator counts");
    let (before, _) = memory::usage();
    for tensor in &guest.uploads {
        harness.upload(tensor.id.value(), ones(tensor))?;
    }
    memory::restart_peak();
    harness.execute(op.clone())?;
    let (_, peak) = memory::usage();
    Ok(Taken {
        real: (peak - before) as u64,
        charged: harness.meters().peak_bytes,
    })
}

/// The same, at most: whether several threads have work space at the same time is for the
/// machine to decide, so that what seems charged too much is executed again.
pub(crate) fn most_taken(guest: &Guest, op: &OperationIr) -> Result<Taken, Ended> {
    let mut most = taken(guest, op)?;
    for _ in 0..20 {
        if most.ratio() <= MOST {
            break;
        }
        most.real = most.real.max(taken(guest, op)?.real);
    }
    Ok(most)
}

/// One is an index into anything large, and divides everything.
pub(crate) fn ones(tensor: &TensorIr) -> TensorData {
    let one = TensorData::from([1.0_f64]).convert_dtype(match tensor.dtype {
        DType::Bool(_) => DType::U8,
        dtype => dtype,
    });
    let bytes = one.as_bytes().repeat(tensor.shape.num_elements());
    TensorData::from_bytes(
        Bytes::from_bytes_vec(bytes),
        tensor.shape.clone(),
        tensor.dtype,
    )
}
