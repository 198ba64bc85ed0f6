//! Gradient boosting with oblivious trees, grown from histograms in plain Rust: what wins on most
//! tables. The model is three matrices, so it is stored and loaded as any other.

mod boosting;
mod columns;
mod tree;
mod trees;

use burn::module::Param;
use burn::nn::Initializer;
use burn::tensor::TensorData;
use gauntlet_method::prelude::*;
use gauntlet_method::random::rand_core::Rng;
use gauntlet_method::{HyperParameters, Settings, burn, hyper_parameters};

use boosting::{Boosting, Derivatives, Loss};
use columns::Columns;
use tree::{Pulls, grow, leaf_values};
use trees::Trees;

/// Share of the budget at which training ends; the rest is a margin.
const END: f64 = 0.92;
/// Columns times scores of a row that a tree looks at: each is a sum for every row and level.
const MOST_SUMS: usize = 512;

hyper_parameters! {
    /// What can be tuned.
    pub struct Params {
        /// Most trees.
        trees: usize = 1000, 1..=4000, log;
        /// Questions of a tree.
        depth: usize = 6, 1..=10;
        /// What is added to the second derivatives of a leaf.
        ridge: f64 = 3.0, 0.000001..=100.0, log;
        /// Share of the rows that each tree is grown from.
        rows: f64 = 0.8, 0.1..=1.0;
        /// Most borders of a column.
        borders: usize = 128, 2..=254, log;
    }
}

/// Trees one after another, and what they add up from.
#[derive(Module, Debug)]
pub struct Forest {
    /// Column of each question, `[trees, depth]`.
    columns: Param<Tensor<2>>,
    /// Its border: the answer is whether the value is above, `[trees, depth]`.
    borders: Param<Tensor<2>>,
    /// `[trees, leaves * outputs]`.
    leaves: Param<Tensor<2>>,
    /// Scores before the first tree, `[1, outputs]`.
    start: Param<Tensor<2>>,
    /// Whether the one score of a row tells two classes apart.
    two_classes: bool,
}

/// The method.
#[derive(Default)]
pub struct BoostedTrees {
    params: Params,
}

/// Scores of a row: one where there are two classes.
fn scores_of(task: &TaskInfo) -> usize {
    match task.kind {
        TaskKind::Classification { classes: 2 } => 1,
        _ => outputs(task),
    }
}

impl Method for BoostedTrees {
    type Model = Forest;

    fn configure(settings: &Settings) -> Result<Self, MethodError> {
        let params = Params::read(settings)?;
        Ok(Self { params })
    }

    fn build(&self, task: &TaskInfo, device: &Device) -> Forest {
        let Params { trees, depth, .. } = self.params;
        let scores = scores_of(task);
        let zeros = |shape: [usize; 2]| Initializer::Zeros.init(shape, device);
        Forest {
            columns: zeros([trees, depth]),
            borders: zeros([trees, depth]),
            leaves: zeros([trees, scores << depth]),
            start: zeros([1, scores]),
            two_classes: matches!(task.kind, TaskKind::Classification { classes: 2 }),
        }
    }

    fn train(&self, run: &mut Training, forest: Forest) -> Result<Forest, MethodError> {
        let loss = match run.task().kind {
            TaskKind::LanguageModelling { .. } => {
                return Err(MethodError::unsupported("trees need rows with columns"));
            }
            TaskKind::Classification { .. } => Loss::Classes,
            TaskKind::Regression { .. } => Loss::Squares,
        };
        let all = run.train_set();
        let values = numbers(all.inputs.features())?;
        let wanted = match loss {
            Loss::Classes => all.labels().into_data().iter::<f32>().collect(),
            Loss::Squares => numbers(all.values())?,
        };
        let columns = Columns::new(&values, features(run.task()), self.params.borders);
        drop(values);
        let state = Boosting::new(loss, wanted, scores_of(run.task()));
        let trees = self.boost(run, &columns, state);
        Ok(trees.into_forest(forest, run.device()))
    }

    fn predict(&self, forest: &Forest, inputs: &Inputs) -> Result<Tensor<2>, MethodError> {
        let features = inputs.features();
        let (device, rows) = (features.device(), inputs.rows());
        let trees = Trees::read(forest, self.params.depth)?;
        let scores = trees.scores(&numbers(features)?, rows);
        let scores = TensorData::new(scores, [rows, trees.start.len()]);
        let scores = Tensor::<2>::from_data(scores, &device);
        Ok(if forest.two_classes {
            Tensor::cat(vec![scores.zeros_like(), scores], 1)
        } else {
            scores
        })
    }
}

