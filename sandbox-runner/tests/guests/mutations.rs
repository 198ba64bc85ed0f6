//! The mutation check: one line of defence taken away at a time. For each there is a
//! guest that gets its way then, and not otherwise: a defence that nothing needs is none.
//!
//! How they are taken away: those inside the worker by a worker of the test tree
//! (`worker/tests/programs/weakened.rs`), those around it by the supervisor's settings,
//! which no program of ours lets anybody choose.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use gauntlet_protocol::Budget;
use gauntlet_runner::attempt::{Cause, PlatformError};
use gauntlet_sandbox::{Isolation, SandboxConfig};

use crate::corpus;
use crate::figures;
use crate::guest::{Guest, ones};
use crate::harness::{BUDGET, Harness, MIB, Observed, most_resident_kib, program};
use crate::native::{attempt, got, taken_over};
use crate::reach::Prey;

/// Whether a guest got its way.
type Succeeds = fn(&Observed) -> bool;

fn ours_to_answer_for(observed: &Observed) -> bool {
    matches!(
        observed.result,
        Err(PlatformError::Sandbox(_) | PlatformError::Predicting(_))
    )
}

/// Guests against defences inside the worker: name of the defence, guest, success.
fn inside() -> Vec<(&'static str, Guest, Succeeds)> {
    let before = Guest::before_training;
    let fill = "(call $random (i32.const 0) (i32.const 16777216))".repeat(600);
    let matmul = corpus::expensive();
    let many: Vec<_> = (10..74).map(|id| ones(id, &[512, 512])).collect();
    let recursion = before("(call $again)").fields("(func $again (call $again))");
    let canonical = format!(
        "(if (i32.eq {} (i32.const 0x7fc00000)) (then unreachable))",
        corpus::NAN_SUM
    );
    let reserved = {
        let mut guest = Guest::honest();
        let code = guest.batch(1, 2) + &guest.checkpoint("__metadata__", 1);
        guest.train(&code)
    };
    vec![
        ("deadline", before(&fill).pages(260), Observed::was_killed),
        (
            "guest-memory",
            before(
                "(if (i32.eq (memory.grow (i32.const 2000)) (i32.const -1)) (then unreachable))",
            ),
            Observed::is_harmless,
        ),
        (
            "tables",
            before(
                "(if (i32.eq (table.grow $t (ref.null func) (i32.const 9000000)) (i32.const -1))
                 (then unreachable))",
            )
            .fields("(table $t 1 funcref)"),
            Observed::is_harmless,
        ),
        ("guest-stack", recursion, ours_to_answer_for),
        ("canonical-nans", before(&canonical), Observed::is_harmless),
        (
            "tensor-bytes",
            Guest::operating(&many),
            Observed::is_harmless,
        ),
        ("work", matmul, Observed::is_harmless),
        (
            "guest-work",
            before(&corpus::times(200_000_000, "")),
            Observed::is_harmless,
        ),
        (
            "plain-lines",
            corpus::logs(corpus::TERMINAL, 1),
            |observed| observed.logs().any(|line| line.contains('\u{1b}')),
        ),
        ("log-lines", corpus::logs(b"a line", 5_000), |observed| {
            observed.logs().count() > 1_000
        }),
        (
            "thinning",
            corpus::reports("loss", Some(0.5), 20_000),
            |observed| observed.metrics() > 15_000,
        ),
        ("reserved-name", reserved, ours_to_answer_for),
        (
            "backend-panics",
            corpus::divides_by_zero(),
            ours_to_answer_for,
        ),
    ]
}

/// The worker without a defence, under a name that tells it which.
fn weakened(folder: &tempfile::TempDir, defence: &str) -> PathBuf {
    let path = folder.path().join(format!("without-{defence}"));
    let from = program("examples/weakened-worker");
    if fs::hard_link(&from, &path).is_err() {
        // Another file system.
        fs::copy(&from, &path).unwrap();
    }
    path
}

/// How many were proved, and which were not.
#[derive(Default)]
struct Tally {
    tried: usize,
    unproved: Vec<String>,
}

impl Tally {
    fn note(&mut self, name: &str, with: bool, without: bool, details: &str) {
        self.tried += 1;
        if with || !without {
            let said = format!("{name}: gets its way with {with}, without {without}; {details}");
            self.unproved.push(said);
        }
    }

