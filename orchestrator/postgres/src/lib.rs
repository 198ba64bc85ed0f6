//! A private PostgreSQL server from the distribution's binaries.
//!
//! [`PrivateServer::start`] makes a cluster when there is none and starts a
//! server that only this machine's owner can reach: a Unix socket in a
//! directory of mode 0700, no TCP. PostgreSQL refuses to run as root, so root
//! starts it as the unprivileged user `postgres`, or `nobody` where that does
//! not exist.
//!
//! One process at a time uses a data directory (a file lock says so). A server
//! left behind by a process that was killed is found by its `postmaster.pid`
//! and stopped before a new one is started; PostgreSQL's own crash recovery
//! then brings the data back.

mod binaries;
mod child_supervisor;
mod cluster;
mod error;
mod options;
mod pidfile;
mod server;
mod stale;
mod user;

pub use binaries::installed;
pub use error::Error;
pub use options::Options;
pub use server::PrivateServer;
