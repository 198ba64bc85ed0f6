//! A container engine for tests, and images made of C programs.
//!
//! Whatever engine answers at `DOCKER_HOST` or at the usual socket is used; where none
//! does, `scripts/engine` starts a private one, which all tests of a run share and which ends
//! when the last of them has. A test that cannot have an engine fails and says why.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use gauntlet_image::Packed;

/// How long an engine may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Root of the source tree.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)
        .expect("the package lies in the workspace")
        .to_path_buf()
}

/// The socket of an engine that answers, started if there is none.
///
/// # Panics
/// If there is none and none can be started.
pub fn socket() -> PathBuf {
    static ENGINE: OnceLock<(PathBuf, Option<File>)> = OnceLock::new();
    ENGINE.get_or_init(find_or_start).0.clone()
}

fn find_or_start() -> (PathBuf, Option<File>) {
    let named = std::env::var("DOCKER_HOST").unwrap_or_default();
    let usual = named
        .strip_prefix("unix://")
        .unwrap_or("/var/run/docker.sock");
    if answers(Path::new(usual)) {
        return (usual.into(), None);
    }
    // What is mounted here must be mounted for the engine too, so each mount name space
    // has an engine of its own.
    let space = fs::read_link("/proc/self/ns/mnt").unwrap_or_default();
    let space = space
        .to_string_lossy()
        .replace(|c: char| !c.is_ascii_digit(), "");
    // And each user, who could not lock another's files.
    let user = fs::metadata("/proc/self").unwrap().uid();
    let name = format!("gauntlet-engine-{space}-{user}");
    let folder = std::env::temp_dir().join(&name);
    let socket = folder.join("sock");
    let deadline = Instant::now() + START;
    loop {
        fs::create_dir_all(&folder).unwrap();
        let users = File::options()
            .create(true)
            .append(true)
            .open(folder.join("users"))
            .unwrap();
        users.lock_shared().unwrap();
        // An engine that ended while we waited took its folder with it.
        let same = fs::metadata(folder.join("users"))
            .is_ok_and(|named| named.ino() == users.metadata().unwrap().ino());
        if !same {
            continue;
        }
        if answers(&socket) {
            return (socket, Some(users));
        }
        let starting = File::create(std::env::temp_dir().join(format!("{name}.lock"))).unwrap();
        starting.lock().unwrap();
        if !answers(&socket) {
            start(&folder, user == 0);
        }
        while !answers(&socket) {
            assert!(
                Instant::now() < deadline,
                "no container engine answers and none could be started in {}: run the tests as \
                 root, as a user who may use sudo without being asked, or as one of the group \
                 of an engine that runs (scripts/setup --containers starts one); its log ends:\n{}",
                folder.display(),
                tail(&folder.join("log"))
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[expect(
    clippy::zombie_processes,
    reason = "it outlives the test that starts it, whose end hands it to init"
)]
fn start(folder: &Path, root: bool) {
    let engine = repository().join("scripts/engine");
    let mut command = if root {
        Command::new(engine)
    } else {
        let mut command = Command::new("sudo");
        command.arg("--non-interactive").arg(engine);
        command
    };
    command
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("scripts/engine can be started, or sudo");
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

fn answers(socket: &Path) -> bool {
    let ask = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
        let mut answer = [0; 15];
        stream.read_exact(&mut answer)?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.") && answer.ends_with(b"200 OK"))
    };
    ask().unwrap_or(false)
}

/// Compiles a C program that needs nothing of the image it will lie in.
///
/// # Panics
/// If it does not compile.
pub fn compile(source: &Path, program: &Path) {
    let compiled = Command::new("cc")
        .args(["-static", "-O2", "-std=gnu11", "-Wall", "-Werror", "-o"])
        .args([program, source])
        .arg("-lm")
        .output()
        .expect("a C compiler is there; scripts/setup installs one");
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
}

/// Shared libraries of a program and its loader, by the names it looks for them: none if
/// it is static.
///
/// # Panics
/// If they cannot be listed.
#[must_use]
pub fn libraries(program: &Path) -> Vec<PathBuf> {
    let listed = Command::new("ldd").arg(program).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let words = listed.lines().filter_map(|line| {
        let line = line.trim();
        let path = line.split_once("=> ").map_or(line, |(_, path)| path);
        path.split(' ').next().filter(|path| path.starts_with('/'))
    });
    words.map(PathBuf::from).collect()
}

/// Packs a Python program with the distribution's interpreter.
///
/// # Panics
/// If there is none; scripts/setup --tests installs it.
pub fn pack_python(script: &Path, archive: &Path) {
    let python = fs::canonicalize("/usr/bin/python3").expect("the distribution's Python is there");
    let name = python.file_name().unwrap().to_string_lossy().into_owned();
    let mut files = vec![
        (script.to_owned(), "/method.py".to_owned()),
        (python.clone(), python.to_string_lossy().into_owned()),
        (
            format!("/usr/lib/{name}").into(),
            format!("/usr/lib/{name}"),
        ),
    ];
    for library in libraries(&python) {
        files.push((library.clone(), library.to_string_lossy().into_owned()));
    }
    let packed = Packed {
        files,
        entrypoint: vec![
            python.to_string_lossy().into_owned(),
            "/method.py".to_owned(),
        ],
        environment: Vec::new(),
        working_directory: "/".to_owned(),
    };
    gauntlet_image::pack(&packed, File::create(archive).unwrap()).unwrap();
}

/// Packs a program into an image's archive, as `/method` with these arguments.
///
/// # Panics
/// If it cannot be packed.
pub fn pack(program: &Path, arguments: &[&str], archive: &Path) {
    let mut entrypoint = vec!["/method".to_owned()];
    entrypoint.extend(arguments.iter().map(|text| (*text).to_owned()));
    let packed = Packed {
        files: vec![(program.to_owned(), "/method".to_owned())],
        entrypoint,
        environment: vec!["PATH=/usr/bin:/bin".to_owned()],
        working_directory: "/".to_owned(),
    };
    gauntlet_image::pack(&packed, File::create(archive).unwrap()).unwrap();
}
