//! Kinds of columns.

use serde::{Deserialize, Serialize};

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Numbers that measure.
    Number,
    /// Few different whole numbers.
    Integer,
    /// Texts, or numbers that are codes, that come again.
    Category,
    /// Categories with an order.
    Ordinal,
    /// Yes or no.
    Boolean,
    /// Dates, with times or without.
    Time,
    /// Sentences.
    Text,
    /// A name of the row.
    Identifier,
    /// The same in every row.
    Constant,
    /// Counts the rows.
    Counter,
}

impl Kind {
    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "number" => Self::Number,
            "integer" => Self::Integer,
            "category" => Self::Category,
            "ordinal" => Self::Ordinal,
            "boolean" => Self::Boolean,
            "time" | "date" => Self::Time,
            "text" => Self::Text,
            "identifier" | "id" => Self::Identifier,
            "constant" => Self::Constant,
            "counter" => Self::Counter,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Category => "category",
            Self::Ordinal => "ordinal",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::Text => "text",
            Self::Identifier => "identifier",
            Self::Constant => "constant",
            Self::Counter => "counter",
        }
    }

    /// Whether its cells are read as numbers.
    pub(crate) const fn is_of_numbers(self) -> bool {
        matches!(self, Self::Number | Self::Integer | Self::Counter)
    }
}
