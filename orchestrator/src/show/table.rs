//! One look for every table.

use comfy_table::{Cell, CellAlignment, Table, modifiers, presets};

use crate::show::text::printable;

/// A column: its heading, and whether it holds numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column<'a> {
    /// Text, aligned to the left.
    Text(&'a str),
    /// Numbers, aligned to the right.
    Number(&'a str),
}

/// A table of `rows`, or `nothing` if there are none.
pub(crate) fn render<I, R>(columns: &[Column<'_>], rows: I, nothing: &str) -> String
where
    I: IntoIterator<Item = R>,
    R: IntoIterator<Item = String>,
{
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_FULL_CONDENSED)
        .apply_modifier(modifiers::UTF8_ROUND_CORNERS)
        .set_header(columns.iter().map(|column| match column {
            Column::Text(name) => Cell::new(name),
            Column::Number(name) => Cell::new(name).set_alignment(CellAlignment::Right),
        }));
    let mut empty = true;
    for row in rows {
        empty = false;
        table.add_row(row.into_iter().zip(columns).map(|(text, column)| {
            let cell = Cell::new(printable(&text));
            match column {
                Column::Text(_) => cell,
                Column::Number(_) => cell.set_alignment(CellAlignment::Right),
            }
        }));
    }
    if empty {
        return nothing.to_owned();
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_to_the_right_and_text_is_made_harmless() {
        let text = render(
            &[Column::Text("method"), Column::Number("score")],
            [
                ["a\u{1b}[31m".to_owned(), "0.5".to_owned()],
                ["b".to_owned(), "0.1234".to_owned()],
            ],
            "none",
        );
        assert!(text.contains("┆    0.5 │"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn an_empty_table_says_so() {
        let rows: [[String; 1]; 0] = [];
        assert_eq!(render(&[Column::Text("x")], rows, "none yet"), "none yet");
    }
}
