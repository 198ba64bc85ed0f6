//! `gauntlet predict`: what a model says of a table.

use std::fs;
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use gauntlet_fit::{FitError, Model, Predicted, Predictor};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::method::Place;
use super::table_arguments::Reading;
use crate::failure::Failure;
use crate::output::Output;
use crate::show::text::counted;

/// Predict the rows of a table with a model of `gauntlet fit`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A line of CSV is written for each row, in their order: the prediction, and of classes the \
                  probability of each in a column p_CLASS. A column that is not there counts as missing, and a \
                  value that was not met before as another one; both are told on standard error."
)]
pub(crate) struct Predict {
    /// The model's folder.
    model: PathBuf,
    /// The table: CSV, TSV, JSON or Parquet, packed or not.
    table: PathBuf,
    /// File for the predictions [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Members of the model that predict at the same time [default: one for each processor].
    #[arg(long, value_name = "COUNT")]
    slots: Option<usize>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    place: Place,
}

/// What was predicted.
#[derive(Debug, Serialize)]
struct Done<'a> {
    #[serde(flatten)]
    predicted: &'a Predicted,
    out: &'a Path,
}

impl Predict {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        if output.json && self.out.is_none() {
            return Err(
                Failure::input("predictions and the answer both go to standard output")
                    .field("--json")
                    .help("name a file for the predictions with --out"),
            );
        }
        let model = Model::open(&self.model)?;
        let local = self.place.sandbox(false)?;
        let slots = self
            .slots
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let predictor =
            Predictor::new(&model, &local.sandbox, local.scratch(), slots.max(1)).await?;
        let bar = bar(&self.table, output);
        let options = self.reading.options();
        let mut progress = |bytes: u64| bar.set_position(bytes);
        let predicted = match &self.out {
            None => {
                let mut out = BufWriter::new(std::io::stdout());
                let done = predictor
                    .file(&self.table, &options, &mut out, &mut progress)
                    .await;
                match done {
                    // `gauntlet predict … | head` is no error.
                    Err(FitError::File { source, .. })
                        if source.kind() == ErrorKind::BrokenPipe =>
                    {
                        return Ok(());
                    }
                    done => done,
                }
            }
            Some(path) => {
                // Whole or not at all.
                let part = part(path);
                let file = fs::File::create(&part)
                    .map_err(|error| Failure::file("write", &part, error).field("--out"))?;
                let mut out = BufWriter::new(file);
                let done = predictor
                    .file(&self.table, &options, &mut out, &mut progress)
                    .await;
                drop(out);
                if done.is_err() {
                    let _ = fs::remove_file(&part);
                } else {
                    fs::rename(&part, path).map_err(|error| Failure::file("write", path, error))?;
                }
                done
            }
        };
        bar.finish_and_clear();
        let predicted = predicted?;
        if output.json {
            let out = self.out.as_deref().unwrap_or(Path::new("-"));
            let done = Done {
                predicted: &predicted,
                out,
            };
            return output.answer(&done, |_| String::new());
        }
        eprint!("{}", said(&predicted));
        Ok(())
    }
}

/// What a person should know of predictions.
fn said(predicted: &Predicted) -> String {
    let mut said = String::new();
    for note in &predicted.notes {
        said.push_str(&format!("note: {note}\n"));
    }
    for column in &predicted.absent {
        said.push_str(&format!(
            "note: there is no column `{column}`: taken for missing in every row\n"
        ));
    }
    for (column, count) in &predicted.unknown {
        let values = counted(usize::try_from(*count).unwrap_or(usize::MAX), "value");
        said.push_str(&format!(
            "note: {values} of `{column}` had not been met before\n"
        ));
    }
    let rows = counted(usize::try_from(predicted.rows).unwrap_or(usize::MAX), "row");
    said.push_str(&format!("{rows} predicted\n"));
    said
}

/// A file beside another, while it is not whole.
fn part(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn bar(path: &Path, output: Output) -> ProgressBar {
    let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if output.json || bytes < 1 << 20 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    match ProgressStyle::with_template("predicting {wide_bar} {bytes}/{total_bytes} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
