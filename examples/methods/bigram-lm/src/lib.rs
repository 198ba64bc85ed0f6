//! A language model that knows which byte follows which: the least a language model can be.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Embedding, EmbeddingConfig};
use burn::optim::{AdamConfig, GradientsParams};
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

/// Windows of a batch.
const BATCH: usize = 16;
const LEARNING_RATE: f64 = 0.2;
const STEPS: u64 = 300;

/// A row of log-scores for each token.
#[derive(Module, Debug)]
pub struct Net {
    next: Embedding,
}

impl Net {
    /// `[rows * context, vocabulary]`.
    fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        self.next.forward(tokens).flatten(0, 1)
    }
}

/// The method.
#[derive(Default)]
pub struct BigramLm;

impl Method for BigramLm {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            next: EmbeddingConfig::new(classes(task), classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, mut net: Net) -> Result<Net, MethodError> {
        let cross_entropy = CrossEntropyLossConfig::new().init(run.device());
        let mut optimizer = AdamConfig::new().init();
        while run.step() < STEPS {
            let used = run.progress().max(run.step() as f64 / STEPS as f64);
            if used >= 0.95 {
                break;
            }
            let batch = run.next_batch(BATCH);
            let loss = cross_entropy.forward(net.forward(tokens(&batch.inputs)?), batch.labels());
            if run.step() % 10 == 1 {
                run.report_tensor("loss", loss.clone());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimizer.step(LEARNING_RATE * (1.0 - used), net, gradients);
        }
        Ok(net)
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.forward(tokens(inputs)?))
    }
}

fn tokens(inputs: &Inputs) -> Result<Tensor<2, Int>, MethodError> {
    inputs
        .tokens()
        .ok_or_else(|| "a language model needs tokens".into())
}

gauntlet_method::export!(BigramLm);
