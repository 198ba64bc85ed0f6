//! What a running guest's host functions share.

use std::time::{Duration, Instant};

use burn_backend::{DType, TensorData};
use burn_ir::TensorIr;
use gauntlet_validator::price;
use gauntlet_wire::calls::{BudgetReply, DeviceDefaults, Measured};
use gauntlet_wire::order::BatchOrder;
use gauntlet_wire::settings::Settings;
use gauntlet_wire::{TaskInfo, TaskKind};
use gauntlet_worker_protocol::{Job, Limits, Phase};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use wasmtime::{Memory, ResourceLimiter};

use crate::checker::Checker;
use crate::command_queue::{Answer, Command, Commands, Question};
use crate::data::Rows;
use crate::defences::{Defence, Defences};
use crate::events::micros;
use crate::model_file::{self, Named};
use crate::snapshots::{self, Snapshots};
use crate::stop::Stop;

/// How often the used share of the budget is told.
const PROGRESS: Duration = Duration::from_millis(250);

/// The state behind a guest's imports.
pub(crate) struct Session {
    pub(crate) checker: Checker,
    commands: Commands,
    pub(crate) work: Work,
    pub(crate) task: TaskInfo,
    pub(crate) seed: u64,
    pub(crate) limits: Limits,
    pub(crate) defaults: DeviceDefaults,
    pub(crate) settings: Settings,
    pub(crate) random: ChaCha20Rng,
    /// What `take` copies out.
    pub(crate) reply: Vec<u8>,
    pub(crate) memory: Option<Memory>,
    pub(crate) memory_refused: bool,
    began: Instant,
    deadline: Instant,
    progress_told: Instant,
    pub(crate) defences: Defences,
    snapshots: Snapshots,
    /// Fuel that the guest was given last. A unit of fuel is a unit of work.
    fuel: u64,
}

/// A model that was checked in.
pub(crate) struct Kept {
    pub(crate) parameters: Named,
    /// The method's own step count.
    pub(crate) step: u64,
    pub(crate) measured: Option<Measured>,
}

/// What the phase is about.
pub(crate) enum Work {
    /// Training: rows in an order, the model that is kept.
    Train {
        rows: Rows,
        order: BatchOrder,
        batches: u64,
        /// The task's base weights; empty if it has none.
        base: Named,
        kept: Option<Kept>,
    },
    /// Prediction: the model's parameters not loaded yet, the hidden inputs, the answer.
    Predict {
        rows: Rows,
        model: Named,
        predictions: Option<Named>,
    },
}

impl Work {
    /// Reads the phase's files. What is wrong with them is never the method's
    /// fault, but for a model it wrote itself, which the train phase has checked.
    pub(crate) fn load(
        phase: &Phase,
        kind: &TaskKind,
        seed: u64,
        int: DType,
    ) -> Result<Self, String> {
        match phase {
            Phase::Train { train, base, .. } => {
                let rows = Rows::load(train, true, kind, int)?;
                let base = base
                    .as_deref()
                    .map_or_else(|| Ok(Vec::new()), model_file::load)?;
                if rows.len() == 0 {
                    return Err("the train part has no rows".to_owned());
                }
                let order = BatchOrder::new(rows.len(), seed);
                Ok(Self::Train {
                    rows,
                    order,
                    batches: 0,
                    base,
                    kept: None,
                })
            }
            Phase::Predict { inputs, model, .. } => Ok(Self::Predict {
                rows: Rows::load(inputs, false, kind, int)?,
                model: model_file::load(model)?,
                predictions: None,
            }),
        }
    }
}

