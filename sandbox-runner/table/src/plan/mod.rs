//! What a table means: which column is what, which is to be predicted, and how rows become numbers.
//!
//! A [`Profile`] sees each row once and keeps evidence. [`Plan::infer`] decides by it, with a sentence
//! for each decision, and a person may change the plan, which is a TOML file. [`Fitted`] holds what
//! comes from train rows alone, and encodes any other table of these columns by their names.

mod encode;
mod exact;
mod fit;
mod fitted;
mod infer;
mod judge;
mod kind;
mod moment;
mod number;
mod profile;
mod report;
mod split;
mod target;
mod value;
mod warning;
mod warnings;
mod words;

use serde::{Deserialize, Serialize};

use crate::DataError;

pub use encode::{Counts, Matching};
pub use fitted::{Encoded, Fitted, What};
pub use kind::Kind;
pub use moment::DateOrder;
pub use profile::Profile;
pub use report::{ColumnGroup, Report, WarningGroup};
pub use split::{Split, SplitBy, Splits};
pub use target::Labels;
pub use warning::Warning;
pub use warnings::{drift, of_rows};

/// What a person asks for; all else is decided by evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Columns to predict.
    pub targets: Vec<String>,
    /// Columns to leave out.
    pub drop: Vec<String>,
    /// Columns and what they are.
    pub types: Vec<(String, Kind)>,
    /// Columns of ordered categories, from the lowest.
    pub ordinal: Vec<(String, Vec<String>)>,
    /// More words that stand for a missing value.
    pub missing: Vec<String>,
    /// Column of which equal values stay on one side of a split.
    pub group: Option<String>,
    /// Column whose last rows are hidden.
    pub time: Option<String>,
    /// Classification or regression.
    pub kind: Option<TaskKind>,
}

/// Kind of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// A class for each row.
    Classification,
    /// Numbers for each row.
    Regression,
}

/// What is to be predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Task {
    /// One of these classes, whose number is its place.
    Classification {
        /// Names, as in the file.
        classes: Vec<String>,
    },
    /// Numbers.
    Regression {
        /// How many for a row.
        targets: usize,
    },
}

/// What a column is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// To predict from.
    Feature,
    /// To be predicted.
    Target,
    /// Rows of equal values stay on one side of a split; nothing is predicted from it.
    Group,
    /// Orders the rows of a split; predicted from as well.
    Time,
    /// Left out.
    Dropped,
}

/// What a table means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Of this format of plans.
    pub version: u32,
    /// Name of the metric that decides.
    pub metric: String,
    /// How the file was read, opaque here.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub format: toml::Table,
    /// What is to be predicted.
    pub task: Task,
    /// Columns in the order of the file.
    #[serde(rename = "column")]
    pub columns: Vec<ColumnPlan>,
}

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnPlan {
    /// As in the file.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// What it is.
    pub kind: Kind,
    /// Why, for people.
    #[serde(default)]
    pub why: String,
    /// Words in it that stand for a missing value, beside the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Whether its decimal separator is a comma.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub comma: bool,
    /// Money or unit that may be around its numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub affix: String,
    /// Order of its dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// Its categories from the lowest, if they have an order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
}

impl Plan {
    /// Format of plans that is written and read.
    pub const VERSION: u32 = 1;

    /// What is to be predicted.
    #[must_use]
    pub const fn task(&self) -> &Task {
        &self.task
    }

    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnPlan> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Columns of a role.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &ColumnPlan> {
        self.columns
            .iter()
            .filter(move |column| column.role == role)
    }

    /// As a file.
    ///
    /// # Errors
    /// If the format has what TOML cannot say.
    pub fn to_toml(&self) -> Result<String, DataError> {
        toml::to_string(self).map_err(|error| DataError::new(format!("no plan to write: {error}")))
    }

    /// From a file.
    ///
    /// # Errors
    /// If it is none of this version, or contradicts itself.
    pub fn from_toml(text: &str) -> Result<Self, DataError> {
        let plan: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().map(|span| &text[..span.start.min(text.len())]);
            let line = before.map_or(1, |text| text.matches('\n').count() as u64 + 1);
            DataError::new(format!("no plan: {}", error.message())).line(line)
        })?;
        if plan.version != Self::VERSION {
            return Err(
                DataError::new(format!("a plan of version {}", plan.version))
                    .limit(Self::VERSION.into())
                    .cure("make it again with this release"),
            );
        }
        let no_order =
            |column: &&ColumnPlan| column.kind == Kind::Ordinal && column.order.len() < 2;
        if let Some(column) = plan.columns.iter().find(no_order) {
            return Err(
                DataError::new("a plan with an ordinal column without its order")
                    .column(&column.name)
                    .cure("list its categories as order = [\"LOW\", …, \"HIGH\"]"),
            );
        }
        let targets = plan.of_role(Role::Target).count();
        let good = match &plan.task {
            Task::Classification { classes } => targets == 1 && classes.len() > 1,
            Task::Regression { targets: said } => targets == *said && targets > 0,
        };
        if good {
            Ok(plan)
        } else {
            Err(DataError::new(format!(
                "a plan whose task does not fit its {targets} targets"
            )))
        }
    }
}
