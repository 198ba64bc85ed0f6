//! The first error that one of several readers within each other met: they can only say
//! `io::Error`, and what it means is noted here.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::refusal::{IntakeError, Refusal, Rule, printable};

/// The first reason to stop reading, noted by the reader that found it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FirstError(Rc<RefCell<Option<IntakeError>>>);

impl FirstError {
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
    pub(crate) first_error: FirstError,
    pub(crate) read: Rc<RefCell<u64>>,
    pub(crate) limit: u64,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                return Err(self
                    .first_error
                    .note(IntakeError::Io("read the archive", error)));
            }
        };
        let mut total = self.read.borrow_mut();
        *total += read as u64;
        if *total > self.limit {
            let refusal = Refusal::too_large("bytes of the archive", self.limit);
            return Err(self.first_error.note(refusal));
        }
        Ok(read)
    }
}
