//! Bounds within which files are read, so that no file can fill memory or run for hours.

/// Columns of a table.
pub const MAX_COLUMNS: usize = 65_536;
/// Bytes of a cell.
pub const MAX_CELL: usize = 16 << 20;
/// Bytes of a row.
pub const MAX_ROW: usize = 64 << 20;
/// Bytes of a batch's texts, after which it ends early.
pub const MAX_BATCH: usize = 64 << 20;
/// Lists and objects within each other in JSON.
pub const MAX_DEPTH: usize = 64;
/// Bytes that a packed file may become.
pub const MAX_UNPACKED: u64 = 64 << 30;
/// Bytes that come out for each that goes in.
pub const MAX_RATIO: u64 = 200;
/// Bytes that may come out before the ratio is looked at.
pub const SPARED: u64 = 64 << 20;
/// Bytes that a packed file may become whose format wants any part of it at any time, and that the
/// parts of a spreadsheet may become together.
pub const MAX_SPOOLED: u64 = 2 << 30;
/// Cells of a spreadsheet, which is read as a whole.
pub const MAX_SHEET_CELLS: usize = 20_000_000;
/// Files of a folder.
pub const MAX_FILES: usize = 10_000;
