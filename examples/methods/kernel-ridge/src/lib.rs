//! Kernel ridge regression with a Gaussian kernel: no net, no gradient. The
//! model is the train part itself and a weight for each row and class, found by
//! conjugate gradients.

use burn::module::Param;
use burn::nn::Initializer;
use gauntlet_method::burn;
use gauntlet_method::prelude::*;

/// Width of the kernel: how far apart two rows may be and still be neighbours.
const WIDTH: f32 = 1.5;
const RIDGE: f32 = 0.01;
const STEPS: usize = 60;
/// Hands in what it has when the budget runs low.
const END: f64 = 0.9;

/// Rows of the train part, and a weight for each row and class.
#[derive(Module, Debug)]
pub struct Machine {
    rows: Param<Tensor<2>>,
    weights: Param<Tensor<2>>,
}

/// `exp(-|a - b|² / 2 width²)` for every row of `a` and `b`.
fn kernel(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let norm = |rows: &Tensor<2>| (rows.clone() * rows.clone()).sum_dim(1);
    let distance = norm(&a) + norm(&b).transpose() - a.matmul(b.transpose()) * 2.0;
    (distance * (-0.5 / (WIDTH * WIDTH))).exp()
}

/// The method.
#[derive(Default)]
pub struct KernelRidge;

impl Method for KernelRidge {
    type Model = Machine;

    fn build(&self, task: &TaskInfo, device: &Device) -> Machine {
        Machine {
            rows: Initializer::Zeros.init([task.train_rows, features(task)], device),
            weights: Initializer::Zeros.init([task.train_rows, classes(task)], device),
        }
    }

    fn train(&self, run: &mut Training, machine: Machine) -> Result<Machine, MethodError> {
        let set = run.train_set();
        let rows = set.inputs.features();
        let classes = classes(run.task());
        let kernel = kernel(rows.clone(), rows.clone());
        let apply = |x: &Tensor<2>| kernel.clone().matmul(x.clone()) + x.clone() * RIDGE;
        // Solve (kernel + ridge) weights = targets, all classes side by side.
        let targets = set.labels().one_hot::<2>(classes).float() - 1.0 / classes as f32;
        let mut weights = targets.zeros_like();
        let mut residual = targets;
        let mut direction = residual.clone();
        let mut square = (residual.clone() * residual.clone()).sum_dim(0);
        for _ in 0..STEPS {
            if run.progress() >= END {
                break;
            }
            run.count_step();
            let image = apply(&direction);
            let length = square.clone() / ((direction.clone() * image.clone()).sum_dim(0) + 1e-12);
            weights = weights + direction.clone() * length.clone();
            residual = residual - image * length;
            let next = (residual.clone() * residual.clone()).sum_dim(0);
            direction = residual.clone() + direction * (next.clone() / (square + 1e-12));
            square = next;
            run.report_tensor("loss", square.clone().sum());
        }
        Ok(Machine {
            rows: Param::initialized(machine.rows.id, rows),
            weights: Param::initialized(machine.weights.id, weights),
        })
    }

    fn predict(&self, machine: &Machine, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        Ok(kernel(inputs.features(), machine.rows.val()).matmul(machine.weights.val()))
    }
}

gauntlet_method::export!(KernelRidge);
