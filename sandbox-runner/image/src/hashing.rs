//! Hashes and counts what is read, while others read it.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use sha2::{Digest, Sha256};

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
