//! A task as its folder defines it.

use std::path::Path;

use gauntlet_domain::run::Budget;
use gauntlet_wire::{InputKind, TaskInfo, TaskKind, windows};

use crate::base::Base;
use crate::dataset::Dataset;
use crate::error::TaskError;
use crate::fields::{check_name, needed, require};
use crate::input;
use crate::kinds;
use crate::manifest::{self, Manifest};
use crate::metric::Direction;
use crate::rows::Rows;
use crate::secret_rng::SecretRng;
use crate::source::{self, Source};
use crate::table::Encoder;
use crate::{addition, text};

/// A task that has been read and checked, its data included.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    /// Unique name: 1 to 40 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// A paragraph for people.
    pub description: String,
    /// Licence of the data, an SPDX expression.
    pub licence: String,
    /// Where the data come from, if they are not generated.
    pub origin: Option<String>,
    /// What one run may use.
    pub budget: BudgetSpec,
    /// A score to be reached, for tournaments that compare the work until then.
    pub target: Option<f64>,
    /// Whether a server shows it to members of its tournaments alone.
    pub private: bool,
    kind: TaskKind,
    hidden: Hidden,
    source: Source,
    base: Option<Base>,
}

/// How much is hidden.
#[derive(Clone, Copy, Debug)]
enum Hidden {
    Percent(u32),
    Windows(usize),
}

/// What one run may use; the numbers of `gauntlet_protocol::Budget`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSpec {
    /// Metered work of training: FLOPs, bytes moved, fixed prices and the method's own
    /// instructions, as the ledger counts them.
    pub work: u64,
    /// Metered work of prediction, as a percentage of `work`.
    pub predict_share_percent: u32,
    /// Wall seconds of each phase; a backstop.
    pub wall_seconds: u32,
    /// Live tensor bytes.
    pub tensor_bytes: u64,
    /// Guest linear memory in bytes.
    pub guest_bytes: u64,
    /// Bytes of the model, and of the predictions.
    pub output_bytes: u64,
}

impl TaskDefinition {
    /// Reads `task.toml` in `folder`, and the data file it names.
    ///
    /// # Errors
    /// [`TaskError`], naming the key or line to mend.
    pub fn load(folder: &Path) -> Result<Self, TaskError> {
        let path = folder.join("task.toml");
        let text = String::from_utf8(input::read(&path)?).map_err(|error| TaskError::Manifest {
            path: path.clone(),
            message: error.to_string(),
        })?;
        let manifest: Manifest = toml::from_str(&text).map_err(|error| TaskError::Manifest {
            path,
            message: error.to_string(),
        })?;

        check_name(&manifest.name)?;
        for (field, value) in [
            ("title", &manifest.title),
            ("description", &manifest.description),
            ("licence", &manifest.licence),
        ] {
            require(!value.trim().is_empty(), field, "is empty")?;
        }
        let (kind, source) = source::load(folder, &manifest)?;
        let base = manifest
            .base
            .as_ref()
            .map(|base| Base::load(folder, base))
            .transpose()?;
        let definition = Self {
            name: manifest.name,
            title: manifest.title,
            description: manifest.description,
            licence: manifest.licence,
            origin: manifest.data.origin,
            budget: budget(&manifest.budget)?,
            target: target(manifest.target, &kind)?,
            private: manifest.private,
            hidden: hidden(&manifest.split, &kind)?,
            kind,
            source,
            base,
        };
        match (&definition.source, &definition.kind, definition.hidden) {
            (
                Source::Text(text),
                TaskKind::LanguageModelling { context, .. },
                Hidden::Windows(windows),
            ) => text::check(text, *context, windows)?,
            _ => require(
                (1..definition.rows()).contains(&definition.hidden_rows()),
                "split.hidden_percent",
                "leaves one part without rows",
            )?,
        }
        Ok(definition)
    }

    /// What is to be predicted.
    #[must_use]
    pub fn kind(&self) -> &TaskKind {
        &self.kind
    }

