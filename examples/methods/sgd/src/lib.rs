//! Softmax regression by plain stochastic gradient descent: the least a method can be.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const BATCH: usize = 32;
const LEARNING_RATE: f64 = 0.3;
/// By then so small a model has learned what it can; the rest of the budget stays unused.
const ENOUGH: u64 = 5_000;

/// One linear layer.
#[derive(Module, Debug)]
pub struct Net {
    layer: Linear,
}

/// The method.
#[derive(Default)]
pub struct Sgd;

impl Method for Sgd {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            layer: LinearConfig::new(features(task), classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = SgdConfig::new().init();
        // Going over the budget scores nothing, so leave room for the last steps.
        while run.step() < ENOUGH && run.progress() < 0.95 {
            let batch = run.next_batch(BATCH);
            let scores = net.layer.forward(batch.inputs.features());
            let loss = cross_entropy.forward(scores, batch.labels());
            if run.step() % 20 == 1 {
                run.report_tensor("loss", loss.clone());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(LEARNING_RATE, net, gradients);
        }
        Ok(net)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.layer.forward(inputs.features()))
    }
}

gauntlet_method::export!(Sgd);
