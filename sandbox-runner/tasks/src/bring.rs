//! A task from a user's own file: what kind it is, what is in it, and its `task.toml`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use gauntlet_wire::TaskKind;
use sha2::{Digest, Sha256};

use crate::definition::check_name;
use crate::error::TaskError;
use crate::rows::Labels;
use crate::table::{self, ColumnReport, Table, Target};
use crate::{score, text};

/// Bytes of a text that are read; more than a run can train on.
const MAX_TEXT: u64 = 1 << 30;

/// What a person says about their file. What is not said is found out or has a default.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The file.
    pub from: PathBuf,
    /// Name of the task, else the file's.
    pub name: Option<String>,
    /// Columns to predict; none for a text.
    pub targets: Vec<String>,
    /// Columns to leave out.
    pub drop: Vec<String>,
    /// `classification`, `regression` or `language-modelling`.
    pub kind: Option<String>,
    /// Licence of the data, an SPDX expression.
    pub licence: Option<String>,
    /// Per cent of the rows to hide.
    pub hidden_percent: Option<u32>,
    /// Bytes of a text's window.
    pub context: Option<usize>,
    /// Windows of a text to hide.
    pub hidden_windows: Option<usize>,
    /// Metered work of training.
    pub work: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The text of `task.toml`, which goes beside a copy of the file.
    pub manifest: String,
    /// What is in the file.
    pub report: DataReport,
}

/// What is in a file.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DataReport {
    /// Name of the task.
    pub name: String,
    /// Kind of the task.
    pub kind: &'static str,
    /// What is measured.
    pub metric: &'static str,
    /// SHA-256 of the file in hex.
    pub digest: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows of a table; windows of a text.
    pub rows: usize,
    /// Of them, hidden.
    pub hidden: usize,
    /// Columns of a table, targets among them.
    pub columns: Vec<ColumnReport>,
    /// Rows of each class, in the order of the classes' numbers.
    pub classes: Vec<ClassReport>,
}

/// How often a class occurs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ClassReport {
    /// Its name in the data.
    pub name: String,
    /// Rows of it.
    pub rows: usize,
}

/// Looks at a file and writes a definition for it. `progress` hears how many bytes of a
/// table have been read.
///
/// # Errors
/// [`TaskError`], naming the file, the line and the column where there are such.
pub fn bring(wish: &Wish, progress: &mut dyn FnMut(u64)) -> Result<Brought, TaskError> {
    let path = &wish.from;
    let file = path.file_name().and_then(|name| name.to_str());
    let file = file.ok_or_else(|| Table::whole(path, "has no name that a task can use"))?;
    let name = wish.name.clone().unwrap_or_else(|| name_of(file));
    check_name(&name)?;
    if let Some(kind) = &wish.kind
        && !matches!(
            kind.as_str(),
            "classification" | "regression" | "language-modelling"
        )
    {
        return Err(TaskError::Field {
            field: "kind.kind",
            problem: "must be \"classification\", \"regression\" or \"language-modelling\""
                .to_owned(),
        });
    }
    let (digest, bytes) = digest(path)?;
    let is_text = match &wish.kind {
        Some(kind) => kind == "language-modelling",
        None => file.to_lowercase().ends_with(".txt"),
    };
    let start = Start {
        file,
        name,
        digest,
        bytes,
    };
    if is_text {
        of_text(wish, start)
    } else {
        of_table(wish, start, progress)
    }
}

struct Start<'a> {
    file: &'a str,
    name: String,
    digest: String,
    bytes: u64,
}

