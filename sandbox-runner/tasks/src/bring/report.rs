//! What is in a person's data.

use crate::table::ColumnReport;

/// What is in a file or folder.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DataReport {
    /// Name of the task.
    pub name: String,
    /// Kind of the task.
    pub kind: &'static str,
    /// What is measured.
    pub metric: &'static str,
    /// SHA-256 in hex of the task's data file: a copy of the one brought, or what was made
    /// of images.
    pub digest: String,
    /// Bytes of that file.
    pub bytes: u64,
    /// Rows of a table, images, or windows of a text.
    pub rows: usize,
    /// Of them, hidden.
    pub hidden: usize,
    /// Columns of a table, targets among them; of images the values and the class.
    pub columns: Vec<ColumnReport>,
    /// Rows of each class, in the order of the classes' numbers.
    pub classes: Vec<ClassReport>,
    /// What to know of how the file was read: sentences.
    pub notes: Vec<String>,
}

/// How often a class occurs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ClassReport {
    /// Its name in the data.
    pub name: String,
    /// Rows of it.
    pub rows: usize,
}

impl ClassReport {
    /// Counts `labels`, which are places in `names`.
    pub(super) fn count(names: &[String], labels: &[i64]) -> Vec<Self> {
        let mut rows = vec![0; names.len()];
        labels.iter().for_each(|label| rows[*label as usize] += 1);
        let names = names.iter().cloned();
        names
            .zip(rows)
            .map(|(name, rows)| Self { name, rows })
            .collect()
    }
}
