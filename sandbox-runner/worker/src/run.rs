//! One phase from job to outcome.

use std::fs::{File, OpenOptions};
use std::io::{Write, stdin};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use burn_backend::DeviceOps;
use burn_ir::BackendIr;
use gauntlet_validator::Ledger;
use gauntlet_wire::calls::DeviceDefaults;
use gauntlet_wire::exports;
use gauntlet_worker_protocol::{Job, Meters, Outcome, Phase};
use wasmtime::{Engine, Linker, Module, Store, Trap};

use crate::checker::Checker;
use crate::command_queue::queue;
use crate::defences::{Defence, Defences};
use crate::events::Events;
use crate::executor::{Executor, keep_panics};
use crate::serve::Service;
use crate::session::{Session, Work};
use crate::snapshots::Snapshots;
use crate::stop::Stop;
use crate::{Setup, confine, engine, imports, model_file};

/// A guest can hold at most so many tensors; each has a handle on the host.
const MOST_TENSORS: usize = 200_000;
/// Dimensions of a tensor.
const MOST_DIMS: usize = 8;
/// The engine's own limit for a guest's frames is a quarter of this; host functions need some too.
const GUEST_STACK: usize = 4 << 20;

pub(crate) fn main<B: BackendIr + 'static>(setup: Setup<B>) -> ExitCode {
    let began = Instant::now();
    let mut line = String::new();
    let job: Job = match stdin()
        .read_line(&mut line)
        .map(|_| serde_json::from_str(&line))
    {
        Ok(Ok(job)) => job,
        Ok(Err(error)) => return refuse(&format!("the job cannot be read: {error}")),
        Err(error) => return refuse(&format!("no job: {error}")),
    };
    match catch_unwind(AssertUnwindSafe(|| run(setup, &job, began))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => refuse("the worker itself panicked"),
    }
}

fn refuse(message: &str) -> ExitCode {
    let outcome = Stop::Infrastructure(message.to_owned()).outcome();
    Events::new(Defences::all()).finished(outcome, Meters::default());
    ExitCode::SUCCESS
}

fn run<B: BackendIr + 'static>(setup: Setup<B>, job: &Job, began: Instant) {
    keep_panics();
    let Prepared {
        service,
        guest,
        begin,
        out,
    } = match prepare(setup, job, began) {
        Ok(prepared) => prepared,
        Err(message) => {
            refuse(&message);
            return;
        }
    };
    // The guest has a thread of its own, the backend the main one: the C library's
    // allocator returns memory of other threads' arenas to the kernel far more eagerly,
    // which costs a training step a tenth.
    let _ = begin.send(());
    let (mut events, failure) = service.serve();
    let Ok(Some((result, session))) = guest.join() else {
        refuse("the guest's thread panicked");
        return;
    };
    let outcome = match failure.map_or(result, Err) {
        Ok(()) => keep(&session.work, out).map(|()| Outcome::Completed),
        Err(stop) => cut_off(stop, &session.work, out),
    }
    .unwrap_or_else(Stop::outcome);
    events.finished(outcome, session.meters());
}

/// A guest that is ready to begin, and the main thread's part.
struct Prepared<B: BackendIr> {
    service: Service<B>,
    /// Ends with what stopped the guest and what it leaves, or with nothing if it never began.
    guest: JoinHandle<Option<(Result<(), Stop>, Session)>>,
    begin: SyncSender<()>,
    out: File,
}

/// What the guest's thread needs.
struct Guest {
    store: Store<Session>,
    module: Module,
    engine: Engine,
    entry: &'static str,
}

/// Everything that opens a file or starts a thread happens here, before confinement.
fn prepare<B: BackendIr + 'static>(
    setup: Setup<B>,
    job: &Job,
    began: Instant,
) -> Result<Prepared<B>, String> {
    confine::limit_run(&job.limits)?;
    // This thread, which executes, is one of the pool's: otherwise it would hand each
    // parallel kernel to a pool thread and sleep until that is done.
    rayon::ThreadPoolBuilder::new()
        .num_threads(job.threads.max(1))
        .use_current_thread()
        .build_global()
        .map_err(|error| format!("failed to start the backend's threads: {error}"))?;
    let defaults = setup.device.defaults();
    let work = Work::load(
        &job.phase,
        &job.task.kind,
        job.seed,
        defaults.int_dtype.into(),
    )?;
    let out = create(job.phase.output())?;
    let snapshots = snapshots(job)?;
    let engine = engine::engine(setup.defences)
        .map_err(|error| format!("failed to start the engine: {error:#}"))?;
    let module = load_module(&engine, &job.module)?;

    let defaults = DeviceDefaults {
        float: dtype_name(&defaults.float_dtype)?,
        int: dtype_name(&defaults.int_dtype)?,
        bool: dtype_name(&defaults.bool_dtype)?,
    };
    let defences = setup.defences;
    let tensor_bytes = defences.limit(Defence::TensorBytes, job.limits.tensor_bytes);
    let ledger = Ledger::new(gauntlet_validator::Limits {
        tensor_bytes,
        tensors: MOST_TENSORS,
        work: defences.limit(Defence::Work, job.limits.work),
        elements_per_tensor: tensor_bytes,
        dims: MOST_DIMS,
        int_indices: setup.int_indices,
        guards_indices: !setup.checks_indices,
        threads: job.threads.max(1),
    });
    let (commands, receiver) = queue();
    let executor = Executor::<B>::new(setup.device, job.seed, defences);
    let executor = if setup.checks_indices {
        executor
    } else {
        executor.guarding_indices()
    };
    let service = Service::new(executor, Events::new(defences), receiver, began);
    let session = Session::new(
        Checker::new(ledger),
        commands,
        work,
        job,
        defaults,
        defences,
    )
    .with_snapshots(snapshots);
    let mut store = Store::new(&engine, session);
    store.limiter(|session| session);
    let fuel = store.data_mut().refuel();
    store
        .set_fuel(fuel)
        .map_err(|error| format!("the engine does not count instructions: {error:#}"))?;
    let guest = Guest {
        store,
        module,
        engine,
        entry: match job.phase {
            Phase::Train { .. } => exports::TRAIN,
            Phase::Predict { .. } => exports::PREDICT,
        },
    };
    let (begin, began) = sync_channel(1);
    let guest = std::thread::Builder::new()
        .name("guest".to_owned())
        .stack_size(if defences.has(Defence::GuestStack) {
            GUEST_STACK
        } else {
            GUEST_STACK / 4
        })
        .spawn(move || began.recv().ok().map(|()| guest.run()))
        .map_err(|error| format!("failed to start the guest's thread: {error}"))?;
    confine::confine(setup.confinement)?;
    Ok(Prepared {
        service,
        guest,
        begin,
        out,
    })
}

