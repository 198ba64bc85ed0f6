//! Cells as a plan reads them.

use std::borrow::Cow;

use super::{ColumnPlan, Kind, moment, number, words};
use crate::Cell;

/// What a cell says in its column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Missing,
    /// Not of the column's kind: counts as missing, and is counted.
    Unread,
    Number(f64),
    Text(Cow<'a, str>),
}

impl ColumnPlan {
    /// What a cell says.
    pub(crate) fn read<'a>(&self, cell: Cell<'a>) -> Value<'a> {
        if let Cell::Text(text) = cell
            && (words::never_a_value(text) || self.missing.iter().any(|word| word == text))
        {
            return Value::Missing;
        }
        if cell == Cell::Missing {
            return Value::Missing;
        }
        let number = match self.kind {
            Kind::Number | Kind::Integer | Kind::Counter => self.number(cell),
            Kind::Boolean => boolean(cell),
            Kind::Time => self.seconds(cell),
            Kind::Ordinal => {
                let text = text(cell);
                let place = self.order.iter().position(|own| *own == text);
                place.map(|place| place as f64)
            }
            Kind::Category | Kind::Text | Kind::Identifier | Kind::Constant => {
                return Value::Text(text(cell));
            }
        };
        let finite = number.filter(|number| number.is_finite());
        finite.map_or(Value::Unread, Value::Number)
    }

    fn number(&self, cell: Cell<'_>) -> Option<f64> {
        match cell {
            Cell::Text(text) => number::read(text, self.comma, &self.affix),
            Cell::Number(value) | Cell::Time(value) => Some(value),
            Cell::Integer(value) => Some(value as f64),
            Cell::Boolean(value) => Some(f64::from(u8::from(value))),
            Cell::Missing => None,
        }
    }

    fn seconds(&self, cell: Cell<'_>) -> Option<f64> {
        match cell {
            Cell::Text(text) => match self.dates {
                Some(order) => moment::read(text, order),
                None => number::read(text, false, "").map(since_1970),
            },
            Cell::Time(value) => Some(value),
            _ => self.number(cell).map(since_1970),
        }
    }
}

/// Numbers too large for seconds of this age are milliseconds.
fn since_1970(number: f64) -> f64 {
    if number.abs() > 1e11 {
        number / 1000.0
    } else {
        number
    }
}

fn boolean(cell: Cell<'_>) -> Option<f64> {
    let truth = match cell {
        Cell::Text(text) => words::truth(text)?,
        Cell::Number(value) if value == 0.0 || value == 1.0 => value == 1.0,
        Cell::Integer(value @ 0..=1) => value == 1,
        Cell::Boolean(value) => value,
        _ => return None,
    };
    Some(f64::from(u8::from(truth)))
}

/// A cell as a text, typed ones as people would write them.
pub(crate) fn text(cell: Cell<'_>) -> Cow<'_, str> {
    match cell {
        Cell::Missing => Cow::Borrowed(""),
        Cell::Text(text) => Cow::Borrowed(text),
        Cell::Number(value) | Cell::Time(value) => Cow::Owned(value.to_string()),
        Cell::Integer(value) => Cow::Owned(value.to_string()),
        Cell::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
    }
}
