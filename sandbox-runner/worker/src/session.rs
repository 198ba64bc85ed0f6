//! What a running guest's host functions share.

use std::time::{Duration, Instant};

use burn_backend::DType;
use burn_ir::BackendIr;
use gauntlet_job::{Job, Limits, Phase};
use gauntlet_wire::calls::DeviceDefaults;
use gauntlet_wire::order::BatchOrder;
use gauntlet_wire::{TaskInfo, TaskKind};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use wasmtime::{Memory, ResourceLimiter};

use crate::data::Rows;
use crate::events::{Events, micros};
use crate::executor::{Executor, Held};
use crate::model_file::{self, Named};
use crate::stop::Stop;

/// Reported tensors are read when this many wait, or when the device has been waited for anyway.
const MOST_HELD: usize = 64;

/// The state behind a guest's imports.
pub(crate) struct Session<B: BackendIr> {
    pub(crate) executor: Executor<B>,
    pub(crate) events: Events,
    pub(crate) work: Work,
    pub(crate) task: TaskInfo,
    pub(crate) seed: u64,
    pub(crate) limits: Limits,
    pub(crate) defaults: DeviceDefaults,
    pub(crate) random: ChaCha20Rng,
    /// What `take` copies out.
    pub(crate) reply: Vec<u8>,
    pub(crate) memory: Option<Memory>,
    pub(crate) memory_refused: bool,
    deadline: Instant,
    process_began: Instant,
    first_operation: bool,
    held: Vec<(u64, String, Instant, Held<B>)>,
}

/// What the phase is about.
pub(crate) enum Work {
    /// Training: rows in an order, the model as last checked in.
    Train {
        rows: Rows,
        order: BatchOrder,
        batches: u64,
        /// The task's base weights; empty if it has none.
        base: Named,
        model: Option<Named>,
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
                    model: None,
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

impl<B: BackendIr> Session<B> {
    pub(crate) fn new(
        executor: Executor<B>,
        events: Events,
        work: Work,
        job: &Job,
        defaults: DeviceDefaults,
        process_began: Instant,
    ) -> Self {
        // Another stream than the device's: the same seed must not give both the same numbers.
        let mut random = ChaCha20Rng::seed_from_u64(job.seed);
        random.set_stream(1);
        let deadline = events.began() + Duration::from_millis(job.limits.wall_ms);
        Self {
            executor,
            events,
            work,
            task: job.task.clone(),
            seed: job.seed,
            limits: job.limits,
            defaults,
            random,
            reply: Vec::new(),
            memory: None,
            memory_refused: false,
            deadline,
            process_began,
            first_operation: true,
            held: Vec::new(),
        }
    }

    /// Every import asks this first: epochs stop guest code, this stops a guest that lives in imports.
    pub(crate) fn check_deadline(&self) -> Result<(), Stop> {
        if Instant::now() >= self.deadline {
            Err(Stop::Budget("wall"))
        } else {
            Ok(())
        }
    }

    pub(crate) fn submit(&mut self, batch: &[u8]) -> Result<(), Stop> {
        if std::mem::take(&mut self.first_operation) {
            self.events
                .first_operation(micros(self.process_began.elapsed()));
        }
        self.executor.submit(batch)
    }

    /// Used share of the budget, 0 to 1.
    pub(crate) fn progress(&self) -> f64 {
        let batches = match (&self.work, self.limits.batches) {
            (Work::Train { batches, .. }, Some(limit)) => *batches as f64 / limit.max(1) as f64,
            _ => 0.0,
        };
        self.executor.work_share().max(batches).min(1.0)
    }

    pub(crate) fn hold(&mut self, step: u64, name: String, tensor: u64) -> Result<(), Stop> {
        let held = self.executor.hold(tensor)?;
        self.held.push((step, name, Instant::now(), held));
        if self.held.len() >= MOST_HELD {
            self.settle_held()
        } else {
            Ok(())
        }
    }

    pub(crate) fn settle_held(&mut self) -> Result<(), Stop> {
        for (step, name, at, held) in std::mem::take(&mut self.held) {
            let value = held.value()?;
            self.events.metric(step, &name, value, at);
        }
        Ok(())
    }

    pub(crate) fn meters(&self) -> gauntlet_job::Meters {
        let used = self.executor.meters();
        let batches = match &self.work {
            Work::Train { batches, .. } => *batches,
            Work::Predict { .. } => 0,
        };
        gauntlet_job::Meters {
            work: self.executor.work_used(),
            flops: used.flops,
            bytes_moved: used.bytes_moved,
            operations: used.operations,
            batches,
            peak_tensor_bytes: used.peak_bytes,
            wall_micros: micros(self.events.began().elapsed()),
        }
    }
}

impl<B: BackendIr> ResourceLimiter for Session<B> {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired as u64 <= self.limits.guest_bytes;
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
        Ok(desired <= 100_000)
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
