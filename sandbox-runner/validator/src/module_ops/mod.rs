//! Operations of neural network modules, forward and backward.

mod adaptive;
mod attention;
mod conv;
mod conv_scratch;
mod conv_transpose;
mod deform;
mod embedding;
mod linear;
mod norm;
mod pool;
mod sequence;
pub(crate) mod vision;
mod window;

use burn_ir::ModuleOperationIr;

use crate::check::Check;
use crate::violation::Checked;

pub(crate) fn check<'o>(c: &mut Check<'_, 'o>, op: &'o ModuleOperationIr) -> Checked {
    use ModuleOperationIr as Op;
    match op {
        Op::BatchNorm(op) => norm::batch_norm(c, op),
        Op::LayerNorm(op) => norm::layer_norm(c, op),
        Op::Embedding(op) => embedding::forward(c, op),
        Op::EmbeddingBackward(op) => embedding::backward(c, op),
        Op::Linear(op) => linear::forward(c, op),
        Op::LinearXBackward(op) => linear::x_backward(c, op),
        Op::LinearWeightBackward(op) => linear::weight_backward(c, op),
        Op::LinearBiasBackward(op) => linear::bias_backward(c, op),
        Op::Conv1d(op) => conv::forward(c, &op.into(), op.bias.as_ref()),
        Op::Conv2d(op) => conv::forward(c, &op.into(), op.bias.as_ref()),
        Op::Conv3d(op) => conv::forward(c, &op.into(), op.bias.as_ref()),
        Op::Conv1dXBackward(op) => conv::x_backward(c, &op.into(), &op.output_grad),
        Op::Conv2dXBackward(op) => conv::x_backward(c, &op.into(), &op.output_grad),
        Op::Conv3dXBackward(op) => conv::x_backward(c, &op.into(), &op.output_grad),
        Op::Conv1dWeightBackward(op) => conv::weight_backward(c, &op.into(), &op.output_grad),
        Op::Conv2dWeightBackward(op) => conv::weight_backward(c, &op.into(), &op.output_grad),
        Op::Conv3dWeightBackward(op) => conv::weight_backward(c, &op.into(), &op.output_grad),
        Op::Conv1dBiasBackward(op) => {
            conv::bias_backward(c, &op.x, &op.bias, &op.output_grad, &op.out, 3)
        }
        Op::Conv2dBiasBackward(op) => {
            conv::bias_backward(c, &op.x, &op.bias, &op.output_grad, &op.out, 4)
        }
        Op::Conv3dBiasBackward(op) => {
            conv::bias_backward(c, &op.x, &op.bias, &op.output_grad, &op.out, 5)
        }
        Op::ConvTranspose1d(op) => conv_transpose::forward(c, &op.into(), op.bias.as_ref()),
        Op::ConvTranspose2d(op) => conv_transpose::forward(c, &op.into(), op.bias.as_ref()),
        Op::ConvTranspose3d(op) => conv_transpose::forward(c, &op.into(), op.bias.as_ref()),
        Op::ConvTranspose1dWeightBackward(op) => {
            conv_transpose::weight_backward(c, &op.into(), &op.output_grad)
        }
        Op::ConvTranspose2dWeightBackward(op) => {
            conv_transpose::weight_backward(c, &op.into(), &op.output_grad)
        }
        Op::ConvTranspose3dWeightBackward(op) => {
            conv_transpose::weight_backward(c, &op.into(), &op.output_grad)
        }
        Op::ConvTranspose1dBiasBackward(op) => {
            conv::bias_backward(c, &op.x, &op.bias, &op.output_grad, &op.out, 3)
        }
        Op::ConvTranspose2dBiasBackward(op) => {
            conv::bias_backward(c, &op.x, &op.bias, &op.output_grad, &op.out, 4)
        }
        Op::ConvTranspose3dBiasBackward(op) => {
            conv::bias_backward(c, &op.x, &op.bias, &op.output_grad, &op.out, 5)
        }
        Op::DeformableConv2d(op) => deform::forward(c, op),
        Op::DeformableConv2dBackward(op) => deform::backward(c, op),
        Op::AvgPool1d(op) => pool::forward(c, &op.into()),
        Op::AvgPool2d(op) => pool::forward(c, &op.into()),
        Op::AvgPool1dBackward(op) => pool::average_backward(c, &op.into(), &op.grad),
        Op::AvgPool2dBackward(op) => pool::average_backward(c, &op.into(), &op.grad),
        Op::MaxPool1d(op) => pool::max_forward(c, &op.into()),
        Op::MaxPool2d(op) => pool::max_forward(c, &op.into()),
        Op::MaxPool1dWithIndices(op) => pool::with_indices(c, &op.into(), &op.out_indices),
        Op::MaxPool2dWithIndices(op) => pool::with_indices(c, &op.into(), &op.out_indices),
        Op::MaxPool1dWithIndicesBackward(op) => {
            pool::max_backward(c, &op.into(), &op.grad, &op.indices)
        }
        Op::MaxPool2dWithIndicesBackward(op) => {
            pool::max_backward(c, &op.into(), &op.grad, &op.indices)
        }
        Op::AdaptiveAvgPool1d(op) => adaptive::forward(c, &op.x, [op.output_size], &op.out),
        Op::AdaptiveAvgPool2d(op) => adaptive::forward(c, &op.x, op.output_size, &op.out),
        Op::AdaptiveAvgPool3d(op) => adaptive::forward(c, &op.x, op.output_size, &op.out),
        Op::AdaptiveAvgPool1dBackward(op) => adaptive::backward::<1>(c, &op.x, &op.grad, &op.out),
        Op::AdaptiveAvgPool2dBackward(op) => adaptive::backward::<2>(c, &op.x, &op.grad, &op.out),
        Op::AdaptiveAvgPool3dBackward(op) => adaptive::backward::<3>(c, &op.x, &op.grad, &op.out),
        Op::Interpolate(op) => vision::interpolate(c, op),
        Op::InterpolateBackward(op) => vision::interpolate_backward(c, op),
        Op::Unfold4d(op) => vision::unfold(c, op),
        Op::Attention(op) => attention::forward(c, op),
        Op::CtcLoss(op) => sequence::ctc_loss(c, op),
        Op::CtcLossBackward(op) => sequence::ctc_loss_backward(c, op),
    }
}
