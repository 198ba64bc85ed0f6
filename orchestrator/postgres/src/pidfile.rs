//! `postmaster.pid`: who serves a cluster, and whether it is ready.

use std::path::Path;

/// What the file says. Its lines are: process, data directory, start time,
/// port, socket directory, listen address, shared memory, status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: i32,
    pub(crate) ready: bool,
}

impl PidFile {
    /// `None` if there is no file or the server is still writing it.
    pub(crate) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        // A server in single-user mode writes its number as a negative one.
        let pid: i32 = lines.next()?.trim().parse::<i32>().ok()?.checked_abs()?;
        let ready = lines.nth(6).is_some_and(|status| status.trim() == "ready");
        (pid > 1).then_some(Self { pid, ready })
    }
}

#[cfg(test)]
mod tests {
    use super::PidFile;

    #[test]
    fn status_is_the_eighth_line() {
        let text = "4711\n/data\n1700000000\n5432\n/run\n\n  123 456\nready   \n";
        assert_eq!(
            PidFile::parse(text),
            Some(PidFile {
                pid: 4711,
                ready: true
            })
        );
        assert!(
            !PidFile::parse(&text.replace("ready ", "starting"))
                .unwrap()
                .ready
        );
    }

    #[test]
    fn half_written_or_foreign_files_are_not_servers() {
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("abc\n"), None);
        assert_eq!(PidFile::parse("0\n"), None);
        assert_eq!(PidFile::parse("1\n"), None);
        assert!(!PidFile::parse("4711\n/data\n").unwrap().ready);
    }
}
