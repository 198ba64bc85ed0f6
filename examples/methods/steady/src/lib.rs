//! Softmax regression that checks its model in as it goes: used up, its budget costs it
//! nothing, and tournaments that look at checkpoints while it trains have some to look at.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const BATCH: usize = 32;
const LEARNING_RATE: f64 = 0.3;
/// Steps from one checkpoint to the next: so few that the last one is never old.
const CHECKPOINT: u64 = 10;

/// One linear layer.
#[derive(Module, Debug)]
pub struct Net {
    layer: Linear,
}

/// The method.
#[derive(Default)]
pub struct Steady;

impl Method for Steady {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            layer: LinearConfig::new(features(task), classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = SgdConfig::new().init();
        while run.progress() < 0.98 {
            let batch = run.next_batch(BATCH);
            let scores = net.layer.forward(batch.inputs.features());
            let loss = cross_entropy.forward(scores, batch.labels());
            if run.step() % 20 == 1 {
                run.report_tensor("loss", loss.clone());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(LEARNING_RATE, net, gradients);
            if run.step() % CHECKPOINT == 0 {
                run.checkpoint(&net);
            }
        }
        Ok(net)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.layer.forward(inputs.features()))
    }
}

gauntlet_method::export!(Steady);
