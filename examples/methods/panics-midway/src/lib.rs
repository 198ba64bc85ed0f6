//! Misbehaves: panics after a few steps. A run that does this ends with the
//! verdict `method_failed` and the panic's message, and costs nobody else anything.

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
pub struct PanicsMidway;

impl Method for PanicsMidway {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            layer: LinearConfig::new(features(task), classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = SgdConfig::new().init();
        while run.progress() < 0.95 {
            let batch = run.next_batch(32);
            let loss =
                cross_entropy.forward(net.layer.forward(batch.inputs.features()), batch.labels());
            run.report_tensor("loss", loss.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(0.1, net, gradients);
            assert!(
                run.step() < HONEST_STEPS,
                "step {} was one too many",
                run.step()
            );
        }
        Ok(net)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.layer.forward(inputs.features()))
    }
}

gauntlet_method::export!(PanicsMidway);
