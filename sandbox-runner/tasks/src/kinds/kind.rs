//! What a kind of task must say.

use safetensors::tensor::TensorView;

use crate::causality::CausalityCheck;
use crate::error::LabelsFault;
use crate::metric::{Metric, Score};
use crate::rows::Labels;
use crate::secret_rng::SecretRng;
use crate::tensor::Tensor;

/// A kind of task: how its targets are written and how predictions are marked.
pub(crate) trait Kind {
    /// What is measured.
    fn metric(&self) -> Metric;

    /// Width of the predictions.
    fn outputs(&self) -> usize;

    /// The targets of the rows `order` as a tensor. Whatever is fitted to the data is
    /// fitted to the rows `train` alone.
    fn encode(&self, labels: &Labels, train: &[usize], order: &[usize]) -> Tensor;

    /// Checks every hidden label, and says how many lines of predictions belong to them.
    ///
    /// # Errors
    /// If they are not what [`Kind::encode`] writes.
    fn lines(&self, labels: &TensorView<'_>) -> Result<usize, LabelsFault>;

    /// Marks predictions `[lines, outputs]`, all finite, against labels that
    /// [`Kind::lines`] has checked.
    fn mark(&self, labels: &TensorView<'_>, predictions: &[f32]) -> Score;

    /// A second set of hidden inputs that no honest method's predictions tell apart from
    /// the first, where the kind forbids something that scores alone do not show.
    ///
    /// # Errors
    /// If the hidden inputs are damaged.
    fn causality_check(
        &self,
        _hidden_inputs: &[u8],
        _rng: &mut SecretRng,
    ) -> Result<Option<CausalityCheck>, LabelsFault> {
        Ok(None)
    }
}
