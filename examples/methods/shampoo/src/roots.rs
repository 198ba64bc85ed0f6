//! Inverse roots by matrix products alone, which is what a tensor backend does best.

use gauntlet_method::burn::tensor::Tensor;

/// Steps of Newton's iteration; it converges quadratically once it is close.
const ITERATIONS: usize = 12;
/// Share of the matrix's size that is added to its diagonal, so that the smallest
/// eigenvalue is not lost in single precision.
const RIDGE: f64 = 1e-3;

/// `(A + ridge)^(-1/4)` of a symmetric positive semidefinite `[n, n]` matrix, by the
/// coupled Newton iteration (Guo and Higham, "A Schur-Newton method for the matrix
/// p-th root and its inverse", SIAM J. Matrix Anal. Appl. 28(3), 2006, (3.2) with p = 4):
/// `T = (5 I - M) / 4`, `X <- X T`, `M <- T^4 M`, until `M` is the identity.
#[must_use]
pub fn inverse_fourth_root(matrix: Tensor<2>) -> Tensor<2> {
    let [n, _] = matrix.dims();
    let identity = Tensor::<2>::eye(n, &matrix.device());
    // The Frobenius norm bounds the largest eigenvalue from above.
    let size = norm(matrix.clone());
    let matrix = matrix + identity.clone() * (size.clone() * RIDGE);
    // With z = (1 + p) / (2 |A|) every eigenvalue of M = z A starts in (0, 2.5].
    let scale = (norm(matrix.clone()) + f32::MIN_POSITIVE).recip() * 2.5;
    let mut root = identity.clone() * scale.clone().powf_scalar(0.25);
    let mut rest = matrix * scale;
    for _ in 0..ITERATIONS {
        let step = (identity.clone() * 5.0 - rest.clone()) * 0.25;
        root = root.matmul(step.clone());
        let square = step.clone().matmul(step);
        rest = square.clone().matmul(square).matmul(rest);
    }
    root
}

/// Frobenius norm, `[1, 1]`.
pub(crate) fn norm(matrix: Tensor<2>) -> Tensor<2> {
    (matrix.clone() * matrix).sum().sqrt().reshape([1, 1])
}
