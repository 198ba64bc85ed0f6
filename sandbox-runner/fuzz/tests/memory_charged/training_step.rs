//! A step of training a convolution net, as an example method sends it, within the memory
//! that image tasks allow.

use burn_backend::{DType, Shape};
use burn_flex::{Flex, FlexDevice};
use burn_ir::*;
use gauntlet_fuzz::memory;
use gauntlet_worker::executor_harness::ExecutorHarness;

use crate::MOST;
use crate::measure::{OVERHEAD, Taken, on_threads, ones};
use crate::support::{kept, limits};

/// What the example tasks of images allow.
const TENSOR_BYTES: u64 = 256 << 20;
const BATCH: usize = 32;

/// A run, in which every tensor stays until the end.
struct Run {
    harness: ExecutorHarness<Flex>,
    next: u64,
}

impl Run {
    fn new() -> Self {
        let limits = gauntlet_validator::Limits {
            tensor_bytes: TENSOR_BYTES,
            threads: rayon::current_num_threads(),
            ..limits()
        };
        Self {
            harness: ExecutorHarness::new(FlexDevice, limits, 0),
            next: 1,
        }
    }

    fn id(&mut self) -> TensorId {
        self.next += 1;
        TensorId::new(self.next)
    }

    fn upload(&mut self, shape: &[usize]) -> TensorIr {
        let tensor = TensorIr {
            id: self.id(),
            shape: Shape::from(shape),
            status: TensorStatus::ReadOnly,
            dtype: DType::F32,
        };
        self.harness
            .upload(tensor.id.value(), ones(&tensor))
            .expect("it has room");
        tensor
    }

    /// The outputs, to be used again.
    fn execute(&mut self, op: OperationIr) -> Vec<TensorIr> {
        let outputs = op.outputs().map(kept).collect();
        self.harness.execute(op).expect("it has room");
        outputs
    }

    fn module(&mut self, op: ModuleOperationIr) -> TensorIr {
        self.execute(OperationIr::Module(op)).remove(0)
    }

    fn relu(&mut self, input: &TensorIr) -> TensorIr {
        let id = self.id();
        let op = UnaryOpIr::create(input.clone(), || id);
        self.execute(OperationIr::Activation(ActivationOperationIr::Relu(op)))
            .remove(0)
    }

    fn relu_backward(&mut self, output: &TensorIr, grad: &TensorIr) -> TensorIr {
        let id = self.id();
        let op = BinaryOpIr::create(output.clone(), grad.clone(), || id);
        let op = OperationIr::Activation(ActivationOperationIr::ReluBackward(op));
        self.execute(op).remove(0)
    }

    fn reshape(&mut self, input: &TensorIr, shape: &[usize]) -> TensorIr {
        let id = self.id();
        let op = ShapeOpIr::reshape(input.clone(), Shape::from(shape), || id);
        let op = OperationIr::BaseFloat(BaseOperationIr::Reshape(op));
        self.execute(op).remove(0)
    }

    fn convolve(&mut self, x: &TensorIr, weight: &TensorIr, bias: &TensorIr) -> TensorIr {
        let id = self.id();
        let (x, weight, bias) = (x.clone(), weight.clone(), Some(bias.clone()));
        let op = Conv2dOpIr::create(x, weight, bias, options(), || id);
        self.module(ModuleOperationIr::Conv2d(op))
    }

    /// Gradients of weight and bias.
    fn parameters_backward(
        &mut self,
        x: &TensorIr,
        weight: &TensorIr,
        bias: &TensorIr,
        grad: &TensorIr,
    ) {
        let id = self.id();
        let (x_again, grad_again) = (x.clone(), grad.clone());
        let op = Conv2dWeightBackwardOpIr::create(
            x.clone(),
            weight.clone(),
            grad.clone(),
            options(),
            || id,
        );
        self.module(ModuleOperationIr::Conv2dWeightBackward(op));
        let id = self.id();
        let op = Conv2dBiasBackwardOpIr::create(x_again, bias.clone(), grad_again, || id);
        self.module(ModuleOperationIr::Conv2dBiasBackward(op));
    }
}

