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
    /// Those, and sockets with a path, which is no wall's to contain: a GPU's driver may
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

const REFUSED: &[i64] = &[
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
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
