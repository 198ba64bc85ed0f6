//! The trait a method implements.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gauntlet_wire::TaskInfo;

use crate::data::Inputs;
use crate::error::MethodError;
use crate::training::Training;
use gauntlet_wire::settings::Settings;

/// A training method.
pub trait Method: Default {
    /// The model it trains.
    type Model: Module;

    /// Makes the method with the values given to its hyper-parameters, before anything
    /// else is asked of it, in training and in prediction. Without hyper-parameters there
    /// is nothing to do.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # use gauntlet_method::burn::nn::{Linear, LinearConfig};
    /// use gauntlet_method::{HyperParameters, Settings, hyper_parameters};
    ///
    /// hyper_parameters! {
    ///     pub struct Params {
    ///         /// Step size.
    ///         learning_rate: f64 = 0.1, 1e-4..=1.0, log;
    ///     }
    /// }
    ///
    /// #[derive(Default)]
    /// pub struct Sgd {
    ///     params: Params,
    /// }
    ///
    /// # #[derive(Module, Debug)]
    /// # pub struct Net { layer: Linear }
    /// impl Method for Sgd {
    ///     fn configure(settings: &Settings) -> Result<Self, MethodError> {
    ///         Ok(Self { params: Params::read(settings)? })
    ///     }
    ///     // ... and the rest.
    /// #   type Model = Net;
    /// #   fn build(&self, task: &TaskInfo, device: &Device) -> Net {
    /// #       Net { layer: LinearConfig::new(features(task), outputs(task)).init(device) }
    /// #   }
    /// #   fn train(&self, _: &mut Training, net: Net) -> Result<Net, MethodError> {
    /// #       let _ = self.params.learning_rate;
    /// #       Ok(net)
    /// #   }
    /// #   fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
    /// #       Ok(net.layer.forward(inputs.features()))
    /// #   }
    /// }
    ///
    /// gauntlet_method::export!(Sgd, Params);
    /// ```
    ///
    /// # Errors
    /// When the method cannot work with these values.
    fn configure(settings: &Settings) -> Result<Self, MethodError> {
        let _ = settings;
        Ok(Self::default())
    }

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
