//! One value of a table.

/// One value of a table as a reader finds it.
pub(crate) enum Cell<'a> {
    Missing,
    Number(f64),
    Text(&'a str),
}

/// What stands for "not known" in text formats.
pub(super) fn is_missing(text: &str) -> bool {
    matches!(
        text,
        "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL" | "None" | "?"
    )
}
