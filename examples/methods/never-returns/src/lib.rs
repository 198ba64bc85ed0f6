//! Misbehaves: trains a little, then spins for ever without asking the host for
//! anything. Instructions are metered like everything else, so it uses up its work, at the
//! same instruction on every machine. A run that does this ends with the verdict
//! `budget_exceeded`, and costs nobody else anything.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const HONEST_STEPS: u64 = 20;

/// One linear layer.
#[derive(Module, Debug)]
pub struct Net {
    layer: Linear,
}

/// The method.
#[derive(Default)]
pub struct NeverReturns;

impl Method for NeverReturns {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            layer: LinearConfig::new(features(task), classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = SgdConfig::new().init();
        while run.step() < HONEST_STEPS {
            let batch = run.next_batch(32);
            let loss =
                cross_entropy.forward(net.layer.forward(batch.inputs.features()), batch.labels());
            run.report_tensor("loss", loss.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(0.1, net, gradients);
        }
        loop {
            std::hint::spin_loop();
        }
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.layer.forward(inputs.features()))
    }
}

gauntlet_method::export!(NeverReturns);
