//! Images as ordinary builders make them are let in, and run.

use std::process::Command;

use crate::containers::softmax;
use crate::shell::{admin, figure};
use crate::support::{Data, PATIENCE, Up, eventually, need_programs, root, text};

#[test]
fn shell_figure_images_of_every_builder_run() {
    need_programs();
    let socket = gauntlet_test_engine::socket();
    let socket = socket.to_str().unwrap();
    let data = Data::new();
    let program = softmax(&data);
    let folder = data.beside("builders");
    std::fs::create_dir(&folder).unwrap();
    let made = Command::new(root().join("scripts/builder-images"))
        .args([program.to_str().unwrap(), socket, folder.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made));
    let names: Vec<String> = String::from_utf8(made.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();

    let _up = Up::start(&data, &["--slots", "2", "--containers", "--engine", socket]);
    let create = "tournament create cup --task digits --seed 42 --rungs 1 --blocks 1";
    data.json(create.split(' '));
    data.json(["tournament", "open", "cup"]);
    let admin = admin(&data);
    let mut refused = Vec::new();
    for name in &names {
        let archive = folder.join(format!("{name}.tar"));
        let archive = archive.to_str().unwrap();
        let sent = ["submit", "--tournament", "cup", "--archive", archive];
        let token = ["--token-file", admin.to_str().unwrap(), "--json"];
        let sent = data.run(sent.into_iter().chain(token));
        if !sent.status.success() {
            refused.push(format!("{name}: {}", text(&sent)));
        }
    }
    data.json(["tournament", "close", "cup"]);
    let end = eventually(PATIENCE, "the tournament ends", || {
        let now = data.json(["tournament", "show", "cup"]);
        (now["state"] == "completed").then_some(now)
    });
    let runs = end["rounds"][0]["runs"].as_array().unwrap();
    let (well, ill): (Vec<_>, Vec<_>) = runs
        .iter()
        .partition(|run| run["verdict"] == "completed" && run["score"] == runs[0]["score"]);
    figure("builder_images", names.len() as f64);
    figure("builder_images_ok", well.len() as f64);
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(ill.is_empty(), "{ill:#?}");
    assert_eq!(well.len(), names.len());
    assert!(names.len() >= 16, "{names:?}");
}
