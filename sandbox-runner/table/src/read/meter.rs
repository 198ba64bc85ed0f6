//! How much of a file has been read.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Hears how many bytes of a file, as it lies there, have been read.
pub type Progress<'a> = &'a mut (dyn FnMut(u64) + Send);

/// Counts the bytes of a file that have been read, for limits and for whoever listens.
#[derive(Clone)]
pub(super) struct Meter<'a> {
    listener: Option<Arc<Mutex<Progress<'a>>>>,
    /// Bytes of the files before.
    before: u64,
    read: Arc<AtomicU64>,
}

impl<'a> Meter<'a> {
    /// Whoever listens.
    pub(super) fn new(listener: Progress<'a>) -> Self {
        Self {
            listener: Some(Arc::new(Mutex::new(listener))),
            ..Self::silent()
        }
    }

    /// Nobody listens.
    pub(super) fn silent() -> Self {
        Self {
            listener: None,
            before: 0,
            read: Arc::default(),
        }
    }

    /// Of a file behind this one, of which all has been read.
    pub(super) fn following(&self, length: u64) -> Self {
        Self {
            listener: self.listener.clone(),
            before: self.before + length,
            read: Arc::default(),
        }
    }

    /// Bytes of this file.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// More bytes of it.
    pub(super) fn add(&self, bytes: u64) {
        let read = self.read.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(listener) = &self.listener {
            let mut listener = listener.lock().unwrap_or_else(PoisonError::into_inner);
            listener(self.before + read);
        }
    }
}

/// Bytes that are counted.
pub(super) struct Counted<'a, R> {
    pub(super) inner: R,
    pub(super) meter: Meter<'a>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.meter.add(read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Counted<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