fn of_table(
    wish: &Wish,
    start: Start<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Brought, TaskError> {
    let table = table::read(&wish.from, progress)?;
    let target = Target::new(&table, &wish.targets, wish.kind.as_deref())?;
    for name in &wish.drop {
        if table.column(name).is_none() {
            return Err(Table::whole(
                &wish.from,
                format!("has no column `{name}` to drop"),
            ));
        }
    }
    let percent = wish.hidden_percent.unwrap_or(20);
    let classes = match &target.labels {
        Labels::Classes(labels) => {
            let mut rows = vec![0; target.classes.len()];
            labels.iter().for_each(|label| rows[*label as usize] += 1);
            let names = target.classes.iter().cloned();
            names
                .zip(rows)
                .map(|(name, rows)| ClassReport { name, rows })
                .collect()
        }
        _ => Vec::new(),
    };
    let manifest = manifest(
        wish,
        &start,
        &format!("kind = {}", quoted(target.kind.as_str())),
        &format!(
            "source = \"table\"\ntargets = {}\ndrop = {}",
            list(&wish.targets),
            list(&wish.drop)
        ),
        &format!("hidden_percent = {percent}"),
        8 << 20,
    );
    Ok(Brought {
        manifest,
        report: DataReport {
            kind: target.kind.as_str(),
            metric: score::metric(&target.kind).name,
            rows: table.rows,
            hidden: table.rows * percent as usize / 100,
            columns: table.report(),
            classes,
            name: start.name,
            digest: start.digest,
            bytes: start.bytes,
        },
    })
}

fn of_text(wish: &Wish, start: Start<'_>) -> Result<Brought, TaskError> {
    if !wish.targets.is_empty() {
        let problem =
            "is a text: it has no target column. Leave --target out, or name another --kind";
        return Err(Table::whole(&wish.from, problem));
    }
    if start.bytes > MAX_TEXT {
        let problem = format!("has {} bytes, a text has at most {MAX_TEXT}", start.bytes);
        return Err(Table::whole(&wish.from, problem));
    }
    let content = std::fs::read(&wish.from).map_err(|source| TaskError::Read {
        path: wish.from.clone(),
        source,
    })?;
    let context = wish.context.unwrap_or(128);
    let windows = content.len() / (context + 1);
    let hidden = wish
        .hidden_windows
        .unwrap_or_else(|| (windows / 10).clamp(1, 128));
    text::check(&content, context, hidden)?;
    let kind = TaskKind::LanguageModelling {
        vocabulary: 256,
        context,
    };
    // The predictions: a float for each token of the vocabulary at each position.
    let output = (hidden * context * 256 * 4 + 65_536) as u64;
    let manifest = manifest(
        wish,
        &start,
        &format!("kind = \"language-modelling\"\ncontext = {context}"),
        "source = \"text\"",
        &format!("hidden_windows = {hidden}"),
        output.max(32 << 20),
    );
    Ok(Brought {
        manifest,
        report: DataReport {
            kind: kind.as_str(),
            metric: score::metric(&kind).name,
            rows: windows,
            hidden,
            columns: Vec::new(),
            classes: Vec::new(),
            name: start.name,
            digest: start.digest,
            bytes: start.bytes,
        },
    })
}

fn manifest(
    wish: &Wish,
    start: &Start<'_>,
    kind: &str,
    data: &str,
    split: &str,
    output_bytes: u64,
) -> String {
    let licence = wish.licence.as_deref().unwrap_or("LicenseRef-unknown");
    let work = wish.work.unwrap_or(20_000_000_000);
    format!(
        "name = {}\ntitle = {}\ndescription = {}\nlicence = {}\n\n\
         [kind]\n{kind}\n\n\
         [data]\n{data}\nfile = {}\nsha256 = \"{}\"\norigin = {}\n\n\
         [split]\n{split}\n\n\
         [budget]\nwork = {work}\npredict_share_percent = 50\nwall_seconds = 60\n\
         tensor_bytes = 1073741824\nguest_bytes = 67108864\noutput_bytes = {output_bytes}\n",
        quoted(&start.name),
        quoted(&start.name),
        quoted(&format!("Made from {}.", start.file)),
        quoted(licence),
        quoted(start.file),
        start.digest,
        quoted(&format!("the organiser's file {}", start.file)),
    )
}

/// A TOML string: JSON's escapes are among TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list(names: &[String]) -> String {
    serde_json::Value::from(names.to_vec()).to_string()
}

/// A file's name as that of a task.
fn name_of(file: &str) -> String {
    let stem = file.split('.').next().unwrap_or_default().to_lowercase();
    let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = stem.chars().map(fits).take(40).collect();
    name.trim_matches('-').to_owned()
}

/// SHA-256 and length of a file, which need not fit in memory.
fn digest(path: &Path) -> Result<(String, u64), TaskError> {
    let fault = |source| TaskError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(fault)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).map_err(fault)?;
        if read == 0 {
            return Ok((hex::encode(hash.finalize()), bytes));
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}
