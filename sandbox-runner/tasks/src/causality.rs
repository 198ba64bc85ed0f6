//! Proof that a language model's predictions do not depend on what comes later.
//!
//! A method is given whole windows of hidden text, so that it can predict all positions
//! at once, and nothing in the sandbox can tell it which bytes it may look at. So it
//! predicts twice, in two sandboxes that know nothing of each other: once on the hidden
//! windows, and once on windows in which every byte after a secret position has been
//! replaced, the position another one in each window. Predictions up to and with that
//! position have seen nothing but what both windows share, so they must agree. A method
//! that looks ahead anywhere would have to know where not to.

use safetensors::tensor::{Dtype, TensorView};

use crate::error::{PredictionsFault, ScoreError};
use crate::predictions::read_predictions;
use crate::secret_rng::SecretRng;

/// How exactly two predictions of the same must agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Agreement {
    /// To the bit: on the CPU backend, whose sums do not depend on their neighbours.
    Exact,
    /// Within `absolute + relative * size`: for devices that may add up in another order.
    Within {
        /// Difference allowed to any number.
        absolute: f32,
        /// Share of its size allowed besides.
        relative: f32,
    },
}

/// Hidden windows whose later bytes have been replaced.
#[derive(Clone, Debug)]
pub struct CausalityCheck {
    inputs: Vec<u8>,
    /// Last position of each window that is left as it was.
    last: Vec<usize>,
    context: usize,
    outputs: usize,
}

impl CausalityCheck {
    pub(crate) fn new(
        windows: &[u8],
        context: usize,
        vocabulary: usize,
        rng: &mut SecretRng,
    ) -> Self {
        let mut inputs = windows.to_vec();
        let mut last = Vec::new();
        for window in inputs.chunks_exact_mut(context) {
            // At least one byte is replaced, where a window has one to spare.
            let kept = rng.below(context.saturating_sub(1).max(1));
            for token in &mut window[kept + 1..] {
                // Any token but the one that was there.
                let shift = 1 + rng.below(vocabulary - 1);
                *token = ((usize::from(*token) + shift) % vocabulary) as u8;
            }
            last.push(kept);
        }
        Self {
            inputs,
            last,
            context,
            outputs: vocabulary,
        }
    }

    /// The windows as a file of hidden inputs (safetensors, `inputs`).
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        let shape = vec![self.last.len(), self.context];
        let view = TensorView::new(Dtype::U8, shape, &self.inputs)
            .expect("there are so many windows of that length");
        safetensors::serialize([("inputs", view)], None).expect("one tensor can be written")
    }

    /// Compares the predictions for the hidden windows with those for these.
    ///
    /// # Errors
    /// [`PredictionsFault::LooksAhead`] where they differ although all that both may
    /// depend on is the same; another [`PredictionsFault`] if a file is not such a file.
    pub fn compare(
        &self,
        predictions: &[u8],
        again: &[u8],
        agreement: Agreement,
    ) -> Result<(), ScoreError> {
        let lines = self.last.len() * self.context;
        let predictions = read_predictions(predictions, lines, self.outputs)?;
        let again = read_predictions(again, lines, self.outputs)?;
        for (window, &last) in self.last.iter().enumerate() {
            let start = window * self.context * self.outputs;
            let range = start..start + (last + 1) * self.outputs;
            let pairs = predictions[range.clone()].iter().zip(&again[range]);
            for (place, (one, other)) in pairs.enumerate() {
                if !agreement.holds(*one, *other) {
                    return Err(PredictionsFault::LooksAhead {
                        window,
                        position: place / self.outputs,
                    }
                    .into());
                }
            }
        }
        Ok(())
    }
}

impl Agreement {
    fn holds(self, one: f32, other: f32) -> bool {
        match self {
            // Zero of either sign is the same number.
            Self::Exact => one == other,
            Self::Within { absolute, relative } => {
                (one - other).abs() <= absolute + relative * one.abs().max(other.abs())
            }
        }
    }
}
