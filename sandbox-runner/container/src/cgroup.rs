//! What the kernel counted for a container: memory, and processes killed for lack of it.
//! An exit code proves neither.

use std::fs;
use std::path::PathBuf;

const ROOT: &str = "/sys/fs/cgroup";

/// A container's memory controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    kills: PathBuf,
    peak: PathBuf,
}

/// What was read last; a container's counters go with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Processes killed because the memory was used up.
    pub(crate) kills: u64,
    /// Most bytes in use at once.
    pub(crate) peak: u64,
}

impl Memory {
    /// The controller of a process's control group.
    pub(crate) fn of(process: i64) -> Option<Self> {
        let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
        locate(&groups)
    }

    /// Reads the counters; what cannot be read stays as it was.
    pub(crate) fn read(&self, counted: &mut Counted) {
        if let Ok(text) = fs::read_to_string(&self.kills) {
            counted.kills = counted.kills.max(kills(&text));
        }
        if let Some(peak) = fs::read_to_string(&self.peak)
            .ok()
            .and_then(|text| text.trim().parse().ok())
        {
            counted.peak = counted.peak.max(peak);
        }
    }
}

/// Processes that the kernel has killed for lack of memory since it started, in whatever
/// control group (Linux ≥ 4.13). It outlives the container's own counter, which is gone if the
/// process that was killed was the last one.
pub(crate) fn kills_everywhere() -> Option<u64> {
    let text = fs::read_to_string("/proc/vmstat").ok()?;
    text.lines()
        .any(|line| line.starts_with("oom_kill "))
        .then(|| kills(&text))
}

/// Finds the memory controller in the text of `/proc/PID/cgroup`.
fn locate(groups: &str) -> Option<Memory> {
    let mut unified = None;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        if controllers.split(',').any(|name| name == "memory") {
            let folder = format!("{ROOT}/memory{path}");
            return Some(Memory {
                kills: format!("{folder}/memory.oom_control").into(),
                peak: format!("{folder}/memory.max_usage_in_bytes").into(),
            });
        }
        if controllers.is_empty() {
            unified = Some(format!("{ROOT}{path}"));
        }
    }
    let folder = unified?;
    Some(Memory {
        kills: format!("{folder}/memory.events").into(),
        peak: format!("{folder}/memory.peak").into(),
    })
}

/// The line `oom_kill N`, the same in both versions.
fn kills(text: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
    line.and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_found() {
        let first = locate("3:cpu,cpuacct:/docker/a\n2:memory:/docker/a\n0::/x\n").unwrap();
        assert_eq!(
            first.kills,
            PathBuf::from("/sys/fs/cgroup/memory/docker/a/memory.oom_control")
        );
        let second = locate("0::/system.slice/docker-a.scope\n").unwrap();
        assert_eq!(
            second.peak,
            PathBuf::from("/sys/fs/cgroup/system.slice/docker-a.scope/memory.peak")
        );
        assert_eq!(locate(""), None);
    }

    #[test]
    fn kills_are_read_from_either_file() {
        assert_eq!(kills("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), 3);
        assert_eq!(kills("low 0\noom 4\noom_kill 2\noom_group_kill 0\n"), 2);
        assert_eq!(kills("nr_dirty 1\noom_kill 7\n"), 7);
        assert_eq!(kills(""), 0);
    }

    #[test]
    fn the_kernel_counts_for_all() {
        assert!(kills_everywhere().is_some());
    }
}
