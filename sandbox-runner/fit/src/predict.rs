//! Predictions for the rows of any table, some at a time.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt as _;
use gauntlet_sandbox::Sandbox;
use gauntlet_table::Batch;
use gauntlet_table::plan::Counts;
use gauntlet_table::read::{self, Options};
use tokio_util::sync::CancellationToken;

use crate::calibration;
use crate::error::FitError;
use crate::execute::{self, Executor, Failed, Matrix, Method, Predict, Predicts, Ready};
use crate::metric::best;
use crate::model::Model;
use crate::target::Target;

/// Numbers of the rows that are predicted at a time: this bounds memory.
const NUMBERS: usize = 4 << 20;
/// Most rows at a time.
const ROWS: usize = 65_536;
/// For one part of the rows; nobody competes here, and this ends what hangs.
const WALL: Duration = Duration::from_secs(600);

/// A model that is ready to predict.
pub struct Predictor<'a> {
    model: &'a Model,
    executor: Executor<'a>,
    methods: Vec<Ready>,
    scratch: &'a Path,
    slots: usize,
}

/// What is to be said of a prediction.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Predicted {
    /// Rows.
    pub rows: u64,
    /// Columns that the file has not; their values counted as missing.
    pub absent: Vec<String>,
    /// Values that the model had not met, or could not read, by column.
    pub unknown: BTreeMap<String, u64>,
    /// What a person should know of how the file was read.
    pub notes: Vec<String>,
}

impl<'a> Predictor<'a> {
    /// Gets a model ready in a sandbox, with `scratch` for files on the way.
    ///
    /// # Errors
    /// If a module does not compile.
    pub async fn new(
        model: &'a Model,
        sandbox: &'a Sandbox,
        scratch: &'a Path,
        slots: usize,
    ) -> Result<Self, FitError> {
        let executor = Executor {
            sandbox,
            cancel: CancellationToken::new(),
            threads: 1,
        };
        let mut methods = Vec::new();
        for (member, module) in model.card.members.iter().zip(&model.modules) {
            let method = Method {
                name: member.method.clone(),
                module: module.clone(),
                predicts: Predicts::Unknown,
            };
            let ready = executor.prepare(&method).await;
            methods.push(ready.map_err(|failed| fault(&member.method, failed))?);
        }
        Ok(Self {
            model,
            executor,
            methods,
            scratch,
            slots,
        })
    }

    /// Predictions for a batch of a table with these columns: a probability of each class, or a number,
    /// row by row.
    ///
    /// # Errors
    /// If a method fails.
    pub async fn rows(
        &self,
        names: &[String],
        batch: &Batch,
        unknown: &mut BTreeMap<String, u64>,
    ) -> Result<Vec<f64>, FitError> {
        let card = &self.model.card;
        let width = card.target.width();
        let mut inputs = Vec::new();
        for (nth, fitted) in self.model.encodings.iter().enumerate() {
            let matching = fitted.matching(names);
            let mut values = Vec::new();
            let counts = fitted.encode(&matching, batch, &mut values);
            // The folds know nearly the same values: what the first does not know is told.
            if nth == 0 {
                count(&counts, fitted.sources(), unknown);
            }
            let file = self
                .scratch
                .join(format!("predict-{nth}.inputs.safetensors"));
            let matrix = Matrix {
                values: &values,
                width: fitted.width(),
            };
            execute::write_inputs(&file, matrix)?;
            inputs.push(file);
        }
        let folds = card.folds.len();
        let jobs =
            (0..card.members.len()).flat_map(|member| (0..folds).map(move |fold| (member, fold)));
        let jobs = jobs.map(|(member, fold)| self.part(member, fold, &inputs[fold], batch.rows()));
        // In their order, so that sums are the same every time.
        let mut parts = futures::stream::iter(jobs).buffered(self.slots.max(1));
        let mut sums = vec![0.0; batch.rows() * width];
        let mut nth = 0;
        while let Some(said) = parts.next().await {
            let weight = card.members[nth / folds].weight / folds as f64;
            sums.iter_mut()
                .zip(said?)
                .for_each(|(sum, one)| *sum += weight * one);
            nth += 1;
        }
        drop(parts);
        if matches!(card.target, Target::Classes { .. }) {
            return Ok(calibration::warm(&sums, width, card.temperature));
        }
        Ok(sums)
    }

