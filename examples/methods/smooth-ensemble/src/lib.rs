//! One training run, several answers: label smoothing and dropout, a learning
//! rate that falls and restarts, and a checkpoint kept at the end of each fall.
//! The model is all the checkpoints, and predicts by the mean of their
//! probabilities (Huang et al., "Snapshot ensembles", 2017).

use std::f64::consts::PI;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::{relu, softmax};
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const MEMBERS: usize = 4;
const HIDDEN: usize = 192;
const BATCH: usize = 64;
const PEAK: f64 = 4e-3;
const SMOOTHING: f32 = 0.1;
const END: f64 = 0.95;

/// A perceptron with dropout.
#[derive(Module, Debug)]
pub struct Net {
    first: Linear,
    dropout: Dropout,
    second: Linear,
}

impl Net {
    fn new(task: &TaskInfo, device: &Device) -> Self {
        Self {
            first: LinearConfig::new(features(task), HIDDEN).init(device),
            dropout: DropoutConfig::new(0.2).init(),
            second: LinearConfig::new(HIDDEN, classes(task)).init(device),
        }
    }

    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let hidden = relu(self.first.forward(inputs.features()));
        self.second.forward(self.dropout.forward(hidden))
    }
}

/// The checkpoints.
#[derive(Module, Debug)]
pub struct Ensemble {
    members: Vec<Net>,
}

/// The method.
#[derive(Default)]
pub struct SmoothEnsemble;

impl Method for SmoothEnsemble {
    type Model = Ensemble;

    fn build(&self, task: &TaskInfo, device: &Device) -> Ensemble {
        Ensemble {
            members: (0..MEMBERS).map(|_| Net::new(task, device)).collect(),
        }
    }

    fn train(&self, run: &mut Training, mut model: Ensemble) -> Result<Ensemble, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new()
            .with_smoothing(Some(SMOOTHING))
            .init(run.device());
        let mut optimizer = AdamWConfig::new().with_weight_decay(0.02).init();
        let mut net = model.members[0].clone();
        for member in 0..MEMBERS {
            let share = END / MEMBERS as f64;
            let begin = share * member as f64;
            loop {
                let done = (run.progress() - begin) / share;
                if done >= 1.0 {
                    break;
                }
                let batch = run.next_batch(BATCH);
                let loss = cross_entropy.forward(net.forward(&batch.inputs), batch.labels());
                if run.step() % 10 == 1 {
                    run.report_tensor("loss", loss.clone());
                }
                let gradients = GradientsParams::from_grads(loss.backward(), &net);
                let rate = PEAK * 0.5 * (1.0 + (PI * done).cos());
                net = optimizer.step(rate, net, gradients);
            }
            model.members[member] = net.clone();
        }
        Ok(model)
    }

    fn predict(&self, model: &Ensemble, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        let answers = model
            .members
            .iter()
            .map(|member| softmax(member.forward(inputs), 1));
        answers
            .reduce(|sum, answer| sum + answer)
            .ok_or_else(|| "an ensemble has members".into())
    }
}

gauntlet_method::export!(SmoothEnsemble);
