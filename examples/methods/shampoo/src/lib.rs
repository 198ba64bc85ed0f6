//! A perceptron trained by Shampoo, an optimizer that Burn does not have, written
//! against Burn's ordinary [`Optimizer`] trait.

mod optimizer;
mod roots;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, ModuleOptimizer};
// The derive of an optimizer's state names these at the root of the crate.
use burn::optim::{RecordState, StateSink, StateSource, join_path};
use burn::tensor::activation::relu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

pub use optimizer::{Shampoo, ShampooState};
pub use roots::inverse_fourth_root;

const HIDDEN: usize = 64;
const BATCH: usize = 64;
const PEAK: f64 = 4e-3;
const END: f64 = 0.92;

/// Three layers.
#[derive(Module, Debug)]
pub struct Net {
    layers: Vec<Linear>,
    output: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let state = self
            .layers
            .iter()
            .fold(inputs.features(), |state, layer| relu(layer.forward(state)));
        self.output.forward(state)
    }
}

/// The method.
#[derive(Default)]
pub struct ShampooNet;

impl Method for ShampooNet {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            layers: [features(task), HIDDEN]
                .map(|width| LinearConfig::new(width, HIDDEN).init(device))
                .into(),
            output: LinearConfig::new(HIDDEN, classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = ModuleOptimizer::from(Shampoo::default());
        loop {
            let progress = run.progress();
            if progress >= END {
                return Ok(net);
            }
            let batch = run.next_batch(BATCH);
            let loss = cross_entropy.forward(net.forward(&batch.inputs), batch.labels());
            run.report_tensor("loss", loss.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(PEAK * (1.0 - progress / END), net, gradients);
        }
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(ShampooNet);
