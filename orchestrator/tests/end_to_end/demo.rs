//! The demo, small: its data, and what is left of it for `gauntlet up`.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{Data, PATIENCE, Up, eventually, gauntlet, method, need_programs, text};

/// The demo of three methods, one rung, one block.
fn command(data: &Data, more: &[&str]) -> Command {
    let methods = data.beside("methods");
    fs::create_dir_all(&methods).unwrap();
    for name in ["kernel-ridge", "conv-net", "panics-midway"] {
        fs::copy(method(name), methods.join(format!("{name}.wasm"))).unwrap();
    }
    let mut command = gauntlet();
    command
        .args(["demo", "--json", "--listen", "127.0.0.1:0", "--slots", "2"])
        .args(more)
        .arg("--methods")
        .arg(&methods)
        .arg("--data")
        .arg(data.beside("demo"));
    command
}

const SHORT: [&str; 6] = ["--seed", "3", "--rungs", "1", "--blocks", "1"];

/// Runs it to its end and reads its report.
fn demo(data: &Data, more: &[&str]) -> Value {
    let output = command(data, more).output().unwrap();
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
    let report = demo(&data, &SHORT);

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
    let again = demo(&data, &SHORT);
    assert_eq!(again["resumed"], false);
    assert_eq!(repeatable(&again), repeatable(&report));

    let served = Data::at(data.beside("demo"));
    let unserved = served.run(["archive", "list"]);
    assert_eq!(unserved.status.code(), Some(3), "{}", text(&unserved));

    // A demo that is killed in the middle is finished by `gauntlet up` …
    kill_in_the_middle(&data, &served);
    {
        let _up = Up::start(&served, &["--slots", "2"]);
        for tournament in tournaments {
            let name = tournament["name"].as_str().unwrap();
            let end = eventually(PATIENCE, "the tournament ends", || {
                let now = served.json(["tournament", "show", name]);
                (now["state"] == "completed").then_some(now)
            });
            assert_eq!(end["standings"], tournament["standings"]);
        }
        pull(&data, &served, &tournaments[0]["champion"]);
    }
    // … and still reported by the demo, when asked to go on.
    let resumed = demo(&data, &["--resume"]);
    assert_eq!(resumed["resumed"], true);
    assert_eq!(repeatable(&resumed), repeatable(&report));
}

fn kill_in_the_middle(data: &Data, served: &Data) {
    let mut killed = command(data, &SHORT)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually(PATIENCE, "one run is done and others are not", || {
        let output = served.run(["tournament", "show", "digits", "--json"]);
        // Until the demo is up and has made the tournament, there is nothing to show.
        let now: Value = serde_json::from_slice(&output.stdout).ok()?;
        let runs = now["rounds"][0]["runs"].as_array()?;
        runs.iter().any(|run| run["state"] == "done").then_some(())
    });
    killed.kill().unwrap();
    killed.wait().unwrap();
}

fn pull(data: &Data, served: &Data, champion: &Value) {
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
