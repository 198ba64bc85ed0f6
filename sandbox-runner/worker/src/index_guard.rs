//! Indices that the backend's kernels would not check.
//!
//! The indices of `select`, `gather`, `scatter`, `embedding` and their like are data
//! on the device, which the ledger does not see. Flex looks at each one; CUDA kernels
//! are launched unchecked, and an index outside of its tensor would read or write
//! whatever lies there. So each index is compared with its bounds on the device, and
//! those outside become zero before the operation sees them: valid indices are passed
//! on as they are. Whether there were any outside is one truth value on the device,
//! which is read when the host waits for the device anyway, and ends the run then.

use burn_backend::tensor::{BoolTensor, IntTensor};
use burn_backend::{DType, ExecutionError, Scalar, TensorData, TensorMetadata};
use burn_ir::{
    BackendIr, BaseOperationIr, HandleKind, ModuleOperationIr, OperationIr, TensorId, TensorIr,
    TensorStatus,
};
use burn_router::TensorInterpreter;
use burn_std::future::DynFut;
use gauntlet_validator::{FIRST_HOST_ID, OperationKind};

/// After so many operations with indices the device is asked, even if nobody waits for it.
const MOST_PENDING: usize = 256;

/// Keeps indices inside, and remembers which operation had others.
pub(crate) struct IndexGuard<B: BackendIr> {
    /// Whether an operation had an index outside, for those not asked about yet.
    pending: Vec<(OperationKind, BoolTensor<B>)>,
}

impl<B: BackendIr> IndexGuard<B> {
    pub(crate) fn new() -> Self {
        Self {
            pending: Vec::new(),
        }
    }

    /// Puts indices that are inside in the place of an operation's own. Operations without indices stay as they are. Returns the
    /// operation's own indices if this was their last use: the caller frees them after the
    /// operation, which may name the same tensor as another operand.
    pub(crate) fn admit(
        &mut self,
        interpreter: &mut TensorInterpreter<B>,
        operation: &mut OperationIr,
    ) -> Option<TensorIr> {
        let kind = OperationKind::of(operation);
        let (indices, bounds) = indexed(operation)?;
        if indices.shape.num_elements() == 0 {
            return None;
        }
        let shared = TensorIr {
            status: TensorStatus::ReadOnly,
            ..indices.clone()
        };
        let HandleKind::Int(tensor) = interpreter.get_tensor(&shared) else {
            return None;
        };
        // An id of the host's: no guest's tensor has it, and it is free again after the operation.
        let free = TensorId::new(FIRST_HOST_ID);
        let (inside, outside) = clamped::<B>(tensor, indices.dtype, &bounds, interpreter.device());
        self.pending.push((kind, outside));
        interpreter.register_tensor_to_device(free, HandleKind::Int(inside));
        let inside = TensorIr {
            id: free,
            status: TensorStatus::ReadWrite,
            ..shared
        };
        let own = std::mem::replace(indices, inside);
        (own.status == TensorStatus::ReadWrite).then_some(own)
    }

    /// Is it time to ask, so that what waits to be asked about does not pile up?
    pub(crate) fn is_due(&self) -> bool {
        self.pending.len() >= MOST_PENDING
    }

    /// The first operation since the last time that had an index outside. Waits for the device.
    pub(crate) fn offender(&mut self) -> Result<Option<OperationKind>, ExecutionError> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return Ok(None);
        }
        let (kinds, outside): (Vec<_>, Vec<_>) = pending.into_iter().unzip();
        let answer: DynFut<Result<TensorData, ExecutionError>> =
            Box::pin(B::bool_into_data(B::bool_cat(outside, 0)));
        let answer = burn_std::future::block_on(answer)?;
        let first = answer.iter::<bool>().position(|outside| outside);
        Ok(first.map(|first| kinds[first]))
    }
}

/// What an index must be below.
enum Bounds {
    /// Every index the same.
    Each(usize),
    /// Coordinates in the last dimension, each its own.
    Coordinates(Vec<usize>),
}

