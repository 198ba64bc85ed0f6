//! Runners that fail, and images that do not start, stand in nobody's way.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::Value;

use crate::recovery::{cells, show};
use crate::shell::{admin, figure};
use crate::support::{Data, PATIENCE, Up, eventually, method, need_programs};

/// A second runner of the same orchestrator.
struct Runner(Child);

impl Runner {
    /// `disk`: what it fetches and compiles goes to disks of so many KiB, which are full at once.
    /// The rest of its folder has room: it copies its worker there where others cannot reach it.
    fn start(data: &Data, up: &Up, name: &str, disk: Option<u32>, arguments: &[&str]) -> Self {
        let folder = data.beside(name);
        for inside in ["blobs", "cache"] {
            fs::create_dir_all(folder.join(inside)).unwrap();
        }
        let token = data.beside(&format!("{name}.token"));
        let made = data.json(["token", "create", "--scope", "runner"]);
        fs::write(&token, made["token"].as_str().unwrap()).unwrap();
        let mut command = match disk {
            None => Command::new(program()),
            Some(kib) => {
                let mut command = Command::new("unshare");
                command.arg("--mount");
                if !geteuid().is_root() {
                    command.args(["--user", "--map-root-user"]);
                }
                let script = format!(
                    "for inside in blobs cache; do \
                         mount -t tmpfs -o mode=700,size={kib}k tmpfs \"$0/$inside\" || exit; \
                     done; exec \"$@\""
                );
                command.args(["sh", "-c", &script]).arg(&folder);
                command.arg(program());
                command
            }
        };
        let log = fs::File::create(data.beside(&format!("{name}.log"))).unwrap();
        let child = command
            .args(["--url", up.started["url"].as_str().unwrap()])
            .args(["--name", name, "--token-file", token.to_str().unwrap()])
            .arg("--data")
            .arg(&folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_gauntlet")).with_file_name("gauntlet-runner")
}

/// An image of files that no kernel starts as a program, or of a program that ends at once.
fn poison(data: &Data, name: &str, content: &[u8]) -> PathBuf {
    let program = data.beside(name);
    fs::write(&program, content).unwrap();
    fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let archive = program.with_extension("tar");
    data.json([
        "method",
        "pack",
        program.to_str().unwrap(),
        "--output",
        archive.to_str().unwrap(),
    ]);
    archive
}

#[test]
fn shell_figure_nothing_hostile_stops_a_round() {
    need_programs();
    let socket = gauntlet_test_engine::socket();
    let socket = socket.to_str().unwrap();
    let data = Data::new();
    let up = Up::start(&data, &["--slots", "2", "--containers", "--engine", socket]);
    let create = "tournament create cup --task digits --seed 42 --rungs 1 --blocks 2";
    data.json(create.split(' '));
    data.json(["tournament", "open", "cup"]);
    let admin = admin(&data);
    let admin = admin.to_str().unwrap();
    let submit = |arguments: &[&str]| {
        let all = ["submit", "--tournament", "cup", "--token-file", admin];
        data.json(all.iter().chain(arguments).copied().collect::<Vec<_>>())
    };
    for name in ["kernel-ridge", "quadratic-net", "panics-midway"] {
        submit(&[method(name).to_str().unwrap()]);
    }
    let images: [(&str, &[u8]); 4] = [
        ("text", b"no program at all\n"),
        ("script", b"#!/no/such/interpreter\n"),
        ("half", b"\x7fELF\x02\x01\x01\0\0\0\0\0"),
        ("empty", b""),
    ];
    for (name, content) in images {
        let archive = poison(&data, name, content);
        submit(&["--archive", archive.to_str().unwrap()]);
    }
    // They ask first and fail fastest.
    let mut full = Runner::start(&data, &up, "disk-full", Some(256), &["--slots", "2"]);
    let mut broken = Runner::start(&data, &up, "no-worker", None, &["--worker", "/bin/false"]);
    let logs = || {
        let log = |name: &str| fs::read_to_string(data.beside(name)).unwrap_or_default();
        format!("{}\n{}", log("disk-full.log"), log("no-worker.log"))
    };
    eventually(PATIENCE, "the failing runners register", || {
        let ended = full.has_ended() || broken.has_ended();
        assert!(!ended, "a runner ended\n{}", logs());
        let list = data.json(["runner", "list"]);
        let names = list["items"].to_string();
        (names.contains("disk-full") && names.contains("no-worker")).then_some(())
    });
    data.json(["tournament", "close", "cup"]);
    // That they fail is seen of them.
    let aside = Cell::new(false);
    let (mut stuck, end) = (0, RefCell::new(None));
    eventually(PATIENCE, "the tournament ends", || {
        let now = show(&data);
        let held = cells(&now);
        stuck = stuck.max(held.iter().filter(|cell| cell["state"] == "stuck").count());
        let runners = data.json(["runner", "list"]);
        let is_aside = |runner: &Value| runner["set_aside_because"].is_string();
        aside.set(aside.get() || runners["items"].as_array().unwrap().iter().any(is_aside));
        let over = now["state"] == "completed";
        *end.borrow_mut() = Some(now);
        over.then_some(())
    });
    figure("stuck_by_hostile", stuck as f64);
    let end = end.into_inner().unwrap();
    assert_eq!(stuck, 0, "{end:#}\n{}", logs());
    for cell in cells(&end) {
        let wanted = match cell["method"].as_str().unwrap() {
            "kernel-ridge" | "quadratic-net" => "completed",
            _ => "method_failed",
        };
        assert_eq!(cell["verdict"], wanted, "{cell}\n{}", logs());
    }
    assert!(aside.get(), "nobody was set aside\n{}", logs());
    drop((full, broken));
}
