//! A small multi-layer perceptron, AdamW, and a learning rate that warms up and
//! then falls along a cosine over the budget.

use std::f64::consts::PI;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::relu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const HIDDEN: usize = 128;
const BATCH: usize = 64;
const PEAK: f64 = 3e-3;
/// Share of the budget over which the learning rate rises.
const WARM_UP: f64 = 0.05;
/// Share of the budget at which training ends; the rest is a margin.
const END: f64 = 0.95;

/// Two layers.
#[derive(Module, Debug)]
pub struct Net {
    first: Linear,
    second: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        self.second
            .forward(relu(self.first.forward(inputs.features())))
    }
}

/// Learning rate at a share of the budget. The budget is metered work, so the
/// schedule is the same on every machine and fits any budget.
fn learning_rate(progress: f64) -> f64 {
    if progress < WARM_UP {
        PEAK * (progress / WARM_UP).max(0.01)
    } else {
        let done = ((progress - WARM_UP) / (END - WARM_UP)).min(1.0);
        PEAK * 0.5 * (1.0 + (PI * done).cos())
    }
}

/// The method.
#[derive(Default)]
pub struct AdamWCosine;

impl Method for AdamWCosine {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            first: LinearConfig::new(features(task), HIDDEN).init(device),
            second: LinearConfig::new(HIDDEN, classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = AdamWConfig::new().with_weight_decay(0.05).init();
        loop {
            let progress = run.progress();
            if progress >= END {
                return Ok(net);
            }
            let batch = run.next_batch(BATCH);
            let loss = cross_entropy.forward(net.forward(&batch.inputs), batch.labels());
            run.report_tensor("loss", loss.clone());
            run.report("learning rate", learning_rate(progress));
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(learning_rate(progress), net, gradients);
        }
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(AdamWCosine);
