//! Tensor operations executed on the backend, after they were checked.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use burn_backend::tensor::IntTensor;
use burn_backend::{DType, ExecutionError, IntDType, Scalar, Shape, TensorData};
use burn_ir::{
    BackendIr, BaseOperationIr, HandleKind, NumericOperationIr, OperationIr, TensorHandle,
    TensorId, TensorIr,
};
use burn_router::TensorInterpreter;
use burn_std::future::DynFut;
use gauntlet_validator::OperationKind;

use crate::defences::{Defence, Defences};
use crate::index_guard::IndexGuard;
use crate::stop::Stop;
use crate::wide_sum;

/// Executes operations on backend `B`. It trusts its caller: the ledger has agreed to each.
pub(crate) struct Executor<B: BackendIr> {
    interpreter: TensorInterpreter<B>,
    /// Where the backend does not check indices itself.
    guard: Option<IndexGuard<B>>,
    defences: Defences,
}

impl<B: BackendIr> Executor<B> {
    pub(crate) fn new(device: B::Device, seed: u64, defences: Defences) -> Self {
        // A backend's random stream belongs to its process: one more reason for one run in each.
        B::seed(&device, seed);
        Self {
            interpreter: TensorInterpreter::new(device),
            guard: None,
            defences,
        }
    }

    /// The same, for a backend whose kernels do not check indices.
    pub(crate) fn guarding_indices(mut self) -> Self {
        self.guard = Some(IndexGuard::new());
        self
    }

    /// Executes an operation.
    pub(crate) fn execute(&mut self, operation: OperationIr) -> Result<(), Stop> {
        let mut operation = operation;
        // The validator should let nothing through that panics; if it does, the
        // panic costs this run alone.
        let interpreter = &mut self.interpreter;
        // Only the name is kept: a clone of each operation would cost too much.
        let kind = OperationKind::of(&operation);
        let guard = self.guard.as_mut();
        let act = || {
            let used_up = guard.and_then(|guard| guard.admit(interpreter, &mut operation));
            register(interpreter, operation);
            if let Some(indices) = used_up {
                interpreter.register_op(OperationIr::Drop(indices));
            }
        };
        let done = if self.defences.has(Defence::BackendPanics) {
            guarded(act)
        } else {
            act();
            Ok(())
        };
        done.map_err(|panic| Stop::Backend {
            operation: kind.to_string(),
            panic,
        })?;
        if self.guard.as_ref().is_some_and(IndexGuard::is_due) {
            self.settle()?;
        }
        Ok(())
    }

    /// Were all indices inside of their tensors so far? Waits for the device, if it has to be asked.
    pub(crate) fn settle(&mut self) -> Result<(), Stop> {
        let Some(guard) = &mut self.guard else {
            return Ok(());
        };
        match guarded(|| guard.offender()) {
            Ok(Ok(None)) => Ok(()),
            Ok(Ok(Some(kind))) => Err(Stop::Method(format!(
                "{kind} is not valid: an index lies outside of its tensor"
            ))),
            Ok(Err(error)) => Err(Stop::Infrastructure(format!(
                "failed to ask the device about indices: {error}"
            ))),
            Err(panic) => Err(Stop::Backend {
                operation: "the check of indices".to_owned(),
                panic,
            }),
        }
    }

    /// Restarts the device's random stream.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.interpreter.seed(seed);
    }

    /// Puts data under a new id.
    pub(crate) fn put(&mut self, id: u64, data: TensorData) -> Result<(), Stop> {
        let interpreter = &mut self.interpreter;
        guarded(|| interpreter.register_tensor_data_id(TensorId::new(id), data)).map_err(|panic| {
            Stop::Backend {
                operation: "upload".to_owned(),
                panic,
            }
        })
    }

    /// Reads a tensor; its status may free it.
    pub(crate) fn read(&mut self, tensor: TensorIr) -> Result<TensorData, Stop> {
        self.settle()?;
        let interpreter = &mut self.interpreter;
        settle(guarded(|| {
            burn_std::future::block_on(interpreter.read_tensor_async(tensor))
        }))
    }

    /// Reads a tensor whatever became of the indices before it.
    pub(crate) fn observe(&mut self, tensor: TensorIr) -> Result<TensorData, Stop> {
        let interpreter = &mut self.interpreter;
        settle(guarded(|| {
            burn_std::future::block_on(interpreter.read_tensor_async(tensor))
        }))
    }

    /// Takes hold of a float tensor's value, to be read later without making anybody wait now.
    pub(crate) fn hold(&mut self, tensor: TensorIr) -> Held<B> {
        Held {
            handle: self.interpreter.get_tensor_handle(&tensor),
            shape: tensor.shape,
        }
    }

    pub(crate) fn sync(&mut self) -> Result<(), Stop> {
        self.settle()?;
        self.interpreter
            .sync()
            .map_err(|error| Stop::Infrastructure(format!("sync: {error}")))
    }

    pub(crate) fn dtype_usage(&self, dtype: DType) -> u32 {
        self.interpreter.dtype_usage(dtype).as_u32_truncated()
    }
}

