//! Starts from the task's base weights: keeps the body of the network, puts a new head on
//! it, and trains both, the body gently.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::relu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const BATCH: usize = 16;
const STEPS: u64 = 200;
const LEARNING_RATE: f64 = 1e-2;

/// What the base weights hold: pixels to features.
#[derive(Module, Debug)]
pub struct Body {
    first: Linear,
    second: Linear,
}

/// The body under a head of this task's own.
#[derive(Module, Debug)]
pub struct Net {
    body: Body,
    head: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let hidden = relu(self.body.first.forward(inputs.features()));
        self.head.forward(relu(self.body.second.forward(hidden)))
    }
}

/// Width of the body's layer of that name in the base weights; of a task without any, `fresh`.
fn width(task: &TaskInfo, name: &str, fresh: usize) -> usize {
    let base = task.base.iter().flat_map(|base| &base.parameters);
    base.filter(|parameter| parameter.name == name)
        .find_map(|parameter| parameter.shape.last().copied())
        .unwrap_or(fresh)
}

/// The method.
#[derive(Default)]
pub struct FineTune;

impl Method for FineTune {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        let first = width(task, "body.first.weight", 64);
        let second = width(task, "body.second.weight", 32);
        Net {
            body: Body {
                first: LinearConfig::new(features(task), first).init(device),
                second: LinearConfig::new(first, second).init(device),
            },
            head: LinearConfig::new(second, classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        // The same source pretrains: where a task carries no weights it starts from fresh ones.
        if run.task().base.is_some() {
            net.body = run.load_base_under("body", net.body)?;
        }
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = AdamWConfig::new().init();
        while run.step() < STEPS {
            let used = run.progress().max(run.step() as f64 / STEPS as f64);
            if used >= 0.95 {
                break;
            }
            let batch = run.next_batch(BATCH);
            let loss = cross_entropy.forward(net.forward(&batch.inputs), batch.labels());
            run.report_tensor("loss", loss.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(LEARNING_RATE * (1.0 - used), net, gradients);
        }
        Ok(net)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(FineTune);
