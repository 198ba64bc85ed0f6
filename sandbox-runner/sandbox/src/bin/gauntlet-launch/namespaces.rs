//! A network of its own, with nobody in it.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getgid, getuid};

/// Enters new namespaces for the network and for System V IPC and message queues, with a
/// new user namespace where that is what permits it. Whether it worked: containers and
/// some distributions forbid it, which is not a fault; the filter of system calls then
/// refuses sockets.
pub(crate) fn enter() -> bool {
    let apart = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC;
    if unshare(apart).is_ok() {
        return true;
    }
    let (user, group) = (getuid(), getgid());
    if user.is_root() || unshare(apart | CloneFlags::CLONE_NEWUSER).is_err() {
        return false;
    }
    // So that it still sees itself as who it is. What it may do does not depend on it.
    let _cosmetic = fs::write("/proc/self/setgroups", "deny")
        .and_then(|()| fs::write("/proc/self/uid_map", format!("{user} {user} 1")))
        .and_then(|()| fs::write("/proc/self/gid_map", format!("{group} {group} 1")));
    true
}
