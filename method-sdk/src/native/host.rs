//! The host's services, in this process.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use gauntlet_wire::calls::{Measured, replaces};
use gauntlet_wire::order::BatchOrder;
use gauntlet_wire::{BaseParameter, TaskInfo, TaskKind, windows};

use super::dataset::Dataset;
use super::model::{Collector, Loader};
use super::trained::{Parameters, Report};
use crate::budget::Reading;
use crate::data::Batch;
use crate::error::MethodError;
use crate::parameters;
use crate::restore;

/// Reported tensors are read when this many wait, as in the sandbox: reading at
/// each report would make the method wait on a device that works by itself.
const MOST_HELD: usize = 64;

/// Who hears what a native training says, and ends it when its budget is over.
pub(crate) trait Listener {
    /// The method reported a number.
    fn metric(&mut self, report: Report);
    /// Share of the budget used; called often.
    fn progress(&mut self, used: f64);
    /// A training batch is about to be served.
    fn served(&mut self, batches: u64);
    /// The method wrote a line.
    fn log(&mut self, line: &str);
    /// A model was checked in.
    fn checkpoint(&mut self, step: u64, model: &Parameters);
    /// A budget ran out: ends the training.
    fn out_of_budget(&mut self, over: OutOfBudget) -> !;
}

/// A budget that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfBudget {
    /// `batches` or `wall`.
    pub(crate) limit: &'static str,
    /// Step of the model that is kept, if one was checked in.
    pub(crate) kept: Option<u64>,
    /// Batches served.
    pub(crate) batches: u64,
}

/// What a native training may use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Budget {
    pub(crate) batches: Option<u64>,
    pub(crate) wall: Option<Duration>,
}

/// The host's services, in this process.
pub(crate) struct Host {
    data: Dataset,
    device: Device,
    order: BatchOrder,
    seed: u64,
    batches: u64,
    budget: Budget,
    kept: Option<Kept>,
    held: Vec<Pending>,
    began: Instant,
    listener: Box<dyn Listener>,
}

/// A model that was checked in.
struct Kept {
    step: u64,
    measured: Option<Measured>,
    parameters: Parameters,
}

struct Pending {
    step: u64,
    name: String,
    value: Tensor<1>,
    at: Duration,
}

impl Host {
    pub(crate) fn new(
        task: &TaskInfo,
        data: Dataset,
        device: Device,
        seed: u64,
        budget: Budget,
        began: Instant,
        listener: Box<dyn Listener>,
    ) -> Self {
        let order = BatchOrder::new(data.train_rows(task), seed);
        Self {
            seed,
            data,
            device,
            order,
            batches: 0,
            budget,
            kept: None,
            held: Vec::new(),
            began,
            listener,
        }
    }

    /// Tells the listener what has not been told yet.
    pub(crate) fn settle(&mut self) {
        for Pending {
            step,
            name,
            value,
            at,
        } in self.held.drain(..)
        {
            let value = value.into_scalar::<f64>();
            self.listener.metric(Report {
                step,
                name,
                value,
                at,
            });
        }
    }

    pub(crate) fn batches(&self) -> u64 {
        self.batches
    }

    pub(crate) fn next_batch(&mut self, task: &TaskInfo, size: usize) -> Batch {
        self.check_budget();
        if self.budget.batches.is_some_and(|most| self.batches >= most) {
            self.end("batches");
        }
        self.batches += 1;
        self.listener.served(self.batches);
        self.listener.progress(self.used());
        let rows = self.order.next_batch(size).to_vec();
        let phase = match task.kind {
            TaskKind::LanguageModelling { context, .. } => {
                windows::phase(self.seed, self.order.epoch(), context)
            }
            _ => 0,
        };
        self.data.batch(task, &rows, phase, &self.device)
    }

    pub(crate) fn train_set(&mut self, task: &TaskInfo) -> Batch {
        self.check_budget();
        let rows: Vec<u32> = (0..self.data.train_rows(task) as u32).collect();
        self.data.batch(task, &rows, 0, &self.device)
    }

    pub(crate) fn base<const D: usize>(&mut self, parameter: &BaseParameter) -> Tensor<D> {
        self.data.base(&parameter.name, &self.device)
    }

    pub(crate) fn progress(&mut self) -> f64 {
        self.check_budget();
        let used = self.used();
        self.listener.progress(used);
        used
    }

    pub(crate) fn report(&mut self, step: u64, name: &str, value: f64) {
        self.check_budget();
        // What was reported before it comes before it.
        self.settle();
        let at = self.began.elapsed();
        self.listener.metric(Report {
            step,
            name: name.to_owned(),
            value,
            at,
        });
    }

    pub(crate) fn report_tensor(&mut self, step: u64, name: &str, value: Tensor<1>) {
        self.check_budget();
        let value = if value.is_autodiff() {
            value.inner()
        } else {
            value
        };
        self.held.push(Pending {
            step,
            name: name.to_owned(),
            value,
            at: self.began.elapsed(),
        });
        if self.held.len() >= MOST_HELD {
            self.settle();
        }
    }

    pub(crate) fn log(&mut self, line: &str) {
        self.listener.log(line);
    }

    pub(crate) fn budget(&mut self) -> Reading {
        self.check_budget();
        let left = |most: u64| most.saturating_sub(self.batches);
        Reading {
            used: self.used(),
            work: None,
            batches_left: self.budget.batches.map(left),
        }
    }

    pub(crate) fn restore<M: Module>(&mut self, model: M) -> Result<M, MethodError> {
        let parameters = self.kept.as_ref().map(|kept| kept.parameters.clone());
        let parameters = parameters.unwrap_or_default();
        let shape = |(name, data): &(String, TensorData)| (name.clone(), data.shape().to_vec());
        let shapes = parameters.iter().map(shape).collect();
        restore::restore(&mut Loader::new(parameters, &self.device), shapes, model)
    }

    pub(crate) fn checkpoint<M: Module>(
        &mut self,
        step: u64,
        measured: Option<Measured>,
        model: &M,
    ) -> bool {
        let before = self.kept.as_ref();
        if before.is_some_and(|kept| !replaces(measured, kept.measured)) {
            return false;
        }
        let mut collector = Collector::default();
        parameters::collect(model, &mut collector);
        self.settle();
        self.listener.checkpoint(step, &collector.parameters);
        self.kept = Some(Kept {
            step,
            measured,
            parameters: collector.parameters,
        });
        true
    }

    fn used(&self) -> f64 {
        let batches = self
            .budget
            .batches
            .map_or(0.0, |most| self.batches as f64 / most.max(1) as f64);
        let wall = self.budget.wall.map_or(0.0, |most| {
            self.began.elapsed().as_secs_f64() / most.as_secs_f64()
        });
        // A budget of no time is all used.
        if wall.is_nan() {
            1.0
        } else {
            batches.max(wall).min(1.0)
        }
    }

    fn check_budget(&mut self) {
        if self
            .budget
            .wall
            .is_some_and(|most| self.began.elapsed() >= most)
        {
            self.end("wall");
        }
    }

    fn end(&mut self, limit: &'static str) -> ! {
        self.settle();
        self.listener.out_of_budget(OutOfBudget {
            limit,
            kept: self.kept.as_ref().map(|kept| kept.step),
            batches: self.batches,
        })
    }
}
