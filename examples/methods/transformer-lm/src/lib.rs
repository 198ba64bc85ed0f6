//! A decoder-only transformer of ordinary Burn modules: embeddings of tokens and
//! places, Burn's encoder stack under a causal mask, normalisation first, linear.
//!
//! It reads a text and predicts each next token, or reads anything else, an image line
//! by line, and answers at the last place.

use burn::grad_clipping::GradientClippingConfig;
use burn::lr_scheduler::noam::NoamLrSchedulerConfig;
use burn::nn::attention::generate_autoregressive_mask;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::transformer::{
    TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput,
};
use burn::nn::{
    Embedding, EmbeddingConfig, Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig,
};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::s;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const WIDTH: usize = 128;
const LAYERS: usize = 2;
const HEADS: usize = 4;
const FEED_FORWARD: usize = 512;
const DROPOUT: f64 = 0.1;
const BATCH: usize = 32;
/// Noam's schedule peaks at `FACTOR / sqrt(WIDTH * WARM_UP)`, 2e-3 here.
const FACTOR: f64 = 0.2;
const WARM_UP: usize = 80;
const END: f64 = 0.92;

/// What turns a row of inputs into a sequence of vectors: an enum of modules.
#[derive(Module, Debug)]
pub enum Reader {
    /// Tokens, looked up.
    Tokens(Embedding),
    /// Lines of real numbers, projected.
    Lines(Linear),
}

impl Reader {
    fn new(task: &TaskInfo, device: &Device) -> Self {
        match &task.inputs {
            InputKind::Tokens { vocabulary, .. } => Self::Tokens(
                EmbeddingConfig::new(*vocabulary, WIDTH)
                    .with_initializer(SMALL)
                    .init(device),
            ),
            InputKind::Dense { shape } => {
                let width = shape.last().copied().unwrap_or(1);
                Self::Lines(LinearConfig::new(width, WIDTH).init(device))
            }
        }
    }

    /// `[rows, length, WIDTH]`.
    fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        match (self, inputs) {
            (Self::Tokens(embedding), Inputs::Tokens { tokens, .. }) => {
                embedding.forward(tokens.clone())
            }
            (Self::Lines(linear), Inputs::Dense { .. }) => {
                let image = inputs.images();
                let [rows, channels, height, width] = image.dims();
                linear.forward(image.reshape([rows, channels * height, width]))
            }
            _ => panic!("a task has one kind of inputs"),
        }
    }
}

const SMALL: Initializer = Initializer::Normal {
    mean: 0.0,
    std: 0.02,
};

/// Embeddings, causal blocks, normalisation, linear.
#[derive(Module, Debug)]
pub struct Net {
    reader: Reader,
    places: Embedding,
    blocks: TransformerEncoder,
    norm: LayerNorm,
    output: Linear,
    every_place: bool,
}

impl Net {
    fn new(task: &TaskInfo, device: &Device) -> Self {
        Self {
            reader: Reader::new(task, device),
            places: EmbeddingConfig::new(length(task), WIDTH)
                .with_initializer(SMALL)
                .init(device),
            blocks: TransformerEncoderConfig::new(WIDTH, FEED_FORWARD, HEADS, LAYERS)
                .with_norm_first(true)
                .with_dropout(DROPOUT)
                .init(device),
            norm: LayerNormConfig::new(WIDTH).init(device),
            output: LinearConfig::new(WIDTH, classes(task)).init(device),
            every_place: matches!(task.kind, TaskKind::LanguageModelling { .. }),
        }
    }

    /// Scores at every place, `[rows, length, outputs]`; none depends on a later place.
    fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        let sequence = self.reader.forward(inputs);
        let [rows, length, _] = sequence.dims();
        let device = sequence.device();
        let places = Tensor::<1, Int>::arange(0..length as i64, &device).unsqueeze::<2>();
        let mask = generate_autoregressive_mask(rows, length, &device);
        let input = TransformerEncoderInput::new(sequence + self.places.forward(places));
        let state = self.blocks.forward(input.mask_attn(mask));
        self.output.forward(self.norm.forward(state))
    }

    /// Predictions: at every place of a text, at the last place of anything else.
    fn predictions(&self, inputs: &Inputs) -> Tensor<2> {
        let scores = self.forward(inputs);
        if self.every_place {
            scores.flatten(0, 1)
        } else {
            scores.slice(s![.., -1, ..]).squeeze_dim(1)
        }
    }
}

/// Places of a row's sequence.
fn length(task: &TaskInfo) -> usize {
    match &task.inputs {
        InputKind::Tokens { length, .. } => *length,
        InputKind::Dense { shape } => features(task) / shape.last().copied().unwrap_or(1),
    }
}

/// The method.
#[derive(Default)]
pub struct TransformerLm;

impl Method for TransformerLm {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net::new(task, device)
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = AdamWConfig::new()
            .with_weight_decay(0.05)
            .with_grad_clipping(Some(GradientClippingConfig::Norm(1.0)))
            .init();
        let mut schedule = NoamLrSchedulerConfig::new(FACTOR)
            .with_warmup_steps(WARM_UP)
            .with_model_size(WIDTH)
            .init()?;
        while run.progress() < END {
            let batch = run.next_batch(BATCH);
            let loss = cross_entropy.forward(net.predictions(&batch.inputs), batch.labels());
            run.report_tensor("loss", loss.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(schedule.step(), net, gradients);
        }
        Ok(net)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.predictions(inputs))
    }
}

gauntlet_method::export!(TransformerLm);
