//! A task from a user's own data: what kind it is, what is in it, and its `task.toml`.

mod images;
mod manifest;
mod report;
mod table;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

pub use report::{ClassReport, DataReport};

use crate::definition::check_name;
use crate::error::TaskError;
use crate::input;
use crate::table::Table;

/// What a person says about their data. What is not said is found out or has a default.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The file or folder.
    pub from: PathBuf,
    /// The file with the labels of IDX images.
    pub labels: Option<PathBuf>,
    /// Name of the task, else the file's.
    pub name: Option<String>,
    /// Columns to predict; none for a text.
    pub targets: Vec<String>,
    /// Columns to leave out.
    pub drop: Vec<String>,
    /// `classification`, `regression` or `language-modelling`.
    pub kind: Option<String>,
    /// Height and width that images are resized to.
    pub size: Option<[u32; 2]>,
    /// Whether images become grey; else they do if all of them are.
    pub grey: Option<bool>,
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
    /// The text of `task.toml`, which goes beside the data file.
    pub manifest: String,
    /// What is in the data.
    pub report: DataReport,
    content: Content,
    /// Name of the data file.
    file: String,
}

/// The data file of a task.
#[derive(Clone, Debug)]
enum Content {
    /// A copy of this file.
    Copy(PathBuf),
    /// What was made of images.
    Made(Vec<u8>),
}

impl Brought {
    /// Writes the task into a folder that is there: `task.toml` and the data file.
    ///
    /// # Errors
    /// [`TaskError::Write`].
    pub fn write(&self, folder: &Path) -> Result<(), TaskError> {
        let put = |name: &str, write: &dyn Fn(&Path) -> std::io::Result<()>| {
            let path = folder.join(name);
            write(&path).map_err(|source| TaskError::Write { path, source })
        };
        put(&self.file, &|path| match &self.content {
            Content::Copy(from) => fs::copy(from, path).map(|_| ()),
            Content::Made(bytes) => fs::write(path, bytes),
        })?;
        put("task.toml", &|path| fs::write(path, &self.manifest))
    }
}

/// Looks at a file or folder and writes a definition for it. `progress` hears how many
/// bytes have been read.
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
    let metadata = fs::metadata(path).map_err(|source| input::unreadable(path, source))?;
    let start = Start { file, name };
    if metadata.is_dir() {
        return if crate::images::idx::has_any(path)? {
            images::idx(wish, start, progress)
        } else {
            images::folder(wish, start, progress)
        };
    }
    let is_text = match &wish.kind {
        Some(kind) => kind == "language-modelling",
        None => input::plain_name(path).0.ends_with(".txt"),
    };
    if is_text {
        text::bring(wish, start)
    } else if wish.labels.is_some() || images::is_idx(path) {
        images::idx(wish, start, progress)
    } else {
        table::bring(wish, start, progress)
    }
}

struct Start<'a> {
    file: &'a str,
    name: String,
}

impl Wish {
    fn hidden_percent(&self) -> u32 {
        self.hidden_percent.unwrap_or(20)
    }

    /// Refuses what is said but means nothing for `what`, rather than leave it unheard.
    fn only(&self, options: &[&str], what: &str) -> Result<(), TaskError> {
        for (option, said) in [
            ("--target", !self.targets.is_empty()),
            ("--drop", !self.drop.is_empty()),
            ("--labels", self.labels.is_some()),
            ("--size", self.size.is_some()),
            ("--grey", self.grey == Some(true)),
            ("--colour", self.grey == Some(false)),
            ("--hidden-percent", self.hidden_percent.is_some()),
            ("--context", self.context.is_some()),
            ("--hidden-windows", self.hidden_windows.is_some()),
        ] {
            if said && !options.contains(&option) {
                let path = self.from.display();
                let problem = format!("says nothing about {what}, which {path} is");
                return Err(TaskError::Option { option, problem });
            }
        }
        Ok(())
    }
}

/// A file's name as that of a task.
fn name_of(file: &str) -> String {
    let stem = file.split('.').next().unwrap_or_default().to_lowercase();
    let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = stem.chars().map(fits).take(40).collect();
    name.trim_matches('-').to_owned()
}
