//! Tensors on their way into a safetensors file.

use safetensors::tensor::{Dtype, TensorView};

/// A tensor for a file.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// A file of these tensors.
pub(crate) fn file(tensors: &[(&str, &Tensor)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, tensor)| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes)
            .expect("the bytes were gathered for this shape");
        (*name, view)
    });
    safetensors::serialize(views, None).expect("names and shapes of our own can be serialised")
}
