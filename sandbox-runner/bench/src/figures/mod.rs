//! `gauntlet-bench figures`: gathers what the demo and the benchmark measured into
//! one flat file, name to number, and measures what neither of them does.

mod demo;
mod files;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use demo::{Demo, of_demo, repeats};
use files::{Figures, FiguresError, file, lossy, read, write};

/// What `gauntlet-bench figures` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct FiguresArgs {
    /// Report of a demo (`gauntlet demo --json`); give two of the same seed to compare them.
    #[arg(long = "demo", value_name = "FILE", required = true)]
    demos: Vec<PathBuf>,
    /// What `gauntlet-bench --json` printed.
    #[arg(long, value_name = "FILE")]
    bench: Option<PathBuf>,
    /// A program or module whose size is a figure, as NAME=FILE.
    #[arg(long = "size", value_name = "NAME=FILE", value_parser = named_file)]
    sizes: Vec<(String, PathBuf)>,
    /// Where to write them.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Gathers the figures, writes them and prints them.
///
/// # Errors
///
/// [`FiguresError`] when a report cannot be read, does not have its shape, or
/// the demos cannot be compared.
pub(crate) fn run(args: &FiguresArgs) -> Result<(), FiguresError> {
    let mut figures = Figures::new();
    let demos = args
        .demos
        .iter()
        .map(|path| Ok((path.as_path(), read(path)?)))
        .collect::<Result<Vec<(&Path, Demo)>, FiguresError>>()?;
    if let Some((path, demo)) = demos.first() {
        of_demo(path, demo, &mut figures)?;
    }
    if let [(_, first), rest @ ..] = demos.as_slice()
        && !rest.is_empty()
    {
        let mut equal = true;
        for (_, other) in rest {
            equal &= repeats(first, other)?;
        }
        figures.insert("repeat_equal".into(), if equal { 1.0 } else { 0.0 });
    }
    if let Some(path) = &args.bench {
        of_bench(path, &mut figures)?;
    }
    for (name, path) in &args.sizes {
        let size = fs::metadata(path)
            .map_err(|source| file("measure", path, source))?
            .len();
        figures.insert(name.clone(), lossy(size));
    }
    match docker_run_ms() {
        Some(ms) => {
            figures.insert("docker_run_ms".into(), ms);
        }
        None => eprintln!("docker_run_ms is left out: no Docker engine answers here"),
    }
    write(&args.out, &figures)?;
    for (name, value) in &figures {
        println!("{name} {value}");
    }
    Ok(())
}

/// Takes the benchmark's numbers as they are; what it could not measure is null there.
fn of_bench(path: &Path, figures: &mut Figures) -> Result<(), FiguresError> {
    let measured: BTreeMap<String, Value> = read(path)?;
    for (name, value) in measured {
        match value {
            Value::Null => {}
            Value::Number(number) => {
                figures.extend(number.as_f64().map(|number| (name, number)));
            }
            _ => {
                return Err(FiguresError::NoNumber {
                    path: path.to_path_buf(),
                    name,
                });
            }
        }
    }
    Ok(())
}

