//! A worker that has been taken over before it confined itself: what it reaches, and what
//! becomes of what it says. The program is `worker/tests/programs/escaped`.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};

use gauntlet_job::Outcome;
use gauntlet_protocol::{Budget, Verdict};
use gauntlet_runner::attempt::{Cause, Trouble};
use gauntlet_sandbox::SandboxConfig;

use crate::bench::{BUDGET, Bench, Observed, program};
use crate::figures;
use crate::guest::Guest;

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
        self.folder.path().join("token").display().to_string()
    }

    /// A file that somebody forgot to close to others.
    pub(crate) fn careless(&self) -> String {
        self.folder.path().join("careless").display().to_string()
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

/// A bench whose worker has been taken over.
pub(crate) fn taken_over(change: impl FnOnce(&mut SandboxConfig)) -> Bench {
    Bench::with(program("examples/escaped-worker"), change)
}

/// Tries one thing; the first log line says how it went.
pub(crate) async fn attempt(bench: &Bench, what: &str, seconds: u32) -> Observed {
    let budget = Budget {
        wall_seconds: seconds,
        ..BUDGET
    };
    bench.attempt(Guest::honest().module(), what, budget).await
}

/// Whether it got what it wanted. It has to say: a program that died proves nothing.
pub(crate) fn got(observed: &Observed) -> Option<bool> {
    let line = observed.logs().next()?;
    Some(line.starts_with("got: "))
}

#[tokio::test]
async fn a_worker_taken_over_reaches_nothing() {
    let prey = Prey::new();
    let mut bench = taken_over(|_| {});
    let cache = bench.at("cache");
    let elsewhere = format!("/dev/shm/gauntlet-residue-{}", std::process::id());
    let execute = elsewhere.clone();
    let attacks = [
        ("the runner's token", format!("read {}", prey.token())),
        (
            "a file that is open to all",
            format!("read {}", prey.careless()),
        ),
        (
            "the accounts of this machine",
            "read /etc/passwd".to_owned(),
        ),
        (
            "hidden labels on disk",
            format!("read {}", bench.at("labels").display()),
        ),
        (
            "the key of the cache",
            format!("read {}", cache.join("key").display()),
        ),
        (
            "the compiled modules of others",
            format!("list {}", cache.display()),
        ),
        (
            "the folders of others",
            format!("list {}", bench.runs().display()),
        ),
        ("the folder above its own", "list ..".to_owned()),
        ("the processes of this machine", "list /proc".to_owned()),
        ("temporary files", "list /tmp".to_owned()),
        ("the runner's environment", "parent-environment".to_owned()),
        ("the runner's memory", "parent-memory".to_owned()),
        (
            "the runner's memory, by another call",
            "parent-memory-by-call".to_owned(),
        ),
        ("to trace the runner", "trace-parent".to_owned()),
        ("to signal the runner", "signal-parent".to_owned()),
        ("to stop and continue the runner", "stop-parent".to_owned()),
        ("a server on this machine", format!("tcp {}", prey.tcp())),
        (
            "the machine that clouds ask for credentials",
            "tcp 169.254.169.254:80".to_owned(),
        ),
        ("a datagram to this machine", format!("udp {}", prey.udp())),
        ("a socket by its name", format!("abstract {}", prey.name)),
        ("a socket by its path", format!("unix {}", prey.unix())),
        ("the kernel's ciphers", "other-sockets".to_owned()),
        ("a key that stays", "keys".to_owned()),
        ("queues into the kernel", "rings".to_owned()),
        ("a user namespace", "user-namespace".to_owned()),
        ("sixteen gigabytes of memory", "memory".to_owned()),
        ("something in its environment", "environment".to_owned()),
        ("a file that stays", format!("write {elsewhere}")),
        ("a program from elsewhere", format!("execute {execute}")),
        ("a compiled module of its own in the cache", {
            format!("write {}", cache.join("forged.cwasm").display())
        }),
        ("a file of the next run", "write ../next".to_owned()),
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
            "confined signal-parent".to_owned(),
        ),
        (
            "two thousand threads, once confined",
            "confined threads".to_owned(),
        ),
    ];
    let mut wrong = Vec::new();
    let mut leaks = 0;
    // What is tried must be there to be had, or refusing it is easy.
    let free = attempt(&bench, "nothing", 5).await;
    assert_eq!(got(&free), Some(true), "{:?}", free.logs().next());
    for (what, words) in &attacks {
        let observed = attempt(&bench, words, 5).await;
        if got(&observed) != Some(false) {
            wrong.push(format!(
                "{what}: {:?}, {:?}",
                observed.logs().next(),
                observed.told()
            ));
        }
        // Whatever it said, its forged predictions are not scored.
        if observed
            .result
            .as_ref()
            .is_ok_and(|found| found.score.is_some())
        {
            wrong.push(format!("{what}: was scored"));
        }
        let left = bench.leaks(&observed);
        if !left.is_empty() {
            leaks += 1;
            wrong.push(format!("{what}: left {left:?}"));
        }
    }
    if prey.was_reached() {
        wrong.push("something arrived at a listener".to_owned());
    }
    assert!(!Path::new(&elsewhere).exists());
    if nix::unistd::geteuid().is_root() {
        // Only a user of its own can be counted.
        let observed = attempt(&bench, "threads", 5).await;
        if got(&observed) != Some(false) {
            wrong.push(format!("threads: {:?}", observed.logs().next()));
        }
    }
    let observed = attempt(&bench, "disk", 20).await;
    let full = observed.result.as_ref().is_ok_and(|found| {
        matches!(&found.cause, Some(Cause::Phase(_, Outcome::MemoryExceeded { limit })) if limit == "output")
    });
    if !full {
        wrong.push(format!("disk: {}", observed.told()));
    }
    wrong.extend(bench.left_behind());
    figures::part(
        "worker-reach",
        &[
            ("guests", attacks.len() + 2),
            (
                "contained",
                attacks.len() + 2 - wrong.len().min(attacks.len()),
            ),
            ("escaped", wrong.len() - leaks),
            ("leaks", leaks),
        ],
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    bench = Bench::new();
    bench.honest_as_ever().await.unwrap();
}

/// How a broken protocol must end.
enum Ends {
    /// Ours to clear up, with these words; the run is tried again.
    Fault(&'static str),
    /// A verdict against the method, with these words in its cause.
    Verdict(Verdict, &'static str),
}

#[tokio::test]
async fn what_a_worker_taken_over_says_is_not_believed() {
    let bench = taken_over(|config| {
        config.events_bytes = 1 << 20;
        config.exit_grace = std::time::Duration::from_millis(500);
        config.wall_grace = std::time::Duration::from_millis(500);
    });
    let unscored = |words| Ends::Verdict(Verdict::InvalidPredictions, words);
    let table = [
        ("ends-early", Ends::Fault("exit status 0")),
        ("ends-after-starting", Ends::Fault("exit status 0")),
        // Both phases "complete", and the forged predictions are looked at.
        ("forges-a-score", unscored("not a safetensors file")),
        ("claims-endless-work", unscored("not a safetensors file")),
        ("goes-on-after-the-end", unscored("not a safetensors file")),
        ("leaves-a-daemon", unscored("not a safetensors file")),
        ("says-what-is-no-event", Ends::Fault("is not an event")),
        (
            "one-endless-line",
            Ends::Verdict(Verdict::MethodFailed, "a line of more than"),
        ),
        (
            "endless-events",
            Ends::Verdict(Verdict::MethodFailed, "bytes of events"),
        ),
        // The first word counts.
        (
            "finishes-twice",
            Ends::Verdict(Verdict::MethodFailed, "first"),
        ),
        (
            "closes-its-output",
            Ends::Verdict(Verdict::BudgetExceeded, "wall"),
        ),
        (
            "stops-itself",
            Ends::Verdict(Verdict::BudgetExceeded, "wall"),
        ),
        ("no-output", Ends::Fault("no output")),
        ("blames-the-platform", Ends::Fault("no device")),
    ];
    let (mut wrong, mut leaks) = (Vec::new(), 0);
    for (how, ends) in &table {
        let observed = attempt(&bench, how, 1).await;
        let fine = match (&observed.result, ends) {
            (Err(Trouble::Sandbox(fault)), Ends::Fault(words)) => fault.to_string().contains(words),
            (Ok(found), Ends::Verdict(verdict, words)) => {
                found.verdict == *verdict
                    && found.score.is_none()
                    && format!("{:?}", found.cause).contains(words)
            }
            _ => false,
        };
        if !fine {
            wrong.push(format!("{how}: {}", observed.told()));
        }
        let left = bench.leaks(&observed);
        if !left.is_empty() {
            leaks += 1;
            wrong.push(format!("{how}: left {left:?}"));
        }
    }
    figures::part(
        "worker-protocol",
        &[
            ("guests", table.len()),
            ("contained", table.len() - (wrong.len() - leaks)),
            ("escaped", wrong.len() - leaks),
            ("leaks", leaks),
        ],
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
