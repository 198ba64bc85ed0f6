//! The miner's path without a server: new, check, run; and that what a method does here
//! is what it does in a tournament.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Data, gauntlet, method, need_programs, root, text};

/// Reads the JSON on standard output, whatever the exit code.
fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

/// Tries a method on a task and reads the report.
fn run(data: &Data, module: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let mut arguments = vec!["method", "run", module.to_str().unwrap(), "--json"];
    arguments.extend(more);
    let output = data.run(&arguments);
    (output.status.code(), json(&output))
}

/// A tournament of good and bad methods, then each of its runs once more at home: the same
/// verdict, the same words, the same score, the same model, the same readings.
#[test]
fn what_happens_at_home_is_what_happens_in_a_tournament() {
    need_programs();
    let data = Data::new();
    let methods = data.beside("methods");
    fs::create_dir(&methods).unwrap();
    for name in [
        "starter",
        "kernel-ridge",
        "panics-midway",
        "allocates-without-end",
    ] {
        fs::copy(method(name), methods.join(format!("{name}.wasm"))).unwrap();
    }
    let demo = data.beside("demo");
    let output = gauntlet()
        .args(["demo", "--json", "--listen", "127.0.0.1:0", "--slots", "2"])
        .args(["--seed", "5", "--rungs", "1", "--blocks", "1"])
        .arg("--methods")
        .arg(&methods)
        .arg("--data")
        .arg(&demo)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let report = json(&output);
    let secret = demo.join("secret");

    let mut verdicts = Vec::new();
    for tournament in report["tournaments"].as_array().unwrap() {
        let task = tournament["name"].as_str().unwrap();
        for there in tournament["runs"].as_array().unwrap() {
            let name = there["method"].as_str().unwrap();
            let (code, report) = run(
                &data,
                &methods.join(format!("{name}.wasm")),
                &[
                    "--task",
                    task,
                    "--secret",
                    secret.to_str().unwrap(),
                    "--seed",
                    there["seed"].as_str().unwrap(),
                ],
            );
            let here = &report["runs"][0];
            for what in ["seed", "verdict", "score", "model", "detail"] {
                assert_eq!(
                    here[what], there[what],
                    "{what} of {name} on {task}: {here} {there}"
                );
            }
            let completed = here["verdict"] == "completed";
            assert_eq!(code, Some(if completed { 0 } else { 1 }));
            if completed {
                for meter in ["work", "flops", "bytes_moved", "operations", "batches"] {
                    assert_eq!(
                        here["train"][meter], there["train"][meter],
                        "{meter} of {name}"
                    );
                }
            } else {
                let advice = here["advice"].as_str().unwrap();
                assert!(!advice.is_empty(), "{here}");
            }
            verdicts.push(here["verdict"].as_str().unwrap().to_owned());
        }
    }
    verdicts.sort();
    verdicts.dedup();
    assert_eq!(verdicts, ["completed", "memory_exceeded", "method_failed"]);
}

#[test]
fn the_starter_beats_the_baseline_on_several_seeds() {
    need_programs();
    let data = Data::new();
    let mean = |name: &str| {
        let (code, report) = run(&data, &method(name), &["--task", "digits", "--repeat", "2"]);
        assert_eq!(code, Some(0), "{report}");
        assert_eq!(report["runs"].as_array().unwrap().len(), 2);
        assert!(report["deviation"].is_number());
        report["mean"].as_f64().unwrap()
    };
    let (starter, baseline) = (mean("starter"), mean("sgd"));
    assert!(starter > baseline, "{starter} against {baseline}");
}