impl Session {
    pub(crate) fn new(
        checker: Checker,
        commands: Commands,
        work: Work,
        job: &Job,
        defaults: DeviceDefaults,
        defences: Defences,
    ) -> Self {
        // Another stream than the device's: the same seed must not give both the same numbers.
        let mut random = ChaCha20Rng::seed_from_u64(job.seed);
        random.set_stream(1);
        let began = Instant::now();
        Self {
            checker,
            commands,
            work,
            task: job.task.clone(),
            seed: job.seed,
            limits: job.limits,
            defaults,
            settings: job.settings.clone(),
            random,
            reply: Vec::new(),
            memory: None,
            memory_refused: false,
            began,
            deadline: began + Duration::from_millis(job.limits.wall_ms),
            progress_told: began,
            defences,
            snapshots: Snapshots::default(),
            fuel: 0,
        }
    }

    /// The same, handing out checkpoints while it trains.
    pub(crate) fn with_snapshots(mut self, snapshots: Snapshots) -> Self {
        self.snapshots = snapshots;
        self
    }

    /// The fuel with which the guest may go on: what is left of its work, so that it stops
    /// at the instruction that would be one too much. All that a run may use is charged to
    /// the ledger in the order of the guest's own instructions, whatever other threads do
    /// meanwhile; so where it stops depends on nothing but what it does.
    pub(crate) fn refuel(&mut self) -> u64 {
        self.fuel = if self.defences.has(Defence::GuestWork) {
            // The engine stops a guest when nothing is left, the ledger when it is over the limit.
            self.checker.work_left().saturating_add(1)
        } else {
            u64::MAX
        };
        self.fuel
    }

    /// Charges what the guest has computed since it was given fuel.
    pub(crate) fn charge_guest(&mut self, fuel_left: u64) -> Result<(), Stop> {
        if !self.defences.has(Defence::GuestWork) {
            return Ok(());
        }
        let used = self.fuel.saturating_sub(fuel_left);
        self.fuel = fuel_left;
        self.checker.spend("what the method computes itself", used)
    }

    /// Every import asks this too: hands out the checkpoint kept if a share of the budget
    /// that the host waits for has been used up since, and there is one.
    pub(crate) fn hand_out(&mut self) -> Result<(), Stop> {
        let used = self.checker.work_used();
        let Some((sixteenths, file)) = self.snapshots.due(used, self.limits.work) else {
            return Ok(());
        };
        let Work::Train {
            kept: Some(kept), ..
        } = &self.work
        else {
            return Ok(());
        };
        if snapshots::write(&kept.parameters, file)? {
            self.commands.push(Command::Snapshot {
                sixteenths,
                work: used,
            })?;
            self.commands.hand_over();
        }
        Ok(())
    }

    /// Every import asks this first: running out of fuel stops guest code, this a guest that
    /// lives in imports.
    pub(crate) fn check_deadline(&self) -> Result<(), Stop> {
        if Instant::now() >= self.deadline && self.defences.has(Defence::Deadline) {
            Err(Stop::Budget("wall"))
        } else {
            Ok(())
        }
    }

    /// Has a batch of messages executed, up to the first that is refused.
    pub(crate) fn submit(&mut self, batch: &[u8]) -> Result<(), Stop> {
        let checked = self.checker.batch(batch, self.commands.pending());
        self.commands.hand_over();
        checked
    }

    /// Puts data under a new id, whether the guest's own or made for it.
    pub(crate) fn put(&mut self, id: u64, data: TensorData) -> Result<(), Stop> {
        let command = self.checker.put(id, data)?;
        self.commands.push(command)
    }

    /// Reads a tensor as the guest describes it; its status may free it.
    pub(crate) fn read(&mut self, tensor: TensorIr) -> Result<TensorData, Stop> {
        self.checker
            .spend("a wait for the device", price::ROUND_TRIP)?;
        self.checker.read(&tensor)?;
        match self.commands.ask(Question::Read(tensor))? {
            Answer::Data(data) => Ok(data),
            Answer::Done | Answer::Usage(_) => Err(astray()),
        }
    }

    /// Reads a tensor by id and leaves it alive.
    pub(crate) fn peek(&mut self, id: u64) -> Result<TensorData, Stop> {
        let tensor = self.checker.describe(id)?;
        self.read(tensor)
    }

