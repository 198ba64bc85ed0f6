//! A residual convolution net: a stem, two blocks whose output is added to their
//! input, and the mean over places. Far bigger than the other examples, so it
//! gets far fewer steps out of the same budget of work.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::relu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const CHANNELS: usize = 32;
const BLOCKS: usize = 2;
const BATCH: usize = 32;
const PEAK: f64 = 6e-3;
/// Steps are large shares of the budget here, so the margin is too.
const END: f64 = 0.9;

/// Convolution, nonlinearity, convolution, around which the input is added.
#[derive(Module, Debug)]
pub struct Block {
    inner: Conv2d,
    outer: Conv2d,
}

impl Block {
    fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        // Half, so that the sum does not grow with depth: there is no normalisation.
        let change = self.outer.forward(relu(self.inner.forward(image.clone()))) * 0.5;
        relu(image + change)
    }
}

/// Stem, blocks, mean over rows of pixels, linear.
#[derive(Module, Debug)]
pub struct Net {
    stem: Conv2d,
    blocks: Vec<Block>,
    output: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let stem = relu(self.stem.forward(inputs.images()));
        let image = self
            .blocks
            .iter()
            .fold(stem, |image, block| block.forward(image));
        let [rows, channels, _, width] = image.dims();
        let lines = image.mean_dim(2).reshape([rows, channels * width]);
        self.output.forward(lines)
    }
}

/// Channels and width of [`Inputs::images`].
fn image_size(task: &TaskInfo) -> [usize; 2] {
    match &task.inputs {
        InputKind::Tokens { vocabulary, .. } => [1, *vocabulary],
        InputKind::Dense { shape } => match shape[..] {
            [channels, _, width] => [channels, width],
            _ => [1, shape.last().copied().unwrap_or(1)],
        },
    }
}

/// The method.
#[derive(Default)]
pub struct ResidualNet;

impl Method for ResidualNet {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        let [channels, width] = image_size(task);
        let convolution = |from| {
            Conv2dConfig::new([from, CHANNELS], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device)
        };
        Net {
            stem: convolution(channels),
            blocks: (0..BLOCKS)
                .map(|_| Block {
                    inner: convolution(CHANNELS),
                    outer: convolution(CHANNELS),
                })
                .collect(),
            output: LinearConfig::new(CHANNELS * width, classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = AdamWConfig::new().with_weight_decay(0.02).init();
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

gauntlet_method::export!(ResidualNet);
