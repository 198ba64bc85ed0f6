//! Methods as container images, handed in by every way there is, beside a module.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Data, PATIENCE, Up, eventually, gauntlet, method, need_programs, root, text};

/// Docker's own command against the tests' engine.
fn docker(arguments: &[&str]) -> String {
    let socket = gauntlet_test_engine::socket();
    let output = Command::new("docker")
        .arg("-H")
        .arg(format!("unix://{}", socket.display()))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The C example, compiled.
pub(crate) fn softmax(data: &Data) -> std::path::PathBuf {
    let program = data.beside("softmax");
    let source = root().join("examples/containers/softmax-c/method.c");
    gauntlet_test_engine::compile(&source, &program);
    program
}

/// Puts a program into the engine as an image, as an author would have it there.
fn import(program: &Path, name: &str) {
    let tar = program.with_extension("layer");
    let packed = Command::new("tar")
        .arg("-C")
        .arg(program.parent().unwrap())
        .arg("-cf")
        .arg(&tar)
        .arg(program.file_name().unwrap())
        .status()
        .unwrap();
    assert!(packed.success());
    let entry = format!(
        "ENTRYPOINT [\"/{}\"]",
        program.file_name().unwrap().to_str().unwrap()
    );
    docker(&["import", "--change", &entry, tar.to_str().unwrap(), name]);
}

/// A registry on this machine, as `docker-registry` of the distribution.
struct Registry {
    child: Child,
    address: String,
}

impl Registry {
    fn start(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = format!("127.0.0.1:{port}");
        let config = folder.join("registry.yml");
        let mut file = fs::File::create(&config).unwrap();
        writeln!(
            file,
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}",
            folder.join("registry").display()
        )
        .unwrap();
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry is there; scripts/setup --tests installs it");
        eventually(Duration::from_secs(120), "the registry answers", || {
            std::net::TcpStream::connect(&address).ok()
        });
        Self { child, address }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_tournament_of_modules_and_images_handed_in_by_every_way() {
    need_programs();
    let socket = gauntlet_test_engine::socket();
    let socket = socket.to_str().unwrap();
    let data = Data::new();
    let program = softmax(&data);
    let archive = data.beside("packed.tar");
    let packed = data.json([
        "method",
        "pack",
        program.to_str().unwrap(),
        "--output",
        archive.to_str().unwrap(),
    ]);
    assert_eq!(packed["enters"], true, "{packed}");

    let _up = Up::start(&data, &["--slots", "2", "--containers", "--engine", socket]);
    data.json([
        "tournament",
        "create",
        "cup",
        "--task",
        "digits",
        "--seed",
        "42",
        "--rungs",
        "1",
        "--blocks",
        "1",
    ]);
    data.json(["tournament", "open", "cup"]);
    let submit = |arguments: &[&str]| {
        let all = ["submit", "--tournament", "cup"];
        data.json(all.iter().chain(arguments).copied().collect::<Vec<_>>())
    };
    submit(&[method("kernel-ridge").to_str().unwrap()]);
    let receipt = submit(&["--archive", archive.to_str().unwrap()]);
    assert_eq!(receipt["method"], "packed");
    assert_eq!(receipt["digest"], packed["digest"]);

    let name = format!("gauntlet-test/softmax-{}", std::process::id());
    import(&program, &name);
    submit(&["--image", &name, "--engine", socket, "--name", "by-image"]);

    let registry = Registry::start(program.parent().unwrap());
    let pushed = format!("{}/{name}", registry.address);
    docker(&["tag", &name, &pushed]);
    let said = docker(&["push", &pushed]);
    let digest = said
        .split("digest: ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    docker(&["image", "rm", &pushed, &name]);
    let reference = format!("{pushed}@{digest}");
    submit(&[
        "--digest",
        &reference,
        "--engine",
        socket,
        "--name",
        "by-digest",
    ]);
    docker(&["image", "rm", &reference]);

    data.json(["tournament", "close", "cup"]);
    let end = eventually(PATIENCE, "the tournament ends", || {
        let now = data.json(["tournament", "show", "cup"]);
        (now["state"] == "completed").then_some(now)
    });
    let runs = end["rounds"][0]["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 4, "{end}");
    let mut scores = Vec::new();
    for run in runs {
        assert_eq!(run["verdict"], "completed", "{run}");
        if run["method"] != "kernel-ridge" {
            scores.push(run["score"].as_f64().unwrap());
        }
    }
    // The same program on the same block, however it came here.
    assert_eq!(scores.len(), 3);
    assert!(
        scores[0] > 0.9 && scores.iter().all(|score| *score == scores[0]),
        "{scores:?}"
    );
}

#[test]
fn an_image_is_checked_and_run_at_home_as_it_is_in_a_tournament() {
    need_programs();
    let socket = gauntlet_test_engine::socket();
    let data = Data::new();
    let program = softmax(&data);
    let archive = data.beside("softmax.tar");
    let archive = archive.to_str().unwrap();
    data.json(["method", "pack", program.to_str().unwrap(), "-o", archive]);
    let check = data.json(["method", "check", archive]);
    assert_eq!(check["facts"]["config"]["entrypoint"][0], "/method");
    let report = data.json([
        "method",
        "run",
        archive,
        "--task",
        "digits",
        "--engine",
        socket.to_str().unwrap(),
    ]);
    assert_eq!(report["executed"], "container", "{report}");
    assert_eq!(report["runs"][0]["verdict"], "completed", "{report}");
    assert!(
        report["runs"][0]["score"].as_f64().unwrap() > 0.9,
        "{report}"
    );
}

#[test]
fn an_image_that_wants_more_is_refused_before_it_is_sent() {
    let data = Data::new();
    let program = softmax(&data);
    let archive = data.beside("wants-more.tar");
    let pack = |with: &[&str]| {
        let (program, archive) = (program.to_str().unwrap(), archive.to_str().unwrap());
        let arguments = ["method", "pack", program, "-o", archive];
        text(&data.run(arguments.iter().chain(with).copied()))
    };
    let told = pack(&["--env", "LD_PRELOAD=/x.so"]);
    assert!(
        told.contains("left out") && told.contains("the dynamic loader"),
        "{told}"
    );
    let told = pack(&["--with", "/bin/sh", "--with", "-c"]);
    assert!(told.contains("refused (entrypoint)"), "{told}");
    let submitted = gauntlet()
        .args(["submit", "--tournament", "cup", "--archive"])
        .arg(&archive)
        .env("GAUNTLET_TOKEN", "gnt_miner_00")
        .output()
        .unwrap();
    assert_eq!(submitted.status.code(), Some(2), "{}", text(&submitted));
    assert!(
        text(&submitted).contains("a shell's -c"),
        "{}",
        text(&submitted)
    );
}
