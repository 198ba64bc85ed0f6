//! Finds and kills processes that a worker left behind.
//!
//! A worker is killed with its process group. A process that left the group is
//! found by its user id, where workers have their own, and by an environment variable
//! that names the run's folder and that children inherit. (A worker that could start processes has already broken out of its
//! system call filter; this is the line behind that.)

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
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

/// Kills every process whose run folder is `folder` or below it.
pub(crate) fn kill_below(folder: &Path) {
    if !kill_all(|| below(folder)) {
        tracing::warn!(folder = %folder.display(), "processes of a run survive SIGKILL");
    }
}

/// Kills every process of a user.
pub(crate) fn kill_user(user: u32) {
    let all = || {
        processes()
            .filter(|pid| {
                fs::metadata(format!("/proc/{pid}")).is_ok_and(|entry| entry.uid() == user)
            })
            .filter(|pid| {
                // "PID (NAME) STATE ...", and the name may hold anything.
                let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                let state = stat
                    .rsplit_once(") ")
                    .map(|(_, rest)| rest.as_bytes().first());
                matches!(state, Some(Some(state)) if !b"ZX".contains(state))
            })
            .filter_map(pid)
            .collect()
    };
    if !kill_all(all) {
        tracing::warn!(user, "processes of a worker's user survive SIGKILL");
    }
}

/// Kills what `find` finds. Looks again until there is nothing, since a process may start
/// another one meanwhile. Returns whether there is nothing left.
fn kill_all(find: impl Fn() -> Vec<Pid>) -> bool {
    for _ in 0..40 {
        let found = find();
        if found.is_empty() {
            return true;
        }
        for pid in found {
            let _gone = kill(pid, Signal::SIGKILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    false
}

/// Every process but ourselves.
fn processes() -> impl Iterator<Item = u32> {
    let ours = std::process::id();
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(move |pid| *pid != ours)
}

fn pid(number: u32) -> Option<Pid> {
    Some(Pid::from_raw(i32::try_from(number).ok()?))
}

/// Processes, zombies aside, whose run folder is `folder` or below it.
pub(crate) fn below(folder: &Path) -> Vec<Pid> {
    let wanted = [
        FOLDER_VARIABLE.as_bytes(),
        b"=",
        folder.as_os_str().as_bytes(),
    ]
    .concat();
    processes()
        .filter(|pid| {
            // Gone meanwhile, or somebody else's: not ours to kill. A zombie's is empty.
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| {
                variable
                    .strip_prefix(wanted.as_slice())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            })
        })
        .filter_map(pid)
        .collect()
}
