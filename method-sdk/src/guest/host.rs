//! The host's services while training.

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};
use burn_remote::{HostTensor, RemoteBackend, adopt, host as raw};
use gauntlet_wire::calls::{
    BatchReply, BudgetReply, Call, CheckpointReply, Measured, Parameter, ProgressReply,
};
use gauntlet_wire::{BaseParameter, InputKind, TaskInfo, TaskKind};

use super::model::{Collector, Loader};
use crate::budget::Reading;
use crate::data::{Batch, Inputs, Targets};
use crate::error::MethodError;
use crate::parameters;
use crate::restore;

/// The host, reached through the module's imports.
pub(crate) struct Host;

impl Host {
    pub(crate) fn next_batch(&mut self, task: &TaskInfo, size: usize) -> Batch {
        let (inputs, labels) = (burn_remote::new_id(), burn_remote::new_id());
        let reply: BatchReply = raw::call(&Call::NextBatch {
            size,
            inputs,
            labels,
        });
        batch(task, inputs, labels, reply.rows)
    }

    pub(crate) fn train_set(&mut self, task: &TaskInfo) -> Batch {
        let (inputs, labels) = (burn_remote::new_id(), burn_remote::new_id());
        let reply: BatchReply = raw::call(&Call::TrainSet { inputs, labels });
        batch(task, inputs, labels, reply.rows)
    }

    pub(crate) fn progress(&mut self) -> f64 {
        let reply: ProgressReply = raw::call(&Call::Progress);
        reply.used
    }

    pub(crate) fn report(&mut self, step: u64, name: &str, value: f64) {
        let value = value.is_finite().then_some(value);
        let () = raw::call(&Call::Report {
            step,
            name: name.to_owned(),
            value,
        });
    }

    pub(crate) fn report_tensor(&mut self, step: u64, name: &str, value: Tensor<1>) {
        let value = if value.is_autodiff() {
            value.inner()
        } else {
            value
        };
        let tensor = primitive(value);
        let id = tensor.id().value();
        let () = raw::call(&Call::ReportTensor {
            step,
            name: name.to_owned(),
            tensor: id,
        });
    }

    pub(crate) fn log(&mut self, line: &str) {
        raw::log(line);
    }

    pub(crate) fn budget(&mut self) -> Reading {
        let reply: BudgetReply = raw::call(&Call::Budget);
        Reading {
            used: reply.used,
            work: Some((reply.work_used, reply.work_limit)),
            batches_left: reply.batches_left,
        }
    }

    pub(crate) fn restore<M: Module>(&mut self, model: M) -> Result<M, MethodError> {
        let mut loader = Loader::new();
        let kept = loader.shapes();
        restore::restore(&mut loader, kept, model)
    }

    pub(crate) fn checkpoint<M: Module>(
        &mut self,
        step: u64,
        measured: Option<Measured>,
        model: &M,
    ) -> bool {
        let mut collector = Collector::default();
        parameters::collect(model, &mut collector);
        let parameters = collector
            .tensors
            .iter()
            .map(|(name, tensor)| Parameter {
                name: name.clone(),
                tensor: tensor.id().value(),
            })
            .collect();
        // The collector keeps the tensors alive until the host has read them.
        let reply: CheckpointReply = raw::call(&Call::Checkpoint {
            parameters,
            step,
            measured,
        });
        reply.kept
    }

    /// A tensor of the base weights, which the caller has found in `TaskInfo::base`.
    pub(crate) fn base<const D: usize>(&mut self, parameter: &BaseParameter) -> Tensor<D> {
        let tensor = burn_remote::new_id();
        let () = raw::call(&Call::LoadBase {
            name: parameter.name.clone(),
            tensor,
        });
        let tensor = adopt(tensor, parameter.shape.clone(), DType::F32);
        Tensor::from_primitive::<RemoteBackend>(tensor)
    }
}

pub(super) fn primitive(tensor: Tensor<1>) -> HostTensor {
    tensor
        .try_into_primitive::<RemoteBackend>()
        .expect("there is no other device")
}

/// Integers on the device have its default dtype, whoever put them there.
fn default_int() -> DType {
    Device::default().settings().int_dtype.into()
}

fn batch(task: &TaskInfo, inputs_id: u64, targets: u64, rows: usize) -> Batch {
    let targets = match task.kind {
        TaskKind::Classification { .. } => {
            let classes = adopt(targets, vec![rows], default_int());
            Targets::Classes(Tensor::from_primitive::<RemoteBackend>(classes))
        }
        TaskKind::Regression { targets: width } => {
            let values = adopt(targets, vec![rows, width], DType::F32);
            Targets::Values(Tensor::from_primitive::<RemoteBackend>(values))
        }
        TaskKind::LanguageModelling { context, .. } => {
            let tokens = adopt(targets, vec![rows, context], default_int());
            Targets::Tokens(Tensor::from_primitive::<RemoteBackend>(tokens))
        }
    };
    Batch {
        inputs: inputs(task, inputs_id, rows),
        targets,
    }
}

pub(super) fn inputs(task: &TaskInfo, id: u64, rows: usize) -> Inputs {
    match &task.inputs {
        InputKind::Dense { shape } => {
            let width = shape.iter().product();
            let values = adopt(id, vec![rows, width], DType::F32);
            Inputs::Dense {
                values: Tensor::from_primitive::<RemoteBackend>(values),
                shape: shape.clone(),
            }
        }
        InputKind::Tokens { length, vocabulary } => {
            let tokens = adopt(id, vec![rows, *length], default_int());
            Inputs::Tokens {
                tokens: Tensor::from_primitive::<RemoteBackend>(tokens),
                vocabulary: *vocabulary,
            }
        }
    }
}
