//! The real engine with our container's settings, against guests that mean harm.
//!
//! Each guest of the tables must end in its verdict; then no process, no container, no
//! volume, no mount and no folder of it is left, the data is what it was, and an honest
//! guest runs as ever.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

mod expected;
#[path = "../../../tests/guests/figures.rs"]
#[expect(dead_code, reason = "modules write a figure that images do not")]
mod figures;
mod mutations;
#[path = "../it/support.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod support;

use std::collections::BTreeSet;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use bollard::query_parameters::{ListContainersOptions, ListVolumesOptions};
use expected::{Expected, FILES, KERNEL, OUTPUT, RESOURCES, WATCHED};
use gauntlet_container::{ContainerConfig, PhaseSpec};
use gauntlet_worker_protocol::{Event, Limits, Outcome};
use sha2::{Digest, Sha256};
use support::{Place, limits};

const MIB: u64 = 1 << 20;

/// A wall clock in milliseconds for guests that end by it, which do nothing else meanwhile.
const SHORTLY: u64 = 5_000;
/// One for all others, which no machine is busy enough to reach.
const NEVER: u64 = 3_600_000;

/// Small limits, so that guests meet them soon.
fn tight(config: &mut ContainerConfig) {
    config.memory_bytes = 16 * MIB;
    config.tmp_bytes = 32 * MIB;
    config.shm_bytes = 32 * MIB;
    config.processes = 64;
    config.output_bytes = 4 * MIB;
}

struct Harness {
    place: Place,
    /// The program, in a folder that outlives a change of place.
    _folder: tempfile::TempDir,
    guest: std::path::PathBuf,
    /// A socket of this process that no guest may reach, and its name.
    _socket: UnixListener,
    socket: String,
}

impl Harness {
    async fn new() -> Self {
        let place = Place::with(tight).await;
        let folder = tempfile::tempdir().unwrap();
        let guest = folder.path().join("guest");
        let source = gauntlet_test_engine::repository()
            .join("sandbox-runner/container/tests/hostile/guest.c");
        gauntlet_test_engine::compile(&source, &guest);
        let socket = format!("gauntlet-hostile-{}-{:p}", std::process::id(), &place);
        let address = SocketAddr::from_abstract_name(&socket).unwrap();
        Self {
            place,
            _folder: folder,
            guest,
            _socket: UnixListener::bind_addr(&address).unwrap(),
            socket,
        }
    }

    async fn spec(&self, name: &str, wall_ms: u64) -> PhaseSpec {
        let arguments = match name {
            "host-socket" => vec![name, &*self.socket],
            _ => vec![name],
        };
        let image = self.place.image(&self.guest, &arguments).await.unwrap();
        let mut spec = self.place.training(&image);
        spec.run = format!("hostile-{name}");
        spec.limits = Limits {
            wall_ms,
            tensor_bytes: 32 * MIB,
            guest_bytes: 16 * MIB,
            ..limits()
        };
        spec
    }

    async fn run(&self, name: &str) -> (Outcome, Vec<Event>) {
        self.run_for(name, NEVER).await
    }

    /// The same, with a time of its own.
    async fn run_for(&self, name: &str, wall_ms: u64) -> (Outcome, Vec<Event>) {
        let _earlier = std::fs::remove_file(self.place.path("model"));
        let spec = self.spec(name, wall_ms).await;
        let (outcome, _, events) = self.place.execute(&spec).await.unwrap();
        (outcome, events)
    }

