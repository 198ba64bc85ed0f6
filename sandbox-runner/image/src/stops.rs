//! Readers within readers can only say `io::Error`. What they mean is noted here.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use sha2::{Digest, Sha256};

use crate::refusal::{IntakeError, Refusal, Rule, printable};

/// The first reason to stop reading, noted by the reader that found it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stops(Rc<RefCell<Option<IntakeError>>>);

impl Stops {
    /// Notes a reason; the error only makes the readers above give up.
    pub(crate) fn note(&self, reason: impl Into<IntakeError>) -> io::Error {
        self.0.borrow_mut().get_or_insert(reason.into());
        io::Error::other("stopped")
    }

    /// What an error of a reader means: the reason that was noted, or else a damaged archive.
    pub(crate) fn explain(&self, error: &io::Error) -> IntakeError {
        self.0.borrow_mut().take().unwrap_or_else(|| {
            let said = printable(&error.to_string());
            Refusal::new(
                Rule::NotAnImage,
                format!("the archive is damaged or is not a tar file: {said}"),
                "make it anew with `docker save`, `gauntlet method pack` or another builder, and \
                 check that the upload was not cut short",
            )
            .into()
        })
    }
}

/// The archive itself: the only reader whose errors are ours. Counts and limits.
pub(crate) struct Source<R> {
    pub(crate) inner: R,
    pub(crate) stops: Stops,
    pub(crate) read: Rc<RefCell<u64>>,
    pub(crate) limit: u64,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Err(self.stops.note(IntakeError::Io("read the archive", error))),
        };
        let mut total = self.read.borrow_mut();
        *total += read as u64;
        if *total > self.limit {
            let refusal = Refusal::too_large("bytes of the archive", self.limit);
            return Err(self.stops.note(refusal));
        }
        Ok(read)
    }
}

/// Hashes and counts what is read through it.
pub(crate) struct Hashing<R> {
    inner: R,
    hasher: Rc<RefCell<Sha256>>,
    read: Rc<RefCell<u64>>,
}

/// What a [`Hashing`] reader has seen.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    hasher: Rc<RefCell<Sha256>>,
    read: Rc<RefCell<u64>>,
}

impl Seen {
    pub(crate) fn reader<R: Read>(&self, inner: R) -> Hashing<R> {
        Hashing {
            inner,
            hasher: Rc::clone(&self.hasher),
            read: Rc::clone(&self.read),
        }
    }

    /// SHA-256 in hex of what was read so far.
    pub(crate) fn digest(&self) -> String {
        hex::encode(self.hasher.borrow().clone().finalize())
    }

    pub(crate) fn bytes(&self) -> u64 {
        *self.read.borrow()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.borrow_mut().update(&buffer[..read]);
        *self.read.borrow_mut() += read as u64;
        Ok(read)
    }
}
