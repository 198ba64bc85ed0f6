//! Workbooks as the library reads them, within limits.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{CellErrorType, Data, DataRef, Ods, Reader, Sheets, Xls, Xlsb, Xlsx};
use zip::ZipArchive;

use super::super::archive::file_names;
use super::super::faults::fault;
use super::super::format::Note;
use super::super::limits::{MAX_CELL, MAX_SHEET_CELLS, MAX_SPOOLED};
use super::cells::{Grid, GridRow, Value};
use crate::error::DataError;

type Book = Sheets<BufReader<File>>;

/// Days from 1899-12-30, from which Excel counts, to 1970.
const FIRST_DAY: f64 = 25_569.0;
const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// Cells of the sheet that is wanted, or of the first that has any; its name.
pub(super) fn grid(
    file: File,
    is_old: bool,
    wanted: Option<&str>,
    notes: &mut Vec<Note>,
) -> Result<(String, Grid), DataError> {
    // The library panics over some damaged files; nothing of it is used after that.
    let read = catch_unwind(AssertUnwindSafe(|| read(file, is_old, wanted, notes)));
    read.unwrap_or_else(|_| Err(DataError::new("is damaged: its reader gave up on it")))
}

fn read(
    file: File,
    is_old: bool,
    wanted: Option<&str>,
    notes: &mut Vec<Note>,
) -> Result<(String, Grid), DataError> {
    let mut book = open(file, is_old)?;
    let names = book.sheet_names();
    if let Some(wanted) = wanted {
        if !names.iter().any(|name| name == wanted) {
            return Err(DataError::new(format!("has no sheet `{wanted}`"))
                .cure(format!("its sheets are {}", listed(&names))));
        }
        return Ok((wanted.to_owned(), cells(&mut book, wanted)?));
    }
    for name in &names {
        let grid = cells(&mut book, name)?;
        if !grid.rows.is_empty() {
            if names.len() > 1 {
                let note = format!(
                    "the sheet `{name}` is read, the first that has cells, of {}; --sheet names another",
                    listed(&names)
                );
                notes.push(Note::new(note));
            }
            return Ok((name.clone(), grid));
        }
    }
    Err(DataError::new("has no sheet with cells in it"))
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn open(mut file: File, is_old: bool) -> Result<Book, DataError> {
    if is_old && is_encrypted(&mut file)? {
        return Err(DataError::new("is a workbook with a password")
            .cure("save it without one, or its sheet as CSV"));
    }
    if !is_old {
        check_parts(&file)?;
    }
    file.rewind().map_err(fault)?;
    let names = if is_old {
        Vec::new()
    } else {
        let archive = ZipArchive::new(BufReader::new(&file));
        file_names(&archive.map_err(|error| broken(&error))?)
    };
    let has = |name: &str| names.iter().any(|other| other == name);
    file.rewind().map_err(fault)?;
    let file = BufReader::new(file);
    if is_old {
        Xls::new(file)
            .map(Sheets::Xls)
            .map_err(|error| broken(&error))
    } else if has("xl/workbook.bin") {
        Xlsb::new(file)
            .map(Sheets::Xlsb)
            .map_err(|error| broken(&error))
    } else if has("content.xml") {
        Ods::new(file)
            .map(Sheets::Ods)
            .map_err(|error| broken(&error))
    } else {
        Xlsx::new(file)
            .map(Sheets::Xlsx)
            .map_err(|error| broken(&error))
    }
}

fn broken(error: &dyn std::fmt::Display) -> DataError {
    let words: String = error.to_string().chars().take(200).collect();
    let cure = if words.contains("assword") {
        "save it without a password, or its sheet as CSV"
    } else {
        "save it anew, or its sheet as CSV"
    };
    DataError::new(format!("cannot be read as a workbook: {words}")).cure(cure)
}

/// Whether a compound file holds an encrypted workbook: it has a stream of that name.
fn is_encrypted(file: &mut File) -> Result<bool, DataError> {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut all = Vec::new();
    file.rewind().map_err(fault)?;
    file.take(MAX_SPOOLED / 4)
        .read_to_end(&mut all)
        .map_err(fault)?;
    Ok(memchr::memmem::find(&all, &name).is_some())
}

/// Refuses parts that become too large: the library reads them without a bound.
fn check_parts(file: &File) -> Result<(), DataError> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    let mut left = MAX_SPOOLED;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| broken(&error))?;
        let read = io::copy(&mut part.take(left + 1), &mut io::sink());
        let read = read.map_err(|error| broken(&error))?;
        left = left.checked_sub(read).ok_or_else(|| {
            DataError::new(format!("unpacks to more than {MAX_SPOOLED} bytes"))
                .limit(MAX_SPOOLED)
                .cure("save its sheet as CSV")
        })?;
    }
    Ok(())
}