/// The indices of an operation.
fn indexed(operation: &mut OperationIr) -> Option<(&mut TensorIr, Bounds)> {
    use ModuleOperationIr as Module;
    match operation {
        OperationIr::BaseFloat(op) | OperationIr::BaseInt(op) | OperationIr::BaseBool(op) => {
            indexed_base(op)
        }
        OperationIr::Module(op) => match op {
            Module::Embedding(op) => {
                let bound = Bounds::Each(op.weights.shape[0]);
                Some((&mut op.indices, bound))
            }
            Module::EmbeddingBackward(op) => {
                let bound = Bounds::Each(op.weights.shape[0]);
                Some((&mut op.indices, bound))
            }
            Module::MaxPool1dWithIndicesBackward(op) => {
                let bound = Bounds::Each(op.x.shape[2]);
                Some((&mut op.indices, bound))
            }
            Module::MaxPool2dWithIndicesBackward(op) => {
                let bound = Bounds::Each(op.x.shape[2] * op.x.shape[3]);
                Some((&mut op.indices, bound))
            }
            _ => None,
        },
        _ => None,
    }
}

fn indexed_base(op: &mut BaseOperationIr) -> Option<(&mut TensorIr, Bounds)> {
    use BaseOperationIr as Op;
    let coordinates = |data: &TensorIr, indices: &TensorIr| {
        let k = indices.shape.as_slice().last().copied().unwrap_or(0);
        Bounds::Coordinates(data.shape[..k].to_vec())
    };
    Some(match op {
        Op::Select(op) => {
            let bound = Bounds::Each(op.tensor.shape[op.dim]);
            (&mut op.indices, bound)
        }
        Op::SelectAssign(op) => {
            let bound = Bounds::Each(op.tensor.shape[op.dim]);
            (&mut op.indices, bound)
        }
        Op::Gather(op) => {
            let bound = Bounds::Each(op.tensor.shape[op.dim]);
            (&mut op.indices, bound)
        }
        Op::Scatter(op) => {
            let bound = Bounds::Each(op.tensor.shape[op.dim]);
            (&mut op.indices, bound)
        }
        Op::GatherNd(op) => {
            let bounds = coordinates(&op.data, &op.indices);
            (&mut op.indices, bounds)
        }
        Op::ScatterNd(op) => {
            let bounds = coordinates(&op.data, &op.indices);
            (&mut op.indices, bounds)
        }
        _ => return None,
    })
}

/// The indices, those outside being zero, and whether there were any.
fn clamped<B: BackendIr>(
    indices: IntTensor<B>,
    dtype: DType,
    bounds: &Bounds,
    device: B::Device,
) -> (IntTensor<B>, BoolTensor<B>) {
    use burn_backend::DeviceOps;
    let truth = device.defaults().bool_dtype;
    let most = largest(dtype);
    let below = B::int_lower_elem(indices.clone(), Scalar::Int(0), truth);
    // An index can lie beyond a bound only if its dtype reaches there.
    let beyond = match bounds {
        Bounds::Each(bound) if *bound as u64 > most => None,
        Bounds::Each(bound) => {
            let last = Scalar::Int(*bound as i64 - 1);
            Some(B::int_greater_elem(indices.clone(), last, truth))
        }
        Bounds::Coordinates(bounds) => {
            let last: Vec<i64> = (bounds.iter())
                .map(|&bound| (bound as u64 - 1).min(most) as i64)
                .collect();
            let mut shape = vec![1; indices.shape().num_dims()];
            if let Some(coordinates) = shape.last_mut() {
                *coordinates = last.len();
            }
            let last = TensorData::new(last, shape).convert_dtype(dtype);
            let last = B::int_expand(B::int_from_data(last, &device), indices.shape());
            Some(B::int_greater(indices.clone(), last, truth))
        }
    };
    let outside = match beyond {
        Some(beyond) => B::bool_or(below, beyond),
        None => below,
    };
    let inside = B::int_mask_fill(indices, outside.clone(), Scalar::Int(0));
    (inside, B::bool_any(outside))
}

/// Largest number of an integer dtype, as far as it matters.
fn largest(dtype: DType) -> u64 {
    match dtype {
        DType::I8 => i8::MAX as u64,
        DType::U8 => u64::from(u8::MAX),
        DType::I16 => i16::MAX as u64,
        DType::U16 => u64::from(u16::MAX),
        DType::I32 => i32::MAX as u64,
        DType::U32 => u64::from(u32::MAX),
        _ => i64::MAX as u64,
    }
}
