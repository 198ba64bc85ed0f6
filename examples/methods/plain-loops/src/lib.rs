//! A perceptron trained without a tensor library: forward, backward and the update are
//! loops in the module itself. The same training by tensors is a switch away, and costs
//! about as much of the budget.

mod perceptron;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::TensorData;
use burn::tensor::activation::relu;
use gauntlet_method::prelude::*;
use gauntlet_method::{HyperParameters, Settings, burn, hyper_parameters};

use perceptron::Perceptron;

const LEARNING_RATE: f64 = 0.3;
/// Share of the budget at which training ends; the rest is a margin.
const END: f64 = 0.95;

hyper_parameters! {
    /// What can be tuned.
    pub struct Params {
        /// Rows of a batch.
        batch: usize = 32, 1..=1024, log;
        /// Width of the hidden layer.
        hidden: usize = 32, 1..=1024, log;
        /// Most steps.
        steps: usize = 2000, 1..=1000000, log;
        /// Whether the device computes, instead of the module itself.
        tensors: bool = false;
    }
}

/// Two layers.
#[derive(Module, Debug)]
pub struct Net {
    first: Linear,
    second: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        self.second
            .forward(relu(self.first.forward(inputs.features())))
    }
}

/// The method.
#[derive(Default)]
pub struct PlainLoops {
    params: Params,
}

impl Method for PlainLoops {
    type Model = Net;

    fn configure(settings: &Settings) -> Result<Self, MethodError> {
        let params = Params::read(settings)?;
        Ok(Self { params })
    }

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            first: LinearConfig::new(features(task), self.params.hidden).init(device),
            second: LinearConfig::new(self.params.hidden, classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, net: Net) -> Result<Net, MethodError> {
        if self.params.tensors {
            self.train_by_tensors(run, net)
        } else {
            self.train_by_loops(run, net)
        }
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

impl PlainLoops {
    fn goes_on(&self, run: &mut Training) -> bool {
        run.step() < self.params.steps as u64 && run.progress() < END
    }

    fn train_by_tensors(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = SgdConfig::new().init();
        while self.goes_on(run) {
            let batch = run.next_batch(self.params.batch);
            let loss = cross_entropy.forward(net.forward(&batch.inputs), batch.labels());
            run.report_tensor("loss", loss.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(LEARNING_RATE, net, gradients);
        }
        Ok(net)
    }

    fn train_by_loops(&self, run: &mut Training, net: Net) -> Result<Net, MethodError> {
        let mut plain = Perceptron {
            widths: [
                features(run.task()),
                self.params.hidden,
                classes(run.task()),
            ],
            first: numbers(net.first.weight.val())?,
            first_bias: bias(&net.first)?,
            second: numbers(net.second.weight.val())?,
            second_bias: bias(&net.second)?,
        };
        while self.goes_on(run) {
            let batch = run.next_batch(self.params.batch);
            let inputs = numbers(batch.inputs.features())?;
            let labels = batch.labels().into_data();
            let labels: Vec<usize> = labels.iter::<i64>().map(|label| label as usize).collect();
            let loss = plain.step(&inputs, &labels, LEARNING_RATE as f32);
            run.report("loss", f64::from(loss));
        }
        let device = run.device().clone();
        Ok(Net {
            first: restored(net.first, plain.first, plain.first_bias, &device),
            second: restored(net.second, plain.second, plain.second_bias, &device),
        })
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, MethodError> {
    tensor
        .into_data()
        .into_vec::<f32>()
        .map_err(|error| MethodError::new(format!("no floats of 32 bits: {error:?}")))
}

fn bias(layer: &Linear) -> Result<Vec<f32>, MethodError> {
    let bias = layer.bias.as_ref().map(|bias| numbers(bias.val()));
    bias.unwrap_or_else(|| Err(MethodError::new("a layer without biases")))
}

/// The layer with these numbers for parameters.
fn restored(layer: Linear, weight: Vec<f32>, bias: Vec<f32>, device: &Device) -> Linear {
    let made = |numbers: Vec<f32>, shape: Vec<usize>| TensorData::new(numbers, shape);
    Linear {
        weight: layer
            .weight
            .map(|old: Tensor<2>| Tensor::from_data(made(weight, old.dims().to_vec()), device)),
        bias: layer.bias.map(|param| {
            param.map(|old: Tensor<1>| Tensor::from_data(made(bias, old.dims().to_vec()), device))
        }),
    }
}

gauntlet_method::export!(PlainLoops, Params);
