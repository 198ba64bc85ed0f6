//! What a worker taken over reaches: nothing. And so that this does not prove just that it
//! is bad at attacking: nearly everything, where nothing isolates it.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};

use gauntlet_runner::attempt::Cause;
use gauntlet_sandbox::Isolation;
use gauntlet_sandbox::launch::IsolationLayers;
use gauntlet_worker_protocol::Outcome;

use crate::figures;
use crate::harness::Harness;
use crate::native::{attempt, got, taken_over};

/// Things on this machine that no worker may reach.
pub(crate) struct Prey {
    /// Holds the files; everybody may look into it.
    folder: tempfile::TempDir,
    tcp: TcpListener,
    udp: UdpSocket,
    unix: PathBuf,
    name: String,
    _listeners: (UnixListener, UnixListener),
}

impl Prey {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in("/tmp")
            .unwrap();
        let put = |name: &str, mode: u32| {
            let mut file = fs::File::create(folder.path().join(name)).unwrap();
            file.write_all(b"gnt_runner_secret").unwrap();
            file.set_permissions(fs::Permissions::from_mode(mode))
                .unwrap();
        };
        put("token", 0o600);
        put("careless", 0o644);
        fs::copy("/bin/true", folder.path().join("program")).unwrap();
        let unix = folder.path().join("socket");
        let by_path = UnixListener::bind(&unix).unwrap();
        fs::set_permissions(&unix, fs::Permissions::from_mode(0o777)).unwrap();
        let name = format!("gauntlet-prey-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let by_name = UnixListener::bind_addr(&address).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_nonblocking(true).unwrap();
        Self {
            folder,
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp,
            unix,
            name,
            _listeners: (by_path, by_name),
        }
    }

    /// A file that only the runner's user may read.
    pub(crate) fn token(&self) -> String {
        self.file("token")
    }

