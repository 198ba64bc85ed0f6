//! Landlock: which files there are for a worker, and nothing reaches a process outside.

use std::fs::File;
use std::path::Path;

use gauntlet_sandbox::launch::LaunchSpec;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// What is asked for; a kernel that knows less gives what it knows.
const WANTED: ABI = ABI::V7;

/// The system's programs and libraries, where a distribution may have them. What a
/// distribution installs is nobody's secret.
const SYSTEM: [&str; 11] = [
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/bin",
    "/usr/bin",
    "/nix/store",
    "/gnu/store",
];

/// Files that programs read while they start. What the processor is like decides which
/// kernels a backend chooses.
const HARMLESS: [&str; 6] = [
    "/etc/ld.so.cache",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/sys/devices/system/cpu",
];

/// Restricts this process and its children. Whether the kernel restricts files at all.
///
/// `worker` is the worker's program, if it could be opened.
pub(crate) fn restrict(spec: &LaunchSpec, worker: Option<&File>) -> Result<bool, String> {
    put_up(spec, worker).map_err(|error| format!("failed to restrict files: {error}"))
}

fn put_up(spec: &LaunchSpec, worker: Option<&File>) -> Result<bool, RulesetError> {
    let mut rules = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    if spec.restrict_files {
        rules = rules.handle_access(AccessFs::from_all(WANTED))?;
    }
    let mut rules = rules
        .handle_access(AccessNet::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()?;
    if spec.restrict_files {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        for path in SYSTEM {
            rules = allow(rules, Path::new(path), read | AccessFs::Execute)?;
        }
        for path in HARMLESS {
            rules = allow(rules, Path::new(path), read)?;
        }
        if let Some(worker) = worker {
            let access = (read | AccessFs::Execute) & AccessFs::from_file(WANTED);
            rules = rules.add_rule(PathBeneath::new(worker, access))?;
        }
        // Regular files and nothing else: no links, pipes, sockets, folders, programs.
        let own = read
            | AccessFs::WriteFile
            | AccessFs::Truncate
            | AccessFs::MakeReg
            | AccessFs::RemoveFile;
        if let Some(folder) = &spec.folder {
            rules = allow(rules, folder, own)?;
        }
        rules = allow(rules, Path::new("/dev/null"), read | AccessFs::WriteFile)?;
    }
    let status = rules.restrict_self()?;
    Ok(spec.restrict_files && status.ruleset != RulesetStatus::NotEnforced)
}

/// Allows something below a path, if there is such a path.
fn allow(
    rules: landlock::RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<landlock::RulesetCreated, RulesetError> {
    let Ok(opened) = PathFd::new(path) else {
        return Ok(rules);
    };
    // What makes sense only for a folder is no right over a file.
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(WANTED)
    };
    rules.add_rule(PathBeneath::new(opened, access))
}
