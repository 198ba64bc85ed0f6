//! How a private server is to run.

use std::path::PathBuf;

/// Settings of a private server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory of the server: cluster, log, lock, socket. Made if missing.
    pub data: PathBuf,
    /// Survive a power cut. Off for tests and throw-away data: no fsync.
    pub durable: bool,
    /// Connections the server accepts at once.
    pub max_connections: u32,
}

impl Options {
    /// A durable server in `data` for up to 100 connections.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            durable: true,
            max_connections: 100,
        }
    }

    /// The same without fsync: fast, and lost with the machine.
    pub fn throwaway(data: impl Into<PathBuf>) -> Self {
        Self {
            durable: false,
            ..Self::new(data)
        }
    }
}