#[test]
fn a_hyper_parameter_can_be_set_and_only_to_what_it_takes() {
    need_programs();
    let data = Data::new();
    let starter = method("starter");
    let set = |values: &[&str]| {
        let mut more = vec!["--task", "digits"];
        for value in values {
            more.extend(["--set", value]);
        }
        run(&data, &starter, &more)
    };
    let declared = text(&data.run(["method", "check", starter.to_str().unwrap()]));
    assert!(
        declared.contains("a whole number from 8 to 2048"),
        "{declared}"
    );
    let (code, usual) = set(&[]);
    assert_eq!(code, Some(0), "{usual}");
    let (code, wide) = set(&["hidden=320", "learning_rate=0.002"]);
    assert_eq!(code, Some(0), "{wide}");
    assert_eq!(
        wide["settings"],
        serde_json::json!({"hidden": 320, "learning_rate": 0.002})
    );
    // A wider layer is a larger model. What is set to its default makes the same network; not
    // the same model, since a method that reads settings has done that much more of its work.
    let bytes = |report: &Value| report["runs"][0]["model_bytes"].as_u64().unwrap();
    assert!(bytes(&wide) > bytes(&usual), "{wide} {usual}");
    let (_, same) = set(&["hidden=192"]);
    assert_eq!(bytes(&same), bytes(&usual), "{same} {usual}");

    for (value, said) in [
        ("hidden=7", "a whole number from 8 to 2048, not 7"),
        ("hiden=64", "declares no hyper-parameter `hiden`"),
        ("hidden", "is not of the form name=value"),
    ] {
        let refused = data.run([
            "method",
            "run",
            starter.to_str().unwrap(),
            "--task",
            "digits",
            "--set",
            value,
        ]);
        assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
        assert!(text(&refused).contains(said), "{}", text(&refused));
    }
}

/// The example `sgd` ends after a number of batches, not with its budget: so the program,
/// whose operations nobody meters, and the module do the same.
#[test]
fn natively_the_same_source_gives_the_same_model() {
    need_programs();
    let data = Data::new();
    let program = Path::new(env!("CARGO_BIN_EXE_gauntlet")).with_file_name("sgd");
    assert!(
        program.is_file(),
        "{} is not built; `make everything` builds all programs",
        program.display()
    );
    let (code, sandbox) = run(&data, &method("sgd"), &["--task", "digits"]);
    assert_eq!(code, Some(0), "{sandbox}");
    let program = program.to_str().unwrap();
    let native = ["--task", "digits", "--native", "--program", program];
    let (code, native) = run(&data, Path::new("."), &native);
    assert_eq!(code, Some(0), "{native}");
    let (sandbox, native) = (&sandbox["runs"][0], &native["runs"][0]);
    for what in ["seed", "verdict", "score", "model"] {
        assert_eq!(sandbox[what], native[what], "{what}");
    }
    assert_eq!(sandbox["train"]["batches"], native["train"]["batches"]);
    let metrics = |run: &Value| run["curve"].as_array().unwrap().len();
    assert_eq!(metrics(sandbox), metrics(native));
}

