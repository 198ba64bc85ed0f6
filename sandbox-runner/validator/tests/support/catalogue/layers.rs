//! Layers without windows, and activation functions.

use burn_backend::DType;
use burn_ir::*;

use super::operands::{maybe, module, variants};
use super::source::Maker;

fn activation(op: ActivationOperationIr) -> OperationIr {
    OperationIr::Activation(op)
}

pub const OPERATIONS: &[(&str, Maker)] = &[
    ("activation", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let input = s.tensor(&shape, dtype);
        let id = s.id();
        let op = UnaryOpIr::create(input, || id);
        activation(variants!(s, ActivationOperationIr::[Relu, Gelu, Sigmoid, LogSigmoid])(op))
    }),
    ("activation, backward", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let (lhs, rhs) = (s.tensor(&shape, dtype), s.tensor(&shape, dtype));
        let id = s.id();
        let op = BinaryOpIr::create(lhs, rhs, || id);
        activation(variants!(s, ActivationOperationIr::[
            ReluBackward, GeluBackward, SigmoidBackward, LogSigmoidBackward, PRelu,
        ])(op))
    }),
    ("activation with scalars", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let tensor = s.tensor(&shape, dtype);
        let id = s.id();
        if s.either() {
            let op = ScalarOpIr::create(tensor, ScalarIr::Float(0.1), || id);
            return activation(ActivationOperationIr::LeakyRelu(op));
        }
        let (alpha, beta) = (ScalarIr::Float(0.2), ScalarIr::Float(0.5));
        activation(ActivationOperationIr::HardSigmoid(HardSigmoidOpIr::create(
            tensor,
            alpha,
            beta,
            || id,
        )))
    }),
    ("softmax", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let input = s.tensor(&shape, dtype);
        let (axis, id) = (s.below(3), s.id());
        let op = DimOpIr::create(input, axis, || id);
        activation(variants!(s, ActivationOperationIr::[Softmax, LogSoftmax, Softmin])(op))
    }),
    ("batch_norm", |s| {
        let dtype = s.float();
        let rank = s.within(2, 4);
        let shape = s.shape(rank);
        let x = s.tensor(&shape, dtype);
        let mut vector = || s.tensor(&[shape[1]], dtype);
        let (gamma, beta, mean, variance) = (vector(), vector(), vector(), vector());
        let id = s.id();
        module(ModuleOperationIr::BatchNorm(BatchNormOpIr::create(
            x,
            gamma,
            beta,
            mean,
            variance,
            ScalarIr::Float(1e-5),
            || id,
        )))
    }),
    ("layer_norm", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let x = s.tensor(&shape, dtype);
        let gamma = s.tensor(&[shape[2]], dtype);
        let beta = maybe(s, |s| s.tensor(&[shape[2]], dtype));
        let id = s.id();
        module(ModuleOperationIr::LayerNorm(LayerNormOpIr::create(
            x,
            gamma,
            beta,
            1e-5,
            || id,
        )))
    }),
    ("embedding", |s| {
        let dtype = s.float();
        let (shape, table) = (s.shape(2), s.shape(2));
        let index = s.int();
        let (weights, indices) = (s.tensor(&table, dtype), s.tensor(&shape, index));
        let id = s.id();
        if s.either() {
            return module(ModuleOperationIr::Embedding(EmbeddingOpIr::create(
                weights,
                indices,
                || id,
            )));
        }
        let grad = s.tensor(&[shape[0], shape[1], table[1]], dtype);
        module(ModuleOperationIr::EmbeddingBackward(
            EmbeddingBackwardOpIr::create(weights, grad, indices, || id),
        ))
    }),
    ("linear", |s| {
        let dtype = s.float();
        let rank = s.within(2, 4);
        let shape = s.shape(rank);
        let (inner, outer) = (shape[rank - 1], s.within(1, 5));
        let mut grad = shape.clone();
        grad[rank - 1] = outer;
        let (x, grad) = (s.tensor(&shape, dtype), s.tensor(&grad, dtype));
        let weight = s.tensor(&[inner, outer], dtype);
        let bias = maybe(s, |s| s.tensor(&[outer], dtype));
        let id = s.id();
        module(match s.below(4) {
            0 => ModuleOperationIr::Linear(LinearOpIr::create(x, weight, bias, || id)),
            1 => {
                ModuleOperationIr::LinearXBackward(LinearXBackwardOpIr::create(weight, grad, || id))
            }
            2 => ModuleOperationIr::LinearWeightBackward(LinearWeightBackwardOpIr::create(
                x,
                grad,
                || id,
            )),
            _ => ModuleOperationIr::LinearBiasBackward(LinearBiasBackwardOpIr::create(grad, || id)),
        })
    }),
    ("attention", |s| {
        let dtype = s.float();
        let [batch, heads, queries, keys] = [1, 2, 3, 4].map(|_| s.within(1, 3));
        let (width, out) = (s.within(1, 4), s.within(1, 4));
        let query = s.tensor(&[batch, heads, queries, width], dtype);
        let key = s.tensor(&[batch, heads, keys, width], dtype);
        let value = s.tensor(&[batch, heads, keys, out], dtype);
        let scores = [batch, heads, queries, keys];
        let mask = maybe(s, |s| {
            let shape = s.broadcastable(&scores);
            s.tensor(&shape, DType::Bool(burn_backend::BoolStore::Native))
        });
        let bias = maybe(s, |s| {
            let shape = s.broadcastable(&scores);
            s.tensor(&shape, dtype)
        });
        let options = AttentionOptionsIr {
            scale: None,
            softcap: None,
            is_causal: s.either(),
        };
        let id = s.id();
        module(ModuleOperationIr::Attention(AttentionOpIr::create(
            query,
            key,
            value,
            mask,
            bias,
            options,
            || id,
        )))
    }),
];
