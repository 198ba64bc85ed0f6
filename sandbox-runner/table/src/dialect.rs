//! What separates the columns, and on which line they begin.

use std::collections::BTreeMap;

use crate::lines::first_line;

/// Rows that are looked at.
const LOOKED_AT: usize = 100;
/// Lines above the names of the columns that a file may have.
const MOST_TITLES: usize = 20;
/// Of a hundred rows, those that must be equally long for a character to be what separates columns.
const AGREED: usize = 90;

/// What separates the columns, and on which line they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between two columns.
    pub delimiter: u8,
    /// Lines above the line with the columns' names.
    pub skipped: usize,
}

impl Dialect {
    /// What a file's first lines tell; they end where a line does, unless the file is shorter.
    /// `usual` is what the file's name promises, which counts unless the rows speak against it.
    ///
    /// A line `sep=;` says it. Otherwise it is one of `usual`, comma, semicolon, tab and bar that cuts
    /// at least nine rows of ten into equally many columns, more than one: `usual` if nothing is above
    /// them, else that with the fewest lines above and then the most columns. Above
    /// the rows, those with a single value or with fewer columns are titles; one with a column less is not,
    /// because rows may end with a delimiter or begin with a name of their own.
    #[must_use]
    pub fn detect(lines: &str, usual: u8) -> Self {
        let first = lines.lines().next().unwrap_or_default();
        if let Some([delimiter]) = first.strip_prefix("sep=").map(str::as_bytes)
            && delimiter.is_ascii()
            && *delimiter != b'"'
        {
            return Self {
                delimiter: *delimiter,
                skipped: 1,
            };
        }
        Self::of(lines, usual, &[usual, b',', b';', b'\t', b'|'])
    }

    /// Where columns begin that are separated by `delimiter`.
    #[must_use]
    pub fn detect_only(lines: &str, delimiter: u8) -> Self {
        Self::of(lines, delimiter, &[delimiter])
    }

    fn of(lines: &str, usual: u8, candidates: &[u8]) -> Self {
        let fits = candidates.iter().filter_map(|&delimiter| {
            let rows = rows(lines, delimiter);
            let width = common(&rows)?;
            let titles = rows.iter().take_while(|row| row.is_title(width)).count();
            let skipped = rows.get(titles)?.above;
            // One column of texts with a comma in most looks like a title above two columns.
            let may = titles <= MOST_TITLES && (titles == 0 || width > 2 || skipped > titles);
            let found = Self { delimiter, skipped };
            may.then_some((titles, usize::MAX - width, found))
        });
        let mut fits: Vec<_> = fits.collect();
        let as_promised = fits
            .iter()
            .position(|(titles, _, found)| *titles == 0 && found.delimiter == usual);
        let best = match as_promised {
            Some(at) => Some(fits.swap_remove(at)),
            // The first of equals.
            None => fits
                .into_iter()
                .min_by_key(|(titles, narrow, _)| (*titles, *narrow)),
        };
        best.map_or(
            Self {
                delimiter: usual,
                skipped: 0,
            },
            |(.., found)| found,
        )
    }

