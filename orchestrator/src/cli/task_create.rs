//! `gauntlet task create`: a task from data of one's own.

use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_server::tasks;
use gauntlet_tasks::{Dataset, TaskDefinition, TaskError, Wish, bring};
use indicatif::{ProgressBar, ProgressStyle};

use super::connection::{Scope, Server};
use crate::failure::{Failure, Place};
use crate::output::Output;
use crate::show::data_report::{self, Created};

/// What to make of which data.
#[derive(Debug, clap::Args)]
#[command(after_help = FORMATS)]
pub(crate) struct Create {
    /// The data: a table, a text, a folder of images, or IDX files; see below.
    #[arg(long, value_name = "FILE|FOLDER")]
    from: PathBuf,
    /// File with the labels of a file of IDX images.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Column to predict; several are a regression of several numbers.
    #[arg(long, value_name = "COLUMN")]
    target: Vec<String>,
    /// Column to leave out, such as an id. Can be given again.
    #[arg(long, value_name = "COLUMN")]
    drop: Vec<String>,
    /// classification, regression or language-modelling; found out if not told.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Resize images to this height and width; needed if they differ.
    #[arg(long, value_name = "HEIGHTxWIDTH", value_parser = size)]
    size: Option<[u32; 2]>,
    /// Make images grey: one value a pixel [default: if all of them are].
    #[arg(long, conflicts_with = "colour")]
    grey: bool,
    /// Make images coloured: three values a pixel.
    #[arg(long)]
    colour: bool,
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
    /// Let nobody see the task but admins and members of its tournaments, which are private too. A
    /// folder says so by `private = true` in its task.toml.
    #[arg(long, conflicts_with_all = ["into", "dry_run"])]
    private: bool,
    /// Say what is in the data and whether a task can be made of it, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Formats, by what the name ends in.
const FORMATS: &str = "\
Data:
  table       .csv .tsv .jsonl .ndjson (also with .gz) .parquet; name the column to predict
              with --target
  text        .txt .txt.gz; any file with --kind language-modelling
  images      a folder with a folder for each class, .png .jpg .jpeg in them
  IDX         train-images-idx3-ubyte (also with .gz) with --labels, or a folder with such pairs

--dry-run says what is in the data and does nothing.";

impl Create {
    pub(crate) async fn run(self, server: &Server, output: Output) -> Result<(), Failure> {
        let wish = Wish {
            from: self.from.clone(),
            labels: self.labels,
            size: self.size,
            grey: (self.grey || self.colour).then_some(self.grey),
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
        brought
            .write(&folder)
            .map_err(|error| Failure::file("write a task to", &folder, error))?;

        let report = brought.report.clone();
        // It may hold all of the images.
        drop(brought);

        // From here on it is a task like any other: what cannot be used is refused now.
        let (mut definition, dataset) = checked(&folder).map_err(|error| {
            if self.into.is_some() {
                // Made above; what is left of it is of no use to anybody.
                let _ = fs::remove_dir_all(&folder);
            }
            refused(error.about(&self.from, &folder))
        })?;
        definition.private = self.private;
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
            report,
            train_rows: dataset.info.train_rows,
            input_shape: dataset.info.inputs.row_shape(),
            done,
            folder: self.into,
        };
        output.answer(&created, data_report::show)
    }
}

/// The task in a folder, and its parts.
fn checked(folder: &Path) -> Result<(TaskDefinition, Dataset), TaskError> {
    let definition = TaskDefinition::load(folder)?;
    // Which rows are hidden nobody needs to know again: the parts are kept, not the secret.
    let secret: [u8; 32] = rand::random();
    let dataset = definition.materialise(&secret)?;
    Ok((definition, dataset))
}

/// Height and width, as in `28x28`.
fn size(text: &str) -> Result<[u32; 2], String> {
    let number = |text: &str| {
        let number = text.parse().ok();
        number.filter(|number| (1..=4096).contains(number))
    };
    text.split_once('x')
        .and_then(|(height, width)| Some([number(height)?, number(width)?]))
        .ok_or_else(|| "a height and a width of 1 to 4096 are wanted, such as 28x28".to_owned())
}

fn bar(path: &Path, output: Output) -> ProgressBar {
    let metadata = fs::metadata(path);
    let is_folder = metadata.as_ref().is_ok_and(fs::Metadata::is_dir);
    let bytes = metadata.map(|metadata| metadata.len()).unwrap_or(0);
    // Small files are read before a bar could be seen.
    if output.json || (bytes < 1 << 20 && !is_folder) {
        return ProgressBar::hidden();
    }
    let (bar, template) = if is_folder {
        (ProgressBar::no_length(), "reading {bytes} {elapsed}")
    } else {
        let template = "reading {wide_bar} {bytes}/{total_bytes} {eta}";
        (ProgressBar::new(bytes), template)
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn refused(mut error: TaskError) -> Failure {
    let field = match &error {
        TaskError::Field { field, .. } => match *field {
            "name" => "--name",
            "kind.kind" => "--kind",
            "kind.context" => "--context",
            "split.hidden_percent" => "--hidden-percent",
            "split.hidden_windows" => "--hidden-windows",
            _ => "--from",
        },
        TaskError::Option { option, .. } => option,
        _ => "--from",
    };
    // What helps has a field of its own.
    let (help, limit) = match &mut error {
        TaskError::Brought { error, .. } => (error.cure.take(), error.limit),
        _ => (None, None),
    };
    let mut failure = Failure::input(format!("no task can be made of this: {error}")).field(field);
    failure.help = help;
    failure.limit = limit.map(|limit| limit.to_string().into_boxed_str());
    let (line, column) = match error {
        TaskError::Brought { error, .. } => (error.line, error.column),
        TaskError::Cell { line, column, .. } => (Some(line), Some(column)),
        TaskError::Data { line, .. } => (Some(line), None),
        _ => (None, None),
    };
    if line.is_some() || column.is_some() {
        failure.place = Some(Box::new(Place { line, column }));
    }
    failure
}