    /// Waits until everything handed over has been executed.
    pub(crate) fn sync(&mut self) -> Result<(), Stop> {
        self.checker
            .spend("a wait for the device", price::ROUND_TRIP)?;
        self.commands.ask(Question::Sync).map(drop)
    }

    pub(crate) fn dtype_usage(&mut self, dtype: DType) -> Result<u32, Stop> {
        self.checker
            .spend("a wait for the device", price::ROUND_TRIP)?;
        match self.commands.ask(Question::DtypeUsage(dtype))? {
            Answer::Usage(usage) => Ok(usage),
            Answer::Done | Answer::Data(_) => Err(astray()),
        }
    }

    /// Reports a number; `None` stands for one that is not finite.
    pub(crate) fn report(
        &mut self,
        step: u64,
        name: String,
        value: Option<f64>,
    ) -> Result<(), Stop> {
        self.commands.push(Command::Report { step, name, value })
    }

    /// Reports a tensor's single float without waiting for it.
    pub(crate) fn report_tensor(
        &mut self,
        step: u64,
        name: String,
        tensor: u64,
    ) -> Result<(), Stop> {
        let tensor = self.checker.report(tensor)?;
        self.commands
            .push(Command::ReportTensor { step, name, tensor })
    }

    /// Writes a line to the log.
    pub(crate) fn log(&mut self, line: String) -> Result<(), Stop> {
        let bytes = line.len() as u64;
        let work = price::LOG_LINE + bytes * price::LOG_BYTE;
        self.checker.spend("a line of the log", work)?;
        self.commands.push(Command::Log(line))
    }

    /// Tells the used share of the budget, if that was not done just now.
    pub(crate) fn tell_progress(&mut self) -> Result<(), Stop> {
        if self.progress_told.elapsed() < PROGRESS {
            return Ok(());
        }
        self.progress_told = Instant::now();
        let used = self.progress();
        self.commands.push(Command::Progress(used))
    }

    /// Nothing more will be asked for.
    pub(crate) fn close(&mut self) {
        self.commands.close();
    }

    /// Used share of the budget, 0 to 1.
    pub(crate) fn progress(&self) -> f64 {
        let batches = match (&self.work, self.limits.batches) {
            (Work::Train { batches, .. }, Some(limit)) => *batches as f64 / limit.max(1) as f64,
            _ => 0.0,
        };
        self.checker.work_share().max(batches).min(1.0)
    }

    /// What is left of the budget.
    pub(crate) fn budget(&self) -> BudgetReply {
        let batches_left = match (&self.work, self.limits.batches) {
            (Work::Train { batches, .. }, Some(limit)) => Some(limit.saturating_sub(*batches)),
            _ => None,
        };
        BudgetReply {
            used: self.progress(),
            work_used: self.checker.work_used(),
            work_limit: self.limits.work,
            batches_left,
        }
    }

    pub(crate) fn meters(&self) -> gauntlet_worker_protocol::Meters {
        let used = self.checker.meters();
        let batches = match &self.work {
            Work::Train { batches, .. } => *batches,
            Work::Predict { .. } => 0,
        };
        gauntlet_worker_protocol::Meters {
            work: self.checker.work_used(),
            flops: used.flops,
            bytes_moved: used.bytes_moved,
            operations: used.operations,
            batches,
            peak_tensor_bytes: used.peak_bytes,
            wall_micros: micros(self.began.elapsed()),
        }
    }
}

fn astray() -> Stop {
    Stop::Infrastructure("the executor answered another question".to_owned())
}

impl ResourceLimiter for Session {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self
            .defences
            .limit(Defence::GuestMemory, self.limits.guest_bytes);
        let allowed = desired as u64 <= limit;
        // The guest sees a failed allocation and usually panics; this remembers why.
        self.memory_refused |= !allowed;
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Function tables only: a hundred thousand entries is far above what a compiler emits.
        Ok(desired as u64 <= self.defences.limit(Defence::Tables, 100_000))
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        4
    }

    fn memories(&self) -> usize {
        1
    }
}