    /// What there is to be said to whoever expects `usual`, if there is anything.
    #[must_use]
    pub fn note(&self, usual: u8) -> Option<String> {
        let delimiter = match self.delimiter {
            b'\t' => "tabs".to_owned(),
            b';' => "semicolons".to_owned(),
            b',' => "commas".to_owned(),
            other => format!("`{}`", char::from(other)),
        };
        let mut parts = Vec::new();
        if self.delimiter != usual {
            parts.push(format!("columns are separated by {delimiter}"));
        }
        match self.skipped {
            0 => {}
            1 => parts.push("the line above the columns' names is left out".to_owned()),
            lines => parts.push(format!(
                "the {lines} lines above the columns' names are left out"
            )),
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// A row as a delimiter cuts it.
struct Row {
    /// Lines above it.
    above: usize,
    /// Number of cells.
    cells: usize,
    /// Of them, not empty.
    filled: usize,
    /// Whether the first is not empty.
    begins: bool,
}

impl Row {
    /// Whether it is one above a table of so many columns.
    fn is_title(&self, width: usize) -> bool {
        self.cells + 1 < width || (self.filled == 1 && self.begins && width > 2) || self.cells == 1
    }
}

/// The first rows. Blank ones are left out.
fn rows(lines: &str, delimiter: u8) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(lines.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut rows = Vec::new();
    while rows.len() < LOOKED_AT && reader.read_record(&mut record).unwrap_or(false) {
        let filled = record.iter().filter(|cell| !cell.trim().is_empty()).count();
        if filled > 0 {
            rows.push(Row {
                above: first_line(reader.position().line(), &record) as usize - 1,
                cells: record.len(),
                filled,
                begins: record.get(0).is_some_and(|cell| !cell.trim().is_empty()),
            });
        }
    }
    rows
}

/// The width of nearly all rows below titles, if it is more than one.
fn common(rows: &[Row]) -> Option<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.cells).or_default() += 1;
    }
    // The widest of those that are equally frequent.
    let (width, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let titles = rows.iter().take_while(|row| row.cells != width).count();
    let below = rows.len() - titles.min(MOST_TITLES);
    (width > 1 && count * 100 >= below * AGREED).then_some(width)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn detect(lines: &str, usual: u8) -> (char, usize) {
        let Dialect { delimiter, skipped } = Dialect::detect(lines, usual);
        (delimiter.into(), skipped)
    }

    #[test]
    fn the_rows_tell_what_separates_columns() {
        for (lines, found) in [
            ("a,b\n1,2\n3,4\n", (',', 0)),
            ("a;b\n1;2\n3;4\n", (';', 0)),
            // Decimal commas are no columns.
            ("a;b;c\n1,5;2;x\n3;4,25;y\n", (';', 0)),
            ("a\tb\n1\t2\n", ('\t', 0)),
            ("a|b|c\n1|2|3\n", ('|', 0)),
            ("sep=;\na;b\n1;2\n", (';', 1)),
            // One column has nothing to be separated.
            ("a\n1\n2\n", (',', 0)),
            ("", (',', 0)),
            ("a\n1,5\n2,5\n3,5\n", (',', 0)),
            ("text\nwell, no\nyes, so\n", (',', 0)),
            ("x;y\n1,5;a\n2,5;b\n", (';', 0)),
            // Two names that are empty.
            (",,x\n1,2,3\n4,5,6\n", (',', 0)),
            ("sep=\t\na\tb\n1\t2\n", ('\t', 1)),
            // A text with the other character in it.
            ("a,b\n\"x;y\",2\n\"u;v\",4\n", (',', 0)),
        ] {
            assert_eq!(detect(lines, b','), found, "{lines:?}");
        }
        assert_eq!(detect("a\tb,c\n1\t2\n", b'\t'), ('\t', 0));
        assert_eq!(detect("a,b\n1,2\n", b'\t'), (',', 0));
    }

    #[test]
    fn titles_are_not_the_columns_names() {
        let table = "a;b;c\n1;2;3\n4;5;6\n7;8;9\n";
        assert_eq!(detect(&format!("Sales 2026\n\n{table}"), b','), (';', 2));
        assert_eq!(detect(&format!("Sales 2026\n{table}"), b','), (';', 1));
        let table = table.replace(';', ",");
        assert_eq!(detect(&format!("Sales of all\n{table}"), b','), (',', 1));
        // Spreadsheets fill titles up.
        assert_eq!(detect(&format!("Sales,,\n,,\n{table}"), b','), (',', 2));
        // Rows that end with a delimiter, or begin with a name.
        assert_eq!(detect("a,b,c\n1,2,3,\n4,5,6,\n", b','), (',', 0));
        // A row that is too short in the middle is the reader's to refuse.
        assert_eq!(
            detect(&format!("{table}1,2\n{table}{table}{table}"), b','),
            (',', 0)
        );
    }

    #[test]
    fn what_is_as_expected_needs_no_word() {
        let dialect = |delimiter, skipped| Dialect { delimiter, skipped };
        assert_eq!(dialect(b',', 0).note(b','), None);
        let note = dialect(b';', 2).note(b',').unwrap();
        assert_eq!(
            note,
            "columns are separated by semicolons; the 2 lines above the columns' names are left out"
        );
    }

    proptest! {
        #[test]
        fn any_lines_have_an_answer(lines in "[ab,;\"\n\t|]{0,60}") {
            let dialect = Dialect::detect(&lines, b',');
            prop_assert!(dialect.skipped <= lines.len());
        }
    }
}
