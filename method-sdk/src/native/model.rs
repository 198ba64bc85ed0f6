//! Parameters as data in this process.

use std::collections::HashMap;

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::trained::Parameters;
use crate::parameters::{Sink, Source};

#[derive(Default)]
pub(super) struct Collector {
    pub(super) parameters: Parameters,
}

impl Sink for Collector {
    fn float<const D: usize>(&mut self, name: String, tensor: Tensor<D>) {
        self.parameters.push((name, tensor.into_data()));
    }

    fn int<const D: usize>(&mut self, name: String, tensor: Tensor<D, Int>) {
        self.parameters.push((name, tensor.into_data()));
    }

    fn bool<const D: usize>(&mut self, name: String, tensor: Tensor<D, Bool>) {
        self.parameters.push((name, tensor.into_data()));
    }
}

pub(super) struct Loader<'a> {
    parameters: HashMap<String, TensorData>,
    device: &'a Device,
}

impl<'a> Loader<'a> {
    pub(super) fn new(parameters: Parameters, device: &'a Device) -> Self {
        Self {
            parameters: parameters.into_iter().collect(),
            device,
        }
    }

    fn take(&mut self, name: &str) -> TensorData {
        self.parameters
            .remove(name)
            .unwrap_or_else(|| panic!("the trained model has no parameter `{name}`"))
    }
}

impl Source for Loader<'_> {
    fn float<const D: usize>(&mut self, name: &str) -> Tensor<D> {
        Tensor::from_data(self.take(name), self.device)
    }

    fn int<const D: usize>(&mut self, name: &str) -> Tensor<D, Int> {
        Tensor::from_data(self.take(name), self.device)
    }

    fn bool<const D: usize>(&mut self, name: &str) -> Tensor<D, Bool> {
        Tensor::from_data(self.take(name), self.device)
    }
}
