//! SIGKILL in the middle of a tournament changes nothing about how it ends.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::{Data, PATIENCE, Up, eventually, method, need_programs};

const FIELD: [&str; 4] = ["kernel-ridge", "conv-net", "quadratic-net", "panics-midway"];
pub(crate) const NAME: &str = "cup";

/// Everything about a tournament that must not depend on what happened meanwhile.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    seed: Value,
    champion: Value,
    standings: Value,
    cuts: Vec<Value>,
    /// (round, block, method) to verdict, score and model.
    runs: BTreeMap<(u64, u64, String), Value>,
}

pub(crate) fn enter(data: &Data) {
    data.json([
        "tournament",
        "create",
        NAME,
        "--task",
        "digits",
        "--seed",
        "42",
        "--rungs",
        "2",
        "--eta",
        "2",
        "--blocks",
        "1,1",
    ]);
    data.json(["tournament", "open", NAME]);
    for name in FIELD {
        let file = method(name);
        data.json(["submit", file.to_str().unwrap(), "--tournament", NAME]);
    }
    data.json(["tournament", "close", NAME]);
}

pub(crate) fn show(data: &Data) -> Value {
    data.json(["tournament", "show", NAME])
}

pub(crate) fn cells(tournament: &Value) -> Vec<&Value> {
    tournament["rounds"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|round| round["runs"].as_array().unwrap())
        .collect()
}

/// Waits until the tournament is well under way: one run done, another being executed.
fn middle(data: &Data) {
    eventually(PATIENCE, "a run is done and another one under way", || {
        let now = show(data);
        assert_ne!(now["state"], "completed", "too quick to be disturbed");
        let cells = cells(&now);
        let any = |state: &str| cells.iter().any(|cell| cell["state"] == state);
        (any("done") && any("leased")).then_some(())
    });
}

pub(crate) fn outcome(data: &Data) -> Outcome {
    let end = eventually(PATIENCE, "the tournament ends", || {
        let now = show(data);
        for round in now["rounds"].as_array().unwrap() {
            assert_ne!(round["state"], "stuck", "{round}");
        }
        (now["state"] == "completed").then_some(now)
    });
    let mut runs = BTreeMap::new();
    let mut cuts = Vec::new();
    for round in end["rounds"].as_array().unwrap() {
        cuts.push(round["cut"].clone());
        for cell in round["runs"].as_array().unwrap() {
            let key = (
                round["number"].as_u64().unwrap(),
                cell["block"].as_u64().unwrap(),
                cell["method"].as_str().unwrap().to_owned(),
            );
            let result = json!([cell["verdict"], cell["score"], cell["model"]]);
            assert!(runs.insert(key, result).is_none(), "two runs of {cell}");
        }
    }
    Outcome {
        seed: end["seed"].clone(),
        champion: end["champion"]["method"].clone(),
        standings: end["standings"].clone(),
        cuts,
        runs,
    }
}

pub(crate) fn undisturbed() -> Outcome {
    let data = Data::new();
    let up = Up::start(&data, &["--slots", "2"]);
    enter(&data);
    let outcome = outcome(&data);
    assert!(up.stop().success(), "an orderly end is no failure");
    for program in ["gauntlet-runner", "gauntlet-worker", "postgres"] {
        data.await_end_of(program, Duration::from_secs(60));
    }
    outcome
}

pub(crate) fn check(outcome: &Outcome) {
    assert!(outcome.champion.is_string(), "{outcome:#?}");
    // Four methods on one block, then two on another.
    assert_eq!(outcome.runs.len(), 6, "{outcome:#?}");
    let panicked = &outcome.runs[&(1, 1, "panics-midway".to_owned())];
    assert_eq!(panicked[0], "method_failed", "{outcome:#?}");
    let models = outcome.runs.values().filter(|run| run[2].is_string());
    assert!(models.count() >= 5, "{outcome:#?}");
}

#[test]
fn a_killed_orchestrator_goes_on_where_it_was() {
    need_programs();
    let data = Data::new();
    let up = Up::start(&data, &["--slots", "2"]);
    enter(&data);
    middle(&data);
    up.kill();
    // Nobody is left who would work for an orchestrator that is gone.
    for program in ["gauntlet-runner", "gauntlet-worker", "postgres"] {
        data.await_end_of(program, Duration::from_secs(120));
    }
    let up = Up::start(&data, &["--slots", "2"]);
    let disturbed = outcome(&data);
    drop(up);
    check(&disturbed);
    assert_eq!(disturbed, undisturbed());
}

#[test]
fn a_killed_runner_is_replaced_and_its_runs_are_executed_again() {
    need_programs();
    let data = Data::new();
    let up = Up::start(&data, &["--slots", "2"]);
    enter(&data);
    middle(&data);
    let runner = data.processes("gauntlet-runner");
    assert_eq!(runner.len(), 1, "{runner:?}");
    let runner = Pid::from_raw(*runner.first().unwrap());
    // A run that ends between a look and the kill would not be cut off: held, it cannot.
    eventually(
        PATIENCE,
        "a run is under way while its runner is held",
        || {
            kill(runner, Signal::SIGSTOP).unwrap();
            // What it had said already has been heard after this.
            std::thread::sleep(Duration::from_millis(300));
            let now = show(&data);
            let held = cells(&now).iter().any(|cell| cell["state"] == "leased");
            if !held {
                kill(runner, Signal::SIGCONT).unwrap();
            }
            held.then_some(())
        },
    );
    kill(runner, Signal::SIGKILL).unwrap();
    let disturbed = outcome(&data);
    let again = cells(&show(&data))
        .iter()
        .filter(|cell| cell["attempt"].as_i64().unwrap() > 1)
        .count();
    assert!(again > 0, "no run was cut off: the kill came too late");
    drop(up);
    check(&disturbed);
    assert_eq!(disturbed, undisturbed());
}

#[test]
fn two_orchestrators_share_a_database_and_either_may_die() {
    need_programs();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(gauntlet_test_support::database());
    let (one, other) = (Data::new(), Data::new());
    let blobs = one.beside("blobs");
    let key = one.beside("key");
    fs::write(&key, "5ea1".repeat(16)).unwrap();
    fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    let start = |data| {
        let (blobs, key) = (blobs.to_str().unwrap(), key.to_str().unwrap());
        let arguments = ["--slots", "1", "--blobs", blobs, "--blob-key-file", key];
        Up::start_over(database.url(), data, &arguments)
    };
    let first = start(&one);
    let second = start(&other);
    // Asked of one, played by both.
    enter(&one);
    middle(&other);
    first.kill();
    one.await_end_of("gauntlet-runner", Duration::from_secs(120));
    // The second knows everything, and takes over what the first had leased to its runner.
    let disturbed = outcome(&other);
    drop(second);
    // And the first again, alone.
    let first = start(&one);
    assert_eq!(outcome(&one), disturbed);
    drop(first);
    check(&disturbed);
    assert_eq!(disturbed, undisturbed());
}
