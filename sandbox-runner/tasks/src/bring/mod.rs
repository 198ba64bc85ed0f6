//! A task from a user's own data: what kind it is, what is in it, and its `task.toml`.

mod brought;
mod images;
mod manifest;
mod report;
mod table;
mod text;
mod wish;

use std::fs;

pub use brought::Brought;
pub use report::{ClassReport, DataReport};
pub use wish::Wish;

use wish::Start;

use crate::error::TaskError;
use crate::fields::check_name;
use crate::input;
use crate::table::Table;

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

/// A file's name as that of a task.
fn name_of(file: &str) -> String {
    let stem = file.split('.').next().unwrap_or_default().to_lowercase();
    let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = stem.chars().map(fits).take(40).collect();
    name.trim_matches('-').to_owned()
}
