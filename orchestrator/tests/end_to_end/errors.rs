//! What bad input gets: an exit code and a message that says what is wrong and what to do.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::support::{Data, Up, gauntlet, method, text};

fn refused(output: &Output, code: i32, says: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
    assert!(output.stdout.is_empty(), "{}", text(output));
    let message = String::from_utf8_lossy(&output.stderr);
    for part in says {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn refusals_of_a_running_orchestrator() {
    let data = Data::new();
    let _up = Up::start(&data, &["--no-runner"]);
    let module = method("sgd");
    let module = module.to_str().unwrap();

    refused(
        &data.run(["tournament", "create", "cup", "--task", "alchemy"]),
        1,
        &["alchemy", "field: ", "what to do: "],
    );
    refused(
        &data.run(["tournament", "create", "Not A Name", "--task", "digits"]),
        1,
        &["field: ", "name", "what to do: "],
    );
    refused(
        &data.run(["tournament", "show", "nothing"]),
        1,
        &["nothing", "what to do: "],
    );
    refused(
        &data.run(["submit", module, "--tournament", "nothing"]),
        1,
        &["nothing", "what to do: "],
    );
    refused(
        &data.run(["archive", "show", "digits@champion"]),
        1,
        &["digits@champion", "what to do: "],
    );

    data.json(["tournament", "create", "cup", "--task", "digits"]);
    refused(
        &data.run(["tournament", "create", "cup", "--task", "digits"]),
        1,
        &["cup", "what to do: "],
    );
    refused(
        &data.run(["submit", module, "--tournament", "cup"]),
        1,
        &["cup", "what to do: "],
    );
    data.json(["tournament", "open", "cup"]);

    let text_file = data.beside("method.wasm");
    fs::write(&text_file, "#!/bin/sh\necho hello\n").unwrap();
    refused(
        &data.run(["submit", text_file.to_str().unwrap(), "--tournament", "cup"]),
        2,
        &["method.wasm", "field: FILE", "what to do: "],
    );
    let foreign = data.beside("foreign.wasm");
    let import = r#"(module (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32))))"#;
    fs::write(&foreign, wat::parse_str(import).unwrap()).unwrap();
    refused(
        &data.run(["submit", foreign.to_str().unwrap(), "--tournament", "cup"]),
        2,
        &["random_get", "field: FILE", "what to do: "],
    );
    let oversized = data.beside("oversized.wasm");
    let file = fs::File::create(&oversized).unwrap();
    file.set_len(17 << 20).unwrap();
    refused(
        &data.run(["submit", oversized.to_str().unwrap(), "--tournament", "cup"]),
        2,
        &["limit: 16777216", "what to do: "],
    );

    let token_file = data.beside("token");
    let file = token_file.to_str().unwrap();
    for (token, status) in [("gnt_miner_0000", 401), ("nonsense", 401)] {
        fs::write(&token_file, format!("{token}\n")).unwrap();
        let output = data.run([
            "submit",
            module,
            "--tournament",
            "cup",
            "--token-file",
            file,
            "--json",
        ]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(error["error"]["status"], status, "{error}");
        assert!(error["error"]["help"].is_string(), "{error}");
    }
    let miner = data.json(["token", "create", "--scope", "miner", "--note", "a test"]);
    let secret = miner["token"].as_str().unwrap();
    fs::write(&token_file, secret).unwrap();
    // An argument is for everybody on the machine to read.
    refused(
        &data.run(["tournament", "close", "cup", "--token", secret]),
        2,
        &["--token"],
    );
    refused(
        &data.run(["tournament", "close", "cup", "--token-file", file]),
        1,
        &["admin", "what to do: "],
    );

    let receipt = data.json([
        "submit",
        module,
        "--tournament",
        "cup",
        "--token-file",
        file,
    ]);
    assert_eq!(receipt["method"], "sgd");
    let id = miner["id"].as_str().unwrap();
    let listed = data.run(["token", "list"]);
    assert!(text(&listed).contains(id), "{}", text(&listed));
    assert!(!text(&listed).contains(secret), "{}", text(&listed));
    let rotated = data.json(["token", "rotate", id]);
    refused(
        &data.run([
            "submit",
            module,
            "--tournament",
            "cup",
            "--token-file",
            file,
        ]),
        1,
        &["Unknown token", "what to do: "],
    );
    assert_ne!(rotated["token"], miner["token"]);
    let revoked = data.json(["token", "revoke", id]);
    assert_eq!(revoked["usable"], false, "{revoked}");
    refused(
        &data.run(["submit", module, "--tournament", "cup", "--name", "other"]),
        1,
        &["what to do: "],
    );
    let second = method("adamw-cosine");
    data.json(["submit", second.to_str().unwrap(), "--tournament", "cup"]);
    data.json(["tournament", "close", "cup"]);
    let late = method("conv-net");
    refused(
        &data.run(["submit", late.to_str().unwrap(), "--tournament", "cup"]),
        1,
        &["cup", "what to do: "],
    );
    // None of the refused submissions left anything behind.
    let cup = data.json(["tournament", "show", "cup"]);
    let names: Vec<_> = cup["methods"]
        .as_array()
        .unwrap()
        .iter()
        .map(|method| method["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["adamw-cosine", "sgd"]);

    refused(
        &gauntlet()
            .args(["up", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .output()
            .unwrap(),
        2,
        &["another gauntlet", "field: --data", "what to do: "],
    );
}

#[test]
fn refusals_without_an_orchestrator() {
    let data = Data::new();
    refused(
        &data.run(["task", "list"]),
        3,
        &["no orchestrator", "gauntlet up"],
    );
    refused(
        // Port 1 of this machine: nobody listens there.
        &data.run(["task", "list", "--url", "http://127.0.0.1:1"]),
        3,
        &["http://127.0.0.1:1", "gauntlet up"],
    );
    refused(
        &data.run(["task", "list", "--url", "ftp://example.org"]),
        2,
        &["field: --url", "what to do: "],
    );
    refused(&data.run(["task", "list", "--jsn"]), 2, &["--jsn"]);

    fs::write(data.path().join("gauntlet.toml"), "slot = 1\n").unwrap();
    refused(&data.run(["up"]), 2, &["slot", "field: --config"]);
    fs::remove_file(data.path().join("gauntlet.toml")).unwrap();

    let tasks = data.beside("tasks");
    refused(
        &data.run([
            "up",
            "--no-runner",
            "--listen",
            "127.0.0.1:0",
            "--tasks",
            tasks.to_str().unwrap(),
        ]),
        2,
        &["tasks", "field: --tasks"],
    );

    let methods = data.beside("methods");
    fs::create_dir(&methods).unwrap();
    refused(
        &data.run(["demo", "--methods", methods.to_str().unwrap()]),
        2,
        &["no .wasm file", "gauntlet method build"],
    );
    refused(
        &data.run(["method", "build", methods.to_str().unwrap()]),
        2,
        &["field: DIR"],
    );
}