#[test]
fn what_a_debugger_needs_is_laid_out() {
    let data = Data::new();
    let program = Path::new(env!("CARGO_BIN_EXE_gauntlet")).with_file_name("sgd");
    let arguments = ["method", "run", "--task", "digits", "--native", "--debug"];
    let program = ["--program", program.to_str().unwrap()];
    let prepared = data.json([&arguments[..], &program].concat());
    let root = Path::new(prepared["root"].as_str().unwrap());
    assert!(
        prepared["commands"]
            .as_str()
            .unwrap()
            .contains("rust-gdb --args")
    );
    let trained = Command::new(prepared["program"].as_str().unwrap())
        .args(["train", "--root"])
        .arg(root)
        .output()
        .unwrap();
    assert!(trained.status.success(), "{}", text(&trained));
    assert!(root.join("out/model.safetensors").is_file());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_run_tells_people_what_a_tournament_would_record() {
    need_programs();
    let data = Data::new();
    let module = method("kernel-ridge");
    let arguments = [
        "method",
        "run",
        module.to_str().unwrap(),
        "--task",
        "digits",
    ];
    let output = data.run(arguments);
    assert!(output.status.success(), "{}", text(&output));
    let said = String::from_utf8_lossy(&output.stdout);
    for words in [
        "verdict",
        "completed",
        "score",
        "model",
        "tensor operations",
        "split",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Nothing is left behind of the run.
    let local = data.path().join("local");
    let left: Vec<_> = fs::read_dir(&local)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("scratch-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn check_says_what_the_gate_would_say() {
    need_programs();
    let data = Data::new();
    let check = |path: &Path, more: &[&str]| {
        let mut arguments = vec!["method", "check", path.to_str().unwrap(), "--json"];
        arguments.extend(more);
        let output = data.run(&arguments);
        (output.status.code(), output)
    };
    let (code, output) = check(&method("sgd"), &["--compile"]);
    let honest = json(&output);
    assert_eq!(code, Some(0), "{honest}");
    assert_eq!(honest["enters"], true);
    assert!(honest["compiled"]["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(honest["digest"].as_str().unwrap().len(), 64);
    let exports = honest["exports"].as_array().unwrap();
    assert!(
        exports.iter().any(|name| name == "gauntlet_train"),
        "{honest}"
    );

    let foreign = data.beside("foreign.wasm");
    let imports = r#"(module (import "env" "a" (func)) (import "env" "b" (func)))"#;
    fs::write(&foreign, wat::parse_str(imports).unwrap()).unwrap();
    let (code, output) = check(&foreign, &[]);
    let refused = json(&output);
    assert_eq!(code, Some(1), "{refused}");
    // Two imports, two functions and the memory.
    assert_eq!(refused["reasons"].as_array().unwrap().len(), 5, "{refused}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("5 reasons"));

    let (code, output) = check(&data.beside("absent.wasm"), &[]);
    assert_eq!(code, Some(2), "{}", text(&output));
    assert!(output.stdout.is_empty());
}

/// Where `method new` puts a crate, by its answer.
fn written(data: &Data, arguments: &[&str]) -> PathBuf {
    let answer = data.json([&["method", "new"], arguments].concat());
    PathBuf::from(answer["path"].as_str().unwrap())
}

#[test]
fn a_new_crate_is_read_by_cargo_wherever_it_is_written() {
    let data = Data::new();
    let place = data.beside("crates");
    fs::create_dir(&place).unwrap();
    let at = place.to_str().unwrap();
    let root = root();
    let tree = written(
        &data,
        &["tree", "--in", at, "--sdk", root.to_str().unwrap()],
    );
    let copy = written(&data, &["copy", "--in", at, "--vendor"]);
    for crate_folder in [&tree, &copy] {
        let output = Command::new("cargo")
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--offline",
            ])
            .current_dir(crate_folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output));
        let metadata = json(&output);
        assert_eq!(metadata["packages"].as_array().unwrap().len(), 1);
        let dependencies = metadata["packages"][0]["dependencies"].as_array().unwrap();
        for dependency in dependencies {
            let path = Path::new(dependency["path"].as_str().unwrap());
            assert!(path.join("src/lib.rs").is_file(), "{dependency}");
        }
    }
    let again = data.run(["method", "new", "tree", "--in", at]);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again));
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("exists already"), "{said}");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_done() {
    let data = Data::new();
    let module = method("sgd");
    let module = module.to_str().unwrap();
    let sandbox: &[(&[&str], &[&str])] = &[
        (&["method", "new", "My Method"], &["field: NAME", "a-z"]),
        (
            &["method", "new", "x", "--sdk", "/nowhere"],
            &["field: --sdk", "--vendor"],
        ),
        (
            &["method", "run", module, "--task", "alchemy"],
            &["alchemy", "digits", "field: --task"],
        ),
        (
            &[
                "method",
                "run",
                module,
                "--task",
                "digits",
                "--worker",
                "/nowhere/w",
            ],
            &["/nowhere/w", "field: --worker", "scripts/build"],
        ),
        (
            &["method", "run", "/nowhere/m.wasm", "--task", "digits"],
            &["/nowhere/m.wasm", "field: PATH"],
        ),
        (
            &[
                "method",
                "run",
                module,
                "--task",
                "digits",
                "--seed",
                "00000000000000ff",
                "--repeat",
                "2",
            ],
            &["field: --repeat"],
        ),
        (
            &["method", "run", "docs", "--task", "digits"],
            &["Cargo.toml", "field: PATH"],
        ),
    ];
    for (arguments, says) in sandbox {
        let output = data.run(*arguments);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        let said = String::from_utf8_lossy(&output.stderr);
        for words in *says {
            assert!(said.contains(words), "{words:?} is not in: {said}");
        }
    }
}
