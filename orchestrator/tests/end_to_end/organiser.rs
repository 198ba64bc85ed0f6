//! The organiser's path: plan, race, referee, audit with and without a server, judge again.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Data, PATIENCE, Up, eventually, method, need_programs, text};

/// Waits until the tournament has ended.
fn ended(data: &Data, name: &str) -> Value {
    eventually(PATIENCE, "the tournament ends", || {
        let now = data.json(["tournament", "show", name]);
        (now["state"] == "completed").then_some(now)
    })
}

#[test]
fn a_race_is_refereed_audited_and_judged_again() {
    need_programs();
    let data = Data::new();
    let up = Up::start(&data, &["--slots", "2"]);
    let show = |arguments: &[&str]| data.json(arguments);
    show(&[
        "tournament",
        "create",
        "cup",
        "--task",
        "digits",
        "--seed",
        "3",
        "--max-field",
        "4",
    ]);
    let opened = show(&["tournament", "open", "cup"]);
    assert_eq!(opened["rules"]["format"], "racing", "the default");
    for name in ["starter", "kernel-ridge", "adamw-cosine", "panics-midway"] {
        let module = method(name);
        show(&[
            "submit",
            module.to_str().unwrap(),
            "--tournament",
            "cup",
            "--name",
            name,
        ]);
    }
    let module = method("residual-net");
    let full = data.run([
        "submit",
        module.to_str().unwrap(),
        "--tournament",
        "cup",
        "--name",
        "late",
    ]);
    assert!(text(&full).contains("4 methods"), "{}", text(&full));

    // Paused before it closes, so that nothing runs until the referee is done.
    let reason = ["--reason", "a test"];
    show(&[&["tournament", "pause", "cup"][..], &reason].concat());
    show(&["tournament", "close", "cup"]);
    let out = [
        &["tournament", "disqualify", "cup", "kernel-ridge"][..],
        &reason,
    ]
    .concat();
    let now = show(&out);
    assert_eq!(now["paused"], "a test");
    assert_eq!(now["rounds"], json!([]));
    show(&["tournament", "resume", "cup"]);
    let end = ended(&data, "cup");
    assert_ne!(end["champion"]["method"], "kernel-ridge");
    assert_ne!(end["champion"]["method"], "panics-midway");
    let sure = end["rounds"].as_array().unwrap().last().unwrap();
    assert!(sure["standings"][0]["p_best"].as_f64().unwrap() > 0.0);

    // Anybody can compute it again, now or later.
    let saved = data.beside("cup.record");
    let saved = saved.to_str().unwrap();
    let audit = show(&["tournament", "audit", "cup", "--save", saved]);
    assert_eq!(audit["differences"], json!([]));
    assert_eq!(audit["champion_name"], end["champion"]["method"]);
    let shadow = data.beside("changes.json");
    fs::write(
        &shadow,
        r#"{"metrics":[{"name":"accuracy","better":"higher","best":1.0,"miss":-1.0}]}"#,
    )
    .unwrap();
    let judge = [
        "tournament",
        "rejudge",
        "cup",
        "--changes",
        shadow.to_str().unwrap(),
    ];
    let judged = show(&judge);
    assert_eq!(judged["applied"], false);
    assert_eq!(judged["champion_before"], end["champion"]["method"]);
    let champion = end["champion"]["method"].as_str().unwrap();
    let without = json!({"erratum": {"disqualify": [champion]}});
    fs::write(&shadow, without.to_string()).unwrap();
    let judged = show(&[&judge[..], &["--apply"], &reason].concat());
    assert_eq!(judged["applied"], true);
    let now = show(&["tournament", "show", "cup"]);
    assert_eq!(now["champion"]["method"], judged["champion"]);
    assert_ne!(now["champion"]["method"], end["champion"]["method"]);
    let entry = show(&["archive", "show", "digits@champion"]);
    assert_eq!(entry["method"], judged["champion"]);
    let again = show(&["tournament", "audit", "cup"]);
    assert_eq!(again["differences"], json!([]));
    drop(up);

    // Without a server: the saved record holds, a changed one does not.
    assert_eq!(
        show(&["tournament", "audit", "--record", saved])["differences"],
        json!([])
    );
    let record = fs::read_to_string(saved).unwrap();
    let forged = data.beside("forged.record");
    fs::write(
        &forged,
        record.replacen("panics-midway", "never-panics1", 1),
    )
    .unwrap();
    let refused = data.run(["tournament", "audit", "--record", forged.to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(
        text(&refused).contains("the record is broken"),
        "{}",
        text(&refused)
    );
}

#[test]
fn a_plan_needs_no_server() {
    let data = Data::new();
    let plan = data.json([
        "tournament",
        "plan",
        "--field",
        "16",
        "--gpu-hours",
        "20",
        "--price",
        "2.5/h",
        "--replications",
        "64",
    ]);
    assert_eq!(plan["runs"], 40);
    let estimates = plan["estimates"].as_array().unwrap();
    let racing = estimates
        .iter()
        .find(|one| one["name"] == "racing, 4 at a time" && one["runs"].as_f64() <= Some(40.0))
        .unwrap();
    assert!((0.0..=1.0).contains(&racing["p_best"].as_f64().unwrap()));
    assert_eq!(
        racing["cost"].as_f64().unwrap(),
        racing["gpu_hours"].as_f64().unwrap() * 2.5
    );
    let poor = data.run(["tournament", "plan", "--field", "16", "--gpu-hours", "2"]);
    assert!(text(&poor).contains("--gpu-hours"), "{}", text(&poor));
}
