//! A perceptron with dropout, trained by Adam with smoothed labels and a falling learning
//! rate: the method that `gauntlet method new` writes. Change whatever you like.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use gauntlet_method::prelude::*;
use gauntlet_method::{HyperParameters, Settings, burn, hyper_parameters};

hyper_parameters! {
    /// What can be tuned without compiling anew: `gauntlet method run --set hidden=256`.
    /// A tournament runs the defaults.
    pub struct Params {
        /// Width of the hidden layer.
        hidden: usize = 192, 8..=2048, log;
        /// Share of the hidden layer that is left out of each training step.
        dropout: f64 = 0.3, 0.0..=0.9;
        /// Share of each label that is spread over all classes, against too much certainty.
        smoothing: f64 = 0.1, 0.0..=0.5;
        /// Rows of a batch.
        batch: usize = 64, 1..=1024, log;
        /// Learning rate at the start; it falls to nothing over the budget.
        learning_rate: f64 = 0.005, 0.00001..=1.0, log;
    }
}

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
#[derive(Debug, Default)]
pub struct Starter {
    params: Params,
}

impl Method for Starter {
    type Model = Net;

    /// Called first of all, with the values that somebody set.
    fn configure(settings: &Settings) -> Result<Self, MethodError> {
        let params = Params::read(settings)?;
        Ok(Self { params })
    }

    /// Called before training and again before prediction: the same shapes every time.
    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            hidden: LinearConfig::new(features(task), self.params.hidden).init(device),
            dropout: DropoutConfig::new(self.params.dropout).init(),
            output: LinearConfig::new(self.params.hidden, outputs(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new()
            .with_smoothing(Some(self.params.smoothing as f32))
            .init(run.device());
        let mut adam = AdamConfig::new().init();
        loop {
            // The budget is metered work, not time: the same on every machine.
            let used = run.progress();
            if used >= END {
                return Ok(net);
            }
            // Batches lie on the device already, in an order that the run's seed decides.
            let batch = run.next_batch(self.params.batch);
            let scores = net.forward(&batch.inputs);
            let loss = cross_entropy.forward(scores, batch.labels());
            // Reporting a tensor does not make the method wait for it.
            if run.step() % 20 == 1 {
                run.report_tensor("loss", loss.clone());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            let rate = self.params.learning_rate * (1.0 - used / END);
            net = adam.step(rate, net, gradients);
        }
    }

    /// Sees inputs that were not there in training. The largest score of a row is the answer.
    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(Starter, Params);
