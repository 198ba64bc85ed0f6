//! What `gauntlet-launch` makes of the process that becomes a worker.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

use std::path::Path;
use std::process::{Command, Output};

use gauntlet_sandbox::launch::{AvailableIsolation, Bounds, IsolationLayers, LaunchSpec};

fn spec(layers: IsolationLayers) -> LaunchSpec {
    LaunchSpec {
        user: None,
        folder: Some("/usr/lib".into()),
        worker: "/bin/sh".into(),
        restrict_files: true,
        bounds: Bounds {
            data_bytes: 1 << 30,
            file_bytes: 1 << 20,
            open_files: 100,
            processes: 1_000,
            cpu_seconds: Some(60),
        },
        layers,
    }
}

fn launch(spec: &LaunchSpec, command: &[&str]) -> Output {
    let spec = serde_json::to_string(spec).unwrap();
    // As from a runner that somebody started with signals ignored.
    Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ PIPE TERM; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_gauntlet-launch"))
        .arg(spec)
        .args(command)
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    let [out, error] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{error}")
}

/// Without the layer for files, so that the process can look at itself.
fn open_files() -> IsolationLayers {
    IsolationLayers {
        files: false,
        ..IsolationLayers::all()
    }
}

#[test]
fn the_process_ignores_no_signal_and_can_gain_no_privilege() {
    let output = launch(&spec(open_files()), &["/bin/cat", "/proc/self/status"]);
    let status = told(&output);
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim).unwrap_or_default().to_owned()
    };
    // The C library keeps the first two real-time signals, 32 and 33, to itself.
    let ignored = u64::from_str_radix(&field("SigIgn:"), 16).unwrap();
    assert_eq!(ignored & 0x7fff_ffff, 0, "{status}");
    assert_eq!(field("SigBlk:"), "0000000000000000", "{status}");
    assert_eq!(field("NoNewPrivs:"), "1", "{status}");
    // Two: a filter.
    assert_eq!(field("Seccomp:"), "2", "{status}");
}

#[test]
fn the_limits_are_there_and_cannot_be_raised() {
    let script =
        "ulimit -c; ulimit -n; ulimit -d; ulimit -f; ulimit -t; ulimit -H -n; ulimit -n 101";
    let output = launch(&spec(open_files()), &["/bin/sh", "-c", script]);
    let lines = told(&output);
    let lines: Vec<&str> = lines.lines().collect();
    // In the units of the shell: KiB of data, blocks of 512 bytes.
    assert_eq!(
        lines[..6],
        ["0", "100", "1048576", "2048", "60", "100"],
        "{lines:?}"
    );
}

#[test]
fn a_file_that_is_too_large_ends_the_process_by_its_signal() {
    use std::os::unix::process::ExitStatusExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large");
    let script = format!("exec head -c 2000000 /dev/zero > {}", file.display());
    let output = launch(&spec(open_files()), &["/bin/sh", "-c", &script]);
    assert_eq!(
        output.status.signal(),
        Some(nix::libc::SIGXFSZ),
        "{}",
        told(&output)
    );
}

#[test]
fn without_a_command_it_says_which_isolation_is_available() {
    let available = available_here();
    let none = launch(
        &spec(IsolationLayers {
            network: false,
            files: false,
            calls: false,
            processes: false,
        }),
        &[],
    );
    let none: AvailableIsolation = serde_json::from_slice(&none.stdout).unwrap();
    assert_eq!(none, AvailableIsolation::default());
    // What it says is so.
    let look = if available.landlock { "denied" } else { "root" };
    let output = launch(&spec(IsolationLayers::all()), &["/bin/cat", "/etc/passwd"]);
    assert!(told(&output).contains(look), "{}", told(&output));
}

#[test]
fn orders_that_makes_no_sense_starts_nothing() {
    for arguments in [&[][..], &["{}", "/bin/true"], &["/bin/true"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_gauntlet-launch"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(told(&output).contains("gauntlet-launch: "), "{arguments:?}");
    }
    let mut elsewhere = spec(IsolationLayers::all());
    elsewhere.worker = Path::new("/nowhere").to_owned();
    let output = launch(&elsewhere, &["/nowhere"]);
    assert!(
        told(&output).contains("failed to start /nowhere"),
        "{}",
        told(&output)
    );
}

#[test]
fn where_namespaces_are_forbidden_there_are_no_sockets() {
    // A launcher that is isolated may not enter namespaces, as in many containers.
    let own = std::env::current_exe().unwrap();
    let inner = serde_json::to_string(&spec(open_files())).unwrap();
    let sandboxed = |rest: &[&str]| {
        let launcher = env!("CARGO_BIN_EXE_gauntlet-launch");
        let command = [&[launcher, &inner], rest].concat();
        launch(&spec(open_files()), &command)
    };
    let available: AvailableIsolation = serde_json::from_slice(&sandboxed(&[]).stdout).unwrap();
    assert!(!available.namespaces);
    let helper = ["--exact", "makes_a_socket", "--ignored", "--nocapture"];
    let helper = [&[own.to_str().unwrap()], &helper[..]].concat();
    let said = told(&sandboxed(&helper));
    assert!(said.contains("no socket: PermissionDenied"), "{said}");
    // With a namespace of its own it may have one, which leads nowhere.
    let said = told(&launch(&spec(open_files()), &helper));
    assert!(
        !available_here().namespaces || said.contains("a socket"),
        "{said}"
    );
}

fn available_here() -> AvailableIsolation {
    serde_json::from_slice(&launch(&spec(IsolationLayers::all()), &[]).stdout).unwrap()
}

/// Not a test: what the one above has executed in isolation.
#[test]
#[ignore = "a helper of another test"]
fn makes_a_socket() {
    match std::net::UdpSocket::bind("127.0.0.1:0") {
        Ok(_) => println!("a socket"),
        Err(error) => println!("no socket: {:?}", error.kind()),
    }
}