    /// What one member's model of one fold says of the rows in a file.
    async fn part(
        &self,
        member: usize,
        fold: usize,
        inputs: &Path,
        rows: usize,
    ) -> Result<Vec<f64>, FitError> {
        let card = &self.model.card;
        let (of, at) = (&card.members[member], &card.folds[fold]);
        let task = execute::task(
            &at.target,
            self.model.encodings[fold].width(),
            at.train_rows,
        );
        let model = self.model.folder.join(&of.models[fold]);
        let predictions = self
            .scratch
            .join(format!("predict-{member}-{fold}.safetensors"));
        let job = Predict {
            task: &task,
            inputs,
            model: &model,
            predictions: &predictions,
            rows,
            wall: WALL,
        };
        let said = self.executor.predict(&self.methods[member], job).await;
        let said = said.map_err(|failed| fault(&of.method, failed))?;
        Ok(at.target.predictions(&said))
    }

    /// Predicts for a file, and writes a line of CSV for each row: `prediction`, and of classes the
    /// probability of each as `p_NAME`.
    ///
    /// # Errors
    /// If the file cannot be read, a method fails, or nothing can be written.
    pub async fn file(
        &self,
        path: &Path,
        options: &Options,
        output: &mut (dyn Write + Send),
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Predicted, FitError> {
        let mut read_bytes = |bytes: u64| progress(bytes);
        let data = FitError::data(path);
        let mut reader = read::open(path, options, &mut read_bytes).map_err(&data)?;
        let names = reader.columns().to_vec();
        let mut predicted = Predicted {
            absent: self.model.encodings[0].matching(&names).missing,
            ..Predicted::default()
        };
        let mut writer = csv::Writer::from_writer(output);
        let card = &self.model.card;
        writer
            .write_record(header(&card.target))
            .map_err(unwritten)?;
        let widest = self.model.encodings.iter().map(|it| it.width()).max();
        let at_once = (NUMBERS / widest.unwrap_or(1).max(1)).clamp(1, ROWS);
        while let Some(batch) = reader.next(at_once).map_err(&data)? {
            let said = self.rows(&names, &batch, &mut predicted.unknown).await?;
            predicted.rows += batch.rows() as u64;
            for row in said.chunks(card.target.width()) {
                writer
                    .write_record(record(&card.target, row))
                    .map_err(unwritten)?;
            }
        }
        writer.flush().map_err(|error| unwritten(error.into()))?;
        predicted.notes = reader.notes().iter().map(ToString::to_string).collect();
        Ok(predicted)
    }
}

/// Counts the values that were not met before, or cannot be read, by their columns.
fn count<'a>(
    counts: &Counts,
    columns: impl Iterator<Item = &'a str>,
    unknown: &mut BTreeMap<String, u64>,
) {
    for (nth, column) in columns.enumerate() {
        let of = |counts: &[u64]| counts.get(nth).copied().unwrap_or(0);
        let more = of(&counts.unseen) + of(&counts.unread);
        if more > 0 {
            *unknown.entry(column.to_owned()).or_default() += more;
        }
    }
}

fn header(target: &Target) -> Vec<String> {
    let mut header = vec!["prediction".to_owned()];
    if let Target::Classes { names } = target {
        header.extend(names.iter().map(|name| format!("p_{name}")));
    }
    header
}

fn record(target: &Target, row: &[f64]) -> Vec<String> {
    match target {
        Target::Classes { names } => {
            let mut record = vec![names[best(row)].clone()];
            record.extend(row.iter().map(|probability| format!("{probability:.6}")));
            record
        }
        Target::Number { .. } => row.iter().map(f64::to_string).collect(),
    }
}

fn unwritten(error: csv::Error) -> FitError {
    FitError::File {
        doing: "write",
        path: "the predictions".into(),
        source: error.into(),
    }
}

fn fault(method: &str, failed: Failed) -> FitError {
    let problem = match failed {
        Failed::Method(problem) => problem,
        Failed::OutOfWork => "its work ran out".to_owned(),
        Failed::Cancelled => "it was called off".to_owned(),
        Failed::Ours(error) => return error,
    };
    FitError::Predict {
        method: method.to_owned(),
        problem,
    }
}
