//! A convolution net: two 3x3 convolutions with a pooling step between, then a
//! linear layer. Tokens are drawn as an image, one line of pixels per token.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::relu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const CHANNELS: [usize; 2] = [16, 32];
const BATCH: usize = 32;
const PEAK: f64 = 4e-3;
const END: f64 = 0.95;

/// Convolution, pooling, convolution, linear.
#[derive(Module, Debug)]
pub struct Net {
    first: Conv2d,
    pool: MaxPool2d,
    second: Conv2d,
    output: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let image = relu(self.first.forward(inputs.images()));
        let image = self.pool.forward(image);
        let image = relu(self.second.forward(image));
        self.output.forward(image.flatten(1, 3))
    }
}

/// Channels, height and width of [`Inputs::images`].
fn image_size(task: &TaskInfo) -> [usize; 3] {
    match &task.inputs {
        InputKind::Tokens { length, vocabulary } => [1, *length, *vocabulary],
        InputKind::Dense { shape } => match shape[..] {
            [channels, height, width] => [channels, height, width],
            [height, width] => [1, height, width],
            _ => [1, 1, shape.iter().product()],
        },
    }
}

/// The method.
#[derive(Default)]
pub struct ConvNet;

impl Method for ConvNet {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        let [channels, height, width] = image_size(task);
        let convolution = |from, to| {
            Conv2dConfig::new([from, to], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device)
        };
        // Halve what can be halved: a height of one cannot.
        let stride = [height.min(2), width.min(2)];
        let pooled = (height / stride[0]) * (width / stride[1]);
        Net {
            first: convolution(channels, CHANNELS[0]),
            pool: MaxPool2dConfig::new(stride).with_strides(stride).init(),
            second: convolution(CHANNELS[0], CHANNELS[1]),
            output: LinearConfig::new(CHANNELS[1] * pooled, classes(task)).init(device),
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
            if run.step() % 5 == 1 {
                run.report_tensor("loss", loss.clone());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            // Straight down to zero: the last steps average out the noise of the batches.
            net = optimizer.step(PEAK * (1.0 - progress / END), net, gradients);
        }
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(ConvNet);
