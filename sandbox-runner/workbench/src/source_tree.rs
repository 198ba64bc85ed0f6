//! Folders of the source tree that this program is from.

use std::path::PathBuf;

/// The folder of the built-in tasks: in the working folder or one that it lies in, else
/// beside the build that this program is from.
#[must_use]
pub fn builtin_tasks() -> Option<PathBuf> {
    beside("examples/tasks")
}

/// A folder of the source tree, found from the working folder or from this program's place.
#[must_use]
pub fn beside(relative: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    let ancestors = program
        .iter()
        .flat_map(|program| program.ancestors().skip(1));
    here.iter()
        .flat_map(|here| here.ancestors())
        .chain(ancestors)
        .map(|folder| folder.join(relative))
        .find(|folder| folder.is_dir())
}
