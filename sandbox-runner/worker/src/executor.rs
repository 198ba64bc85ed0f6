//! Tensor operations executed on the backend, after they were checked.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use burn_backend::{DType, ExecutionError, Shape, TensorData};
use burn_ir::{
    BackendIr, BaseOperationIr, HandleKind, NumericOperationIr, OperationIr, TensorHandle,
    TensorId, TensorIr,
};
use burn_router::TensorInterpreter;
use burn_std::future::DynFut;

use crate::stop::Stop;
use crate::wide_sum;

/// Executes operations on backend `B`. It trusts its caller: the ledger has agreed to each.
pub(crate) struct Executor<B: BackendIr> {
    interpreter: TensorInterpreter<B>,
}

impl<B: BackendIr> Executor<B> {
    pub(crate) fn new(device: B::Device, seed: u64) -> Self {
        // A backend's random stream belongs to its process: one more reason for one run in each.
        B::seed(&device, seed);
        Self {
            interpreter: TensorInterpreter::new(device),
        }
    }

    /// Executes the `number`-th operation of the run.
    pub(crate) fn execute(&mut self, number: u64, operation: OperationIr) -> Result<(), Stop> {
        // The validator should let nothing through that panics; if it does, the
        // panic costs this run alone.
        let interpreter = &mut self.interpreter;
        // Named by its number: keeping the operation to name it would cost a clone of each.
        guarded(|| register(interpreter, operation))
            .map_err(|panic| Stop::Method(format!("operation {number} failed: {panic}")))
    }

    /// Restarts the device's random stream.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.interpreter.seed(seed);
    }

    /// Puts data under a new id.
    pub(crate) fn put(&mut self, id: u64, data: TensorData) -> Result<(), Stop> {
        let interpreter = &mut self.interpreter;
        guarded(|| interpreter.register_tensor_data_id(TensorId::new(id), data))
            .map_err(|panic| Stop::Method(format!("upload failed: {panic}")))
    }

    /// Reads a tensor; its status may free it.
    pub(crate) fn read(&mut self, tensor: TensorIr) -> Result<TensorData, Stop> {
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

    pub(crate) fn sync(&self) -> Result<(), Stop> {
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
        operation => interpreter.register_op(operation),
    }
}

fn is_wide(tensor: &TensorIr) -> bool {
    tensor.shape.num_elements() >= wide_sum::FEWEST
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
        Err(panic) => Err(Stop::Method(format!("read failed: {panic}"))),
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