    fn end(self, part: &str) {
        figures::part(
            part,
            &[
                ("mitigations", self.tried),
                ("mitigations_proved", self.tried - self.unproved.len()),
            ],
        );
        assert!(self.unproved.is_empty(), "{}", self.unproved.join("\n"));
    }
}

fn patient(config: &mut SandboxConfig) {
    // The kill from outside would come to the rescue.
    config.wall_grace = Duration::from_secs(3);
}

#[tokio::test]
async fn every_defence_inside_the_worker_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Harness::with(program("gauntlet-worker"), patient);
    let mut tally = Tally::default();
    for (name, guest, succeeds) in inside() {
        // Enough work that it is not what stops a guest, where it is not the point, and a
        // wall clock that stops it only where that is the point.
        let (work, wall_seconds) = match name {
            "work" => (BUDGET.work, BUDGET.wall_seconds),
            "deadline" => (u64::MAX, 1),
            _ => (10 * BUDGET.work, BUDGET.wall_seconds),
        };
        let budget = Budget {
            work,
            wall_seconds,
            ..BUDGET
        };
        let with = whole.run(&guest, budget).await;
        let harness = Harness::with(weakened(&folder, name), patient);
        let without = harness.run(&guest, budget).await;
        let details = format!("{} and {}", with.told(), without.told());
        tally.note(name, succeeds(&with), succeeds(&without), &details);
        assert_eq!(harness.left_behind(), [""; 0], "{name}");
    }
    // Twice, since the supervisor asks first.
    let guest = corpus::live_locals(6_000, 0);
    let refused: Succeeds = |observed| {
        let found = observed.result.as_ref().unwrap();
        !matches!(&found.cause, Some(Cause::Module(why)) if why.contains("locals of one function"))
    };
    let opened = |config: &mut SandboxConfig| config.gate.locals = u64::MAX;
    let both = Harness::with(weakened(&folder, "second-gate"), opened);
    let without = both.run(&guest, BUDGET).await;
    let with = whole.run(&guest, BUDGET).await;
    let details = with.told();
    tally.note("gate", refused(&with), refused(&without), &details);
    let inner = Harness::with(program("gauntlet-worker"), opened);
    let with = inner.run(&guest, BUDGET).await;
    let details = with.told();
    tally.note("second gate", refused(&with), refused(&without), &details);
    tally.end("mutations-worker");
}

#[tokio::test]
async fn every_limit_of_the_supervisor_is_needed() {
    let mut tally = Tally::default();

    // First of all, and the larger one second: most memory ever used does not shrink.
    let before = most_resident_kib();
    let _with = attempt(&taken_over(|_| {}), "one-endless-line").await;
    let between = most_resident_kib();
    let harness = taken_over(|config| config.event_bytes = 256 << 20);
    let _without = attempt(&harness, "one-endless-line").await;
    let after = most_resident_kib();
    let grew = |from: u64, to: u64| to - from > 100 << 10;
    let details = format!("{before}, {between}, {after} KiB");
    tally.note(
        "limit of a line",
        grew(before, between),
        grew(between, after),
        &details,
    );

    let budget = Budget {
        work: u64::MAX,
        wall_seconds: 1,
        tensor_bytes: 1024 * MIB,
        ..BUDGET
    };
    let ended_when_it_liked: Succeeds = |observed| !observed.was_killed();
    let with = Harness::new().run(&crate::giant_product(), budget).await;
    let harness = Harness::with(program("gauntlet-worker"), |config| {
        config.wall_grace = Duration::from_secs(3_600);
    });
    let without = harness.run(&crate::giant_product(), budget).await;
    let details = format!("{} and {}", with.told(), without.told());
    tally.note(
        "kill by the wall clock",
        ended_when_it_liked(&with),
        ended_when_it_liked(&without),
        &details,
    );

    let flood = |bytes| {
        move |config: &mut SandboxConfig| {
            config.events_bytes = bytes;
        }
    };
    let flooded = |observed: &Observed| observed.events.len() > 40_000;
    let with = attempt(&taken_over(flood(1 << 20)), "endless-events").await;
    let without = attempt(&taken_over(flood(8 << 20)), "endless-events").await;
    let details = format!("{} and {} events", with.events.len(), without.events.len());
    tally.note(
        "limit of events",
        flooded(&with),
        flooded(&without),
        &details,
    );

    let harness = |bytes| taken_over(move |config| config.process_bytes = bytes);
    let with = attempt(&harness(3 << 30), "memory").await;
    let without = attempt(&harness(1 << 40), "memory").await;
    tally.note(
        "limit of memory",
        got(&with) == Some(true),
        got(&without) == Some(true),
        &format!("{:?}", without.logs().next()),
    );

    // Within the gate's limits, and yet some work for a compiler.
    let slow = corpus::live_locals(4_500, 2);
    let compiled = |observed: &Observed| {
        let found = observed.result.as_ref();
        found.is_ok_and(|found| !matches!(found.cause, Some(Cause::Module(_))))
    };
    let hurried = Harness::with(program("gauntlet-worker"), |config| {
        config.compile.cpu_seconds = 1;
    });
    let with = hurried.run(&slow, BUDGET).await;
    let without = Harness::new().run(&slow, BUDGET).await;
    let details = format!("{} and {}", with.told(), without.told());
    tally.note(
        "limit of compiling",
        compiled(&with),
        compiled(&without),
        &details,
    );
    tally.end("mutations-supervisor");
}

