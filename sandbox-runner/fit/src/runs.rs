//! Single runs of a race: one method on one fold.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use gauntlet_wire::TaskInfo;

use crate::execute::{Executor, Failed, Predict, Ready, Train};
use crate::metric::{Metric, Truth};
use crate::target::Target;

/// One way to split the rows, on disk as the sandbox wants it.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    pub(crate) train: PathBuf,
    pub(crate) inputs: PathBuf,
    /// What methods are told.
    pub(crate) task: TaskInfo,
    /// Rows of the table that are held out, in the order of `inputs`.
    pub(crate) held_out: Vec<usize>,
    /// Numbers of the train part.
    pub(crate) numbers: u64,
    /// Where it undoes what was done to the target.
    pub(crate) target: Target,
}

/// What all runs of a race have in common.
pub(crate) struct Course<'a> {
    pub(crate) folds: &'a [Fold],
    pub(crate) truth: Truth<'a>,
    pub(crate) metric: Metric,
    pub(crate) seed: u64,
    /// Time for all of it.
    pub(crate) budget: Duration,
    /// Runs at the same time.
    pub(crate) slots: usize,
    /// A folder for models and predictions.
    pub(crate) scratch: &'a Path,
}

/// A run that ended well.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) model: PathBuf,
    pub(crate) predictions: Vec<f64>,
    pub(crate) value: f64,
    pub(crate) work: u64,
    pub(crate) seconds: f64,
}

impl Course<'_> {
    /// Trains on one fold, predicts the rest, and marks it.
    pub(crate) async fn one(
        &self,
        executor: &Executor<'_>,
        ready: &Ready,
        fold: usize,
        work: u64,
        wall: Duration,
    ) -> Result<Run, Failed> {
        let split = &self.folds[fold];
        let name = format!("{}-{fold}-{work}", ready.name);
        let model = self.scratch.join(format!("{name}.model.safetensors"));
        let predictions = self.scratch.join(format!("{name}.predictions.safetensors"));
        let began = Instant::now();
        let meters = executor
            .train(
                ready,
                Train {
                    task: &split.task,
                    train: &split.train,
                    model: &model,
                    seed: self.seed.wrapping_add(fold as u64),
                    work,
                    wall,
                },
            )
            .await?;
        let seconds = began.elapsed().as_secs_f64();
        let outputs = executor
            .predict(
                ready,
                Predict {
                    task: &split.task,
                    inputs: &split.inputs,
                    model: &model,
                    predictions: &predictions,
                    rows: split.held_out.len(),
                    wall: self.budget,
                },
            )
            .await?;
        let predictions = split.target.predictions(&outputs);
        let width = split.target.width();
        let value = self.value(&split.held_out, &predictions, width);
        Ok(Run {
            model,
            predictions,
            value,
            work: meters.work,
            seconds,
        })
    }

    fn value(&self, rows: &[usize], predictions: &[f64], width: usize) -> f64 {
        match self.truth {
            Truth::Classes(classes) => {
                let classes: Vec<usize> = rows.iter().map(|row| classes[*row]).collect();
                self.metric
                    .value(Truth::Classes(&classes), predictions, width)
            }
            Truth::Numbers(numbers) => {
                let numbers: Vec<f64> = rows.iter().map(|row| numbers[*row]).collect();
                self.metric
                    .value(Truth::Numbers(&numbers), predictions, width)
            }
        }
    }

    /// Carries these out, as many at a time as there are slots, the first first, and says of each
    /// when it has ended. The answers are in their order.
    pub(crate) async fn at_once<T>(
        &self,
        jobs: Vec<impl Future<Output = T>>,
        mut ended: impl FnMut(usize, &T),
    ) -> Vec<T> {
        let mut answers: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
        let jobs = jobs.into_iter().enumerate();
        let jobs = jobs.map(|(nth, job)| async move { (nth, job.await) });
        let mut running = futures::stream::iter(jobs).buffer_unordered(self.slots.max(1));
        while let Some((nth, answer)) = running.next().await {
            ended(nth, &answer);
            answers[nth] = Some(answer);
        }
        drop(running);
        answers.into_iter().flatten().collect()
    }
}
