//! Somebody with a table, and no server: a model, and predictions with it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{Data, method, need_programs, text};

/// A table whose classes follow from its numbers and colours, with what is usual: a missing cell, a
/// counter, an odd cell, rows to predict.
fn table(path: &Path, rows: usize) {
    let mut csv = String::from("id;size;colour;price;kind\n");
    for row in 0..rows {
        // Small primes, so that nothing repeats with anything else.
        let size = (row * 7919) % 1009;
        let colour = ["red", "green", "blue"][(row * 104_729) % 3];
        let price = match row % 50 {
            7 => String::new(),
            _ => format!("{},{:02}", (row * 31) % 97, row % 100),
        };
        let kind = match (size > 500, colour) {
            (true, "red") => "large",
            (false, "blue") => "small",
            _ => "other",
        };
        let kind = if row % 40 == 39 { "" } else { kind };
        let size = if row == 11 {
            "n.d.".to_owned()
        } else {
            size.to_string()
        };
        writeln!(csv, "{row};{size};{colour};{price};{kind}").unwrap();
    }
    fs::write(path, csv).unwrap();
}

fn fit(data: &Data, table: &Path, model: &Path, more: &[&str]) -> Output {
    let trees = method("boosted-trees");
    let starter = method("starter");
    let mut arguments = vec!["fit", table.to_str().unwrap(), "--target", "kind"];
    arguments.extend(["--out", model.to_str().unwrap(), "--json"]);
    arguments.extend(["--methods", trees.to_str().unwrap()]);
    arguments.extend(["--methods", starter.to_str().unwrap()]);
    arguments.extend(more);
    data.run(&arguments)
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(bytes));
    })
}

#[test]
fn a_table_becomes_a_model_that_predicts() {
    need_programs();
    let data = Data::new();
    let csv = data.beside("things.csv");
    table(&csv, 600);
    let model = data.beside("things.model");
    let output = fit(
        &data,
        &csv,
        &model,
        &["--budget", "60s", "--metric", "accuracy"],
    );
    assert!(output.status.success(), "{}", text(&output));
    let fitted = json(&output.stdout);
    assert_eq!(
        fitted["rows"], 585,
        "rows without a target are not learnt from"
    );
    assert!(fitted["value"].as_f64().unwrap() > 0.9, "{fitted}");
    assert!(fitted["baseline"].as_f64().unwrap() < 0.8, "{fitted}");
    let weights = fitted["leaderboard"].as_array().unwrap().iter();
    let weights = weights.map(|line| line["weight"].as_f64().unwrap());
    assert!((weights.sum::<f64>() - 1.0).abs() < 1e-9, "{fitted}");

    // The same columns in another order, one of them not there, and a colour that is new.
    let asked = data.beside("asked.csv");
    fs::write(
        &asked,
        "colour,size\nred,900\nblue,3\ngreen,900\nmauve,10\n",
    )
    .unwrap();
    let said = data.beside("said.csv");
    let arguments = |out: &Path| {
        let paths = [&model, &asked, out].map(|path| path.to_str().unwrap().to_owned());
        let [model, asked, out] = paths;
        [
            "predict".to_owned(),
            model,
            asked,
            "--out".to_owned(),
            out,
            "--json".to_owned(),
        ]
    };
    let output = data.run(arguments(&said).each_ref().map(String::as_str));
    assert!(output.status.success(), "{}", text(&output));
    let done = json(&output.stdout);
    assert_eq!(done["rows"], 4);
    assert_eq!(done["absent"], serde_json::json!(["price"]));
    assert_eq!(done["unknown"], serde_json::json!({ "colour": 1 }));
    let said = fs::read_to_string(&said).unwrap();
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("prediction,p_large,p_other,p_small"));
    let predictions: Vec<&str> = lines.map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(predictions[..3], ["large", "small", "other"], "{said}");

    // A module that was changed is not executed.
    let module = model.join("boosted-trees.wasm");
    let mut bytes = fs::read(&module).unwrap();
    bytes.push(0);
    fs::write(&module, bytes).unwrap();
    let other = data.beside("other.csv");
    let output = data.run(arguments(&other).each_ref().map(String::as_str));
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("was changed"), "{}", text(&output));
    assert!(!other.exists(), "nothing is half-written");
}

#[test]
fn what_cannot_be_fitted_is_refused_with_line_column_and_cure_and_leaves_nothing() {
    need_programs();
    let data = Data::new();
    let csv = data.beside("odd.csv");
    let model = data.beside("odd.model");
    fs::write(&csv, "a,kind\n1,x\n2\n").unwrap();
    let output = fit(&data, &csv, &model, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let error = &json(&output.stderr)["error"];
    assert_eq!(error["line"], 3, "{error}");
    assert!(
        error["what"].as_str().unwrap().contains("odd.csv"),
        "{error}"
    );

    fs::write(&csv, "a,kinds\n1,x\n2,y\n").unwrap();
    let output = fit(&data, &csv, &model, &[]);
    let error = &json(&output.stderr)["error"];
    assert!(error["help"].as_str().unwrap().contains("kinds"), "{error}");
    assert!(!model.exists());
    let left: Vec<_> = fs::read_dir(csv.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".gauntlet-fit"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_table_is_inspected_before_anything_is_made_of_it() {
    let data = Data::new();
    let csv = data.beside("things.csv");
    table(&csv, 600);
    let path = csv.to_str().unwrap();
    let output = data.run(["data", "inspect", path, "--target", "kind", "--json"]);
    assert!(output.status.success(), "{}", text(&output));
    let seen = json(&output.stdout);
    assert_eq!(seen["rows"], 600);
    let kinds: Vec<(&str, &str, &str)> = seen["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let word = |what: &Value| what.as_str().unwrap().to_owned().leak() as &str;
            (
                word(&group["names"][0]),
                word(&group["role"]),
                word(&group["kind"]),
            )
        })
        .collect();
    let wanted = [
        ("id", "dropped", "counter"),
        ("size", "feature", "number"),
        ("colour", "feature", "category"),
        ("price", "feature", "number"),
        ("kind", "target", "category"),
    ];
    assert_eq!(kinds, wanted, "{seen}");
    assert!(
        text(&output).contains("n.d."),
        "the odd cell is named: {seen}"
    );

    let output = data.run(["data", "inspect", path, "--target", "kind"]);
    let shown = text(&output);
    assert!(shown.contains("predict which of 3 classes"), "{shown}");
    let output = data.run(["data", "inspect", path, "--target", "kind", "--plan"]);
    assert!(text(&output).contains("[[column]]"), "{}", text(&output));
}