    /// Runs guests and checks after each that nothing of it is left.
    async fn all(&self, category: &str, table: &[(&'static str, Expected)]) {
        let data = digest(&self.place.path("train"));
        let volumes = volumes().await;
        let mut wrong = Vec::new();
        let in_memory = self.place.containers.output_in_memory();
        let table: Vec<_> = table
            .iter()
            .filter_map(|row| here(*row, in_memory))
            .collect();
        for (name, expected) in &table {
            let wall_ms = match expected {
                Expected::Budget("wall") => SHORTLY,
                _ => NEVER,
            };
            let (outcome, events) = self.run_for(name, wall_ms).await;
            if !fits(*expected, &outcome) {
                wrong.push(format!("{name}: {outcome:?}, expected {expected:?}"));
            }
            let taken = self.place.path("model").exists();
            assert_eq!(taken, outcome == Outcome::Completed, "{name}: the model");
            for event in &events {
                let text = format!("{event:?}");
                assert!(
                    !text.contains("\\u{1b}") && !text.contains("\\u{7}"),
                    "{name}: {text}"
                );
            }
            assert_eq!(processes(name), Vec::<String>::new(), "{name}");
            assert_eq!(containers(&self.place).await, 0, "{name}: containers");
            let left = std::fs::read_dir(self.place.path("runs")).unwrap().count();
            assert_eq!(left, 0, "{name}: folders");
            assert!(!mounted(&self.place), "{name}: mounts");
            assert_eq!(digest(&self.place.path("train")), data, "{name}: the data");
            let (honest, _) = self.run("honest").await;
            assert_eq!(honest, Outcome::Completed, "after {name}");
        }
        let leaks = volumes_since(&volumes).await.len();
        let contained = table.len() - wrong.len();
        figures::part(
            &format!("container-{category}"),
            &[
                ("guests", table.len()),
                ("contained", contained),
                ("escaped", wrong.len()),
                ("leaks", leaks),
            ],
        );
        assert_eq!(leaks, 0, "volumes");
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// What a guest must end in with this kind of output folder.
fn here(
    (name, expected): (&'static str, Expected),
    in_memory: bool,
) -> Option<(&'static str, Expected)> {
    match WATCHED.iter().find(|(guest, _)| *guest == name) {
        Some((_, differs)) if !in_memory => differs.map(|expected| (name, expected)),
        _ => Some((name, expected)),
    }
}

#[tokio::test]
async fn guests_that_use_everything_up() {
    Harness::new().await.all("resources", RESOURCES).await;
}

#[tokio::test]
async fn guests_that_leave_bad_output() {
    Harness::new().await.all("output", OUTPUT).await;
}

#[tokio::test]
async fn guests_that_ask_the_kernel() {
    Harness::new().await.all("kernel", KERNEL).await;
}

#[tokio::test]
async fn guests_that_look_around() {
    Harness::new().await.all("files", FILES).await;
}

/// Where the output folder is a plain one, looking at it keeps it small.
#[tokio::test]
async fn a_plain_output_folder_is_watched() {
    let mut harness = Harness::new().await;
    harness.place = Place::with(|config| {
        tight(config);
        config.output_in_memory = false;
    })
    .await;
    let (outcome, _) = harness.run("fill-out").await;
    assert!(fits(Expected::Memory("output"), &outcome), "{outcome:?}");
    let (outcome, _) = harness.run("many-files").await;
    assert!(fits(Expected::Memory("output"), &outcome), "{outcome:?}");
    let (outcome, _) = harness.run("honest").await;
    assert_eq!(outcome, Outcome::Completed);
    assert!(processes("fill-out").is_empty());
    assert_eq!(
        std::fs::read_dir(harness.place.path("runs"))
            .unwrap()
            .count(),
        0
    );
}

/// An image that cannot be started is its author's fault, not ours.
#[tokio::test]
async fn an_entry_point_that_cannot_run_is_the_methods_fault() {
    let harness = Harness::new().await;
    std::fs::write(harness.place.path("text"), "no program").unwrap();
    let image = harness
        .place
        .image(&harness.place.path("text"), &[])
        .await
        .unwrap();
    let (outcome, ..) = harness
        .place
        .execute(&harness.place.training(&image))
        .await
        .unwrap();
    assert!(
        fits(Expected::Method("cannot be executed"), &outcome),
        "{outcome:?}"
    );
    let mut missing = harness.spec("honest", NEVER).await;
    missing.image.config.entrypoint = vec!["/nowhere".to_owned()];
    let (outcome, ..) = harness.place.execute(&missing).await.unwrap();
    assert!(
        fits(Expected::Method("is not there"), &outcome),
        "{outcome:?}"
    );
    assert_eq!(containers(&harness.place).await, 0);
}

fn fits(expected: Expected, outcome: &Outcome) -> bool {
    match (expected, outcome) {
        (Expected::Harmless, Outcome::Completed) => true,
        (Expected::Budget(wanted), Outcome::BudgetExceeded { limit })
        | (Expected::Memory(wanted), Outcome::MemoryExceeded { limit, .. }) => wanted == limit,
        (Expected::Method(words), Outcome::MethodFailed { message }) => message.contains(words),
        _ => false,
    }
}

fn digest(path: &std::path::Path) -> String {
    hex::encode(Sha256::digest(std::fs::read(path).unwrap()))
}

/// Command lines of processes that run this guest, seen from outside every container.
fn processes(guest: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.starts_with(&format!("/method {guest} ")))
        .collect()
}

fn mounted(place: &Place) -> bool {
    let runs = place.path("runs").canonicalize().unwrap();
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    mounts.contains(&*runs.to_string_lossy())
}

async fn engine() -> bollard::Docker {
    bollard::Docker::connect_with_unix(
        &gauntlet_test_engine::socket().to_string_lossy(),
        60,
        bollard::API_DEFAULT_VERSION,
    )
    .unwrap()
    .negotiate_version()
    .await
    .unwrap()
}

async fn containers(place: &Place) -> usize {
    let options = ListContainersOptions {
        all: true,
        ..ListContainersOptions::default()
    };
    let runs = place.path("runs").canonicalize().unwrap();
    let ours = |source: &str| source.starts_with(&*runs.to_string_lossy());
    let all = engine().await.list_containers(Some(options)).await.unwrap();
    all.iter()
        .filter(|container| {
            let mounts = container.mounts.iter().flatten();
            mounts
                .flat_map(|mount| &mount.source)
                .any(|source| ours(source))
        })
        .count()
}

async fn volumes() -> BTreeSet<String> {
    let listed = engine()
        .await
        .list_volumes(None::<ListVolumesOptions>)
        .await;
    let volumes = listed.unwrap().volumes.unwrap_or_default();
    volumes.into_iter().map(|volume| volume.name).collect()
}

async fn volumes_since(before: &BTreeSet<String>) -> Vec<String> {
    volumes().await.difference(before).cloned().collect()
}
