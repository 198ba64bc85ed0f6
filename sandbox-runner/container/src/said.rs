//! What a container says on standard output: events of the contract, a log, or a flood.

use gauntlet_wire::contract::{CONTRACT, Event, Outcome};
use gauntlet_worker_protocol::Event as Told;

/// Characters of a log line that are kept.
const LOG: usize = 2000;

/// Reads lines as they come, without ever holding much.
#[derive(Debug)]
pub(crate) struct Said {
    line: Vec<u8>,
    line_bytes: usize,
    left: u64,
    /// The last of the lines that say how it ended.
    pub(crate) finished: Option<Finished>,
}

/// What the last line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) contract: u32,
    pub(crate) outcome: Outcome,
    pub(crate) batches: u64,
}

/// More than allowed of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flood(pub(crate) String);

impl Said {
    pub(crate) fn new(line_bytes: usize, bytes: u64) -> Self {
        Self {
            line: Vec::new(),
            line_bytes,
            left: bytes,
            finished: None,
        }
    }

    /// Takes bytes of standard output in; hands on the events that are whole.
    pub(crate) fn hear(&mut self, bytes: &[u8], events: &mut Vec<Told>) -> Result<(), Flood> {
        self.count(bytes.len())?;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + piece.len() > self.line_bytes {
                return Err(Flood(format!(
                    "a line of more than {} bytes",
                    self.line_bytes
                )));
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                events.extend(self.understand(&line));
            }
        }
        Ok(())
    }

    /// Takes bytes of standard error in: they count, and are the log's.
    pub(crate) fn overhear(&mut self, bytes: &[u8], events: &mut Vec<Told>) -> Result<(), Flood> {
        self.count(bytes.len())?;
        let lines = bytes.split(|byte| *byte == b'\n');
        events.extend(lines.filter(|line| !line.is_empty()).map(log));
        Ok(())
    }

    /// The end: a last line may lack its end.
    pub(crate) fn end(&mut self, events: &mut Vec<Told>) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            events.extend(self.understand(&line));
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), Flood> {
        self.left = self
            .left
            .checked_sub(bytes as u64)
            .ok_or_else(|| Flood("more output than a run may write".to_owned()))?;
        Ok(())
    }

    fn understand(&mut self, line: &[u8]) -> Option<Told> {
        match serde_json::from_slice(line) {
            Ok(Event::Metric {
                step,
                name,
                value,
                micros,
            }) => Some(Told::Metric {
                step,
                name: visible(&name),
                value,
                micros,
            }),
            Ok(Event::Progress { used }) => Some(Told::Progress { used }),
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
    pub(crate) fn speaks_our_version(&self) -> bool {
        self.contract == CONTRACT
    }
}

fn log(line: &[u8]) -> Told {
    Told::Log {
        line: visible(String::from_utf8_lossy(line).trim_end()),
    }
}

/// One line without control characters: it may end up in a terminal.
pub(crate) fn visible(text: &str) -> String {
    let shown = text.chars().take(LOG);
    shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(pieces: &[&str]) -> (Vec<Told>, Said) {
        let mut said = Said::new(1000, 10_000);
        let mut events = Vec::new();
        for piece in pieces {
            said.hear(piece.as_bytes(), &mut events).unwrap();
        }
        said.end(&mut events);
        (events, said)
    }

    #[test]
    fn events_are_understood_however_they_are_cut() {
        let (events, said) = hear(&[
            "{\"event\":\"metric\",\"step\":1,\"na",
            "me\":\"loss\",\"value\":0.5,\"micros\":9}\nhello \u{1b}[31mworld\n{\"event\":\"fin",
            "ished\",\"contract\":1,\"outcome\":\"completed\",\"batches\":7,\"micros\":1}",
        ]);
        assert!(matches!(&events[0], Told::Metric { step: 1, name, .. } if name == "loss"));
        assert_eq!(
            events[1],
            Told::Log {
                line: "hello  [31mworld".to_owned()
            }
        );
        let finished = said.finished.unwrap();
        assert_eq!(
            (finished.batches, &finished.outcome),
            (7, &Outcome::Completed)
        );
        assert!(finished.speaks_our_version());
    }

    #[test]
    fn floods_are_noticed() {
        let mut said = Said::new(10, 100);
        let mut events = Vec::new();
        assert!(said.hear(&[b'x'; 11], &mut events).is_err());
        let mut said = Said::new(10, 100);
        for _ in 0..10 {
            said.hear(b"123456789\n", &mut events).unwrap();
        }
        assert!(said.overhear(b"x", &mut events).is_err());
    }
}