    /// Makes the data set. `secret` decides which rows are hidden, the order of
    /// the rows and, for a generated task, its content; the same secret always
    /// gives the same bytes.
    ///
    /// # Errors
    /// If the columns of a table cannot be encoded with what its train rows say; all
    /// else that can be wrong is found by [`TaskDefinition::load`].
    pub fn materialise(&self, secret: &[u8; 32]) -> Result<Dataset, TaskError> {
        let base = self.base.as_ref().map(|base| base.bytes.clone());
        // The split looks at no label, so that neither part's inputs say anything about them.
        let split = || {
            let order = SecretRng::new(secret, &self.name, "split").permutation(self.rows());
            let (hidden, train) = order.split_at(self.hidden_rows());
            (train.to_vec(), hidden.to_vec())
        };
        match &self.source {
            Source::Rows { rows, inputs } => {
                let (train, hidden) = split();
                let info = self.info(inputs.clone(), train.len());
                Ok(Dataset::assemble(info, rows, &train, &hidden, base))
            }
            Source::ModularAddition { modulus, inputs } => {
                let rows = addition::table(*modulus, &self.name, secret);
                let (train, hidden) = split();
                let info = self.info(inputs.clone(), train.len());
                Ok(Dataset::assemble(info, &rows, &train, &hidden, base))
            }
            Source::Table {
                table,
                labels,
                left_out,
            } => {
                let (train, hidden) = split();
                let encoder = Encoder::fit(table, left_out, &train)?;
                let rows = Rows {
                    inputs: encoder.encode(table),
                    width: encoder.width(),
                    labels: labels.clone(),
                };
                let shape = vec![encoder.width()];
                let info = self.info(InputKind::Dense { shape }, train.len());
                Ok(Dataset::assemble(info, &rows, &train, &hidden, base))
            }
            Source::Text(text) => {
                let (context, vocabulary) = match self.kind {
                    TaskKind::LanguageModelling {
                        vocabulary,
                        context,
                    } => (context, vocabulary),
                    _ => unreachable!("a text is a language model's"),
                };
                let hidden = self.hidden_rows();
                let (rest, hidden) = text::split(text, context, hidden, &self.name, secret);
                let inputs = InputKind::Tokens {
                    length: context,
                    vocabulary,
                };
                let info = self.info(inputs, windows::rows(rest.len(), context));
                Ok(Dataset::of_text(info, rest, &hidden, base))
            }
        }
    }

    fn info(&self, inputs: InputKind, train_rows: usize) -> TaskInfo {
        TaskInfo {
            name: self.name.clone(),
            kind: self.kind.clone(),
            inputs,
            train_rows,
            base: self.base.as_ref().map(|base| base.info.clone()),
        }
    }

    fn rows(&self) -> usize {
        match &self.source {
            Source::Rows { rows, .. } => rows.labels.rows(),
            Source::Table { table, .. } => table.rows,
            Source::Text(_) => 0,
            Source::ModularAddition { modulus, .. } => (*modulus as usize).pow(2),
        }
    }

    fn hidden_rows(&self) -> usize {
        match self.hidden {
            Hidden::Percent(percent) => self.rows() * percent as usize / 100,
            Hidden::Windows(windows) => windows,
        }
    }
}

fn hidden(split: &manifest::Split, kind: &TaskKind) -> Result<Hidden, TaskError> {
    if matches!(kind, TaskKind::LanguageModelling { .. }) {
        let only = "is for rows; a text has `split.hidden_windows`";
        require(split.hidden_percent.is_none(), "split.hidden_percent", only)?;
        let windows = *needed(&split.hidden_windows, "split.hidden_windows")?;
        require(
            (1..=65_536).contains(&windows),
            "split.hidden_windows",
            "must be 1 to 65536",
        )?;
        return Ok(Hidden::Windows(windows));
    }
    require(
        split.hidden_windows.is_none(),
        "split.hidden_windows",
        "is for texts only",
    )?;
    let percent = *needed(&split.hidden_percent, "split.hidden_percent")?;
    require(
        (1..=99).contains(&percent),
        "split.hidden_percent",
        "must be 1 to 99",
    )?;
    Ok(Hidden::Percent(percent))
}

/// A target that nothing can reach, or that a miss has reached, says nothing.
fn target(target: Option<f64>, kind: &TaskKind) -> Result<Option<f64>, TaskError> {
    let metric = kinds::of(kind).metric();
    let fits = |target: f64| match metric.better {
        Direction::Higher => target > metric.miss && target <= metric.best,
        Direction::Lower => target < metric.miss && target >= metric.best,
    };
    require(
        target.is_none_or(fits),
        "target",
        "must be a score better than a miss, and not beyond the best",
    )?;
    Ok(target)
}

fn budget(budget: &manifest::Budget) -> Result<BudgetSpec, TaskError> {
    let manifest::Budget {
        work,
        predict_share_percent,
        wall_seconds,
        tensor_bytes,
        guest_bytes,
        output_bytes,
    } = *budget;
    for (field, value) in [
        ("budget.work", work),
        ("budget.predict_share_percent", predict_share_percent.into()),
        ("budget.wall_seconds", wall_seconds.into()),
        ("budget.tensor_bytes", tensor_bytes),
        ("budget.guest_bytes", guest_bytes),
        ("budget.output_bytes", output_bytes),
    ] {
        require(value > 0, field, "must be above zero")?;
    }
    require(
        predict_share_percent <= Budget::MAX_PREDICT_SHARE_PERCENT,
        "budget.predict_share_percent",
        &format!("must be 1 to {}", Budget::MAX_PREDICT_SHARE_PERCENT),
    )?;
    Ok(BudgetSpec {
        work,
        predict_share_percent,
        wall_seconds,
        tensor_bytes,
        guest_bytes,
        output_bytes,
    })
}
