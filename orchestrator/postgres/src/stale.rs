//! Stops the server that a killed process left behind.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Error;
use crate::pidfile::PidFile;

/// Stops a server still running on `cluster`: fast at first, then as after a
/// crash. The caller holds the directory's lock, so whoever started that
/// server is gone.
pub(crate) fn stop(cluster: &Path) -> Result<(), Error> {
    let Some(PidFile { pid, .. }) = PidFile::read(cluster) else {
        return Ok(());
    };
    if !serves(pid, cluster) {
        return Ok(()); // the number was reused by another program: PostgreSQL overwrites the file
    }
    tracing::info!(pid, "stopping the PostgreSQL server of a previous run");
    for (signal, patience) in [
        (Signal::SIGINT, 10),
        (Signal::SIGQUIT, 10),
        (Signal::SIGKILL, 5),
    ] {
        let _ = kill(Pid::from_raw(pid), signal); // gone already is what we want
        let deadline = Instant::now() + Duration::from_secs(patience);
        while Instant::now() < deadline {
            if !serves(pid, cluster) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Err(Error::Stale(pid))
}

/// Whether `pid` is a process working in `cluster`: PostgreSQL changes into it.
fn serves(pid: i32, cluster: &Path) -> bool {
    match std::fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(cwd) => cwd == cluster,
        // No /proc (or not ours to read): believe the number while it exists.
        Err(_) => !Path::new("/proc/self").exists() && kill(Pid::from_raw(pid), None).is_ok(),
    }
}
