//! The trait a method implements.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gauntlet_wire::TaskInfo;

use crate::{Inputs, MethodError, Training};

/// A training method.
pub trait Method: Default {
    /// The model it trains.
    type Model: Module;

    /// Builds the model's architecture for a task, with fresh parameters.
    ///
    /// It is called before training, on a device that tracks gradients, and again
    /// before prediction, on one that does not; then its parameters are replaced
    /// by the trained ones. So it must build the same shapes every time.
    fn build(&self, task: &TaskInfo, device: &Device) -> Self::Model;

    /// Trains the model.
    ///
    /// # Errors
    /// When the method cannot go on; see [`MethodError`].
    fn train(&self, run: &mut Training, model: Self::Model) -> Result<Self::Model, MethodError>;

    /// Predictions for inputs, a matrix `[lines, outputs]` whose width is
    /// [`outputs(task)`](crate::outputs):
    ///
    /// | task | predictions |
    /// |---|---|
    /// | classification | `[rows, classes]`, scores; the largest of a row is the answer |
    /// | regression | `[rows, targets]`, in the unit of the train part's targets |
    /// | language modelling | `[rows * context, vocabulary]`, log-scores of the next token at each position, window after window |
    ///
    /// For a language model that is `logits.reshape([rows * context, vocabulary])`,
    /// the form that cross-entropy takes too. The scorer applies log-softmax itself,
    /// and proves that the prediction at a position does not depend on later tokens.
    ///
    /// # Errors
    /// When the method cannot go on; see [`MethodError`].
    fn predict(&self, model: &Self::Model, inputs: &Inputs) -> Result<Tensor<2>, MethodError>;
}
