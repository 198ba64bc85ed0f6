//! What can be said of a table: how its file is read, and what its columns are.

use gauntlet_table::plan::{Kind, TaskKind, Wishes};
use gauntlet_table::read::Options;

/// How a file is read, where that is not to be found out.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Reading {
    /// What stands between columns [default: found out].
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// How characters are written, such as utf-8 or windows-1252 [default: found out].
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// The first line has the columns' names.
    #[arg(long, conflicts_with = "no_header")]
    header: bool,
    /// The first line has no names of columns.
    #[arg(long)]
    no_header: bool,
    /// Lines above the columns' names.
    #[arg(long, value_name = "COUNT")]
    skip_lines: Option<u64>,
    /// Quotes are characters like others.
    #[arg(long)]
    no_quotes: bool,
    /// Sheet of a workbook.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// File in an archive.
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
}

impl Reading {
    pub(super) fn options(&self) -> Options {
        Options {
            delimiter: self.delimiter,
            encoding: self.encoding.clone(),
            header: (self.header || self.no_header).then_some(self.header),
            skip_lines: self.skip_lines,
            quotes: self.no_quotes.then_some(false),
            sheet: self.sheet.clone(),
            member: self.member.clone(),
            ..Options::default()
        }
    }
}

/// What columns are, where that is not to be found out.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Columns {
    /// Column to leave out, such as an id. Can be given again.
    #[arg(long, value_name = "COLUMN")]
    drop: Vec<String>,
    /// Kind of a column: number, integer, category, boolean, time, text or identifier. Can be given
    /// again.
    #[arg(long = "type", value_name = "COLUMN=KIND", value_parser = kind)]
    kinds: Vec<(String, Kind)>,
    /// A word that stands for a missing value, beside the usual ones. Can be given again.
    #[arg(long, value_name = "WORD")]
    missing: Vec<String>,
    /// Column of which equal values stay together, such as a patient's number.
    #[arg(long, value_name = "COLUMN", conflicts_with = "time")]
    group: Option<String>,
    /// Column by which the rows are ordered: folds are stretches of time.
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Predict classes or a number; found out if not told.
    #[arg(long, value_name = "KIND", value_parser = ["classification", "regression"])]
    kind: Option<String>,
}

impl Columns {
    pub(super) fn wishes(&self, targets: Vec<String>) -> Wishes {
        Wishes {
            targets,
            drop: self.drop.clone(),
            types: self.kinds.clone(),
            missing: self.missing.clone(),
            group: self.group.clone(),
            time: self.time.clone(),
            kind: self.kind.as_ref().map(|kind| match kind.as_str() {
                "classification" => TaskKind::Classification,
                _ => TaskKind::Regression,
            }),
            ..Wishes::default()
        }
    }
}

fn kind(text: &str) -> Result<(String, Kind), String> {
    // A column's name may have an equals sign, a kind has none.
    let wanted = "a column and a kind are wanted, such as zip=category";
    let (column, kind) = text.rsplit_once('=').ok_or(wanted)?;
    let kind = Kind::named(kind).ok_or_else(|| format!("there is no kind `{kind}`"))?;
    Ok((column.to_owned(), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_columns_name_may_have_an_equals_sign() {
        assert_eq!(kind("a=b=category"), Ok(("a=b".to_owned(), Kind::Category)));
        assert!(kind("zip").is_err());
        assert!(kind("zip=colour").is_err());
    }
}
