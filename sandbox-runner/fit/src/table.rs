//! A person's table, held whole.

use std::path::Path;

use gauntlet_table::plan::{Labels, Plan, Profile, Wishes, of_rows};
use gauntlet_table::read::{self, Options};
use gauntlet_table::{Batch, DataError};

use crate::error::FitError;

/// Rows that are read at a time.
const BATCH: usize = 16_384;
/// Cells of a table that is held whole.
const MOST_CELLS: usize = 200_000_000;

/// A table with its plan.
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    pub(crate) batches: Vec<Batch>,
    pub(crate) plan: Plan,
    /// Of every row.
    pub(crate) labels: Labels,
    /// What a person should know: sentences.
    pub(crate) notes: Vec<String>,
}

impl Table {
    pub(crate) fn read(
        path: &Path,
        options: &Options,
        wishes: &Wishes,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Self, FitError> {
        let fault = FitError::data(path);
        let mut reader = read::open(path, options, progress).map_err(&fault)?;
        let names = reader.columns().to_vec();
        let mut profile = Profile::new(&names);
        let mut batches = Vec::new();
        let mut rows = 0;
        while let Some(batch) = reader.next(BATCH).map_err(&fault)? {
            rows += batch.rows();
            if rows.saturating_mul(names.len()) > MOST_CELLS {
                let problem = "has more cells than are held at once";
                return Err(fault(
                    DataError::new(problem)
                        .limit(MOST_CELLS as u64)
                        .cure("use fewer rows or columns"),
                ));
            }
            profile.push(&batch);
            batches.push(batch);
        }
        let mut notes: Vec<String> = reader.notes().iter().map(ToString::to_string).collect();
        let (plan, mut warnings) = Plan::infer(&profile, wishes).map_err(&fault)?;
        warnings.extend(of_rows(&plan, &names, &batches).map_err(&fault)?);
        notes.extend(warnings.iter().map(ToString::to_string));
        let labels = labels(&plan, &names, &batches).map_err(&fault)?;
        Ok(Self {
            names,
            batches,
            plan,
            labels,
            notes,
        })
    }

    /// Rows that have a target.
    pub(crate) fn known(&self) -> Vec<usize> {
        let rows = 0..self.labels.len();
        rows.filter(|row| self.labels.is_known(*row)).collect()
    }
}

fn labels(plan: &Plan, names: &[String], batches: &[Batch]) -> Result<Labels, DataError> {
    let mut all: Option<Labels> = None;
    for batch in batches {
        let more = plan.targets_of(names, batch)?;
        match &mut all {
            Some(all) => all.append(more),
            None => all = Some(more),
        }
    }
    all.ok_or_else(|| DataError::new("has no rows"))
}
