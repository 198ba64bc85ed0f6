//! A text for language models.

use gauntlet_wire::TaskKind;

use super::brought::{Brought, Content};
use super::manifest::Parts;
use super::report::DataReport;
use super::wish::{Start, Wish};
use crate::error::TaskError;
use crate::fields::require;
use crate::table::Table;
use crate::{input, score, text};

pub(super) fn bring(wish: &Wish, start: Start<'_>) -> Result<Brought, TaskError> {
    if !wish.targets.is_empty() {
        let problem =
            "is a text: it has no target column. Leave --target out, or name another --kind";
        return Err(Table::whole(&wish.from, problem));
    }
    wish.only(&["--kind", "--context", "--hidden-windows"], "a text")?;
    let context = wish.context.unwrap_or(128);
    require(
        (2..=4096).contains(&context),
        "kind.context",
        "must be 2 to 4096",
    )?;
    let content = input::read_whole(&wish.from, text::MAX_BYTES)?;
    let windows = content.len() / (context + 1);
    let hidden = wish
        .hidden_windows
        .unwrap_or_else(|| (windows / 10).clamp(1, 128));
    require(
        (1..=65_536).contains(&hidden),
        "split.hidden_windows",
        "must be 1 to 65536",
    )?;
    text::check(&content, context, hidden)?;
    let kind = TaskKind::LanguageModelling {
        vocabulary: 256,
        context,
    };
    // The predictions: a float for each token of the vocabulary at each position.
    let output = (hidden * context * 256 * 4 + 65_536) as u64;
    let (digest, bytes) = input::digest(&wish.from)?;
    let manifest = Parts {
        name: &start.name,
        from: &format!("file {}", start.file),
        more: "",
        file: start.file,
        digest: &digest,
        kind: &format!("kind = \"language-modelling\"\ncontext = {context}"),
        inputs: "",
        data: "source = \"text\"",
        split: &format!("hidden_windows = {hidden}"),
        output_bytes: output.max(32 << 20),
    };
    Ok(Brought {
        manifest: manifest.write(wish),
        content: Content::Copy(wish.from.clone()),
        file: start.file.to_owned(),
        report: DataReport {
            kind: kind.as_str(),
            metric: score::metric(&kind).name,
            rows: windows,
            hidden,
            columns: Vec::new(),
            classes: Vec::new(),
            notes: Vec::new(),
            name: start.name,
            digest,
            bytes,
        },
    })
}
