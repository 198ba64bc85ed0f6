//! Shampoo (Gupta, Koren, Singer, "Shampoo: preconditioned stochastic tensor
//! optimization", ICML 2018) with Adam's step length (the grafting of Agarwal et al.,
//! "Disentangling adaptive gradient methods from learning rates", 2020).

use burn::optim::{LearningRate, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use gauntlet_method::burn;

use crate::roots::{inverse_fourth_root, norm};

/// Steps between two computations of the roots, which cost far more than a step.
const REFRESH: usize = 8;

/// Decay of the means of gradients and of their squares.
const FIRST: f64 = 0.9;
const SECOND: f64 = 0.99;
const EPSILON: f64 = 1e-8;

/// The optimizer: each matrix has its gradients' covariances of rows `L` and columns
/// `R`, and moves along `L^(-1/4) G R^(-1/4)`. Tensors of more dimensions count as
/// matrices with the first as rows; vectors get Adam's step.
#[derive(Clone, Debug, Default)]
pub struct Shampoo;

/// What it keeps for a parameter.
#[derive(Clone, RecordState)]
pub struct ShampooState<const D: usize> {
    steps: Count,
    first: Tensor<D>,
    second: Tensor<D>,
    rows: Option<Side>,
    columns: Option<Side>,
}

/// One side of a matrix: the covariance of its gradients, and its last root.
#[derive(Clone, RecordState)]
struct Side {
    covariance: Tensor<2>,
    root: Tensor<2>,
}

/// A number of steps. Burn's derive can keep a number only inside Burn, so this is by hand.
#[derive(Clone, Copy)]
struct Count(usize);

impl RecordState for Count {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_scalar(prefix, "count", self.0.into());
    }

    fn state_unflatten(prefix: &str, src: &mut StateSource, _: &Device) -> Option<Self> {
        let count = src.take_scalar(prefix, "count")?;
        usize::try_from(count).ok().map(Self)
    }
}

impl Optimizer for Shampoo {
    type State<const D: usize> = ShampooState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let mut state = state.unwrap_or_else(|| ShampooState::new(&gradient));
        state.take(&gradient);
        let adam = state.adam();
        let change = match (&state.rows, &state.columns) {
            (Some(rows), Some(columns)) => {
                let length = norm(as_matrix(adam));
                let direction = rows
                    .root
                    .clone()
                    .matmul(as_matrix(state.first.clone()))
                    .matmul(columns.root.clone());
                let scale = length / (norm(direction.clone()) + EPSILON);
                (direction * scale).reshape(tensor.dims())
            }
            _ => adam,
        };
        (tensor - change * rate, Some(state))
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        ShampooState {
            steps: state.steps,
            first: state.first.to_device(device),
            second: state.second.to_device(device),
            rows: state.rows.map(|side| side.to_device(device)),
            columns: state.columns.map(|side| side.to_device(device)),
        }
    }
}

impl<const D: usize> ShampooState<D> {
    fn new(gradient: &Tensor<D>) -> Self {
        let [rows, columns] = if D >= 2 {
            matrix_shape(&gradient.dims()).map(|n| Some(Side::new(n, &gradient.device())))
        } else {
            [None, None]
        };
        Self {
            steps: Count(0),
            first: gradient.zeros_like(),
            second: gradient.zeros_like(),
            rows,
            columns,
        }
    }

    /// Takes a gradient into the means.
    fn take(&mut self, gradient: &Tensor<D>) {
        let square = gradient.clone() * gradient.clone();
        self.first = self.first.clone() * FIRST + gradient.clone() * (1.0 - FIRST);
        self.second = self.second.clone() * SECOND + square * (1.0 - SECOND);
        let refresh = self.steps.0.is_multiple_of(REFRESH);
        if let (Some(rows), Some(columns)) = (&mut self.rows, &mut self.columns) {
            let matrix = as_matrix(gradient.clone());
            let across = matrix.clone().transpose();
            rows.take(matrix.clone().matmul(across.clone()), refresh);
            columns.take(across.matmul(matrix), refresh);
        }
        self.steps.0 += 1;
    }

    /// Adam's step for the means, without its learning rate.
    fn adam(&self) -> Tensor<D> {
        let steps = self.steps.0 as i32;
        let first = self.first.clone() * (1.0 - FIRST.powi(steps)).recip();
        let second = self.second.clone() * (1.0 - SECOND.powi(steps)).recip();
        first / (second.sqrt() + EPSILON)
    }
}

impl Side {
    fn new(n: usize, device: &Device) -> Self {
        Self {
            covariance: Tensor::zeros([n, n], device),
            root: Tensor::eye(n, device),
        }
    }

    fn take(&mut self, covariance: Tensor<2>, refresh: bool) {
        self.covariance = self.covariance.clone() * SECOND + covariance;
        if refresh {
            self.root = inverse_fourth_root(self.covariance.clone());
        }
    }

    fn to_device(self, device: &Device) -> Self {
        Self {
            covariance: self.covariance.to_device(device),
            root: self.root.to_device(device),
        }
    }
}

fn matrix_shape(dims: &[usize]) -> [usize; 2] {
    [dims[0], dims[1..].iter().product()]
}

fn as_matrix<const D: usize>(tensor: Tensor<D>) -> Tensor<2> {
    let shape = matrix_shape(&tensor.dims());
    tensor.reshape(shape)
}
