//! The example methods, linked natively.

use gauntlet_method::burn::tensor::Device;
use gauntlet_method::native::{Dataset, Parameters, Trained, predict, train_on};
use gauntlet_method::{Method, MethodError, TaskInfo};

/// Trains on a device, on a train part with a seed for a number of batches.
pub type Train = fn(&Device, &TaskInfo, &Dataset, u64, u64) -> Result<Trained, MethodError>;
/// Predicts `[rows, classes]`, row-major, with a trained model and a seed.
pub type Predict = fn(&TaskInfo, Parameters, &Dataset, u64) -> Result<Vec<f32>, MethodError>;

/// An example method as a native library.
#[derive(Clone, Copy, Debug)]
pub struct NativeMethod {
    /// Its name, which is also its module's.
    pub name: &'static str,
    /// Trains for a number of batches.
    pub train: Train,
    /// Predicts `[rows, classes]`, row-major.
    pub predict: Predict,
}

const fn method<M: Method>(name: &'static str) -> NativeMethod {
    NativeMethod {
        name,
        train: train_on::<M>,
        predict: predict_floats::<M>,
    }
}

fn predict_floats<M: Method>(
    task: &TaskInfo,
    parameters: Parameters,
    inputs: &Dataset,
    seed: u64,
) -> Result<Vec<f32>, MethodError> {
    Ok(predict::<M>(task, parameters, inputs, seed)?
        .iter::<f32>()
        .collect())
}

/// Every honest example; with the feature `every-example` off, those whose step times are compared.
pub const METHODS: &[NativeMethod] = &[
    method::<adamw_cosine::AdamWCosine>("adamw-cosine"),
    #[cfg(feature = "every-example")]
    method::<attention::Attention>("attention"),
    #[cfg(feature = "every-example")]
    method::<boosted_trees::BoostedTrees>("boosted-trees"),
    #[cfg(feature = "every-example")]
    method::<conv_net::ConvNet>("conv-net"),
    #[cfg(feature = "every-example")]
    method::<kernel_ridge::KernelRidge>("kernel-ridge"),
    #[cfg(feature = "every-example")]
    method::<lstm_lm::LstmLm>("lstm-lm"),
    #[cfg(feature = "every-example")]
    method::<quadratic_net::QuadraticNet>("quadratic-net"),
    method::<residual_net::ResidualNet>("residual-net"),
    #[cfg(feature = "every-example")]
    method::<sgd::Sgd>("sgd"),
    #[cfg(feature = "every-example")]
    method::<shampoo::ShampooNet>("shampoo"),
    #[cfg(feature = "every-example")]
    method::<smooth_ensemble::SmoothEnsemble>("smooth-ensemble"),
    method::<transformer_lm::TransformerLm>("transformer-lm"),
    #[cfg(feature = "every-example")]
    method::<two_stage::TwoStage>("two-stage"),
];

/// An honest example by name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static NativeMethod> {
    METHODS.iter().find(|method| method.name == name)
}
