//! Two linear layers with squaring between them and a strong weight decay.
//!
//! Such a net has an exact solution of modular addition made of waves, and the
//! weight decay makes it fall from memorising into that solution: it "groks"
//! (Gromov, "Grokking modular arithmetic", 2023).

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::optim::{AdamWConfig, GradientsParams};
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const HIDDEN: usize = 128;
const BATCH: usize = 128;
const LEARNING_RATE: f64 = 2e-2;
const WEIGHT_DECAY: f32 = 1.0;
const END: f64 = 0.95;

/// Linear, square, linear.
#[derive(Module, Debug)]
pub struct Net {
    first: Linear,
    second: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let hidden = self.first.forward(inputs.features());
        self.second.forward(hidden.clone() * hidden)
    }
}

/// The method.
#[derive(Default)]
pub struct QuadraticNet;

impl Method for QuadraticNet {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        let normal = |std| Initializer::Normal { mean: 0.0, std };
        Net {
            first: LinearConfig::new(features(task), HIDDEN)
                .with_bias(false)
                .with_initializer(normal(0.3))
                .init(device),
            second: LinearConfig::new(HIDDEN, classes(task))
                .with_bias(false)
                .with_initializer(normal(0.1))
                .init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = AdamWConfig::new()
            .with_beta_2(0.98)
            .with_weight_decay(WEIGHT_DECAY)
            .init();
        loop {
            let progress = run.progress();
            if progress >= END {
                return Ok(net);
            }
            let batch = run.next_batch(BATCH);
            let loss = cross_entropy.forward(net.forward(&batch.inputs), batch.labels());
            if run.step() % 10 == 1 {
                run.report_tensor("loss", loss.clone());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(LEARNING_RATE, net, gradients);
        }
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(QuadraticNet);