#[tokio::test]
async fn every_layer_around_the_worker_is_needed() {
    let prey = Prey::new();
    let mut tally = Tally::default();
    let whole = taken_over(|_| {});
    type Weaken = fn(&mut SandboxConfig);
    let mut layers: Vec<(&str, String, Weaken, Weaken)> = vec![
        (
            "files",
            format!("read {}", prey.careless()),
            |_| {},
            |config| config.layers.files = false,
        ),
        (
            "calls",
            "rings".to_owned(),
            |_| {},
            |config| config.layers.calls = false,
        ),
        (
            "calls, for sockets by path",
            format!("unix {}", prey.unix()),
            |_| {},
            |config| config.layers.calls = false,
        ),
        // As on kernels before 6.12, under a runner that is not root.
        (
            "calls, for signals",
            "continue-parent".to_owned(),
            |config| {
                config.layers.files = false;
                config.isolation = Isolation::SameUser;
            },
            |config| {
                config.layers.files = false;
                config.layers.calls = false;
                config.isolation = Isolation::SameUser;
            },
        ),
    ];
    if whole.sandbox.available_isolation().namespaces {
        let address = prey.udp();
        layers.push((
            "network",
            format!("udp {address}"),
            |_| {},
            |config| config.layers.network = false,
        ));
    }
    if nix::unistd::geteuid().is_root() {
        layers.push((
            "processes",
            "threads".to_owned(),
            |_| {},
            |config| config.layers.processes = false,
        ));
        layers.push((
            "a user of its own",
            format!("read {}", prey.token()),
            |config| config.layers.files = false,
            |config| {
                config.layers.files = false;
                config.isolation = Isolation::SameUser;
            },
        ));
    }
    for (name, words, base, weaken) in layers {
        let with = attempt(&taken_over(base), &words).await;
        let without = attempt(&taken_over(weaken), &words).await;
        let details = format!("{:?} and {:?}", with.logs().next(), without.logs().next());
        tally.note(
            name,
            got(&with) != Some(false),
            got(&without) == Some(true),
            &details,
        );
    }
    // The worker's own confinement, without the layers outside.
    let fallen = taken_over(|config| config.layers.files = false);
    let with = attempt(&fallen, &format!("confined read {}", prey.careless())).await;
    let without = attempt(&fallen, &format!("read {}", prey.careless())).await;
    let details = format!("{:?} and {:?}", with.logs().next(), without.logs().next());
    tally.note(
        "the worker's own filter",
        got(&with) != Some(false),
        got(&without) == Some(true),
        &details,
    );
    tally.end("mutations-walls");
}

#[test]
fn a_shipped_worker_has_no_way_to_be_weakened() {
    // What the test's worker says if it is not told what to leave out.
    let has = |path: PathBuf, words: &[u8]| {
        let bytes = fs::read(path).unwrap();
        bytes.windows(words.len()).any(|window| window == words)
    };
    let traces: [&[u8]; 2] = [b"without-NAME", b"does not say which defence"];
    for words in traces {
        assert!(has(program("examples/weakened-worker"), words));
        assert!(!has(program("gauntlet-worker"), words));
    }
}
