//! What the program says: JSON lines on standard output.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gauntlet_wire::contract::{CONTRACT, Event, Outcome};

use super::files::Folder;
use crate::native::host::{Listener, OutOfBudget};
use crate::native::{Parameters, Report};

/// Progress is told at most this often.
const PROGRESS: Duration = Duration::from_millis(250);

/// Batches served, where a panic's hook can see it.
static BATCHES: AtomicU64 = AtomicU64::new(0);

pub(super) fn batches() -> u64 {
    BATCHES.load(Ordering::Relaxed)
}

/// Writes the last line and ends the process.
pub(super) fn finish(outcome: Outcome, batches: u64, began: Instant) -> ! {
    let outcome = match outcome {
        Outcome::MethodFailed { message } => Outcome::MethodFailed {
            message: one_line(&message),
        },
        other => other,
    };
    let code = outcome.exit_code();
    say(&Event::Finished {
        contract: CONTRACT,
        outcome,
        batches,
        micros: micros(began.elapsed()),
    });
    std::process::exit(code)
}

/// Writes what a training says, and its models to the folder.
pub(super) struct Writer {
    folder: Folder,
    began: Instant,
    progressed: Option<Instant>,
    /// The share used, as long as it has not been told.
    untold: Option<f64>,
}

impl Writer {
    pub(super) fn new(folder: Folder, began: Instant) -> Self {
        Self {
            folder,
            began,
            progressed: None,
            untold: None,
        }
    }
}

impl Listener for Writer {
    fn metric(&mut self, report: Report) {
        say(&Event::Metric {
            step: report.step,
            name: one_line(&report.name),
            value: report.value.is_finite().then_some(report.value),
            micros: micros(report.at),
        });
    }

    fn progress(&mut self, used: f64) {
        if self.progressed.is_none_or(|at| at.elapsed() >= PROGRESS) {
            self.progressed = Some(Instant::now());
            self.untold = None;
            say(&Event::Progress { used });
        } else {
            self.untold = Some(used);
        }
    }

    fn served(&mut self, batches: u64) {
        BATCHES.store(batches, Ordering::Relaxed);
    }

    fn log(&mut self, line: &str) {
        say(&Event::Log {
            line: one_line(line),
        });
    }

    fn checkpoint(&mut self, step: u64, model: &Parameters) {
        if let Some(used) = self.untold.take() {
            say(&Event::Progress { used });
        }
        match self.folder.put_model(model) {
            Ok(()) => say(&Event::Checkpoint { step }),
            // The folder is the platform's: a full disk is not the method's fault.
            Err(message) => finish(Outcome::Refused { message }, batches(), self.began),
        }
    }

    fn out_of_budget(&mut self, over: OutOfBudget) -> ! {
        let limit = over.limit.to_owned();
        let outcome = match over.kept {
            Some(step) => Outcome::CutOff { limit, step },
            None => Outcome::BudgetExceeded { limit },
        };
        finish(outcome, over.batches, self.began)
    }
}

fn say(event: &Event) {
    let mut line = serde_json::to_vec(event).expect("an event can always be encoded");
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    // Nobody is left to tell if this fails: whoever reads sees a program that ended without a word.
    let _ = out.write_all(&line).and_then(|()| out.flush());
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Whatever its length: the platform cuts where it has to.
fn one_line(text: &str) -> String {
    gauntlet_text::one_line(text, usize::MAX)
}
