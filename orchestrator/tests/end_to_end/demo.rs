//! The demo, small: its data, and what is left of it for `gauntlet up`.

use std::fs;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{Data, Up, gauntlet, method, need_programs, text};

/// Runs the demo of three methods, one rung, one block.
fn demo(data: &Data, more: &[&str]) -> Value {
    let methods = data.beside("methods");
    fs::create_dir_all(&methods).unwrap();
    for name in ["kernel-ridge", "conv-net", "panics-midway"] {
        fs::copy(method(name), methods.join(format!("{name}.wasm"))).unwrap();
    }
    let output = gauntlet()
        .args(["demo", "--json", "--listen", "127.0.0.1:0", "--slots", "2"])
        .args(["--rungs", "1", "--blocks", "1"])
        .args(more)
        .arg("--methods")
        .arg(&methods)
        .arg("--data")
        .arg(data.beside("demo"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output)))
}

/// What must be equal in two demos of one seed.
fn repeatable(report: &Value) -> Vec<Value> {
    report["tournaments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tournament| {
            let runs = tournament["runs"].as_array().unwrap();
            let runs = runs
                .iter()
                .map(|run| {
                    [
                        "round", "block", "seed", "method", "verdict", "score", "model",
                    ]
                    .map(|key| run[key].clone())
                })
                .collect::<Vec<_>>();
            serde_json::json!([tournament["standings"], tournament["cuts"], runs])
        })
        .collect()
}

#[test]
fn a_demo_reports_everything_as_data_repeats_itself_and_leaves_an_archive() {
    need_programs();
    let data = Data::new();
    let report = demo(&data, &["--seed", "3"]);

    assert_eq!(report["seed"], 3);
    assert!(report["seconds"].as_f64().unwrap() > 0.0);
    let tournaments = report["tournaments"].as_array().unwrap();
    let names: Vec<_> = tournaments.iter().map(|t| &t["name"]).collect();
    assert_eq!(names, ["digits", "modular-addition"]);
    for tournament in tournaments {
        assert_eq!(tournament["rounds"], 1);
        let standings = tournament["standings"].as_array().unwrap();
        assert_eq!(standings.len(), 3);
        for (place, standing) in standings.iter().enumerate() {
            assert_eq!(standing["rank"], place + 1);
            assert!(standing["mean"].is_number(), "{standing}");
        }
        assert_eq!(standings[2]["method"], "panics-midway");
        assert!(tournament["cuts"].is_array());
        let runs = tournament["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 3);
        for run in runs {
            if run["method"] == "panics-midway" {
                assert_eq!(run["verdict"], "method_failed", "{run}");
                assert!(run["detail"].is_string(), "{run}");
                assert!(run["score"].is_null(), "{run}");
            } else {
                assert_eq!(run["verdict"], "completed", "{run}");
                assert_eq!(run["model"].as_str().unwrap().len(), 64, "{run}");
                let score = run["score"].as_f64().unwrap();
                assert!((0.0..=1.0).contains(&score), "{run}");
                assert!(run["train"]["work"].as_u64().unwrap() > 0, "{run}");
            }
        }
        let champion = &tournament["champion"];
        assert_eq!(champion["method"], standings[0]["method"]);
        assert!(tournament["field_median"].is_number());
        assert!(tournament["seconds"].as_f64().unwrap() > 0.0);
    }

    // A finished demo is replaced by the next one, which finds the same.
    let again = demo(&data, &["--seed", "3"]);
    assert_eq!(again["resumed"], false);
    assert_eq!(repeatable(&again), repeatable(&report));

    // What it left can be served and fetched.
    let place = data.beside("demo");
    let place = place.to_str().unwrap();
    let up = gauntlet()
        .args(["archive", "list", "--data", place])
        .output()
        .unwrap();
    assert_eq!(up.status.code(), Some(3), "{}", text(&up));
    pull(&data, &again["tournaments"][0]["champion"]);
}

fn pull(data: &Data, champion: &Value) {
    let served = Data::at(data.beside("demo"));
    let _up = Up::start(&served, &["--no-runner"]);
    let into = data.beside("pulled");
    let into = into.to_str().unwrap();
    served.json(["archive", "pull", "digits@champion", "--into", into]);
    for (file, key) in [("method.wasm", "module"), ("model.safetensors", "model")] {
        let bytes = fs::read(data.beside("pulled").join(file)).unwrap();
        assert_eq!(hex::encode(Sha256::digest(bytes)), champion[key], "{file}");
    }
    let card = fs::read_to_string(data.beside("pulled/README.md")).unwrap();
    let front = card
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .unwrap_or_else(|| panic!("no front matter: {card}"));
    assert!(front.0.contains("digits"), "{card}");
    let refused = served.run(["archive", "pull", "digits@champion", "--into", into]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
}
