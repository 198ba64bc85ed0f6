//! Whether the first row has the columns' names, and what columns are called.

use std::collections::{BTreeSet, HashSet};

use super::format::Note;
use super::records::Record;

/// Texts that stand for no value, and so tell nothing of a column.
const NOTHING: [&str; 9] = ["", "?", "-", "NA", "N/A", "NaN", "nan", "null", "None"];

/// Whether the first row has names: judged column by column against the rows below it. A text above numbers is a
/// name; a number above numbers, or a text that is among those below it, is a value. Names win,
/// and nothing either way is taken for names, as is whole numbers that count up (years, or the
/// numbers by which some programs call columns).
pub(super) fn has_names(first: &Record, below: &[Record]) -> bool {
    let (mut names, mut numbers, mut repeated) = (0, 0, 0);
    for (at, cell) in first.iter().enumerate() {
        if NOTHING.contains(&cell) {
            continue;
        }
        let values = below.iter().filter_map(|row| row.get(at));
        let values: Vec<&str> = values.filter(|value| !NOTHING.contains(value)).collect();
        let numeric = values.iter().filter(|value| is_number(value)).count();
        let distinct: BTreeSet<&str> = values.iter().copied().collect();
        if !values.is_empty() && numeric * 10 >= values.len() * 9 {
            if is_number(cell) {
                numbers += 1;
            } else {
                names += 1;
            }
        } else if distinct.contains(cell) {
            repeated += 1;
        } else if values.len() >= 10 && distinct.len() * 2 <= values.len() {
            names += 1;
        }
    }
    if names > 0 {
        return true;
    }
    let values = (numbers > 0 && !counts_up(first)) || repeated * 2 >= first.len().max(1);
    !values
}

/// Whether the numbers among these are whole and each is one more than that before it.
fn counts_up(first: &Record) -> bool {
    let numbers = first.iter().filter(|cell| is_number(cell));
    let whole: Option<Vec<i64>> = numbers.map(|cell| cell.parse().ok()).collect();
    whole.is_some_and(|whole| whole.len() > 1 && whole.windows(2).all(|two| two[0] + 1 == two[1]))
}

/// Whether a text is a number, or a date in figures.
fn is_number(text: &str) -> bool {
    let figures = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '/' | ':' | '+');
    text.parse::<f64>().is_ok_and(f64::is_finite)
        || (text.chars().all(figures)
            && text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && text.chars().any(|c| c.is_ascii_digit()))
}

/// Whether a text is a number with a decimal comma, or one with a point.
pub(super) fn decimal_mark(text: &str) -> Option<char> {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mark = text.chars().rev().find(|c| matches!(c, ',' | '.'))?;
    let (whole, fraction) = text.rsplit_once(mark)?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let other = if mark == ',' { '.' } else { ',' };
    let mut groups = whole.split(other);
    let first = groups.next().unwrap_or_default();
    (digits(first) && groups.all(|group| digits(group) && group.len() == 3) && digits(fraction))
        .then_some(mark)
}

/// Every column gets a name of its own; what was changed is noted.
pub(super) fn distinct(names: Vec<String>, notes: &mut Vec<Note>) -> Vec<String> {
    let given: HashSet<String> = names.iter().cloned().collect();
    let mut taken = HashSet::new();
    let mut nameless = Vec::new();
    let all: Vec<String> = names
        .into_iter()
        .enumerate()
        .map(|(at, name)| {
            let is_nameless = name.is_empty();
            let mut own = if is_nameless {
                format!("column {}", at + 1)
            } else {
                name.clone()
            };
            if taken.contains(&own) || (is_nameless && given.contains(&own)) {
                let base = own.clone();
                // As other programs call them.
                let mut numbered = (1..).map(|number| format!("{base}.{number}"));
                own = numbered
                    .find(|name| !taken.contains(name) && !given.contains(name))
                    .unwrap_or(base);
                if !is_nameless {
                    let note =
                        format!("a column before it has the same name: it is called `{own}`");
                    notes.push(Note::new(note).column(name));
                }
            }
            if is_nameless {
                nameless.push(own.clone());
            }
            taken.insert(own.clone());
            own
        })
        .collect();
    match nameless.as_slice() {
        [] => {}
        [one] => notes.push(Note::new("has no name in the file, and is called so").column(one)),
        [first, .., last] => notes.push(Note::new(format!(
            "{} columns have no name in the file: they are called `{first}` to `{last}`",
            nameless.len()
        ))),
    }
    all
}

/// A column that only counts the rows, of those that programs write without being asked.
pub(super) fn row_index(name: &str, values: &[Option<i64>]) -> Option<Note> {
    let usual = name.starts_with("Unnamed: ")
        || name.starts_with("__index_level_")
        || matches!(name, "column 1" | "rownames" | "...1" | "X");
    let counts = values.len() > 1
        && values
            .windows(2)
            .all(|two| matches!(two, [Some(a), Some(b)] if a.checked_add(1) == Some(*b)));
    (usual && counts).then(|| Note::row_index(name))
}