impl Guest {
    /// Runs to the end. What was asked for until then is in the queue, which is closed.
    fn run(mut self) -> (Result<(), Stop>, Session) {
        let result = self.call();
        // Nothing is left if that was what stopped it.
        let fuel_left = self.store.get_fuel().unwrap_or(0);
        let mut session = self.store.into_data();
        session.close();
        let charged = session.charge_guest(fuel_left);
        let result = result
            .map_err(|error| explain(&error, session.memory_refused))
            .and(charged);
        (result, session)
    }

    fn call(&mut self) -> wasmtime::Result<()> {
        let mut linker = Linker::new(&self.engine);
        imports::link(&mut linker)?;
        let instance = linker.instantiate(&mut self.store, &self.module)?;
        let memory = instance
            .get_memory(&mut self.store, exports::MEMORY)
            .ok_or_else(|| {
                wasmtime::Error::new(Stop::Method("the module exports no memory".into()))
            })?;
        self.store.data_mut().memory = Some(memory);
        instance
            .get_typed_func::<(), ()>(&mut self.store, self.entry)?
            .call(&mut self.store, ())
    }
}

/// Why a guest stopped: our own word if we stopped it, else what kind of trap it met.
fn explain(error: &wasmtime::Error, memory_refused: bool) -> Stop {
    let told = error.downcast_ref::<Stop>();
    match (told, error.downcast_ref::<Trap>()) {
        (None, Some(Trap::OutOfFuel)) => Stop::Budget("work"),
        // A guest that was refused memory says so by panicking; the refusal is the cause.
        (Some(Stop::Method(_)), _) | (None, _) if memory_refused => Stop::Memory("guest"),
        (Some(stop), _) => stop.clone(),
        (None, Some(trap)) => Stop::Method(format!("the module trapped: {trap}")),
        (None, None) => Stop::Method(format!("the module cannot be run: {error:#}")),
    }
}

/// Writes what the phase was for. Not to have produced it is the method's fault.
fn keep(work: &Work, mut out: File) -> Result<(), Stop> {
    let tensors = match work {
        Work::Train { kept, .. } => kept
            .as_ref()
            .map(|kept| &kept.parameters)
            .ok_or("training ended without a model"),
        Work::Predict { predictions, .. } => predictions
            .as_ref()
            .ok_or("prediction ended without predictions"),
    }
    .map_err(|reason| Stop::Method(reason.to_owned()))?;
    let bytes = model_file::encode(tensors).map_err(Stop::Method)?;
    out.write_all(&bytes)
        .map_err(|error| Stop::Infrastructure(format!("failed to write: {error}")))
}

/// A training whose repeatable budget ran out has its last checkpoint for a model. Any
/// other end is what it is: a method that fails after a checkpoint has failed, and where
/// wall time cut it off, another machine would cut elsewhere.
fn cut_off(stop: Stop, work: &Work, out: File) -> Result<Outcome, Stop> {
    let (
        Stop::Budget(limit @ ("work" | "batches")),
        Work::Train {
            kept: Some(kept), ..
        },
    ) = (&stop, work)
    else {
        return Err(stop);
    };
    keep(work, out)?;
    Ok(Outcome::CutOff {
        limit: (*limit).to_owned(),
        step: kept.step,
    })
}

/// The files for checkpoints that the host wants while training goes on.
fn snapshots(job: &Job) -> Result<Snapshots, String> {
    let (Phase::Train { .. }, Some(asked)) = (&job.phase, &job.snapshots) else {
        return Ok(Snapshots::default());
    };
    let files = asked.sixteenths().map(|sixteenths| {
        let path = asked
            .folder
            .join(gauntlet_worker_protocol::Snapshots::file(sixteenths));
        Ok((sixteenths, create(&path)?))
    });
    Ok(Snapshots::new(files.collect::<Result<_, String>>()?))
}

fn create(path: &Path) -> Result<File, String> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| format!("failed to create the output: {error}"))
}

fn dtype_name<T: serde::Serialize>(dtype: &T) -> Result<String, String> {
    match serde_json::to_value(dtype) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        other => Err(format!("a default dtype has no name: {other:?}")),
    }
}

#[expect(unsafe_code, reason = "compiled code is native code")]
fn load_module(engine: &Engine, path: &Path) -> Result<Module, String> {
    // Sound as long as the file is what `compile` wrote on this machine: the
    // supervisor's cache is private to it, authenticated, and never filled from outside.
    unsafe { Module::deserialize_file(engine, path) }
        .map_err(|error| format!("failed to load the compiled module: {error:#}"))
}
