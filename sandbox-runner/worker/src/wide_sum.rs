//! Sums of very many floats, the same to the bit on any number of threads.
//!
//! burn-flex 0.22.1 adds up 2^22 floats or more by a parallel reduction (`sum_f32_parallel`
//! in its `ops/reduce.rs`). The shape of rayon's reduction tree depends on how many
//! threads there are and on which of them happen to be idle, and float addition is
//! not associative: such a sum may differ from run to run. No other kernel of the backend
//! was found whose result depends on threads (`tests/threads.rs`). Summing rows of fixed length first, and
//! then their sums, leaves threads no say in the order.

use burn_backend::tensor::FloatTensor;
use burn_backend::{Backend, Shape, Slice, TensorMetadata};

/// Sums of fewer floats are left to the backend, which takes one thread for them.
pub const FEWEST: usize = 1 << 22;
/// Floats of a row; what does not fill a row is added last.
const ROW: usize = 1 << 12;

/// The sum of a float tensor's elements, `[1]`.
#[must_use]
pub fn sum<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let total = tensor.shape().num_elements();
    if total < FEWEST {
        return B::float_sum(tensor);
    }
    let flat = B::float_reshape(tensor, Shape::from([total]));
    let rows = total / ROW;
    let whole = rows * ROW;
    let part = |from: usize, to: usize| B::float_slice(flat.clone(), &[Slice::from(from..to)]);
    let head = B::float_reshape(part(0, whole), Shape::from([rows, ROW]));
    let sum = sum::<B>(B::float_sum_dim(head, 1));
    if whole == total {
        return sum;
    }
    B::float_add(sum, B::float_sum(part(whole, total)))
}

/// The mean of a float tensor's elements, `[1]`.
#[must_use]
pub fn mean<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let total = tensor.shape().num_elements();
    if total < FEWEST {
        return B::float_mean(tensor);
    }
    B::float_div_scalar(sum::<B>(tensor), (total as f32).into())
}
