//! The host's services, in this process.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gauntlet_wire::order::BatchOrder;
use gauntlet_wire::{BaseParameter, TaskInfo, TaskKind, windows};

use super::{Dataset, Parameters, Report, Trained, model::Collector};
use crate::{Batch, parameters};

/// The host's services, in this process.
pub struct Host {
    data: Dataset,
    device: Device,
    order: BatchOrder,
    seed: u64,
    batches: u64,
    limit: u64,
    model: Parameters,
    reports: Vec<Pending>,
    started: Instant,
}

struct Pending {
    step: u64,
    name: String,
    value: Value,
    at: Duration,
}

// Read at the end, as the sandbox's host does: reading in between would make the method wait.
#[expect(
    clippy::large_enum_variant,
    reason = "tensors are what is nearly always reported"
)]
enum Value {
    Number(f64),
    Tensor(Tensor<1>),
}

impl Host {
    pub(super) fn new(
        task: &TaskInfo,
        data: Dataset,
        device: Device,
        seed: u64,
        limit: u64,
    ) -> Self {
        let order = BatchOrder::new(data.train_rows(task), seed);
        Self {
            seed,
            data,
            device,
            order,
            batches: 0,
            limit,
            model: Vec::new(),
            reports: Vec::new(),
            started: Instant::now(),
        }
    }

    pub(super) fn finish(self) -> Trained {
        let reports = self
            .reports
            .into_iter()
            .map(
                |Pending {
                     step,
                     name,
                     value,
                     at,
                 }| {
                    let value = match value {
                        Value::Number(number) => number,
                        Value::Tensor(tensor) => tensor.into_scalar::<f64>(),
                    };
                    Report {
                        step,
                        name,
                        value,
                        at,
                    }
                },
            )
            .collect();
        Trained {
            parameters: self.model,
            reports,
            batches: self.batches,
        }
    }

    pub(crate) fn next_batch(&mut self, task: &TaskInfo, size: usize) -> Batch {
        self.batches += 1;
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
        let rows: Vec<u32> = (0..self.data.train_rows(task) as u32).collect();
        self.data.batch(task, &rows, 0, &self.device)
    }

    pub(crate) fn base<const D: usize>(&mut self, parameter: &BaseParameter) -> Tensor<D> {
        self.data.base(&parameter.name, &self.device)
    }

    pub(crate) fn progress(&mut self) -> f64 {
        self.batches as f64 / self.limit.max(1) as f64
    }

    pub(crate) fn report(&mut self, step: u64, name: &str, value: f64) {
        self.push(step, name, Value::Number(value));
    }

    pub(crate) fn report_tensor(&mut self, step: u64, name: &str, value: Tensor<1>) {
        let value = if value.is_autodiff() {
            value.inner()
        } else {
            value
        };
        self.push(step, name, Value::Tensor(value));
    }

    pub(crate) fn checkpoint<M: Module>(&mut self, model: &M) {
        let mut collector = Collector::default();
        parameters::collect(model, &mut collector);
        self.model = collector.parameters;
    }

    fn push(&mut self, step: u64, name: &str, value: Value) {
        let at = self.started.elapsed();
        self.reports.push(Pending {
            step,
            name: name.to_owned(),
            value,
            at,
        });
    }
}