/// Kernels of 3×3 that keep the size.
fn options() -> Conv2dOptionsIr {
    Conv2dOptionsIr {
        stride: [1; 2],
        padding: [(1, 1); 2],
        dilation: [1; 2],
        groups: 1,
    }
}

/// Convolution, pooling, convolution, linear; forward and backward.
fn step(size: usize, channels: [usize; 3]) -> Taken {
    let mut run = Run::new();
    let (before, _) = memory::usage();
    memory::restart_peak();
    let [inputs, first, second] = channels;
    let half = size / 2;
    let x = run.upload(&[BATCH, inputs, size, size]);
    let (weight_1, bias_1) = (run.upload(&[first, inputs, 3, 3]), run.upload(&[first]));
    let (weight_2, bias_2) = (run.upload(&[second, first, 3, 3]), run.upload(&[second]));
    let (weight_3, bias_3) = (run.upload(&[second * half * half, 10]), run.upload(&[10]));

    let image_1 = run.convolve(&x, &weight_1, &bias_1);
    let image_1 = run.relu(&image_1);
    let ids = [run.id(), run.id()];
    let mut next = ids.into_iter();
    let pool = MaxPool2dWithIndicesOpIr::create(
        image_1.clone(),
        [2; 2],
        [2; 2],
        [0; 2],
        [1; 2],
        false,
        DType::I64,
        || next.next().expect("there are two outputs"),
    );
    let pooled = run.execute(OperationIr::Module(
        ModuleOperationIr::MaxPool2dWithIndices(pool),
    ));
    let [pooled, indices] = [&pooled[0], &pooled[1]].map(TensorIr::clone);
    let image_2 = run.convolve(&pooled, &weight_2, &bias_2);
    let image_2 = run.relu(&image_2);
    let rows = run.reshape(&image_2, &[BATCH, second * half * half]);
    let id = run.id();
    let linear = LinearOpIr::create(rows.clone(), weight_3.clone(), Some(bias_3), || id);
    run.module(ModuleOperationIr::Linear(linear));

    let grad = run.upload(&[BATCH, 10]);
    let id = run.id();
    let op = LinearWeightBackwardOpIr::create(rows, grad.clone(), || id);
    run.module(ModuleOperationIr::LinearWeightBackward(op));
    let id = run.id();
    let op = LinearXBackwardOpIr::create(weight_3, grad, || id);
    let grad = run.module(ModuleOperationIr::LinearXBackward(op));
    let grad = run.reshape(&grad, &image_2.shape);
    let grad = run.relu_backward(&image_2, &grad);
    run.parameters_backward(&pooled, &weight_2, &bias_2, &grad);
    let id = run.id();
    let op = Conv2dXBackwardOpIr::create(pooled, weight_2, grad, options(), || id);
    let grad = run.module(ModuleOperationIr::Conv2dXBackward(op));
    let id = run.id();
    let op = MaxPool2dWithIndicesBackwardOpIr::create(
        image_1.clone(),
        grad,
        indices,
        [2; 2],
        [2; 2],
        [0; 2],
        [1; 2],
        false,
        || id,
    );
    let grad = run.module(ModuleOperationIr::MaxPool2dWithIndicesBackward(op));
    let grad = run.relu_backward(&image_1, &grad);
    run.parameters_backward(&x, &weight_1, &bias_1, &grad);
    let (_, peak) = memory::usage();
    Taken {
        real: (peak - before) as u64,
        charged: run.harness.meters().peak_bytes,
    }
}

#[test]
fn convolution_nets_train_on_images_of_48_and_96_within_the_memory_of_the_example_tasks() {
    for threads in [1, 2] {
        on_threads(threads, || {
            for (size, channels) in [
                (28, [1, 16, 32]),
                (48, [1, 16, 32]),
                (48, [3, 32, 64]),
                (96, [1, 16, 32]),
            ] {
                let taken = step(size, channels);
                println!(
                    "{size} {channels:?} on {threads}: {:.3} {taken:?}",
                    taken.ratio()
                );
                assert!(
                    taken.real <= taken.charged + OVERHEAD && taken.ratio() <= MOST,
                    "{size} {channels:?} on {threads}: {taken:?}"
                );
            }
        });
    }
}
