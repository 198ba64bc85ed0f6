//! Burn's LSTM, unmodified, over a text, whose next tokens it predicts, or over the
//! lines of an image, with the answer read off the state at the last place.

use burn::grad_clipping::GradientClippingConfig;
use burn::lr_scheduler::exponential::ExponentialLrSchedulerConfig;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{
    Dropout, DropoutConfig, Embedding, EmbeddingConfig, Linear, LinearConfig, Lstm, LstmConfig,
};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::s;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

const WIDTH: usize = 64;
const HIDDEN: usize = 96;
const DROPOUT: f64 = 0.1;
const BATCH: usize = 32;
const RATE: f64 = 4e-3;
/// Factor on the learning rate at each step.
const DECAY: f64 = 0.998;
const END: f64 = 0.92;

/// What turns a row of inputs into a sequence of vectors.
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
            InputKind::Tokens { vocabulary, .. } => {
                Self::Tokens(EmbeddingConfig::new(*vocabulary, WIDTH).init(device))
            }
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

/// Embedding, LSTM, linear.
#[derive(Module, Debug)]
pub struct Net {
    reader: Reader,
    lstm: Lstm,
    dropout: Dropout,
    output: Linear,
    every_place: bool,
}

impl Net {
    /// Scores at every place, `[rows, length, outputs]`.
    fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        let (states, _) = self.lstm.forward(self.reader.forward(inputs), None);
        self.output.forward(self.dropout.forward(states))
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

/// The method.
#[derive(Default)]
pub struct LstmLm;

impl Method for LstmLm {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            reader: Reader::new(task, device),
            lstm: LstmConfig::new(WIDTH, HIDDEN, true).init(device),
            dropout: DropoutConfig::new(DROPOUT).init(),
            output: LinearConfig::new(HIDDEN, classes(task)).init(device),
            every_place: matches!(task.kind, TaskKind::LanguageModelling { .. }),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = AdamConfig::new()
            .with_grad_clipping(Some(GradientClippingConfig::Value(1.0)))
            .init();
        let mut schedule = ExponentialLrSchedulerConfig::new(RATE, DECAY).init()?;
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

gauntlet_method::export!(LstmLm);
