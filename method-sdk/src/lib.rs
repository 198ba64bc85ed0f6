//! Write a training method in ordinary [Burn](burn) code; run it natively or in
//! a Gauntlet sandbox, from the same source.
//!
//! A method says how to build a model for a task, how to train it and how to
//! predict with it:
//!
//! ```
//! use gauntlet_method::prelude::*;
//! use burn::nn::{Linear, LinearConfig, loss::CrossEntropyLossConfig};
//! use burn::optim::{GradientsParams, SgdConfig};
//!
//! #[derive(Module, Debug)]
//! pub struct Net {
//!     layer: Linear,
//! }
//!
//! #[derive(Default)]
//! pub struct Sgd;
//!
//! impl Method for Sgd {
//!     type Model = Net;
//!
//!     fn build(&self, task: &TaskInfo, device: &Device) -> Net {
//!         Net { layer: LinearConfig::new(features(task), classes(task)).init(device) }
//!     }
//!
//!     fn train(&self, run: &mut Training, mut model: Net) -> Result<Net, MethodError> {
//!         let loss = CrossEntropyLossConfig::new().init(run.device());
//!         let mut optimizer = SgdConfig::new().init();
//!         while run.progress() < 0.95 {
//!             let batch = run.next_batch(64);
//!             let scores = model.layer.forward(batch.inputs.features());
//!             let loss = loss.forward(scores, batch.labels());
//!             let gradients = GradientsParams::from_grads(loss.backward(), &model);
//!             model = optimizer.step(0.1, model, gradients);
//!             run.report_tensor("loss", loss);
//!         }
//!         Ok(model)
//!     }
//!
//!     fn predict(&self, model: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
//!         Ok(model.layer.forward(inputs.features()))
//!     }
//! }
//!
//! gauntlet_method::export!(Sgd);
//! ```
//!
//! What a method sees is its context, [`Training`]: batches that are already on
//! the device, the run's seed, how much of the budget is used. It has no clock,
//! no file, no network, and never the hidden part of the task.

#[cfg(any(target_family = "wasm", test))]
mod allocator;
pub mod augment;
mod base;
mod budget;
mod data;
mod error;
mod host;
#[doc(hidden)]
pub mod hyper;
#[doc(hidden)]
pub mod manifest;
mod method;
#[cfg(all(not(feature = "native-pinned"), not(target_family = "wasm")))]
mod no_host;
#[cfg(any(feature = "native-pinned", target_family = "wasm"))]
mod parameters;
mod quality;
pub mod random;
#[cfg(any(feature = "native-pinned", target_family = "wasm"))]
mod restore;
mod training;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod guest;
#[cfg(all(feature = "native-pinned", not(target_family = "wasm")))]
pub mod native;
#[cfg(all(feature = "native-pinned", not(target_family = "wasm")))]
pub mod program;

pub use budget::Budget;
pub use burn;
pub use data::{Batch, Inputs, Targets, classes, features, outputs};
pub use error::{ErrorKind, MethodError};
pub use gauntlet_wire::settings::Settings;
pub use gauntlet_wire::{BaseInfo, BaseParameter, InputKind, TaskInfo, TaskKind};
pub use hyper::HyperParameters;
pub use method::Method;
pub use quality::Quality;
pub use training::Training;

/// What a method usually needs.
pub mod prelude {
    pub use burn::module::Module;
    pub use burn::tensor::{Bool, Device, Int, Tensor};

    pub use crate::{
        Batch, InputKind, Inputs, Method, MethodError, Quality, Targets, TaskInfo, TaskKind,
        Training, classes, features, outputs,
    };
}

/// Makes a method the module's entry point. The type must be [`Default`]; once per crate.
///
/// A method with hyper-parameters names their struct too: `export!(MyMethod, Params)`; see
/// [`hyper_parameters!`](crate::hyper_parameters).
///
/// Natively this makes nothing, so the same crate also serves as a library. What is no
/// method, or cannot be made without being told anything, does not compile:
///
/// ```compile_fail
/// struct NoMethod;
/// gauntlet_method::export!(NoMethod);
/// ```
#[macro_export]
macro_rules! export {
    ($method:ty) => {
        $crate::export!($method, ());
    };
    ($method:ty, $parameters:ty) => {
        // So that a crate which would not build as a module does not build at all.
        const _: () = {
            const fn is_method<M: $crate::Method, P: $crate::HyperParameters>() {}
            is_method::<$method, $parameters>();
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            const FIELDS: &[$crate::hyper::Field] =
                <$parameters as $crate::HyperParameters>::FIELDS;
            const LENGTH: usize = $crate::manifest::length(FIELDS);

            /// What the module says about itself: a custom section.
            #[used]
            #[unsafe(link_section = "gauntlet.method")]
            static MANIFEST: [u8; LENGTH] = $crate::manifest::bytes::<LENGTH>(FIELDS);

            #[unsafe(no_mangle)]
            extern "C" fn gauntlet_train() {
                $crate::guest::train::<$method>();
            }

            #[unsafe(no_mangle)]
            extern "C" fn gauntlet_predict() {
                $crate::guest::predict::<$method>();
            }
        };
    };
}

/// Makes a method the program of the crate: `src/main.rs` is this line and its imports.
/// Needs the feature `native`; see [`program`] for what the program does.
#[cfg(all(feature = "native-pinned", not(target_family = "wasm")))]
#[macro_export]
macro_rules! main {
    ($method:ty) => {
        $crate::main!($method, ());
    };
    ($method:ty, $parameters:ty) => {
        fn main() {
            $crate::program::main::<$method, $parameters>()
        }
    };
}
