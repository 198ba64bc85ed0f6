//! `gauntlet fit`: the best model for a table of one's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gauntlet_fit::{Ask, Happened, Metric, fit};
use gauntlet_workbench::local::Local;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use super::method::Place;
use super::methods_for_tables;
use super::table_arguments::{Columns, Reading};
use crate::failure::Failure;
use crate::output::Output;
use crate::show;

/// Get the best model for a table: race methods on folds of it, and put the best together.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "No server is asked, and nothing leaves this machine. Methods run in the sandbox of \
                  tournaments. Ctrl-C ends the race early and leaves the best so far."
)]
pub(crate) struct Fit {
    /// The table: CSV, TSV, JSON or Parquet, packed or not.
    table: PathBuf,
    /// Column to predict.
    #[arg(long, value_name = "COLUMN")]
    target: String,
    /// Time for all of it, such as 90s or 10m.
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = humantime::parse_duration)]
    budget: Duration,
    /// What decides: log_loss, accuracy, balanced_accuracy, auc or f1 for classes; rmse, mae, r2 or
    /// rmsle for numbers [default: log_loss, or rmse].
    #[arg(long, value_name = "NAME")]
    metric: Option<Metric>,
    #[command(flatten)]
    columns: Columns,
    /// Seed of folds and runs.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Runs at the same time [default: one for each processor].
    #[arg(long, value_name = "COUNT")]
    slots: Option<usize>,
    /// Methods to race, .wasm files or folders of them [default: those that come with Gauntlet].
    #[arg(long, value_name = "FILE|DIR")]
    methods: Vec<PathBuf>,
    /// Folder for the model; must not be there [default: the table's name and `.model`].
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    place: Place,
}

impl Fit {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let out = self
            .out
            .clone()
            .unwrap_or_else(|| default_folder(&self.table));
        if out.exists() {
            return Err(
                Failure::input(format!("{} is there already", out.display()))
                    .field("--out")
                    .help("name a folder that is not there yet"),
            );
        }
        let methods = methods_for_tables::read(&self.methods)?;
        let local = self.place.sandbox(false)?;
        // Beside its place, so that it gets there at once and whole.
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let made = tempfile::Builder::new()
            .prefix(".gauntlet-fit-")
            .tempdir_in(parent)
            .map_err(|error| Failure::file("make a folder in", parent, error))?;
        let stop = CancellationToken::new();
        let on_signal = tokio::spawn({
            let stop = stop.clone();
            async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    stop.cancel();
                }
            }
        });
        let wishes = self.columns.wishes(vec![self.target.clone()]);
        let slots = self
            .slots
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let ask = Ask {
            table: &self.table,
            options: self.reading.options(),
            wishes,
            methods: &methods,
            metric: self.metric,
            budget: self.budget,
            seed: self.seed,
            slots: slots.max(1),
            into: made.path(),
            scratch: local.scratch(),
            stop,
        };
        let model = self.race(&local, ask, output).await;
        on_signal.abort();
        let model = model?;
        let kept = made.keep();
        readable(&kept)?;
        fs::rename(&kept, &out).map_err(|error| Failure::file("move the model to", &out, error))?;
        let fitted = show::fit::Fitted::new(&model.card, out);
        output.answer(&fitted, show::fit::fitted)
    }

    async fn race(
        &self,
        local: &Local,
        ask: Ask<'_>,
        output: Output,
    ) -> Result<gauntlet_fit::Model, Failure> {
        let bar = clock(self.budget, output);
        let lines = bar.clone();
        let say = move |text: &str| {
            if !output.json {
                lines.suspend(|| eprintln!("{text}"));
            }
        };
        let metric = self.metric;
        let mut note = |text: &str| say(&format!("note: {}", show::text::printable(text)));
        let mut happened = |event: Happened| {
            if let Some(line) = show::fit::event(&event, metric) {
                say(&line);
            }
        };
        let ticking = tokio::spawn({
            let bar = bar.clone();
            async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    bar.set_position(bar.elapsed().as_millis() as u64);
                }
            }
        });
        let fitted = fit(&local.sandbox, ask, &mut |_| {}, &mut note, &mut happened).await;
        ticking.abort();
        bar.finish_and_clear();
        Ok(fitted?)
    }
}

/// A temporary folder is its maker's alone; a model is read by whom its files' modes say.
fn readable(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
        .map_err(|error| Failure::file("open", folder, error))
}

/// A bar that fills with time.
fn clock(budget: Duration, output: Output) -> ProgressBar {
    if output.json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(budget.as_millis() as u64);
    match ProgressStyle::with_template("{wide_bar} {elapsed_precise}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn default_folder(table: &Path) -> PathBuf {
    let name = table.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().filter(|stem| !stem.is_empty());
    PathBuf::from(format!("{}.model", stem.unwrap_or("table")))
}
