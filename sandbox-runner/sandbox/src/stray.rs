//! Finds and kills processes that a worker left behind.
//!
//! A worker is killed with its process group. A process that left the group is
//! found by an environment variable that names the run's folder and that children
//! inherit. (A worker that could start processes has already broken out of its
//! system call filter; this is the line behind that.)

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// Environment variable of every worker: the folder of its run.
pub(crate) const FOLDER_VARIABLE: &str = "GAUNTLET_RUN_FOLDER";

/// Kills every process of a group.
pub(crate) fn kill_group(leader: Pid) {
    // No such group is the usual answer: everybody has gone.
    let _gone = killpg(leader, Signal::SIGKILL);
}

/// Kills every process whose run folder is `folder` or below it. Looks again until there
/// is none, since a process may start another one meanwhile.
pub(crate) fn kill_below(folder: &Path) {
    for _ in 0..20 {
        let found = below(folder);
        if found.is_empty() {
            return;
        }
        for pid in found {
            let _gone = kill(pid, Signal::SIGKILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    tracing::warn!(folder = %folder.display(), "processes of a run survive SIGKILL");
}

/// Processes, zombies aside, whose run folder is `folder` or below it.
pub(crate) fn below(folder: &Path) -> Vec<Pid> {
    let wanted = [
        FOLDER_VARIABLE.as_bytes(),
        b"=",
        folder.as_os_str().as_bytes(),
    ]
    .concat();
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ours = std::process::id();
    processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != ours)
        .filter(|pid| {
            // Gone meanwhile, or somebody else's: not ours to kill. A zombie's is empty.
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| {
                variable
                    .strip_prefix(wanted.as_slice())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            })
        })
        .filter_map(|pid| Some(Pid::from_raw(i32::try_from(pid).ok()?)))
        .collect()
}
