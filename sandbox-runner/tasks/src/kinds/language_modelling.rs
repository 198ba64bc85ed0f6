//! The next token of a text; marked in bits for each byte.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::kind::Kind;
use crate::causality::CausalityCheck;
use crate::error::LabelsFault;
use crate::metric::{Direction, Metric, Score};
use crate::rows::Labels;
use crate::secret_rng::SecretRng;
use crate::tensor::Tensor;

pub(super) struct LanguageModelling {
    pub(super) vocabulary: usize,
    pub(super) context: usize,
}

impl Kind for LanguageModelling {
    /// A miss costs what knowing nothing costs: all tokens equally likely.
    fn metric(&self) -> Metric {
        Metric {
            name: "bits per byte",
            unit: None,
            better: Direction::Lower,
            best: 0.0,
            miss: (self.vocabulary as f64).log2(),
        }
    }

    fn outputs(&self) -> usize {
        self.vocabulary
    }

    fn encode(&self, labels: &Labels, _: &[usize], order: &[usize]) -> Tensor {
        let Labels::Tokens { tokens, width } = labels else {
            panic!("the definition has checked that the labels are tokens");
        };
        Tensor {
            dtype: Dtype::U8,
            shape: vec![order.len(), *width],
            bytes: order
                .iter()
                .flat_map(|&row| &tokens[row * width..][..*width])
                .copied()
                .collect(),
        }
    }

    fn lines(&self, labels: &TensorView<'_>) -> Result<usize, LabelsFault> {
        let rows = self.windows(labels)?;
        let tokens = labels.data().iter().enumerate();
        for (place, &token) in tokens {
            if usize::from(token) >= self.vocabulary {
                return Err(LabelsFault::Range {
                    row: place / self.context,
                    label: token.into(),
                    classes: self.vocabulary,
                });
            }
        }
        Ok(rows * self.context)
    }

    /// The mean of -log2 of the probability that each next token was given. The
    /// probabilities are the softmax of the scores, which this computes itself: no
    /// method can claim more than certainty.
    fn mark(&self, labels: &TensorView<'_>, predictions: &[f32]) -> Score {
        let lines = predictions.chunks_exact(self.vocabulary);
        let nats: f64 = lines
            .zip(labels.data())
            .map(|(line, &token)| {
                let largest = f64::from(line.iter().copied().fold(f32::MIN, f32::max));
                let sum: f64 = line
                    .iter()
                    .map(|&score| (f64::from(score) - largest).exp())
                    .sum();
                largest + sum.ln() - f64::from(line[usize::from(token)])
            })
            .sum();
        let bits = nats / labels.data().len() as f64 / std::f64::consts::LN_2;
        // Rounding can bring certainty to a little less than nothing.
        Score::new("bits per byte", bits.max(0.0))
    }

    fn causality_check(
        &self,
        hidden_inputs: &[u8],
        rng: &mut SecretRng,
    ) -> Result<Option<CausalityCheck>, LabelsFault> {
        let file = SafeTensors::deserialize(hidden_inputs)
            .map_err(|error| LabelsFault::Unreadable(error.to_string()))?;
        let Ok(inputs) = file.tensor("inputs") else {
            return Err(LabelsFault::Layout("no `inputs`".to_owned()));
        };
        self.windows(&inputs)?;
        Ok(Some(CausalityCheck::new(
            inputs.data(),
            self.context,
            self.vocabulary,
            rng,
        )))
    }
}

impl LanguageModelling {
    fn windows(&self, tensor: &TensorView<'_>) -> Result<usize, LabelsFault> {
        match *tensor.shape() {
            [rows, context]
                if rows > 0 && context == self.context && tensor.dtype() == Dtype::U8 =>
            {
                Ok(rows)
            }
            ref shape => Err(LabelsFault::Layout(format!(
                "{} {shape:?}, U8 [rows, {}] is wanted",
                tensor.dtype(),
                self.context
            ))),
        }
    }
}