impl BoostedTrees {
    /// Grows trees until there are enough, or the budget runs low.
    fn boost(&self, run: &mut Training, columns: &Columns, mut state: Boosting) -> Trees {
        let Params { depth, ridge, .. } = self.params;
        let ridge = ridge as f32;
        let mut trees = Trees {
            depth,
            start: state.first_scores(),
            columns: Vec::new(),
            borders: Vec::new(),
            leaves: Vec::new(),
        };
        let outputs = trees.start.len();
        let mut most = self.params.trees;
        let mut rate = 0.0;
        for nth in 0..self.params.trees {
            if nth >= most || run.progress() >= END {
                break;
            }
            let before = run.progress();
            let derivatives = self.some_rows(run, state.derivatives(), outputs);
            run.report("loss", derivatives.mean_loss);
            let pulls = Pulls {
                gradients: &derivatives.first,
                hessians: &derivatives.second,
                outputs,
            };
            let candidates = some_columns(run, columns, outputs);
            let grown = grow(columns, &candidates, &pulls, depth, ridge);
            let mut values = leaf_values(&grown, &pulls, depth, ridge);
            run.count_step();
            if nth == 0 {
                let cost = run.progress() - before;
                if cost > 0.0 {
                    most = most.min(((END - before) / cost) as usize).max(1);
                }
                rate = learning_rate(&run.task().kind, state.rows(), most);
            }
            values.iter_mut().for_each(|value| *value *= rate);
            state.add(&grown.leaves, &values);
            trees.push(columns, &grown, values);
            if grown.questions.is_empty() && nth > 0 && self.params.rows >= 1.0 {
                break;
            }
        }
        trees
    }

    /// Leaves out all but a share of the rows, which then pull at nothing.
    fn some_rows(&self, run: &mut Training, mut all: Derivatives, outputs: usize) -> Derivatives {
        if self.params.rows >= 1.0 {
            return all;
        }
        let kept = (self.params.rows * f64::from(u32::MAX)) as u32;
        let rows = all.first.chunks_exact_mut(outputs);
        for (first, second) in rows.zip(all.second.chunks_exact_mut(outputs)) {
            if run.rng().next_u32() > kept {
                first.fill(0.0);
                second.fill(0.0);
            }
        }
        all
    }
}

/// The columns that a tree looks at: all, or as many as [`MOST_SUMS`] allows, drawn anew each time.
fn some_columns(run: &mut Training, columns: &Columns, outputs: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..columns.borders.len())
        .filter(|column| !columns.borders[*column].is_empty())
        .collect();
    let most = (MOST_SUMS / outputs).max(16);
    if all.len() > most {
        for at in 0..most {
            let other = at + run.rng().next_u32() as usize % (all.len() - at);
            all.swap(at, other);
        }
        all.truncate(most);
    }
    all
}

/// CatBoost's learning rate for so many rows and trees (`catboost/private/libs/options`,
/// `GetLearningRateCoefficients`: on a CPU, the best tree not searched for).
fn learning_rate(kind: &TaskKind, rows: usize, trees: usize) -> f32 {
    let [a, b, c, d] = match kind {
        TaskKind::Classification { classes: 2 } => [0.427, -7.525, -0.917, 2.63],
        TaskKind::Regression { .. } => [0.158, -4.287, -0.813, 2.571],
        _ => [0.051, -2.889, -0.845, 2.928],
    };
    let by_rows: f64 = (a * (rows as f64).ln() + b).exp();
    let by_trees = |trees: f64| (c * trees.ln() + d).exp();
    (by_rows * by_trees(trees as f64) / by_trees(1000.0)).min(0.5) as f32
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, MethodError> {
    tensor
        .into_data()
        .try_into_vec::<f32>()
        .map_err(|error| MethodError::new(format!("no floats of 32 bits: {error:?}")))
}

gauntlet_method::export!(BoostedTrees, Params);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_is_catboosts() {
        let regression = TaskKind::Regression { targets: 1 };
        let rate = learning_rate(&regression, 1000, 1000);
        // exp(.158 · ln 1000 − 4.287)
        assert!((rate - 0.040_94).abs() < 1e-4, "{rate}");
        let two = TaskKind::Classification { classes: 2 };
        assert_eq!(learning_rate(&two, 1_000_000, 10), 0.5);
    }
}