fn register<B: BackendIr>(interpreter: &mut TensorInterpreter<B>, operation: OperationIr) {
    match operation {
        // The one operation that Burn emits and its interpreter does not know.
        OperationIr::BaseInt(BaseOperationIr::Cast(cast)) => {
            if let HandleKind::Int(tensor) = interpreter.get_tensor(&cast.input) {
                let tensor = B::int_cast(tensor, cast.out.dtype.into());
                interpreter.register_tensor_to_device(cast.out.id, HandleKind::Int(tensor));
            }
        }
        OperationIr::NumericFloat(_, NumericOperationIr::Sum(sum)) if is_wide(&sum.input) => {
            if let HandleKind::Float(tensor) = interpreter.get_tensor(&sum.input) {
                let sum_of = HandleKind::Float(wide_sum::sum::<B>(tensor));
                interpreter.register_tensor_to_device(sum.out.id, sum_of);
            }
        }
        OperationIr::NumericFloat(_, NumericOperationIr::Mean(mean)) if is_wide(&mean.input) => {
            if let HandleKind::Float(tensor) = interpreter.get_tensor(&mean.input) {
                let mean_of = HandleKind::Float(wide_sum::mean::<B>(tensor));
                interpreter.register_tensor_to_device(mean.out.id, mean_of);
            }
        }
        // Flex takes truth values for numbers from here on, unless they are selected as numbers.
        OperationIr::BaseBool(BaseOperationIr::Select(op)) => {
            as_numbers(interpreter, &op.tensor, &op.out, &op.indices, |a, b| {
                B::int_select(a, op.dim, b)
            });
        }
        OperationIr::BaseBool(BaseOperationIr::Gather(op)) => {
            as_numbers(interpreter, &op.tensor, &op.out, &op.indices, |a, b| {
                B::int_gather(op.dim, a, b)
            });
        }
        operation => interpreter.register_op(operation),
    }
}

fn is_wide(tensor: &TensorIr) -> bool {
    tensor.shape.num_elements() >= wide_sum::FEWEST
}

/// Does to the truth values of a tensor what can be done to numbers and indices.
fn as_numbers<B: BackendIr>(
    interpreter: &mut TensorInterpreter<B>,
    tensor: &TensorIr,
    out: &TensorIr,
    indices: &TensorIr,
    act: impl FnOnce(IntTensor<B>, IntTensor<B>) -> IntTensor<B>,
) {
    if let (HandleKind::Bool(tensor), HandleKind::Int(indices)) = (
        interpreter.get_tensor(tensor),
        interpreter.get_tensor(indices),
    ) {
        let taken = act(B::bool_into_int(tensor, IntDType::I32), indices);
        let taken = B::int_not_equal_elem(taken, Scalar::Int(0), out.dtype.into());
        interpreter.register_tensor_to_device(out.id, HandleKind::Bool(taken));
    }
}

/// A float on the device.
pub(crate) struct Held<B: BackendIr> {
    handle: B::Handle,
    shape: Shape,
}

impl<B: BackendIr> Held<B> {
    /// The value, once the device has it; `None` if it is not finite.
    pub(crate) fn value(self) -> Result<Option<f64>, Stop> {
        let Self { handle, shape } = self;
        let data = settle(guarded(|| {
            let tensor = B::float_tensor(TensorHandle { handle, shape });
            let future: DynFut<Result<TensorData, ExecutionError>> =
                Box::pin(B::float_into_data(tensor));
            burn_std::future::block_on(future)
        }))?;
        let value: Option<f64> = data.iter::<f64>().next();
        Ok(value.filter(|value| value.is_finite()))
    }
}

fn settle(read: Result<Result<TensorData, ExecutionError>, String>) -> Result<TensorData, Stop> {
    match read {
        Ok(Ok(data)) => Ok(data),
        Ok(Err(error)) => Err(Stop::Infrastructure(format!(
            "failed to read a tensor: {error}"
        ))),
        Err(panic) => Err(Stop::Backend {
            operation: "read".to_owned(),
            panic,
        }),
    }
}

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics quiet and keeps their message for [`guarded`].
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        PANIC.with_borrow_mut(|kept| *kept = Some(panic.to_string()));
    }));
}

fn guarded<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|_| {
        PANIC
            .take()
            .unwrap_or_else(|| "a panic on another thread of the backend".to_owned())
    })
}
