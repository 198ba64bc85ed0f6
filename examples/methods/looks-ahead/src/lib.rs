//! A language model that cheats: it predicts each byte by looking at it. The scorer must notice.

use burn::nn::{Linear, LinearConfig};
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

/// A model has a parameter; this one does not use it.
#[derive(Module, Debug)]
pub struct Net {
    idle: Linear,
}

/// The method.
#[derive(Default)]
pub struct LooksAhead;

impl Method for LooksAhead {
    type Model = Net;

    fn build(&self, _: &TaskInfo, device: &Device) -> Net {
        Net {
            idle: LinearConfig::new(1, 1).init(device),
        }
    }

    fn train(&self, _: &mut Training, net: Net) -> Result<Net, MethodError> {
        Ok(net)
    }

    /// The next byte stands one place further on in the window.
    fn predict(&self, _: &Net, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        let Inputs::Tokens { tokens, vocabulary } = inputs else {
            return Err("this needs a text".into());
        };
        let [rows, context] = tokens.dims();
        let later = tokens.clone().slice([0..rows, 1..context]);
        let last = tokens.clone().slice([0..rows, 0..1]);
        let next = Tensor::cat(vec![later, last], 1).reshape([rows * context]);
        Ok(next.one_hot::<2>(*vocabulary).float() * 9.0)
    }
}

gauntlet_method::export!(LooksAhead);
