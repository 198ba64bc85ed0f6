//! A perceptron with dropout, trained by Adam with smoothed labels and a falling learning
//! rate: the method that `gauntlet method new` writes. Change whatever you like.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

/// Width of the hidden layer.
const HIDDEN: usize = 192;
/// Share of the hidden layer that is left out of each training step.
const DROPOUT: f64 = 0.3;
/// Share of each label that is spread over all classes, against too much certainty.
const SMOOTHING: f32 = 0.1;
/// Rows of a batch.
const BATCH: usize = 64;
/// Learning rate at the start; it falls to nothing over the budget.
const LEARNING_RATE: f64 = 5e-3;
/// Share of the budget at which training ends. A run that goes over its budget is
/// stopped, so leave a margin.
const END: f64 = 0.95;

/// What is trained. Every parameter in it is saved and given back to `predict`.
#[derive(Module, Debug)]
pub struct Net {
    hidden: Linear,
    dropout: Dropout,
    output: Linear,
}

impl Net {
    /// Scores `[rows, outputs]`.
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let hidden = relu(self.hidden.forward(inputs.features()));
        // Leaves everything in while predicting, where no gradients are tracked.
        self.output.forward(self.dropout.forward(hidden))
    }
}

/// The method: how the model is built, trained and used.
#[derive(Default)]
pub struct Starter;

impl Method for Starter {
    type Model = Net;

    /// Called before training and again before prediction: the same shapes every time.
    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            hidden: LinearConfig::new(features(task), HIDDEN).init(device),
            dropout: DropoutConfig::new(DROPOUT).init(),
            output: LinearConfig::new(HIDDEN, outputs(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new()
            .with_smoothing(Some(SMOOTHING))
            .init(run.device());
        let mut adam = AdamConfig::new().init();
        loop {
            // The budget is metered work, not time: the same on every machine.
            let used = run.progress();
            if used >= END {
                return Ok(net);
            }
            // Batches lie on the device already, in an order that the run's seed decides.
            let batch = run.next_batch(BATCH);
            let scores = net.forward(&batch.inputs);
            let loss = cross_entropy.forward(scores, batch.labels());
            // Reporting a tensor does not make the method wait for it.
            if run.step() % 20 == 1 {
                run.report_tensor("loss", loss.clone());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = adam.step(LEARNING_RATE * (1.0 - used / END), net, gradients);
        }
    }

    /// Sees inputs that were not there in training. The largest score of a row is the answer.
    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(Starter);
