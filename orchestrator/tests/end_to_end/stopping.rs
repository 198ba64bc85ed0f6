//! Tournaments that look at checkpoints while methods train: a hopeless run is stopped, and
//! work until a target is compared.

use std::fs;
use std::path::PathBuf;

use gauntlet_domain::Digest;
use gauntlet_domain::tournament::{Nonce, TournamentSeed};
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

/// A seed with which the first of two modules comes before the other: a round's runs are
/// queued in the order of the seed's tie-break, and one has to finish before the other can
/// be hopeless.
fn seed_with_first(first: &[u8], second: &[u8]) -> String {
    let field = [first, second].map(|module| Digest::from_bytes(Sha256::digest(module).into()));
    (0_u64..)
        .map(|number| number.to_string())
        .find(|number| {
            let seed = TournamentSeed::derive(&Nonce::from_phrase(number), &field);
            seed.tie_break(&field[0]) < seed.tie_break(&field[1])
        })
        .unwrap()
}

/// Plays a tournament of the two and returns it.
fn play(data: &Data, name: &str, terms: &Value, seed: &str) -> Value {
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
        "--seed",
        seed,
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
    fs::write(data.beside("unhurried.wasm"), &unhurried).unwrap();
    let seed = seed_with_first(&steady, &unhurried);
    let up = Up::start(&data, &["--slots", "1", "--tasks", tasks.to_str().unwrap()]);

    let whole = play(&data, "whole", &json!({}), &seed);
    assert_eq!(of(&whole, "unhurried")["verdict"], "completed");
    let terms = json!({ "mid_run": { "slack": 0.0, "min_finished": 1 } });
    let short = play(&data, "short", &terms, &seed);
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
    let race = play(&data, "race", &terms, &seed);
    let standings = race["standings"].as_array().unwrap();
    assert_eq!(standings[0]["method"], "steady", "{race}");
    let mean = |place: usize| standings[place]["mean"].as_f64().unwrap();
    assert!(mean(0) > mean(1), "{race}");
    assert!(mean(0) > 0.0, "it reached the target: {race}");
    assert_eq!(of(&race, "unhurried")["verdict"], "completed");
    assert_eq!(race["champion"]["method"], "steady");
    assert!(up.stop().success());
}