    /// A file that somebody forgot to close to others.
    pub(crate) fn careless(&self) -> String {
        self.file("careless")
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn udp(&self) -> String {
        self.udp.local_addr().unwrap().to_string()
    }

    pub(crate) fn tcp(&self) -> String {
        self.tcp.local_addr().unwrap().to_string()
    }

    pub(crate) fn unix(&self) -> String {
        self.unix.display().to_string()
    }

    /// Did anything arrive?
    fn was_reached(&self) -> bool {
        self.tcp.set_nonblocking(true).unwrap();
        self.tcp.accept().is_ok() || self.udp.recv_from(&mut [0; 64]).is_ok()
    }
}

/// Something that a worker taken over wants.
struct Attack {
    what: &'static str,
    /// What the program is told.
    words: String,
    /// It gets it where nothing isolates it, and it runs as ourselves.
    works: bool,
}

/// Ways to act upon the runner other than by a signal: how it is scheduled, where its memory
/// lies, which signals a file would send it.
const ON_THE_RUNNER: [&str; 13] = [
    "affinity",
    "attributes",
    "parameters",
    "policy",
    "priority",
    "priority-of-a-user",
    "disk-priority",
    "disk-priority-of-a-user",
    "pages",
    "node",
    "owner",
    "owner-of-a-socket",
    "group-of-a-socket",
];

/// Everything that is tried. `residue` is a place for what should not stay.
fn attacks(harness: &Harness, prey: &Prey, residue: &Path) -> Vec<Attack> {
    let cache = harness.at("cache");
    let read = |path: PathBuf| format!("read {}", path.display());
    let list = |path: &Path| format!("list {}", path.display());
    let write = |path: &Path| format!("write {}", path.display());
    let words = str::to_owned;
    let works = [
        ("the runner's token", format!("read {}", prey.token())),
        (
            "a file that is open to all",
            format!("read {}", prey.careless()),
        ),
        ("the accounts of this machine", words("read /etc/passwd")),
        ("hidden labels on disk", read(harness.at("labels"))),
        ("the key of the cache", read(cache.join("key"))),
        ("the compiled modules of others", list(&cache)),
        ("the folders of others", list(harness.runs())),
        ("the folder above its own", words("list ..")),
        ("the processes of this machine", words("list /proc")),
        ("temporary files", words("list /tmp")),
        ("the runner's environment", words("parent-environment")),
        ("the runner's memory", words("parent-memory")),
        (
            "the runner's memory, by another call",
            words("parent-memory-by-call"),
        ),
        ("to trace the runner", words("trace-parent")),
        ("to signal the runner", words("signal-parent")),
        ("to continue the runner", words("continue-parent")),
        (
            "to continue the runner, by its handle",
            words("continue-parent-by-handle"),
        ),
        (
            "to continue the runner, by a file",
            words("continue-parent-by-file"),
        ),
        ("to limit the runner", words("limit-parent")),
        ("a server on this machine", format!("tcp {}", prey.tcp())),
        ("a datagram to this machine", format!("udp {}", prey.udp())),
        ("a socket by its name", format!("abstract {}", prey.name)),
        ("a socket by its path", format!("unix {}", prey.unix())),
        ("a key that stays", words("keys")),
        ("queues into the kernel", words("rings")),
        ("a user namespace", words("user-namespace")),
        ("a file that stays", write(residue)),
        (
            "a program from elsewhere",
            format!("execute {}", prey.file("program")),
        ),
        (
            "a compiled module of its own in the cache",
            write(&cache.join("forged.cwasm")),
        ),
        ("a file beside its folder", words("write ../next")),
    ];
    let never = [
        // Whether there are any is the kernel's configuration.
        ("the kernel's ciphers", words("other-sockets")),
        (
            "where clouds hand out credentials",
            words("tcp 169.254.169.254:80"),
        ),
        ("something in its environment", words("environment")),
        // These are not the layers': limits, and what the worker itself gives up.
        ("sixteen gigabytes of memory", words("memory")),
        (
            "labels, once confined",
            format!("confined read {}", prey.careless()),
        ),
        (
            "a server, once confined",
            format!("confined tcp {}", prey.tcp()),
        ),
        (
            "to signal the runner, once confined",
            words("confined signal-parent"),
        ),
        (
            "two thousand threads, once confined",
            words("confined threads"),
        ),
    ];
    let attack = |works| move |(what, words)| Attack { what, words, works };
    let all = works.into_iter().map(attack(true));
    let on_the_runner = ON_THE_RUNNER.map(|way| (way, format!("act-on-parent {way}")));
    let all = all.chain(on_the_runner.into_iter().map(attack(true)));
    all.chain(never.into_iter().map(attack(false))).collect()
}

fn residue() -> PathBuf {
    format!("/dev/shm/gauntlet-residue-{}", std::process::id()).into()
}

#[tokio::test]
async fn a_worker_taken_over_reaches_nothing() {
    let prey = Prey::new();
    let harness = taken_over(|_| {});
    let residue = residue();
    let attacks = attacks(&harness, &prey, &residue);
    let (mut guests, mut wrong, mut leaks) = (attacks.len(), Vec::new(), Vec::new());
    for Attack { what, words, .. } in &attacks {
        let observed = attempt(&harness, words).await;
        // Whatever it got, its forged predictions must not be scored either.
        let scored = observed
            .result
            .as_ref()
            .is_ok_and(|found| found.score.is_some());
        if got(&observed) != Some(false) || scored {
            let said = observed.logs().next();
            wrong.push(format!("{what}: {said:?}, {}", observed.told()));
        }
        let left = harness.leaks(&observed);
        if !left.is_empty() {
            leaks.push(format!("{what}: left {left:?}"));
        }
    }
    if nix::unistd::geteuid().is_root() {
        // Only processes of a user of its own can be counted.
        guests += 1;
        let observed = attempt(&harness, "threads").await;
        if got(&observed) != Some(false) {
            wrong.push(format!("threads: {:?}", observed.logs().next()));
        }
    }
    guests += 1;
    let observed = attempt(&harness, "disk").await;
    let full = observed.result.as_ref().is_ok_and(|found| {
        matches!(&found.cause, Some(Cause::Phase(_, Outcome::MemoryExceeded { limit, .. })) if limit == "output")
    });
    if !full {
        wrong.push(format!("disk: {}", observed.told()));
    }
    if prey.was_reached() || residue.exists() {
        leaks.push("something arrived".to_owned());
    }
    leaks.extend(harness.left_behind());
    let mut after = Harness::new();
    leaks.extend(after.honest_as_ever().await.err());
    figures::part(
        "worker-reach",
        &[
            ("guests", guests),
            ("contained", guests - wrong.len()),
            ("escaped", wrong.len()),
            ("leaks", leaks.len()),
        ],
    );
    wrong.extend(leaks);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As under a runner that is not root, on a kernel whose Landlock knows nothing of signals:
/// neither the user id nor Landlock stands between the worker and the runner.
#[tokio::test]
async fn with_the_runners_user_id_the_filter_alone_keeps_it_from_the_runner() {
    let harness = taken_over(|config| {
        config.isolation = Isolation::SameUser;
        config.layers.files = false;
    });
    let signals = [
        "signal-parent",
        "continue-parent",
        "continue-parent-by-handle",
        "continue-parent-by-file",
        "limit-parent",
    ];
    let others = ON_THE_RUNNER.map(|way| format!("act-on-parent {way}"));
    let mut wrong = Vec::new();
    for words in signals.map(str::to_owned).into_iter().chain(others) {
        let observed = attempt(&harness, &words).await;
        if got(&observed) != Some(false) {
            wrong.push(format!("{words}: {:?}", observed.logs().next()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_attack_works_where_no_wall_stands() {
    if !nix::unistd::geteuid().is_root() {
        // Much of it an ordinary user may not do to anybody.
        eprintln!("not tried: this needs root");
        return;
    }
    let prey = Prey::new();
    let open = taken_over(|config| {
        config.isolation = Isolation::SameUser;
        config.layers = IsolationLayers {
            network: false,
            files: false,
            calls: false,
            processes: false,
        };
    });
    let residue = residue();
    let mut wrong = Vec::new();
    for Attack { what, words, .. } in attacks(&open, &prey, &residue)
        .iter()
        .filter(|attack| attack.works)
    {
        let observed = attempt(&open, words).await;
        if got(&observed) != Some(true) {
            wrong.push(format!("{what}: {:?}", observed.logs().next()));
        }
    }
    let _written = fs::remove_file(residue);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
