//! Columns as numbers. All that is fitted is fitted to the train rows.

use super::column::Values;
use super::memory::Table;
use super::target::short;
use crate::error::TaskError;
use crate::kinds::regression::mean_and_deviation;
use crate::rows;

/// Most different texts of a column that is encoded one-hot.
const MAX_ONE_HOT: usize = 64;
/// Most numbers of a row.
const MAX_WIDTH: usize = 1 << 16;

/// How each column becomes numbers.
#[derive(Clone, Debug)]
pub(crate) struct Encoder {
    columns: Vec<Encoded>,
}

#[derive(Clone, Debug)]
struct Encoded {
    place: usize,
    how: How,
    /// One more number says where the value is missing.
    indicator: bool,
}

#[derive(Clone, Debug)]
enum How {
    /// (value - mean) / deviation of the train rows; the mean where it is missing.
    Standardised { mean: f64, deviation: f64 },
    /// A one where the text is, of those that the train rows have; of another, none.
    OneHot { codes: Vec<usize> },
}

impl Encoder {
    /// Fits an encoding of all columns but `left_out` to the rows `train`. A column that
    /// says nothing, because all train rows have the same value, is left out too.
    pub(crate) fn fit(
        table: &Table,
        left_out: &[String],
        train: &[usize],
    ) -> Result<Self, TaskError> {
        let mut columns = Vec::new();
        for (place, column) in table.columns.iter().enumerate() {
            if left_out.contains(&column.name) {
                continue;
            }
            let (how, indicator) = match &column.values {
                Values::Numbers(numbers) => {
                    let there = train.iter().map(|&row| numbers[row]);
                    let there = there.filter(|number| !number.is_nan());
                    let indicator = there.clone().count() < train.len();
                    let constant = there
                        .clone()
                        .next()
                        .is_none_or(|first| there.clone().all(|number| number == first));
                    if constant && !indicator {
                        continue;
                    }
                    let (mean, deviation) = mean_and_deviation(there);
                    (How::Standardised { mean, deviation }, indicator)
                }
                Values::Texts { codes, texts } => {
                    let mut seen: Vec<usize> = train
                        .iter()
                        .filter_map(|&row| Values::code(codes, row))
                        .collect();
                    let indicator = seen.len() < train.len();
                    seen.sort_unstable();
                    seen.dedup();
                    if seen.len() > MAX_ONE_HOT {
                        let problem = format!(
                            "column `{}` has {} different texts, such as `{}`; at most \
                             {MAX_ONE_HOT} can be used. Leave it out with --drop",
                            column.name,
                            seen.len(),
                            short(&texts[seen[0]])
                        );
                        return Err(Table::whole(&table.path, problem));
                    }
                    if seen.len() < 2 && !indicator {
                        continue;
                    }
                    (How::OneHot { codes: seen }, indicator)
                }
                Values::Mess { row, text } => {
                    let problem = format!(
                        "`{}` is no number, and the column has too many different texts to be \
                         one of categories; leave it out with --drop",
                        short(text)
                    );
                    return Err(table.fault(*row, &column.name, problem));
                }
            };
            columns.push(Encoded {
                place,
                how,
                indicator,
            });
        }
        let encoder = Self { columns };
        match encoder.width() {
            0 => Err(Table::whole(
                &table.path,
                "has no column that says anything about the target",
            )),
            width if width > MAX_WIDTH => Err(Table::whole(
                &table.path,
                format!("gives {width} numbers a row, at most {MAX_WIDTH} can be used"),
            )),
            _ => Ok(encoder),
        }
    }

    /// Numbers of a row.
    pub(crate) fn width(&self) -> usize {
        self.columns
            .iter()
            .map(|column| {
                let width = match &column.how {
                    How::Standardised { .. } => 1,
                    How::OneHot { codes } => codes.len(),
                };
                width + usize::from(column.indicator)
            })
            .sum()
    }

    /// All rows as numbers.
    pub(crate) fn encode(&self, table: &Table) -> rows::Values {
        let mut values = Vec::with_capacity(table.rows * self.width());
        for row in 0..table.rows {
            for column in &self.columns {
                let missing = match (&column.how, &table.columns[column.place].values) {
                    (How::Standardised { mean, deviation }, Values::Numbers(numbers)) => {
                        let number = numbers[row];
                        let missing = number.is_nan();
                        let number = if missing { *mean } else { number };
                        values.push(((number - mean) / deviation) as f32);
                        missing
                    }
                    (How::OneHot { codes: known }, Values::Texts { codes, .. }) => {
                        let code = Values::code(codes, row);
                        values.extend(known.iter().map(|k| f32::from(u8::from(Some(*k) == code))));
                        code.is_none()
                    }
                    _ => unreachable!("an encoding is fitted to the values of its column"),
                };
                if column.indicator {
                    values.push(f32::from(u8::from(missing)));
                }
            }
        }
        rows::Values::F32(values)
    }
}