/// Median wall time of starting a container that does nothing, in milliseconds.
fn docker_run_ms() -> Option<f64> {
    let docker = |arguments: &[&str]| {
        Command::new("docker")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let start = ["run", "--rm", "--network=none", "busybox", "true"];
    // The first start may have to fetch the image.
    if !docker(&["info"]) || !docker(&start) {
        return None;
    }
    let mut times = Vec::new();
    for _ in 0..9 {
        let begun = Instant::now();
        if !docker(&start) {
            return None;
        }
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("write it as NAME=FILE")?;
    Ok((name.to_owned(), path.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"seed":7,"seconds":81.5,"resumed":false,"url":"http://x","tournaments":[
        {"name":"digits","task":"digits","standings":[{"rank":1,"method":"conv-net","mean":0.98}],
         "runs":[{"id":"1","round":0,"block":0,"seed":"a1","method":"conv-net","verdict":"completed","score":0.98,"model":"aa","train":{"wall_ms":12}},
                 {"id":"2","round":0,"block":0,"seed":"a1","method":"never-returns","verdict":"budget_exceeded","score":null,"model":null}],
         "field_median":0.9,"faultless_median":0.95,
         "champion":{"method":"conv-net","module":"m1","model":"aa","score":0.98}},
        {"name":"modular-addition","task":"modular-addition","standings":[],"runs":[],
         "field_median":0.1,"faultless_median":0.3,
         "champion":{"method":"quadratic-net","module":"m2","model":"bb","score":1.0}}]}"#;

    fn gather(reports: &[&str], bench: Option<&str>) -> Result<Figures, FiguresError> {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: String, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let demos = reports
            .iter()
            .enumerate()
            .map(|(i, text)| put(format!("{i}.json"), text));
        let out = dir.path().join("new folder/figures.json");
        let args = FiguresArgs {
            demos: demos.collect(),
            bench: bench.map(|text| put("bench.json".into(), text)),
            sizes: vec![("report_bytes".into(), put("sized".into(), "12345"))],
            out: out.clone(),
        };
        run(&args)?;
        read(&out)
    }

    #[test]
    fn one_flat_file_of_numbers() {
        let bench = r#"{"p1_small_native_over_sandboxed":0.6,"cold_start_ms":31,"p1_mid_native_over_sandboxed":null}"#;
        let figures = gather(&[REPORT], Some(bench)).unwrap();
        for (name, value) in [
            ("demo_seconds", 81.5),
            ("digits_champion_accuracy", 0.98),
            ("modular_champion_accuracy", 1.0),
            ("modular_field_median", 0.3),
            ("modular_field_median_with_faults", 0.1),
            ("demo_runs", 2.0),
            ("demo_runs_with_faults", 1.0),
            ("p1_small_native_over_sandboxed", 0.6),
            ("cold_start_ms", 31.0),
            ("report_bytes", 5.0),
        ] {
            assert_eq!(figures.get(name), Some(&value), "{name} in {figures:?}");
        }
        // Not measured is not there.
        assert!(!figures.contains_key("p1_mid_native_over_sandboxed"));
        assert!(!figures.contains_key("repeat_equal"));
    }

    #[test]
    fn a_repetition_may_differ_in_times_and_ids_only() {
        let again = REPORT
            .replace(r#""id":"1""#, r#""id":"9""#)
            .replace("81.5", "99.0");
        let again = again.replace(r#""wall_ms":12"#, r#""wall_ms":13"#);
        assert_eq!(
            gather(&[REPORT, &again], None).unwrap()["repeat_equal"],
            1.0
        );
        for (from, to) in [
            (
                r#""score":0.98,"model":"aa""#,
                r#""score":0.98,"model":"ab""#,
            ),
            (r#""mean":0.98"#, r#""mean":0.97"#),
            (r#""model":"bb""#, r#""model":"bc""#),
            (r#""verdict":"budget_exceeded""#, r#""verdict":"completed""#),
        ] {
            let other = REPORT.replace(from, to);
            assert_ne!(other, REPORT);
            assert_eq!(
                gather(&[REPORT, &other], None).unwrap()["repeat_equal"],
                0.0,
                "{to}"
            );
        }
    }

    #[test]
    fn demos_of_different_seeds_are_not_compared() {
        let other = REPORT.replace(r#""seed":7"#, r#""seed":8"#);
        assert!(matches!(
            gather(&[REPORT, &other], None),
            Err(FiguresError::Seeds(7, 8))
        ));
    }

    #[test]
    fn what_is_missing_or_no_number_is_an_error() {
        let other = REPORT.replace(r#""task":"digits""#, r#""task":"letters""#);
        let missing = gather(&[&other], None);
        assert!(matches!(
            missing,
            Err(FiguresError::NoTournament { task: "digits", .. })
        ));
        let words = gather(&[REPORT], Some(r#"{"cold_start_ms":"fast"}"#));
        assert!(matches!(words, Err(FiguresError::NoNumber { .. })));
    }
}
