//! What a plan decided, so short that a screen holds it, however many columns there are.

use serde::Serialize;

use super::profile::{ColumnProfile, Profile};
use super::{Kind, Plan, Role, Task, Warning, words};

/// Columns that have a line each; of more, those that are alike share one.
const FEW: usize = 20;
/// Columns that are named of those that are alike.
const MOST_NAMED: usize = 5;
/// Classes that are named.
const MOST_CLASSES: usize = 10;

/// What is known of a table, for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Rows of the file.
    pub rows: u64,
    /// Columns of the file.
    pub columns: usize,
    /// What is predicted, in words.
    pub task: String,
    /// What the columns are.
    pub groups: Vec<ColumnGroup>,
    /// What a person should know.
    pub warnings: Vec<WarningGroup>,
}

/// Columns that are alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnGroup {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub names: Vec<String>,
    /// What they are there for.
    pub role: Role,
    /// What they are.
    pub kind: Kind,
    /// Why, of the first.
    pub why: String,
    /// Largest share of missing cells, from 0 to 1.
    pub missing: f64,
    /// Most different values, beyond some thousands about that many.
    pub distinct: u64,
}

/// Warnings that say the same of several columns or classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WarningGroup {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub first: Warning,
    /// The first columns that they are about.
    pub columns: Vec<String>,
}

impl Report {
    /// Of a plan, the profile that it was inferred from, and all warnings.
    #[must_use]
    pub fn of(plan: &Plan, profile: &Profile, warnings: &[Warning]) -> Self {
        let mut groups: Vec<ColumnGroup> = Vec::new();
        let few = plan.columns.len() <= FEW;
        for (column, seen) in plan.columns.iter().zip(&profile.columns) {
            let alike = |group: &&mut ColumnGroup| {
                !few && column.role != Role::Target
                    && (group.role, group.kind) == (column.role, column.kind)
            };
            let (missing, distinct) = (missing(seen), seen.distinct());
            match groups.iter_mut().find(alike) {
                Some(group) => {
                    group.count += 1;
                    group.missing = group.missing.max(missing);
                    group.distinct = group.distinct.max(distinct);
                    if group.names.len() < MOST_NAMED {
                        group.names.push(words::short(&column.name));
                    }
                }
                None => groups.push(ColumnGroup {
                    count: 1,
                    names: vec![words::short(&column.name)],
                    role: column.role,
                    kind: column.kind,
                    why: column.why.clone(),
                    missing,
                    distinct,
                }),
            }
        }
        Self {
            rows: profile.rows,
            columns: plan.columns.len(),
            task: task(plan),
            groups,
            warnings: grouped(warnings),
        }
    }
}

/// Share of cells without a value that can be read.
fn missing(column: &ColumnProfile) -> f64 {
    (column.rows - column.present()) as f64 / column.rows.max(1) as f64
}

fn task(plan: &Plan) -> String {
    let targets: Vec<String> = plan
        .of_role(Role::Target)
        .take(MOST_NAMED)
        .map(|column| format!("`{}`", words::short(&column.name)))
        .collect();
    let targets = targets.join(", ");
    match &plan.task {
        Task::Regression { targets: 1 } => format!("predict the number {targets}"),
        Task::Regression { targets: count } => format!("predict {count} numbers: {targets}"),
        Task::Classification { classes } => {
            let named: Vec<String> = classes
                .iter()
                .take(MOST_CLASSES)
                .map(|class| words::short(class))
                .collect();
            let more = if classes.len() > MOST_CLASSES {
                ", …"
            } else {
                ""
            };
            format!(
                "predict which of {} classes {targets} is: {}{more}",
                classes.len(),
                named.join(", ")
            )
        }
    }
}

fn grouped(warnings: &[Warning]) -> Vec<WarningGroup> {
    let mut groups: Vec<WarningGroup> = Vec::new();
    for warning in warnings {
        let column = warning.column.as_deref().map(words::short);
        match groups
            .iter_mut()
            .find(|group| group.first.code == warning.code)
        {
            Some(group) => {
                group.count += 1;
                if group.columns.len() < MOST_NAMED {
                    group.columns.extend(column);
                }
            }
            None => groups.push(WarningGroup {
                count: 1,
                first: warning.clone(),
                columns: column.into_iter().collect(),
            }),
        }
    }
    groups
}
