//! What a person says about their data.

use std::path::PathBuf;

use crate::error::TaskError;

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

impl Wish {
    /// Per cent of the rows to hide.
    pub(super) fn hidden_percent(&self) -> u32 {
        self.hidden_percent.unwrap_or(20)
    }

    /// Refuses what is said but means nothing for `what`, rather than leave it unheard.
    pub(super) fn only(&self, options: &[&str], what: &str) -> Result<(), TaskError> {
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

/// What a format begins with.
pub(super) struct Start<'a> {
    /// Name of the file.
    pub(super) file: &'a str,
    /// Name of the task.
    pub(super) name: String,
}
