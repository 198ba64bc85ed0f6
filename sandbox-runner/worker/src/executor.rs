//! Tensor operations: decoded, checked, executed.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use burn_backend::{DType, ExecutionError, Shape, TensorData};
use burn_ir::{
    BackendIr, BaseOperationIr, HandleKind, OperationIr, TensorHandle, TensorId, TensorIr,
    TensorStatus,
};
use burn_router::TensorInterpreter;
use burn_std::future::DynFut;
use gauntlet_validator::{Entry, Ledger, Meters, sanitise};
use gauntlet_wire::ops::Message;

use crate::stop::Stop;

/// Executes a guest's tensor operations on backend `B`, each after the ledger has agreed.
pub(crate) struct Executor<B: BackendIr> {
    interpreter: TensorInterpreter<B>,
    ledger: Ledger,
}

impl<B: BackendIr> Executor<B> {
    pub(crate) fn new(device: B::Device, ledger: Ledger, seed: u64) -> Self {
        // A backend's random stream belongs to its process: one more reason for one run in each.
        B::seed(&device, seed);
        Self {
            interpreter: TensorInterpreter::new(device),
            ledger,
        }
    }

    /// Executes a batch of messages in order, up to the first that is refused.
    pub(crate) fn submit(&mut self, mut batch: &[u8]) -> Result<(), Stop> {
        while !batch.is_empty() {
            let (message, rest) = postcard::take_from_bytes::<Message>(batch).map_err(|error| {
                Stop::Method(format!("a tensor operation cannot be decoded: {error}"))
            })?;
            batch = rest;
            match message {
                Message::Op(operation) => self.execute(operation)?,
                Message::Seed(seed) => self.interpreter.seed(seed),
            }
        }
        Ok(())
    }

    fn execute(&mut self, operation: OperationIr) -> Result<(), Stop> {
        // Uncleared memory could hold what another run left on a device: `Empty` becomes zeros.
        let operation = sanitise(operation);
        self.ledger.check(&operation)?;
        // The validator should let nothing through that panics; if it does, the
        // panic costs this run alone.
        let interpreter = &mut self.interpreter;
        // Named by its number: keeping the operation to name it would cost a clone of each.
        guarded(|| register(interpreter, operation)).map_err(|panic| {
            let number = self.ledger.meters().operations;
            Stop::Method(format!("operation {number} failed: {panic}"))
        })
    }

    /// Puts data under a new id, whether the guest's own or made for it.
    pub(crate) fn put(&mut self, id: u64, data: TensorData) -> Result<(), Stop> {
        self.ledger
            .check_upload(id, data.shape(), data.dtype(), data.as_bytes().len())?;
        let interpreter = &mut self.interpreter;
        guarded(|| interpreter.register_tensor_data_id(TensorId::new(id), data))
            .map_err(|panic| Stop::Method(format!("upload failed: {panic}")))
    }

    /// Reads a tensor as the guest describes it; its status may free it.
    pub(crate) fn read(&mut self, tensor: TensorIr) -> Result<TensorData, Stop> {
        self.ledger.check_read(&tensor)?;
        let interpreter = &mut self.interpreter;
        settle(guarded(|| {
            burn_std::future::block_on(interpreter.read_tensor_async(tensor))
        }))
    }

    /// Reads a tensor by id and leaves it alive.
    pub(crate) fn peek(&mut self, id: u64) -> Result<TensorData, Stop> {
        let tensor = self.describe(id)?;
        self.read(tensor)
    }

    /// Takes hold of a float tensor's value, to be read later without making anybody wait now.
    pub(crate) fn hold(&mut self, id: u64) -> Result<Held<B>, Stop> {
        let tensor = self.describe(id)?;
        if !tensor.dtype.is_float() || tensor.shape.num_elements() != 1 {
            return Err(Stop::Method(format!(
                "a reported tensor has one float, this one is {:?} {:?}",
                tensor.dtype, tensor.shape
            )));
        }
        self.ledger.check_read(&tensor)?;
        let handle = self.interpreter.get_tensor_handle(&tensor);
        Ok(Held {
            handle,
            shape: tensor.shape,
        })
    }

    /// What the ledger knows about a live tensor.
    pub(crate) fn tensor(&self, id: u64) -> Result<&Entry, Stop> {
        self.ledger
            .tensor(id)
            .ok_or_else(|| Stop::Method(format!("there is no tensor {id}")))
    }

    pub(crate) fn sync(&self) -> Result<(), Stop> {
        self.interpreter
            .sync()
            .map_err(|error| Stop::Infrastructure(format!("sync: {error}")))
    }

    pub(crate) fn dtype_usage(&self, dtype: DType) -> u32 {
        self.interpreter.dtype_usage(dtype).as_u32_truncated()
    }

    pub(crate) fn meters(&self) -> Meters {
        self.ledger.meters()
    }

    /// Share of the metered work that is used, 0 to 1.
    pub(crate) fn work_share(&self) -> f64 {
        self.ledger.work_used() as f64 / self.ledger.work_limit().max(1) as f64
    }

    pub(crate) fn work_used(&self) -> u64 {
        self.ledger.work_used()
    }

    fn describe(&self, id: u64) -> Result<TensorIr, Stop> {
        let entry = self.tensor(id)?;
        Ok(TensorIr {
            id: TensorId::new(id),
            shape: entry.shape.clone(),
            status: TensorStatus::ReadOnly,
            dtype: entry.dtype,
        })
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
        operation => interpreter.register_op(operation),
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
