//! A table with columns to predict.

use super::brought::{Brought, Content};
use super::manifest::{Parts, list, quoted};
use super::report::{ClassReport, DataReport};
use super::wish::{Start, Wish};
use crate::error::TaskError;
use crate::rows::Labels;
use crate::score;
use crate::table::{self, Table, Target};

pub(super) fn bring(
    wish: &Wish,
    start: Start<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Brought, TaskError> {
    wish.only(
        &["--target", "--drop", "--kind", "--hidden-percent"],
        "a table",
    )?;
    let table = table::read(&wish.from, &wish.drop, progress)?;
    let target = Target::new(&table, &wish.targets, wish.kind.as_deref())?;
    for name in &wish.drop {
        if !table.has(name) {
            return Err(Table::whole(
                &wish.from,
                format!("has no column `{name}` to drop"),
            ));
        }
    }
    let percent = wish.hidden_percent();
    let classes = match &target.labels {
        Labels::Classes(labels) => ClassReport::count(&target.classes, labels),
        _ => Vec::new(),
    };
    let (digest, bytes) = crate::input::digest(&wish.from)?;
    let manifest = Parts {
        name: &start.name,
        from: &format!("file {}", start.file),
        more: "",
        file: start.file,
        digest: &digest,
        kind: &format!("kind = {}", quoted(target.kind.as_str())),
        inputs: "",
        data: &format!(
            "source = \"table\"\ntargets = {}\ndrop = {}",
            list(&wish.targets),
            list(&wish.drop)
        ),
        split: &format!("hidden_percent = {percent}"),
        output_bytes: 8 << 20,
    };
    Ok(Brought {
        manifest: manifest.write(wish),
        content: Content::Copy(wish.from.clone()),
        file: start.file.to_owned(),
        report: DataReport {
            kind: target.kind.as_str(),
            metric: score::metric(&target.kind).name,
            rows: table.rows,
            hidden: table.rows * percent as usize / 100,
            columns: table.report(),
            classes,
            notes: table.notes,
            name: start.name,
            digest,
            bytes,
        },
    })
}
