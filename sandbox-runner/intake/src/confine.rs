//! What the process gives up before it reads the first byte.
//!
//! `gauntlet-launch` has taken network, files and privileges away already, for whatever the
//! process becomes. This leaves it no more than the calls that reading and computing need.

use std::collections::BTreeMap;

use nix::libc;
use nix::sys::prctl;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// Gives it up for good.
///
/// # Errors
/// If the kernel does not let it, in words.
pub fn confine() -> Result<(), String> {
    // No process of the same user, such as another reading, may look into this one.
    prctl::set_dumpable(false).map_err(|error| format!("failed to be left alone: {error}"))?;
    filter().map_err(|error| format!("failed to filter calls: {error}"))
}

fn filter() -> Result<(), seccompiler::Error> {
    let rules: BTreeMap<_, _> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // Everything else fails as forbidden rather than kills: libraries probe for things and
    // cope with a no.
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}

/// Memory, time, an orderly end, and reading and writing what is open.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_read,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_write,
    libc::SYS_writev,
];
