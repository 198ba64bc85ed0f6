//! Checkpoints that are taken out of a worker's folder while it trains.

use std::io;
use std::path::PathBuf;

use gauntlet_worker_protocol::{Event, Snapshots};

use crate::output::{OutputError, collect};

/// Takes what a worker announces, if it was asked for.
pub(crate) struct Taker {
    /// What the caller asked for.
    asked: Option<Snapshots>,
    /// Where the worker puts them.
    inside: PathBuf,
    bytes: u64,
    work: u64,
    /// The last one announced, in sixteenths.
    last: u32,
}

impl Taker {
    /// For files of so many bytes and a budget of so much work.
    pub(crate) fn new(asked: Option<Snapshots>, inside: PathBuf, bytes: u64, work: u64) -> Self {
        Self {
            asked,
            inside,
            bytes,
            work,
            last: 0,
        }
    }

    /// Whether the caller is to hear of the event. A snapshot is copied to the caller's place
    /// first; one that an honest worker would not have announced is passed over.
    pub(crate) fn hand_out(&mut self, event: &Event) -> io::Result<bool> {
        let Event::Snapshot { sixteenths, work } = *event else {
            return Ok(true);
        };
        let Some(asked) = &self.asked else {
            return Ok(false);
        };
        let due = asked.sixteenths().any(|due| due == sixteenths);
        if !due || sixteenths <= self.last || work > self.work {
            return Ok(false);
        }
        self.last = sixteenths;
        let from = self.inside.join(Snapshots::file(sixteenths));
        let to = asked.folder.join(Snapshots::file(sixteenths));
        match collect(&from, &to, self.bytes) {
            // Whatever is wrong with removing it, the whole folder goes in the end.
            Ok(()) => std::fs::remove_file(&from).map(|()| true),
            Err(OutputError::Io(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, sixteenths, "a snapshot cannot be taken");
                Ok(false)
            }
        }
    }
}