/// Cells of a sheet.
fn cells(book: &mut Book, name: &str) -> Result<Grid, DataError> {
    let mut building = Building::default();
    match book {
        Sheets::Xlsx(book) => {
            let mut cells = book
                .worksheet_cells_reader(name)
                .map_err(|error| broken(&error))?;
            while let Some(cell) = cells.next_cell().map_err(|error| broken(&error))? {
                let (row, column) = cell.get_position();
                building.push(row, column, of_ref(cell.get_value()))?;
            }
        }
        Sheets::Xlsb(book) => {
            let mut cells = book
                .worksheet_cells_reader(name)
                .map_err(|error| broken(&error))?;
            while let Some(cell) = cells.next_cell().map_err(|error| broken(&error))? {
                let (row, column) = cell.get_position();
                building.push(row, column, of_ref(cell.get_value()))?;
            }
        }
        Sheets::Xls(book) => {
            let range = book.worksheet_range(name).map_err(|error| broken(&error))?;
            building.range(&range)?;
        }
        Sheets::Ods(book) => {
            let range = book.worksheet_range(name).map_err(|error| broken(&error))?;
            building.range(&range)?;
        }
    }
    Ok(building.finish())
}

/// A grid that is being built.
#[derive(Default)]
struct Building {
    grid: Grid,
    cells: usize,
    /// Column of the leftmost cell.
    left: Option<u32>,
}

impl Building {
    fn range(&mut self, range: &calamine::Range<Data>) -> Result<(), DataError> {
        let (row, column) = range.start().unwrap_or_default();
        for (down, right, data) in range.used_cells() {
            self.push(row + down as u32, column + right as u32, of_data(data))?;
        }
        Ok(())
    }

    fn push(&mut self, row: u32, column: u32, value: Value) -> Result<(), DataError> {
        let value = match value {
            Value::Empty => return Ok(()),
            Value::Text(text) if text.trim().is_empty() => return Ok(()),
            Value::Text(text) if text.len() > MAX_CELL => {
                let problem = format!("has a cell of more than {MAX_CELL} bytes");
                return Err(DataError::new(problem)
                    .line(u64::from(row) + 1)
                    .limit(MAX_CELL as u64));
            }
            value => value,
        };
        self.cells += 1;
        if self.cells > MAX_SHEET_CELLS {
            let problem = format!("has more than {MAX_SHEET_CELLS} cells in a sheet");
            return Err(DataError::new(problem)
                .limit(MAX_SHEET_CELLS as u64)
                .cure("save it as CSV"));
        }
        let line = u64::from(row) + 1;
        let rows = &mut self.grid.rows;
        if rows.last().is_none_or(|last| last.line != line) {
            rows.push(GridRow {
                line,
                values: Vec::new(),
            });
        }
        if let Some(last) = rows.last_mut() {
            last.values.push((column, value));
        }
        self.left = Some(self.left.map_or(column, |left| left.min(column)));
        Ok(())
    }

