//! What the kernel counts for us.

use gauntlet_sandbox::launch::LaunchSpec;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Sets the limits: also for whatever the process starts.
pub(crate) fn set(spec: &LaunchSpec) -> Result<(), String> {
    let bounds = spec.bounds;
    set_one(Resource::RLIMIT_CORE, 0, 0)?;
    same(Resource::RLIMIT_NOFILE, bounds.open_files)?;
    same(Resource::RLIMIT_DATA, bounds.data_bytes)?;
    same(Resource::RLIMIT_FSIZE, bounds.file_bytes)?;
    same(Resource::RLIMIT_MEMLOCK, 64 << 10)?;
    same(Resource::RLIMIT_MSGQUEUE, 0)?;
    if let Some(seconds) = bounds.cpu_seconds {
        // SIGXCPU at the soft limit says why; SIGKILL follows if it is ignored.
        set_one(Resource::RLIMIT_CPU, seconds, seconds.saturating_add(2))?;
    }
    // Counted for the whole user, so only where the user is the worker's own.
    if spec.user.is_some() && spec.layers.processes {
        same(Resource::RLIMIT_NPROC, bounds.processes)?;
    }
    Ok(())
}

fn same(resource: Resource, value: u64) -> Result<(), String> {
    set_one(resource, value, value)
}

/// Never more than the hard limit there is.
fn set_one(resource: Resource, soft: u64, hard: u64) -> Result<(), String> {
    getrlimit(resource)
        .and_then(|(_, most)| setrlimit(resource, soft.min(most), hard.min(most)))
        .map_err(|error| format!("failed to set {resource:?}: {error}"))
}
