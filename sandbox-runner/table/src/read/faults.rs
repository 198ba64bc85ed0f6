//! Faults of reading, in words for whoever brings the file.

use std::io::{self, Read};

use crate::error::DataError;

/// What a fault of reading is to a person: one of the file's own is kept as it is.
pub(super) fn fault(error: io::Error) -> DataError {
    match error.downcast::<DataError>() {
        Ok(own) => own,
        Err(error) => DataError::new(format!("cannot be read: {error}")),
    }
}

/// Bytes of an unpacker, whose faults are told as the file's.
pub(super) struct Named<R> {
    pub(super) inner: R,
    pub(super) packing: &'static str,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        read.map_err(|error| broken(self.packing, error))
    }
}

/// What an unpacker says, in words that say whose words they are.
pub(super) fn broken(packing: &str, error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::Interrupted || is_own(&error) {
        return error;
    }
    let problem = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            format!("is packed with {packing} and cut off: its end is missing")
        }
        _ => format!("is packed with {packing} and damaged: {error}"),
    };
    io::Error::other(DataError::new(problem).cure("copy or download it anew"))
}

fn is_own(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<DataError>())
}
