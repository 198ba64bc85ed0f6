//! A network of two hidden layers that predicts numbers, trained with `AdamW` on the squared error.

use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::gelu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const HIDDEN: usize = 96;
const BATCH: usize = 256;
const LEARNING_RATE: f64 = 4e-3;
/// Going over the budget scores nothing, so leave room for the last steps.
const ENOUGH: f64 = 0.95;
/// By then so small a network has learned what it can.
const STEPS: u64 = 2_500;

/// Two hidden layers.
#[derive(Module, Debug)]
pub struct Net {
    first: Linear,
    second: Linear,
    output: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let hidden = gelu(self.first.forward(inputs.features()));
        self.output.forward(gelu(self.second.forward(hidden)))
    }
}

/// The method.
#[derive(Default)]
pub struct MlpRegressor;

impl Method for MlpRegressor {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            first: LinearConfig::new(features(task), HIDDEN).init(device),
            second: LinearConfig::new(HIDDEN, HIDDEN).init(device),
            output: LinearConfig::new(HIDDEN, outputs(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let mut optimizer = AdamWConfig::new().init();
        while run.step() < STEPS {
            let used = run.progress().max(run.step() as f64 / STEPS as f64);
            if used >= ENOUGH {
                break;
            }
            let batch = run.next_batch(BATCH);
            let loss =
                MseLoss::new().forward(net.forward(&batch.inputs), batch.values(), Reduction::Mean);
            if run.step() % 20 == 1 {
                run.report_tensor("loss", loss.clone());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            // Cooled down in a straight line: the last steps settle.
            net = optimizer.step(LEARNING_RATE * (1.0 - used), net, gradients);
        }
        Ok(net)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(MlpRegressor);
