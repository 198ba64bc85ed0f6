//! The task a method is tried on: its folder, and a split of its data for this machine.

use std::path::{Path, PathBuf};

use gauntlet_protocol::Budget;
use gauntlet_tasks::{Dataset, TaskDefinition};
use sha2::{Digest as _, Sha256};

use super::error::RunError;
use crate::source_tree;

/// A task ready to be run.
#[derive(Debug)]
pub struct LocalTask {
    /// What its folder says.
    pub definition: TaskDefinition,
    /// Its data, split.
    pub dataset: Dataset,
    /// Which rows are hidden.
    pub split: Split,
}

/// Which rows are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// By a secret that everybody knows: the same on every machine, and no tournament's.
    Local,
    /// By an orchestrator's secret: that orchestrator's own.
    Given,
}

impl Split {
    /// What it means, in a sentence.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Local => {
                "scored on a split of its own: the task's folder is public, a tournament hides \
                 other rows, so expect a slightly different score there"
            }
            Self::Given => "scored on the split that follows from the secret given",
        }
    }
}

impl LocalTask {
    /// Finds the task, a folder or the name of a built-in one, and splits its data.
    ///
    /// # Errors
    /// If there is no such task, or something is wrong with its folder or the secret.
    pub fn open(task: &str, secret: Option<&Path>) -> Result<Self, RunError> {
        let folder = find(task)?;
        let unusable = |source| RunError::Task {
            folder: folder.clone(),
            source,
        };
        let definition = TaskDefinition::load(&folder).map_err(unusable)?;
        let (secret, split) = match secret {
            Some(path) => (read_secret(path)?, Split::Given),
            None => (
                Sha256::digest(b"gauntlet/local-split/v1").into(),
                Split::Local,
            ),
        };
        let dataset = definition.materialise(&secret).map_err(unusable)?;
        Ok(Self {
            definition,
            dataset,
            split,
        })
    }

    /// What one run may use: the numbers that a tournament enforces.
    #[must_use]
    pub fn budget(&self) -> Budget {
        let budget = self.definition.budget;
        Budget {
            work: budget.work,
            predict_share_percent: budget.predict_share_percent,
            wall_seconds: budget.wall_seconds,
            tensor_bytes: budget.tensor_bytes,
            guest_bytes: budget.guest_bytes,
            output_bytes: budget.output_bytes,
        }
    }
}

fn find(task: &str) -> Result<PathBuf, RunError> {
    let named = Path::new(task);
    if named.join("task.toml").is_file() {
        return Ok(named.to_path_buf());
    }
    let builtin = source_tree::builtin_tasks();
    let plain = !task.is_empty() && !task.contains(['/', '\\']) && task != "." && task != "..";
    if let Some(folder) = builtin.as_ref().map(|tasks| tasks.join(task))
        && plain
        && folder.join("task.toml").is_file()
    {
        return Ok(folder);
    }
    let known = builtin.as_deref().map(names).unwrap_or_default();
    Err(RunError::NoTask {
        task: task.to_owned(),
        known,
    })
}

/// Names of the task folders in `dir`.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("task.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn read_secret(path: &Path) -> Result<[u8; 32], RunError> {
    let text = std::fs::read_to_string(path).map_err(|source| RunError::SecretFile {
        path: path.to_path_buf(),
        source,
    })?;
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim(), &mut secret).map_err(|_| RunError::Secret {
        path: path.to_path_buf(),
    })?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_by_name_and_by_folder() {
        let by_name = LocalTask::open("digits", None).unwrap();
        let folder = source_tree::builtin_tasks().unwrap().join("digits");
        let by_folder = LocalTask::open(folder.to_str().unwrap(), None).unwrap();
        assert_eq!(by_name.dataset, by_folder.dataset);
        assert_eq!(by_name.split, Split::Local);
        assert_eq!(by_name.budget().work, by_name.definition.budget.work);
    }

    #[test]
    fn an_unknown_task_is_answered_with_the_known_ones() {
        for wrong in ["digit", "", "..", "/nowhere"] {
            let error = LocalTask::open(wrong, None).unwrap_err();
            let known = |known: &[String]| known.iter().any(|name| name == "digits");
            assert!(
                matches!(&error, RunError::NoTask { known: names, .. } if known(names)),
                "{wrong}: {error}"
            );
        }
    }

    #[test]
    fn another_secret_is_another_split() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, format!("{}\n", "5e".repeat(32))).unwrap();
        let given = LocalTask::open("digits", Some(&path)).unwrap();
        let local = LocalTask::open("digits", None).unwrap();
        assert_eq!(given.split, Split::Given);
        assert_ne!(given.dataset.train, local.dataset.train);
        std::fs::write(&path, "5e").unwrap();
        let error = LocalTask::open("digits", Some(&path)).unwrap_err();
        assert!(matches!(error, RunError::Secret { .. }), "{error}");
    }
}
