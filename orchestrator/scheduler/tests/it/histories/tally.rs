//! How many histories went well: on the terminal while they are played, as figures in the end.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use super::plan::Plan;

#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
    steps: u64,
    deadlocks: u64,
}

/// See the module.
pub(crate) struct Tally {
    wanted: u64,
    begun: Instant,
    counts: Mutex<Counts>,
}

/// Failing histories that are made small; more would take too long.
const SHRUNK: u64 = 3;

impl Tally {
    pub(crate) fn new(wanted: u64) -> Self {
        Self {
            wanted,
            begun: Instant::now(),
            counts: Mutex::new(Counts::default()),
        }
    }

    pub(crate) fn passed(&self, plan: &Plan, deadlocks: u32) {
        let mut counts = self.counts.lock().unwrap();
        counts.passed += 1;
        counts.steps += plan.steps.len() as u64;
        counts.deadlocks += u64::from(deadlocks);
        self.show(&counts);
    }

    /// Notes a failure; true if it is among the first.
    pub(crate) fn failed(&self) -> bool {
        let mut counts = self.counts.lock().unwrap();
        counts.failed += 1;
        self.show(&counts);
        counts.failed <= SHRUNK
    }

    /// What is known of a failure.
    pub(crate) fn tell(&self, plan: &Plan, why: &str) {
        let line = serde_json::to_string(plan).unwrap();
        let why: String = why.chars().take(4000).collect();
        eprintln!("\nthe history of seed {} failed: {why}\n{line}", plan.seed);
    }

    fn show(&self, counts: &Counts) {
        let (done, wanted) = (counts.passed + counts.failed, self.wanted);
        let mut stderr = std::io::stderr().lock();
        let bar = done * 40 / wanted.max(1);
        if stderr.is_terminal() {
            let _ = write!(
                stderr,
                "\r[{:40}] {done} of {wanted} histories, {} failed",
                "#".repeat(bar as usize),
                counts.failed
            );
        } else if done.is_multiple_of(1000) || done == wanted {
            let _ = writeln!(
                stderr,
                "{done} of {wanted} histories, {} failed",
                counts.failed
            );
        }
    }

    /// Adds the figures to those that others wrote.
    pub(crate) fn write(&self) {
        let counts = self.counts.lock().unwrap();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"),
            PathBuf::from,
        );
        let path = target.join("figures/engine.json");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| "{}".to_owned());
        let mut figures: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&text).unwrap();
        figures.insert(
            "histories".to_owned(),
            (counts.passed + counts.failed).into(),
        );
        figures.insert("histories_failed".to_owned(), counts.failed.into());
        figures.insert("histories_steps".to_owned(), counts.steps.into());
        figures.insert("histories_deadlocks".to_owned(), counts.deadlocks.into());
        let seconds = self.begun.elapsed().as_secs();
        figures.insert("histories_seconds".to_owned(), seconds.into());
        let text = serde_json::to_string_pretty(&figures).unwrap() + "\n";
        std::fs::write(path, text).unwrap();
        eprintln!(
            "\n{} histories of {} steps in {seconds} s, {} failed, {} questions lost to deadlocks",
            counts.passed + counts.failed,
            counts.steps,
            counts.failed,
            counts.deadlocks
        );
    }

    pub(crate) fn assert_none_failed(&self) {
        let counts = self.counts.lock().unwrap();
        assert_eq!(counts.failed, 0, "of {} histories", self.wanted);
        assert_eq!(counts.passed, self.wanted);
    }
}
