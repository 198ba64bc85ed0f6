//! Misbehaves: allocates tensors and keeps them all. A run that does this ends
//! with the verdict `memory_exceeded`, and costs nobody else anything.

use burn::nn::{Linear, LinearConfig};
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

/// One linear layer.
#[derive(Module, Debug)]
pub struct Net {
    layer: Linear,
}

/// The method.
#[derive(Default)]
pub struct AllocatesWithoutEnd;

impl Method for AllocatesWithoutEnd {
    type Model = Net;

    fn build(&self, task: &TaskInfo, device: &Device) -> Net {
        Net {
            layer: LinearConfig::new(features(task), classes(task)).init(device),
        }
    }

    fn train(&self, run: &mut Training, _net: Net) -> Result<Net, MethodError> {
        let mut hoard = Vec::new();
        loop {
            // 16 MiB each.
            hoard.push(Tensor::<2>::ones([2048, 2048], run.device()));
            run.count_step();
            // Asking the host makes it execute what has been sent so far.
            run.report("hoarded tensors", hoard.len() as f64);
            run.progress();
        }
    }

    fn predict(&self, net: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(net.layer.forward(inputs.features()))
    }
}

gauntlet_method::export!(AllocatesWithoutEnd);
