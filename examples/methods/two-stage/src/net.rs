//! Convolutions with batch norm and dropout, and a linear head.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig2d,
};
use burn::tensor::activation::relu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const CHANNELS: usize = 16;
const LAYERS: usize = 2;
const DROPOUT: f64 = 0.1;

/// A body that is learned first, and a head that is learned on.
#[derive(Module, Debug)]
pub struct Net {
    pub(crate) body: Body,
    head: Linear,
}

/// Convolutions, each with its norm, and dropout.
#[derive(Module, Debug)]
pub struct Body {
    layers: Vec<(Conv2d, Norm)>,
    dropout: Option<Dropout>,
}

/// The first layer sees pixels and needs no normalisation.
#[derive(Module, Debug)]
pub enum Norm {
    /// Its input.
    None(burn::nn::Identity),
    /// Batch norm.
    Batch(BatchNorm),
}

impl Norm {
    fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        match self {
            Self::None(identity) => identity.forward(image),
            Self::Batch(norm) => norm.forward(image),
        }
    }
}

impl Body {
    fn forward(&self, mut image: Tensor<4>) -> Tensor<2> {
        for (convolution, norm) in &self.layers {
            image = relu(norm.forward(convolution.forward(image)));
        }
        let [rows, channels, _, width] = image.dims();
        let lines = image.mean_dim(2).reshape([rows, channels * width]);
        match &self.dropout {
            Some(dropout) => dropout.forward(lines),
            None => lines,
        }
    }

    /// Every number of the body's parameters and statistics, to the bit.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        let record = self.clone().into_record().into_bytes();
        record.map(|bytes| bytes.to_vec()).unwrap_or_default()
    }
}

impl Net {
    pub(crate) fn new(task: &TaskInfo, device: &Device) -> Self {
        let [channels, width] = image_size(task);
        let layers = (0..LAYERS)
            .map(|layer| {
                let from = if layer == 0 { channels } else { CHANNELS };
                let convolution = Conv2dConfig::new([from, CHANNELS], [3, 3])
                    .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                    .init(device);
                let norm = if layer == 0 {
                    Norm::None(burn::nn::Identity::new())
                } else {
                    Norm::Batch(BatchNormConfig::new(CHANNELS).init(device))
                };
                (convolution, norm)
            })
            .collect();
        Self {
            body: Body {
                layers,
                dropout: Some(DropoutConfig::new(DROPOUT).init()),
            },
            head: LinearConfig::new(CHANNELS * width, classes(task)).init(device),
        }
    }

    /// Scores `[rows, classes]`.
    pub(crate) fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        self.head.forward(self.body.forward(inputs.images()))
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
