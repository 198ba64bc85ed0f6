//! Parameters as ids of the host's tensors.

use std::collections::HashMap;

use burn::tensor::{Bool, DType, Int, Tensor};
use burn_remote::{HostTensor, RemoteBackend, adopt, host as raw};
use gauntlet_wire::calls::{Call, ModelReply};

use crate::parameters::{Sink, Source};

/// Parameters that are about to be checked in.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) tensors: Vec<(String, HostTensor)>,
}

const ONE_DEVICE: &str = "there is no other device";

impl Sink for Collector {
    fn float<const D: usize>(&mut self, name: String, tensor: Tensor<D>) {
        let tensor = tensor
            .try_into_primitive::<RemoteBackend>()
            .expect(ONE_DEVICE);
        self.tensors.push((name, tensor));
    }

    fn int<const D: usize>(&mut self, name: String, tensor: Tensor<D, Int>) {
        let tensor = tensor
            .try_into_primitive::<RemoteBackend>()
            .expect(ONE_DEVICE);
        self.tensors.push((name, tensor));
    }

    fn bool<const D: usize>(&mut self, name: String, tensor: Tensor<D, Bool>) {
        let tensor = tensor
            .try_into_primitive::<RemoteBackend>()
            .expect(ONE_DEVICE);
        self.tensors.push((name, tensor));
    }
}

/// The trained parameters, bound to ids one by one.
pub(super) struct Loader {
    shapes: HashMap<String, (Vec<usize>, DType)>,
}

impl Loader {
    pub(super) fn new() -> Self {
        let reply: ModelReply = raw::call(&Call::Model);
        let shapes = reply
            .parameters
            .into_iter()
            .map(|parameter| {
                let dtype = serde_json::from_value(parameter.dtype)
                    .expect("the host names dtypes as this Burn release does");
                (parameter.name, (parameter.shape, dtype))
            })
            .collect();
        Self { shapes }
    }

    /// Names and shapes of what has not been loaded.
    pub(super) fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let named =
            |(name, (shape, _)): (&String, &(Vec<usize>, DType))| (name.clone(), shape.clone());
        self.shapes.iter().map(named).collect()
    }

    fn load(&mut self, name: &str, rank: usize) -> HostTensor {
        let Some((shape, dtype)) = self.shapes.remove(name) else {
            raw::fail(&format!(
                "the trained model has no parameter `{name}`: `build` must build the same parameters every time"
            ));
        };
        if shape.len() != rank {
            raw::fail(&format!(
                "parameter `{name}` was trained with shape {shape:?}, but `build` now gives it {rank} dimensions"
            ));
        }
        let tensor = burn_remote::new_id();
        let () = raw::call(&Call::LoadParameter {
            name: name.to_owned(),
            tensor,
        });
        adopt(tensor, shape, dtype)
    }
}

impl Source for Loader {
    fn float<const D: usize>(&mut self, name: &str) -> Tensor<D> {
        Tensor::from_primitive::<RemoteBackend>(self.load(name, D))
    }

    fn int<const D: usize>(&mut self, name: &str) -> Tensor<D, Int> {
        Tensor::from_primitive::<RemoteBackend>(self.load(name, D))
    }

    fn bool<const D: usize>(&mut self, name: &str) -> Tensor<D, Bool> {
        Tensor::from_primitive::<RemoteBackend>(self.load(name, D))
    }
}
