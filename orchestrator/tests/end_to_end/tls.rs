//! An orchestrator that others reach over TLS.

use serde_json::Value;

use crate::support::{Data, Up, gauntlet, text};

#[test]
fn a_lab_is_reached_by_its_fingerprint_and_its_own_machine_needs_none() {
    let data = Data::new();
    let up = Up::start(&data, &["--tls", "self-signed", "--slots", "1"]);
    let url = up.started["url"].as_str().unwrap();
    assert!(url.starts_with("https://"), "{}", up.started);
    let fingerprint = up.started["fingerprint"].as_str().unwrap();
    let ask = |more: &[&str]| {
        gauntlet()
            .args(["runner", "list", "--json", "--url", url])
            .args(more)
            .output()
            .unwrap()
    };
    let answered = ask(&["--server-fingerprint", fingerprint]);
    assert!(answered.status.success(), "{}", text(&answered));
    let other = format!("sha256:{}", "00".repeat(32));
    for distrust in [&["--server-fingerprint", other.as_str()][..], &[]] {
        let refused = ask(distrust);
        let code = refused.status.code();
        // Where this system trusts nobody at all, that is what is said.
        assert!(matches!(code, Some(2 | 3)), "{}", text(&refused));
        assert!(refused.stdout.is_empty(), "{}", text(&refused));
    }
    // This machine's commands and runner go on without.
    let tokens = data.json(["token", "list"]);
    assert_eq!(tokens["items"].as_array().unwrap().len(), 3);
    crate::support::eventually(
        std::time::Duration::from_secs(120),
        "the local runner registers",
        || {
            let runners = data.json(["runner", "list"]);
            let alive = |runner: &Value| runner["alive"] == true;
            runners["items"]
                .as_array()
                .unwrap()
                .iter()
                .any(alive)
                .then_some(())
        },
    );
}

#[test]
fn other_machines_are_not_spoken_with_in_the_clear_by_mistake() {
    let data = Data::new();
    let refused = data.run(["up", "--no-runner", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    for said in ["--listen", "--tls", "--insecure-http"] {
        assert!(text(&refused).contains(said), "{}", text(&refused));
    }
    let one = data.run(["up", "--tls-cert", "/nowhere.pem"]);
    assert_eq!(one.status.code(), Some(2), "{}", text(&one));
    let absent = data.run([
        "up",
        "--no-runner",
        "--tls-cert",
        "/nowhere.pem",
        "--tls-key",
        "/k",
    ]);
    assert_eq!(absent.status.code(), Some(2), "{}", text(&absent));
    assert!(text(&absent).contains("/nowhere.pem"), "{}", text(&absent));
    // A command does not send its token there either.
    let file = data.beside("token");
    std::fs::write(&file, "gnt_miner_00").unwrap();
    let unsafe_place = data.run([
        "token",
        "list",
        "--url",
        "http://192.0.2.1:7700",
        "--token-file",
        file.to_str().unwrap(),
    ]);
    assert_eq!(
        unsafe_place.status.code(),
        Some(2),
        "{}",
        text(&unsafe_place)
    );
    assert!(
        text(&unsafe_place).contains("--insecure-http"),
        "{}",
        text(&unsafe_place)
    );
}
