//! System calls that no worker needs, whatever its device, and that are ways to other
//! processes or into the kernel. The worker's own filter, which it puts on before the
//! guest runs, allows far less.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Sockets that a worker may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sockets {
    /// None.
    None,
    /// Those that a network namespace contains.
    Contained,
    /// Those, and sockets with a path, which no layer contains: a GPU's driver may
    /// have a daemon.
    Local,
}

/// Puts the filter on.
pub(crate) fn filter(sockets: Sockets) -> Result<(), Error> {
    // A C library that is told that there is no such call makes do with the older one,
    // whose flags a filter can see.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    put_on(absent, libc::ENOSYS)?;
    let mut refused: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    refused.insert(libc::SYS_clone, namespaces()?);
    refused.extend(others()?);
    refused.insert(
        libc::SYS_socket,
        match sockets {
            Sockets::None => Vec::new(),
            Sockets::Contained => vec![all_but(&CONTAINED)?],
            Sockets::Local => vec![all_but(&[&CONTAINED[..], &[libc::AF_UNIX]].concat())?],
        },
    );
    put_on(refused, libc::EPERM)
}

fn put_on(rules: Rules, errno: i32) -> Result<(), Error> {
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno.unsigned_abs()),
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    apply_filter(&program)
}

/// Matches a `clone` that asks for any new namespace.
fn namespaces() -> Result<Vec<SeccompRule>, Error> {
    const FLAGS: [i32; 7] = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let rule = |flag: i32| {
        let flag = u64::from(flag.unsigned_abs());
        let asks = SeccompCmpOp::MaskedEq(flag);
        let condition = SeccompCondition::new(0, SeccompCmpArgLen::Qword, asks, flag)?;
        Ok(SeccompRule::new(vec![condition])?)
    };
    FLAGS.into_iter().map(rule).collect()
}

/// What a network namespace contains. Not virtual machines' sockets (`AF_VSOCK`), the
/// kernel's ciphers (`AF_ALG`), and the like; nor sockets with a path.
const CONTAINED: [i32; 3] = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// Matches every family of sockets but these.
fn all_but(families: &[i32]) -> Result<SeccompRule, Error> {
    let conditions = families
        .iter()
        .map(|family| {
            let family = u64::from(family.unsigned_abs());
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(SeccompRule::new(conditions)?)
}

/// What acts upon other processes. A worker with a user id of its own may do nothing to
/// ours anyway; one that has ours, because the runner is not root, could stop the runner
/// and take its limits away. Landlock keeps signals inside, but only since Linux 6.12.
fn others() -> Result<Rules, Error> {
    // The filter is for what this process becomes, which keeps its number.
    let own = u64::from(std::process::id());
    let not_own = |argument| condition(argument, SeccompCmpOp::Ne, own);
    let not_zero = |argument| condition(argument, SeccompCmpOp::Ne, 0);
    let mut rules = Rules::new();
    // A process that ends itself with a signal, as an abort does, uses these two.
    for call in [libc::SYS_kill, libc::SYS_tgkill] {
        rules.insert(call, vec![SeccompRule::new(vec![not_own(0)?])?]);
    }
    // Zero stands for the caller itself.
    for (call, process) in [
        (libc::SYS_prlimit64, 0),
        (libc::SYS_sched_setaffinity, 0),
        (libc::SYS_sched_setattr, 0),
        (libc::SYS_sched_setparam, 0),
        (libc::SYS_sched_setscheduler, 0),
        (libc::SYS_migrate_pages, 0),
        (libc::SYS_move_pages, 0),
    ] {
        let rule = SeccompRule::new(vec![not_zero(process)?, not_own(process)?])?;
        rules.insert(call, vec![rule]);
    }
    // The same, but first comes what is meant: a process, or all of a group or a user.
    for (call, one_process) in [
        (libc::SYS_setpriority, u64::from(libc::PRIO_PROCESS)),
        (libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS),
    ] {
        let several = condition(0, SeccompCmpOp::Ne, one_process)?;
        let other = SeccompRule::new(vec![not_zero(1)?, not_own(1)?])?;
        rules.insert(call, vec![SeccompRule::new(vec![several])?, other]);
    }
    // Files and sockets that send a signal to whom they are told.
    for (call, requests) in [
        (libc::SYS_fcntl, &[F_SETOWN, F_SETSIG, F_SETOWN_EX][..]),
        (libc::SYS_ioctl, &[FIOSETOWN, SIOCSPGRP]),
    ] {
        let asks = |request| {
            let asks = condition(1, SeccompCmpOp::Eq, request)?;
            Ok(SeccompRule::new(vec![asks])?)
        };
        let asks = requests.iter().map(|request| asks(*request));
        rules.insert(call, asks.collect::<Result<_, Error>>()?);
    }
    Ok(rules)
}

// Numbers of the kernel's interface (`asm-generic/fcntl.h`, `asm-generic/sockios.h`,
// `linux/ioprio.h`) that libc does not have for all systems.
const IOPRIO_WHO_PROCESS: u64 = 1;
const F_SETOWN: u64 = 8;
const F_SETSIG: u64 = 10;
const F_SETOWN_EX: u64 = 15;
const FIOSETOWN: u64 = 0x8901;
const SIOCSPGRP: u64 = 0x8902;

fn condition(argument: u8, compared: SeccompCmpOp, with: u64) -> Result<SeccompCondition, Error> {
    Ok(SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        compared,
        with,
    )?)
}

const REFUSED: &[i64] = &[
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_process_madvise,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_tkill,
    libc::SYS_kcmp,
    // Keys outlive a process.
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    // Large and much attacked.
    libc::SYS_bpf,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    // Namespaces, mounts, and ways around paths.
    libc::SYS_chroot,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_umount2,
    libc::SYS_unshare,
    // The machine itself.
    libc::SYS_acct,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
];
