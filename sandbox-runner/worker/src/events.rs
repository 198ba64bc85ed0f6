//! What the worker tells the supervisor: JSON lines on standard output.

use std::io::{BufWriter, Stdout, Write, stdout};
use std::time::{Duration, Instant};

use gauntlet_worker_protocol::{Event, Meters, Outcome};

use crate::defences::{Defence, Defences};
use crate::stop::one_line;
use crate::thin::{Point, Thinned};

/// Lines are held back at most this long, so that a metric at every step costs no system call.
const FLUSH: Duration = Duration::from_millis(100);
/// Log lines beyond this many are dropped.
const MOST_LOGS: u64 = 1_000;

pub(crate) struct Events {
    out: BufWriter<Stdout>,
    phase_began: Instant,
    flushed: Instant,
    thinned: Thinned,
    logs: u64,
    defences: Defences,
}

impl Events {
    pub(crate) fn new(defences: Defences) -> Self {
        let now = Instant::now();
        Self {
            out: BufWriter::new(stdout()),
            phase_began: now,
            flushed: now,
            thinned: Thinned::default(),
            logs: 0,
            defences,
        }
    }

    pub(crate) fn first_operation(&mut self, micros: u64) {
        self.send(&Event::FirstOperation { micros });
        // At once: if the operation crashes the process, this is how the supervisor knows that it began.
        let _ = self.out.flush();
    }

    pub(crate) fn metric(&mut self, step: u64, name: &str, value: Option<f64>, at: Instant) {
        let point = Point { step, value, at };
        if self.thinned.take(name, point) || !self.defences.has(Defence::Thinning) {
            self.send_metric(name, point);
        }
    }

    fn send_metric(&mut self, name: &str, Point { step, value, at }: Point) {
        let micros = micros(at.duration_since(self.phase_began));
        self.send(&Event::Metric {
            step,
            name: one_line(name),
            value,
            micros,
        });
    }

    pub(crate) fn log(&mut self, line: &str) {
        self.logs += 1;
        if self.logs <= self.defences.limit(Defence::LogLines, MOST_LOGS) {
            let line = if self.defences.has(Defence::PlainLines) {
                one_line(line)
            } else {
                line.to_owned()
            };
            self.send(&Event::Log { line });
        }
    }

    pub(crate) fn progress(&mut self, used: f64) {
        self.send(&Event::Progress { used });
    }

    pub(crate) fn snapshot(&mut self, sixteenths: u32, work: u64) {
        self.send(&Event::Snapshot { sixteenths, work });
        // At once: the sooner it is scored, the sooner a hopeless run can end.
        let _ = self.out.flush();
    }

    pub(crate) fn finished(&mut self, outcome: Outcome, meters: Meters) {
        for (name, point) in self.thinned.last() {
            self.send_metric(&name, point);
        }
        self.send(&Event::Finished { outcome, meters });
        // Nobody is left to tell if this fails: the supervisor sees a worker that ended without a word.
        let _ = self.out.flush();
    }

    fn send(&mut self, event: &Event) {
        let written = serde_json::to_writer(&mut self.out, event)
            .map_err(std::io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"));
        if written.is_ok() && self.flushed.elapsed() >= FLUSH {
            self.flushed = Instant::now();
            let _ = self.out.flush();
        }
    }
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
