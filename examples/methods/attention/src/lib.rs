//! A one-block transformer. An image is read line by line, a token as the line
//! of its one-hot image, so that the first layer is an embedding for both.

use burn::module::Param;
use burn::nn::attention::{MhaInput, MultiHeadAttention, MultiHeadAttentionConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::relu;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const WIDTH: usize = 48;
const HEADS: usize = 4;
const BATCH: usize = 64;
const PEAK: f64 = 4e-3;
const WARM_UP: f64 = 0.05;
const END: f64 = 0.94;

/// Embedding with places, one block, mean, linear.
#[derive(Module, Debug)]
pub struct Net {
    embedding: Linear,
    places: Param<Tensor<2>>,
    before_attention: LayerNorm,
    attention: MultiHeadAttention,
    before_feed_forward: LayerNorm,
    wide: Linear,
    narrow: Linear,
    output: Linear,
}

impl Net {
    fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let image = inputs.images();
        let [rows, channels, height, width] = image.dims();
        let lines = image.reshape([rows, channels * height, width]);
        let mut state = self.embedding.forward(lines) + self.places.val().unsqueeze::<3>();
        let query = MhaInput::self_attn(self.before_attention.forward(state.clone()));
        state = state + self.attention.forward(query).context;
        let wide = relu(
            self.wide
                .forward(self.before_feed_forward.forward(state.clone())),
        );
        state = state + self.narrow.forward(wide);
        self.output.forward(state.mean_dim(1).squeeze_dim::<2>(1))
    }
}

/// Lines of a row, and their width.
fn lines(task: &TaskInfo) -> [usize; 2] {
    match &task.inputs {
        InputKind::Tokens { length, vocabulary } => [*length, *vocabulary],
        InputKind::Dense { shape } => {
            let width = shape.last().copied().unwrap_or(1);
            [features(task) / width, width]
        }
    }
}

/// The method.
#[derive(Default)]
pub struct Attention;

impl Method for Attention {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        let [lines, width] = lines(task);
        let normal = Initializer::Normal {
            mean: 0.0,
            std: 0.1,
        };
        Net {
            embedding: LinearConfig::new(width, WIDTH).init(device),
            places: normal.init([lines, WIDTH], device),
            before_attention: LayerNormConfig::new(WIDTH).init(device),
            attention: MultiHeadAttentionConfig::new(WIDTH, HEADS)
                .with_dropout(0.0)
                .init(device),
            before_feed_forward: LayerNormConfig::new(WIDTH).init(device),
            wide: LinearConfig::new(WIDTH, 2 * WIDTH).init(device),
            narrow: LinearConfig::new(2 * WIDTH, WIDTH).init(device),
            output: LinearConfig::new(WIDTH, classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = AdamWConfig::new().with_weight_decay(0.05).init();
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
            let rise = (progress / WARM_UP).clamp(0.01, 1.0);
            net = optimizer.step(PEAK * rise * (1.0 - progress / END), net, gradients);
        }
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(inputs))
    }
}

gauntlet_method::export!(Attention);
