//! The column that is to be predicted.

use gauntlet_wire::TaskKind;

use super::column::Values;
use super::memory::Table;
use crate::error::TaskError;
use crate::rows::Labels;

/// Whole numbers are taken for classes if there are at most this many different ones.
const FEW: usize = 20;
/// So many columns are named where another was meant.
const MOST_NAMED: usize = 20;

/// What is to be predicted, of every row.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: TaskKind,
    pub(crate) labels: Labels,
    /// Names of the classes, in the order of their numbers; empty for a regression.
    pub(crate) classes: Vec<String>,
}

impl Target {
    /// Takes the columns `names` as targets. Without a `wanted` kind, one column of texts
    /// or of few different whole numbers is a classification, numbers are a regression.
    pub(crate) fn new(
        table: &Table,
        names: &[String],
        wanted: Option<&str>,
    ) -> Result<Self, TaskError> {
        let mut columns = Vec::new();
        for name in names {
            let Some(column) = table.column(name) else {
                return Err(Table::whole(&table.path, unknown(table, name)));
            };
            columns.push(column);
        }
        let [first, rest @ ..] = columns.as_slice() else {
            return Err(Table::whole(&table.path, "needs a column to predict"));
        };
        let classify = match (wanted, rest) {
            (Some("classification"), []) => true,
            (Some("classification"), _) => {
                return Err(Table::whole(
                    &table.path,
                    "a classification has one target column",
                ));
            }
            (Some(_), _) => false,
            (None, []) => looks_like_classes(&first.values),
            (None, _) => false,
        };
        if classify {
            return classes(table, &first.name, &first.values);
        }
        let mut values = vec![0.0; table.rows * columns.len()];
        for (place, column) in columns.iter().enumerate() {
            let Values::Numbers(numbers) = &column.values else {
                let row = first_text(&column.values);
                return Err(table.fault(
                    row,
                    &column.name,
                    "is no number, but a regression predicts numbers",
                ));
            };
            for (row, number) in numbers.iter().enumerate() {
                if number.is_nan() {
                    return Err(table.fault(row, &column.name, "the target is missing"));
                }
                values[row * columns.len() + place] = *number;
            }
        }
        Ok(Self {
            kind: TaskKind::Regression {
                targets: columns.len(),
            },
            labels: Labels::Values {
                values,
                width: columns.len(),
            },
            classes: Vec::new(),
        })
    }
}

/// What there is instead of a column that there is not: all of few, the nearest of many.
fn unknown(table: &Table, name: &str) -> String {
    let mut known: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    if known.len() <= MOST_NAMED {
        return format!("has no column `{name}`; it has {}", known.join(", "));
    }
    // Stable: equally near ones stay in the order of the file.
    let wanted = name.to_lowercase();
    known.sort_by_key(|own| strsim::damerau_levenshtein(&own.to_lowercase(), &wanted));
    known.truncate(5);
    format!(
        "has no column `{name}`; of its {} the nearest are {}",
        table.columns.len(),
        known.join(", ")
    )
}

fn looks_like_classes(values: &Values) -> bool {
    match values {
        Values::Texts { .. } | Values::Mess { .. } => true,
        Values::Numbers(numbers) => {
            let mut seen = Vec::new();
            for number in numbers.iter().filter(|number| !number.is_nan()) {
                if number.fract() != 0.0 {
                    return false;
                }
                if !seen.contains(number) {
                    seen.push(*number);
                    if seen.len() > FEW {
                        return false;
                    }
                }
            }
            true
        }
    }
}

fn first_text(values: &Values) -> usize {
    match values {
        Values::Mess { row, .. } => *row,
        Values::Texts { codes, texts } => (0..codes.len())
            .find(|row| {
                Values::code(codes, *row).is_some_and(|code| texts[code].parse::<f64>().is_err())
            })
            .unwrap_or(0),
        Values::Numbers(_) => 0,
    }
}

fn classes(table: &Table, name: &str, values: &Values) -> Result<Target, TaskError> {
    let missing = |row| table.fault(row, name, "the target is missing");
    let (labels, classes): (Vec<i64>, Vec<String>) = match values {
        Values::Texts { codes, texts } => {
            let label = |row| {
                let code = Values::code(codes, row).ok_or_else(|| missing(row))?;
                Ok(code as i64)
            };
            let labels: Result<_, TaskError> = (0..codes.len()).map(label).collect();
            (labels?, texts.clone())
        }
        Values::Numbers(numbers) => {
            let mut distinct: Vec<f64> = numbers.iter().copied().filter(|n| !n.is_nan()).collect();
            distinct.sort_unstable_by(f64::total_cmp);
            distinct.dedup();
            let label = |(row, number): (usize, &f64)| {
                if number.is_nan() {
                    return Err(missing(row));
                }
                let place = distinct.partition_point(|class| class < number);
                Ok(place as i64)
            };
            let labels: Result<_, TaskError> = numbers.iter().enumerate().map(label).collect();
            (labels?, distinct.iter().map(f64::to_string).collect())
        }
        Values::Mess { row, text } => {
            let problem = format!("`{}`: there are too many different classes", short(text));
            return Err(table.fault(*row, name, problem));
        }
    };
    if !(2..=65_536).contains(&classes.len()) {
        let problem = format!(
            "column `{name}` has {} different values, a classification needs 2 to 65536 classes",
            classes.len()
        );
        return Err(Table::whole(&table.path, problem));
    }
    Ok(Target {
        kind: TaskKind::Classification {
            classes: classes.len(),
        },
        labels: Labels::Classes(labels),
        classes,
    })
}

/// The beginning of a text from the file, for a message.
pub(super) fn short(text: &str) -> String {
    gauntlet_text::excerpt(text, 40)
}
