//! Reads what a program writes to standard output and error: events of the contract, a
//! log, or a flood.

use gauntlet_wire::contract::{CONTRACT, Event, Outcome};
use gauntlet_worker_protocol::Event as WorkerEvent;

/// Characters of a log line that are kept.
const LOG: usize = 2000;

/// Reads lines as they come, without ever holding much.
#[derive(Debug)]
pub struct StdoutReader {
    line: Vec<u8>,
    line_bytes: usize,
    left: u64,
    /// The last of the lines that say how it ended.
    pub finished: Option<Finished>,
}

/// What the last line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Version of the contract that the program speaks.
    pub contract: u32,
    /// How it says it ended.
    pub outcome: Outcome,
    /// Training batches served.
    pub batches: u64,
}

/// More than allowed of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flood(
    /// Of what.
    pub String,
);

impl StdoutReader {
    /// Takes lines of at most `line_bytes` bytes, and `bytes` bytes in all.
    #[must_use]
    pub fn new(line_bytes: usize, bytes: u64) -> Self {
        Self {
            line: Vec::new(),
            line_bytes,
            left: bytes,
            finished: None,
        }
    }

    /// Takes bytes of standard output in; hands on the events that are whole.
    ///
    /// # Errors
    /// If there is more of it than allowed.
    pub fn on_stdout(&mut self, bytes: &[u8], events: &mut Vec<WorkerEvent>) -> Result<(), Flood> {
        self.count(bytes.len())?;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len().saturating_add(piece.len()) > self.line_bytes {
                return Err(Flood(format!(
                    "a line of more than {} bytes",
                    self.line_bytes
                )));
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                events.extend(self.on_line(&line));
            }
        }
        Ok(())
    }

    /// Takes bytes of standard error in: they count, and are the log's.
    ///
    /// # Errors
    /// If there is more of it than allowed.
    pub fn on_stderr(&mut self, bytes: &[u8], events: &mut Vec<WorkerEvent>) -> Result<(), Flood> {
        self.count(bytes.len())?;
        let lines = bytes.split(|byte| *byte == b'\n');
        events.extend(lines.filter(|line| !line.is_empty()).map(log));
        Ok(())
    }

    /// The end: a last line may lack its end.
    pub fn end(&mut self, events: &mut Vec<WorkerEvent>) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            events.extend(self.on_line(&line));
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), Flood> {
        self.left = self
            .left
            .checked_sub(bytes as u64)
            .ok_or_else(|| Flood("more output than a run may write".to_owned()))?;
        Ok(())
    }

    fn on_line(&mut self, line: &[u8]) -> Option<WorkerEvent> {
        match serde_json::from_slice(line) {
            Ok(Event::Metric {
                step,
                name,
                value,
                micros,
            }) => Some(WorkerEvent::Metric {
                step,
                name: visible(&name),
                value,
                micros,
            }),
            Ok(Event::Progress { used }) => Some(WorkerEvent::Progress { used }),
            Ok(Event::Log { line }) => Some(log(line.as_bytes())),
            Ok(Event::Checkpoint { .. }) => None,
            Ok(Event::Finished {
                contract,
                outcome,
                batches,
                ..
            }) => {
                self.finished = Some(Finished {
                    contract,
                    outcome,
                    batches,
                });
                None
            }
            Err(_) => Some(log(line)),
        }
    }
}

impl Finished {
    /// Whether the program speaks the version of the contract that we do.
    #[must_use]
    pub fn speaks_our_version(&self) -> bool {
        self.contract == CONTRACT
    }
}

fn log(line: &[u8]) -> WorkerEvent {
    WorkerEvent::Log {
        line: visible(String::from_utf8_lossy(line).trim_end()),
    }
}

/// One line with nothing in it that cannot be seen: it may end up in a terminal.
#[must_use]
pub fn visible(text: &str) -> String {
    gauntlet_text::one_line(text, LOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&str]) -> (Vec<WorkerEvent>, StdoutReader) {
        let mut reader = StdoutReader::new(1000, 10_000);
        let mut events = Vec::new();
        for piece in pieces {
            reader.on_stdout(piece.as_bytes(), &mut events).unwrap();
        }
        reader.end(&mut events);
        (events, reader)
    }

    #[test]
    fn events_are_understood_however_they_are_cut() {
        let (events, reader) = read(&[
            "{\"event\":\"metric\",\"step\":1,\"na",
            "me\":\"loss\",\"value\":0.5,\"micros\":9}\nhello \u{1b}[31mworld\n{\"event\":\"fin",
            "ished\",\"contract\":1,\"outcome\":\"completed\",\"batches\":7,\"micros\":1}",
        ]);
        assert!(matches!(&events[0], WorkerEvent::Metric { step: 1, name, .. } if name == "loss"));
        assert_eq!(
            events[1],
            WorkerEvent::Log {
                line: "hello  [31mworld".to_owned()
            }
        );
        let finished = reader.finished.unwrap();
        assert_eq!(
            (finished.batches, &finished.outcome),
            (7, &Outcome::Completed)
        );
        assert!(finished.speaks_our_version());
    }

    #[test]
    fn floods_are_noticed() {
        let mut reader = StdoutReader::new(10, 100);
        let mut events = Vec::new();
        assert!(reader.on_stdout(&[b'x'; 11], &mut events).is_err());
        let mut reader = StdoutReader::new(10, 100);
        for _ in 0..10 {
            reader.on_stdout(b"123456789\n", &mut events).unwrap();
        }
        assert!(reader.on_stderr(b"x", &mut events).is_err());
    }
}