    /// The grid, which begins with its leftmost column.
    fn finish(self) -> Grid {
        let (mut grid, left) = (self.grid, self.left.unwrap_or_default());
        grid.rows.sort_by_key(|row| row.line);
        for row in &mut grid.rows {
            row.values.sort_by_key(|(column, _)| *column);
            row.values.dedup_by_key(|(column, _)| *column);
            for (column, _) in &mut row.values {
                *column -= left;
            }
            let width = row
                .values
                .last()
                .map_or(0, |(column, _)| *column as usize + 1);
            grid.width = grid.width.max(width);
        }
        grid
    }
}

fn of_ref(data: &DataRef<'_>) -> Value {
    match data {
        DataRef::SharedString(text) => Value::Text((*text).into()),
        DataRef::Int(number) => Value::Number(*number as f64),
        DataRef::Float(number) => Value::Number(*number),
        DataRef::String(text) => Value::Text(text.as_str().into()),
        DataRef::Bool(value) => Value::Boolean(*value),
        DataRef::DateTime(time) => of_time(time),
        DataRef::DateTimeIso(text) => of_iso(text),
        DataRef::DurationIso(text) => Value::Text(text.as_str().into()),
        DataRef::Error(error) => of_error(error),
        DataRef::Empty => Value::Empty,
    }
}

fn of_data(data: &Data) -> Value {
    match data {
        Data::Int(number) => Value::Number(*number as f64),
        Data::Float(number) => Value::Number(*number),
        Data::String(text) => Value::Text(text.as_str().into()),
        Data::Bool(value) => Value::Boolean(*value),
        Data::DateTime(time) => of_time(time),
        Data::DateTimeIso(text) => of_iso(text),
        Data::DurationIso(text) => Value::Text(text.as_str().into()),
        Data::Error(error) => of_error(error),
        Data::Empty => Value::Empty,
    }
}

/// Durations, and times of a day, are numbers of seconds.
fn of_time(time: &calamine::ExcelDateTime) -> Value {
    let days = time.as_f64();
    if time.is_duration() || days < 1.0 {
        Value::Number((days * SECONDS_OF_A_DAY * 1e3).round() / 1e3)
    } else {
        Value::Time(((days - FIRST_DAY) * SECONDS_OF_A_DAY * 1e3).round() / 1e3)
    }
}

/// A date as OpenDocument writes it: `2026-12-01`, or with a time of day behind a `T`.
fn of_iso(text: &str) -> Value {
    let parts = |text: &str, mark: char| -> Option<[f64; 3]> {
        let mut parts = text.splitn(3, mark).map(|part| part.parse::<f64>().ok());
        Some([parts.next()??, parts.next()??, parts.next()??])
    };
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
    let found = parts(date, '-').zip(parts(time.trim_end_matches('Z'), ':'));
    let Some(([year, month, day], [hour, minute, second])) = found else {
        return Value::Text(text.into());
    };
    // Years that begin in March have their leap day at the end.
    let (year, month) = match month {
        month if month > 2.0 => (year, month - 3.0),
        month => (year - 1.0, month + 9.0),
    };
    let leap = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let days = 365.0 * year + leap + ((153.0 * month + 2.0) / 5.0).floor() + day - 1.0 - 719_468.0;
    Value::Time(days * SECONDS_OF_A_DAY + hour * 3600.0 + minute * 60.0 + second)
}

fn of_error(error: &CellErrorType) -> Value {
    Value::Fault(error.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::{Value, of_iso};

    #[test]
    fn dates_of_open_document_are_seconds() {
        for (text, seconds) in [
            ("1970-01-01", 0.0),
            ("2000-02-29", 951_782_400.0),
            ("2000-03-01T00:00:01.5", 951_868_801.5),
            ("1969-12-31", -86_400.0),
        ] {
            assert_eq!(of_iso(text), Value::Time(seconds), "{text}");
        }
        assert_eq!(of_iso("May"), Value::Text("May".into()));
    }
}
