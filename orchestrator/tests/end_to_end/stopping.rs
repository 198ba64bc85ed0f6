//! Tournaments that look at checkpoints while methods train: a hopeless run is stopped, and
//! work until a target is compared.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Data, PATIENCE, Up, eventually, method, need_programs, root, text};

/// The digits with a small budget and a target.
fn tasks(data: &Data) -> PathBuf {
    let tasks = data.beside("tasks");
    let (from, to) = (root().join("examples/tasks/digits"), tasks.join("quick"));
    fs::create_dir_all(&to).unwrap();
    fs::copy(from.join("digits.csv"), to.join("digits.csv")).unwrap();
    let manifest = fs::read_to_string(from.join("task.toml")).unwrap();
    let changed = manifest
        .replace("name = \"digits\"", "name = \"quick\"\ntarget = 0.85")
        .replace("work = 20_000_000_000", "work = 1_000_000_000")
        .replace("wall_seconds = 20", "wall_seconds = 200");
    assert!(changed.contains("target = 0.85") && changed.contains("1_000_000_000"));
    fs::write(to.join("task.toml"), changed).unwrap();
    tasks
}

/// A method's module with a section that says nothing, so that its digest comes after
/// another's: runs are queued in the order of digests.
fn after(other: &[u8], module: &[u8]) -> Vec<u8> {
    let digest = |bytes: &[u8]| Sha256::digest(bytes);
    (0..=u8::MAX)
        .map(|nth| [module, &[0, 3, 1, b'v', nth]].concat())
        .find(|variant| digest(variant) > digest(other))
        .unwrap()
}

/// Plays a tournament of the two and returns it.
fn play(data: &Data, name: &str, terms: &Value) -> Value {
    let rules = data.beside(&format!("{name}.json"));
    let halving = json!({
        "format": "halving", "rungs": 1, "eta": 2, "blocks_per_rung": [1], "terms": terms,
    });
    fs::write(&rules, halving.to_string()).unwrap();
    let rules = rules.to_str().unwrap();
    data.json([
        "tournament",
        "create",
        name,
        "--task",
        "quick",
        "--rules",
        rules,
    ]);
    data.json(["tournament", "open", name]);
    for entrant in ["steady", "unhurried"] {
        let module = data.beside(&format!("{entrant}.wasm"));
        let output = data.run(["submit", module.to_str().unwrap(), "--tournament", name]);
        assert!(output.status.success(), "{}", text(&output));
    }
    data.json(["tournament", "close", name]);
    eventually(PATIENCE, "the tournament ends", || {
        let now = data.json(["tournament", "show", name]);
        (now["state"] == "completed").then_some(now)
    })
}

fn of<'a>(tournament: &'a Value, entrant: &str) -> &'a Value {
    let runs = tournament["rounds"][0]["runs"].as_array().unwrap();
    runs.iter().find(|run| run["method"] == entrant).unwrap()
}

#[test]
fn a_hopeless_run_is_stopped_and_slow_work_ranks_below_fast_work() {
    need_programs();
    let data = Data::new();
    let tasks = tasks(&data);
    let steady = fs::read(method("steady")).unwrap();
    let unhurried = fs::read(method("unhurried")).unwrap();
    fs::write(data.beside("steady.wasm"), &steady).unwrap();
    fs::write(data.beside("unhurried.wasm"), after(&steady, &unhurried)).unwrap();
    let up = Up::start(&data, &["--slots", "1", "--tasks", tasks.to_str().unwrap()]);

    let whole = play(&data, "whole", &json!({}));
    assert_eq!(of(&whole, "unhurried")["verdict"], "completed");
    let terms = json!({ "mid_run": { "slack": 0.0, "min_finished": 1 } });
    let short = play(&data, "short", &terms);
    let stopped = of(&short, "unhurried");
    assert_eq!(stopped["verdict"], "stopped", "{short}");
    assert_eq!(
        (&stopped["score"], &stopped["model"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(of(&short, "steady")["verdict"], "completed");
    assert_eq!(short["champion"]["method"], "steady");
    assert_eq!(whole["champion"]["method"], "steady");

    // What both end with is scored on hidden data; what counts is how soon they got there.
    let terms = json!({ "combine": { "by": "profile", "r_max": 4.0, "reference": [100e6] } });
    let race = play(&data, "race", &terms);
    let standings = race["standings"].as_array().unwrap();
    assert_eq!(standings[0]["method"], "steady", "{race}");
    let mean = |place: usize| standings[place]["mean"].as_f64().unwrap();
    assert!(mean(0) > mean(1), "{race}");
    assert!(mean(0) > 0.0, "it reached the target: {race}");
    assert_eq!(of(&race, "unhurried")["verdict"], "completed");
    assert_eq!(race["champion"]["method"], "steady");
    assert!(up.stop().success());
}
