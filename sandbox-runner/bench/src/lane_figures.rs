//! `gauntlet-bench lane`: the figures of the WASM lane, into one flat file and into the
//! table of a document.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_bench::{BenchError, checking};

use crate::comparison::{Comparison, Row};

/// Where the table stands in the document, between two comments.
const BEGIN: &str = "<!-- figures: lane -->";
const END: &str = "<!-- end of figures -->";

/// Figures that other targets measure, by file in the folder of figures.
const ELSEWHERE: [(&str, &str, &[&str]); 3] = [
    (
        "op-streams.json",
        "make fuzz-ops",
        &["op_streams", "op_stream_aborts"],
    ),
    ("exactness.json", "make exactness", &["repeats_equal"]),
    (
        "memory.json",
        "gauntlet-bench memory",
        &["idle_runner_mib", "run_overhead_mib"],
    ),
];

/// Where the figures go.
#[derive(Debug, clap::Args)]
pub(crate) struct LaneArgs {
    /// Folder of the figures; `lane.json` is written there, and what other targets
    /// measured is taken from there.
    #[arg(long, default_value = "target/figures")]
    figures: PathBuf,
    /// A document whose marked table is written anew.
    #[arg(long, value_name = "FILE")]
    publish: Option<PathBuf>,
}

/// Gathers the figures from a comparison and from what was measured elsewhere.
///
/// # Errors
/// If a file cannot be read or written, or the document has no marked table.
pub(crate) fn write(args: &LaneArgs, comparison: &Comparison) -> Result<(), BenchError> {
    let check_nanos = checking::nanos_per_operation()?;
    let mut figures = BTreeMap::new();
    for row in &comparison.rows {
        let figure = row.figure;
        figures.insert(figure.to_owned(), row.native_over_sandboxed);
        figures.insert(format!("{figure}_of_means"), row.ratio_of_means);
        figures.insert(format!("{figure}_native_ms"), row.native_ms);
        figures.insert(format!("{figure}_sandboxed_ms"), row.sandboxed_ms);
        figures.insert(format!("{figure}_operations_per_step"), row.operations);
        figures.insert(format!("{figure}_validator_share"), share(row, check_nanos));
    }
    // The share is largest where operations are smallest; that is the one to watch.
    let validator_share = comparison
        .rows
        .iter()
        .map(|row| share(row, check_nanos))
        .fold(0.0, f64::max);
    let per_megabyte = comparison.compile_ms / comparison.compile_bytes as f64;
    figures.insert("validator_share".to_owned(), validator_share);
    figures.insert("validator_nanos_per_operation".to_owned(), check_nanos);
    figures.insert("cold_start_ms".to_owned(), comparison.cold_start_ms);
    figures.insert("compile_largest_ms".to_owned(), comparison.compile_ms);
    figures.insert(
        "compile_largest_bytes".to_owned(),
        comparison.compile_bytes as f64,
    );
    figures.insert("compile_2mb_ms".to_owned(), per_megabyte * 2e6);
    for (file, target, names) in ELSEWHERE {
        match elsewhere(&args.figures.join(file), names)? {
            Some(found) => figures.extend(found),
            None => eprintln!(
                "lane: {} not there, measured by `{target}`",
                names.join(", ")
            ),
        }
    }
    fs::create_dir_all(&args.figures).map_err(BenchError::failed)?;
    let out = args.figures.join("lane.json");
    let text = serde_json::to_string_pretty(&figures).map_err(BenchError::failed)?;
    fs::write(&out, text + "\n").map_err(BenchError::failed)?;
    eprintln!("lane: written to {}", out.display());
    match &args.publish {
        Some(document) => publish(document, &table(comparison, &figures)),
        None => Ok(()),
    }
}

/// Share of a sandboxed step that checking its operations takes, on the guest's thread.
fn share(row: &Row, check_nanos: f64) -> f64 {
    row.operations * check_nanos / 1e6 / row.sandboxed_mean_ms
}

fn elsewhere(path: &Path, names: &[&str]) -> Result<Option<BTreeMap<String, f64>>, BenchError> {
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(BenchError::failed)?;
    let all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(BenchError::failed)?;
    let found = names
        .iter()
        .map(|name| {
            let value = all.get(*name).and_then(serde_json::Value::as_f64);
            value
                .map(|value| ((*name).to_owned(), value))
                .ok_or_else(|| BenchError::Failed(format!("{} has no `{name}`", path.display())))
        })
        .collect::<Result<_, _>>()?;
    Ok(Some(found))
}

fn table(comparison: &Comparison, figures: &BTreeMap<String, f64>) -> String {
    let mut text = String::from(
        "| model | parameters | operations a step | native ms | sandboxed ms | native / sandboxed | of means | checking | models equal |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in &comparison.rows {
        let share = figures
            .get(&format!("{}_validator_share", row.figure))
            .copied()
            .unwrap_or_default();
        text += &format!(
            "| `{}` ({}) | {} | {:.0} | {:.3} | {:.3} | {:.3} | {:.3} | {:.1} % | {} |\n",
            row.method,
            row.figure,
            row.parameters,
            row.operations,
            row.native_ms,
            row.sandboxed_ms,
            row.native_over_sandboxed,
            row.ratio_of_means,
            100.0 * share,
            if row.equal { "to the bit" } else { "NO" },
        );
    }
    text += "\n| figure | value |\n|---|---|\n";
    let others = [
        "validator_share",
        "validator_nanos_per_operation",
        "cold_start_ms",
        "compile_largest_ms",
        "compile_largest_bytes",
        "compile_2mb_ms",
        "idle_runner_mib",
        "run_overhead_mib",
        "repeats_equal",
        "op_streams",
        "op_stream_aborts",
    ];
    for name in others {
        match figures.get(name) {
            Some(value) if value.fract() == 0.0 => text += &format!("| `{name}` | {value} |\n"),
            Some(value) => text += &format!("| `{name}` | {value:.3} |\n"),
            None => text += &format!("| `{name}` | not measured in this sitting |\n"),
        }
    }
    text
}

fn publish(document: &Path, table: &str) -> Result<(), BenchError> {
    let text = fs::read_to_string(document).map_err(BenchError::failed)?;
    let marked = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| rest.split_once(END).map(|(_, after)| (before, after)));
    let Some((before, after)) = marked else {
        return Err(BenchError::Failed(format!(
            "{} has no table between `{BEGIN}` and `{END}`",
            document.display()
        )));
    };
    fs::write(document, format!("{before}{BEGIN}\n{table}{END}{after}")).map_err(BenchError::failed)
}
