//! What the process gives up before the guest runs.
//!
//! WebAssembly is the first wall, the validator the second; this is for the day
//! one of them has a hole. After [`confine`] a worker can compute, write to the
//! files it has open, and end. It can open no file, no socket, start no process
//! and gain no privilege.

use std::collections::BTreeMap;

use gauntlet_worker_protocol::Limits;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// How much a worker gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// Only the system calls that computing on the CPU needs.
    Strict,
    /// No new privileges; system calls are not filtered, because the device's
    /// driver needs many. The process's own user and limits remain.
    Driver,
}

/// Room for code, stacks, data parts, and the backend's work space beside the ledger's tensors.
const PROCESS_BYTES: u64 = 2 << 30;

pub(crate) fn limit_compiler(cpu_seconds: u64, memory_bytes: u64) {
    // Best effort: the supervisor's kill is the real bound, these make it rarer.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    // SIGXCPU at the soft limit tells the supervisor why; SIGKILL at the hard one would not.
    let _ = setrlimit(Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds + 2);
    let _ = setrlimit(Resource::RLIMIT_AS, memory_bytes, memory_bytes);
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    let _ = prctl::set_no_new_privs();
    let _ = prctl::set_dumpable(false);
}

pub(crate) fn limit_run(limits: &Limits) -> Result<(), String> {
    let data = limits
        .tensor_bytes
        .saturating_mul(2)
        .saturating_add(limits.guest_bytes)
        .saturating_add(limits.output_bytes.saturating_mul(2))
        .saturating_add(PROCESS_BYTES);
    // Names and headers come on top of the tensors in a file.
    let file = limits.output_bytes.saturating_add(8 << 20);
    // Only ever tighter: the supervisor has set limits of its own.
    let limit = |resource, value: u64| {
        getrlimit(resource)
            .and_then(|(_, hard)| setrlimit(resource, value.min(hard), value.min(hard)))
            .map_err(|error| format!("failed to set {resource:?}: {error}"))
    };
    limit(Resource::RLIMIT_CORE, 0)?;
    limit(Resource::RLIMIT_DATA, data)?;
    limit(Resource::RLIMIT_FSIZE, file)?;
    limit(Resource::RLIMIT_NOFILE, 256)?;
    // A runner that dies must not leave its workers computing.
    // And no process of the same user, such as another run's, may look into this one.
    prctl::set_pdeathsig(Signal::SIGKILL)
        .and_then(|()| prctl::set_no_new_privs())
        .and_then(|()| prctl::set_dumpable(false))
        .map_err(|error| format!("failed to give up privileges: {error}"))
}

/// Gives it up, for this thread and every other.
///
/// # Errors
/// If the kernel does not let it.
pub fn confine(confinement: Confinement) -> Result<(), String> {
    match confinement {
        Confinement::Driver => Ok(()),
        Confinement::Strict => strict().map_err(|error| format!("failed to confine: {error}")),
    }
}

fn strict() -> Result<(), seccompiler::Error> {
    let rules: BTreeMap<i64, Vec<seccompiler::SeccompRule>> =
        ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // Everything else fails as forbidden rather than kills: libraries probe for
    // things (the number of CPUs, say) and cope with a no.
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(nix::libc::EPERM as u32),
        SeccompAction::Allow,
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter_all_threads(&program)
}

/// What computing needs: memory, threads that exist already, time, signals for
/// WebAssembly traps, and reading and writing what is open.
const ALLOWED: &[i64] = &[
    nix::libc::SYS_brk,
    nix::libc::SYS_clock_gettime,
    nix::libc::SYS_clock_nanosleep,
    nix::libc::SYS_close,
    nix::libc::SYS_exit,
    nix::libc::SYS_exit_group,
    nix::libc::SYS_fstat,
    nix::libc::SYS_futex,
    nix::libc::SYS_getpid,
    nix::libc::SYS_getrandom,
    nix::libc::SYS_gettid,
    nix::libc::SYS_lseek,
    nix::libc::SYS_madvise,
    nix::libc::SYS_membarrier,
    nix::libc::SYS_mmap,
    nix::libc::SYS_mprotect,
    nix::libc::SYS_mremap,
    nix::libc::SYS_munmap,
    nix::libc::SYS_nanosleep,
    nix::libc::SYS_read,
    nix::libc::SYS_restart_syscall,
    nix::libc::SYS_rseq,
    nix::libc::SYS_rt_sigaction,
    nix::libc::SYS_rt_sigprocmask,
    nix::libc::SYS_rt_sigreturn,
    nix::libc::SYS_sched_getaffinity,
    nix::libc::SYS_sched_yield,
    nix::libc::SYS_set_robust_list,
    nix::libc::SYS_sigaltstack,
    nix::libc::SYS_tgkill,
    nix::libc::SYS_write,
    nix::libc::SYS_writev,
];
