//! The system call filter: everything is denied but what computing needs.
//!
//! The list is in `seccomp.json`, in the engine's own format, with a comment to each rule.
//! It was put together from what a C library, Python with its scientific libraries and
//! Rust programs call, and not from what an engine allows by default. Only the machine's
//! own interface is there: calls of 32-bit or x32 programs end the process.

/// The filter in the engine's format.
pub(crate) const PROFILE: &str = include_str!("seccomp.json");

#[cfg(test)]
mod tests {
    use super::PROFILE;
    use serde_json::Value;

    /// Calls that have been ways out of containers, between them, or into the kernel.
    const NEVER: &[&str] = &[
        "add_key",
        "bpf",
        "chroot",
        "fanotify_init",
        "finit_module",
        "flock",
        "fsconfig",
        "fsmount",
        "fsopen",
        "init_module",
        "io_setup",
        "io_submit",
        "io_uring_enter",
        "io_uring_register",
        "io_uring_setup",
        "ioperm",
        "iopl",
        "kcmp",
        "kexec_load",
        "keyctl",
        "landlock_create_ruleset",
        "lookup_dcookie",
        "mbind",
        "memfd_secret",
        "migrate_pages",
        "mount",
        "mount_setattr",
        "move_mount",
        "move_pages",
        "mq_open",
        "msgget",
        "name_to_handle_at",
        "nfsservctl",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "pidfd_getfd",
        "pivot_root",
        "process_madvise",
        "process_vm_readv",
        "process_vm_writev",
        "ptrace",
        "quotactl",
        "reboot",
        "request_key",
        "seccomp",
        "setdomainname",
        "setgid",
        "setgroups",
        "sethostname",
        "setns",
        "setresuid",
        "setuid",
        "settimeofday",
        "splice",
        "swapon",
        "syslog",
        "tee",
        "umount2",
        "unshare",
        "userfaultfd",
        "vmsplice",
    ];

    fn rules() -> Vec<Value> {
        let profile: Value = serde_json::from_str(PROFILE).unwrap();
        assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
        for machine in profile["archMap"].as_array().unwrap() {
            assert_eq!(machine["subArchitectures"], serde_json::json!([]));
        }
        profile["syscalls"].as_array().unwrap().clone()
    }

    fn names(rule: &Value) -> Vec<&str> {
        let names = rule["names"].as_array().unwrap();
        names.iter().map(|name| name.as_str().unwrap()).collect()
    }

    #[test]
    fn what_must_never_be_allowed_is_not() {
        for rule in rules() {
            for name in names(&rule) {
                assert!(!NEVER.contains(&name), "{name}");
            }
        }
    }

    #[test]
    fn what_is_allowed_in_part_is_allowed_in_part_only() {
        for rule in rules() {
            for name in names(&rule) {
                let partial = [
                    "socket",
                    "socketpair",
                    "clone",
                    "fcntl",
                    "ioctl",
                    "personality",
                ];
                if partial.contains(&name) {
                    assert!(rule["args"].is_array(), "{name}");
                }
                if name == "clone3" {
                    assert_eq!(rule["errnoRet"], 38);
                }
            }
        }
    }
}
