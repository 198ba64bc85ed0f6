//! `gauntlet task create`: a task from a file of one's own.

use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_tasks::{DataReport, TaskDefinition, TaskError, Wish, bring};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::client::{Scope, Server};
use crate::failure::Failure;
use crate::output::Output;
use crate::serve::tasks;
use crate::show::data_report;

/// What to make of which file.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The data: .csv, .tsv, .jsonl or .ndjson with a column to predict, or a text (.txt).
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Column to predict; several are a regression of several numbers.
    #[arg(long, value_name = "COLUMN")]
    target: Vec<String>,
    /// Column to leave out, such as an id. Can be given again.
    #[arg(long, value_name = "COLUMN")]
    drop: Vec<String>,
    /// classification, regression or language-modelling; found out if not told.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Name of the task; else the file's.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Licence of the data, an SPDX expression.
    #[arg(long, value_name = "SPDX")]
    licence: Option<String>,
    /// Per cent of the rows to hide [default: 20].
    #[arg(long, value_name = "PERCENT")]
    hidden_percent: Option<u32>,
    /// Bytes of a text's window [default: 128].
    #[arg(long, value_name = "BYTES")]
    context: Option<usize>,
    /// Windows of a text to hide [default: a tenth, at most 128].
    #[arg(long, value_name = "COUNT")]
    hidden_windows: Option<usize>,
    /// Metered work of training [default: 20000000000].
    #[arg(long, value_name = "UNITS")]
    work: Option<u64>,
    /// Write a task folder there instead of registering the task; works without a server.
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    into: Option<PathBuf>,
    /// Say what is in the file and whether a task can be made of it, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What was made.
#[derive(Debug, Serialize)]
pub(crate) struct Created {
    /// What is in the file.
    #[serde(flatten)]
    pub(crate) report: DataReport,
    /// Rows to train on.
    pub(crate) train_rows: usize,
    /// Shape of a row of inputs, as a method sees it.
    pub(crate) input_shape: Vec<usize>,
    /// What has become of it: `checked`, `written` or `registered`.
    pub(crate) done: &'static str,
    /// The folder, if one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<PathBuf>,
}

impl Create {
    pub(crate) async fn run(self, server: &Server, output: Output) -> Result<(), Failure> {
        let wish = Wish {
            from: self.from.clone(),
            name: self.name,
            targets: self.target,
            drop: self.drop,
            kind: self.kind,
            licence: self.licence,
            hidden_percent: self.hidden_percent,
            context: self.context,
            hidden_windows: self.hidden_windows,
            work: self.work,
        };
        let bar = bar(&self.from, output);
        let brought = bring(&wish, &mut |bytes| bar.set_position(bytes)).map_err(refused)?;
        bar.finish_and_clear();

        let scratch = tempfile::tempdir().map_err(|error| Failure::ours("make a folder", error))?;
        let folder = match &self.into {
            Some(folder) => {
                fs::create_dir(folder).map_err(|error| {
                    Failure::input(format!("cannot make {}: {error}", folder.display()))
                        .field("--into")
                        .help("name a folder that is not there yet")
                })?;
                folder.clone()
            }
            None => scratch.path().to_owned(),
        };
        let file = self.from.file_name().unwrap_or_default();
        let copied = fs::copy(&self.from, folder.join(file))
            .and_then(|_| fs::write(folder.join("task.toml"), &brought.manifest));
        copied.map_err(|error| Failure::file("write a task to", &folder, error))?;

        // From here on it is a task like any other: what cannot be used is refused now.
        let definition = TaskDefinition::load(&folder).map_err(refused)?;
        // Which rows are hidden nobody needs to know again: the parts are kept, not the secret.
        let secret: [u8; 32] = rand::random();
        let dataset = definition.materialise(&secret).map_err(refused)?;
        let done = match (&self.into, self.dry_run) {
            (Some(_), _) => "written",
            (None, true) => "checked",
            (None, false) => {
                let client = server.client(Scope::Admin)?;
                tasks::register_dataset(&client, &definition, &dataset).await?;
                "registered"
            }
        };
        let created = Created {
            report: brought.report,
            train_rows: dataset.info.train_rows,
            input_shape: dataset.info.inputs.row_shape(),
            done,
            folder: self.into,
        };
        output.answer(&created, data_report::show)
    }
}

fn bar(path: &Path, output: Output) -> ProgressBar {
    let bytes = fs::metadata(path)
        .map(|metadata| metadata.len())
        .unwrap_or(0);
    // Small files are read before a bar could be seen.
    if output.json || bytes < 1 << 20 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("reading {wide_bar} {bytes}/{total_bytes} {eta}");
    let bar = ProgressBar::new(bytes);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn refused(error: TaskError) -> Failure {
    let field = match &error {
        TaskError::Field { field, .. } => match *field {
            "name" => "--name",
            "kind.kind" => "--kind",
            "kind.context" => "--context",
            "split.hidden_percent" => "--hidden-percent",
            "split.hidden_windows" => "--hidden-windows",
            _ => "--from",
        },
        _ => "--from",
    };
    Failure::input(format!("no task can be made of this: {error}")).field(field)
}
