//! Places in an image that are the platform's.

use crate::entries::Kind;
use crate::refusal::{Refusal, Rule, printable};

/// Where the engine mounts file systems of the kernel's. What an image has in them is never
/// seen, and builders that flatten an image leave some of it behind.
const MOUNTED: [&str; 3] = ["proc", "sys", "dev"];
/// Files that the engine mounts its own over. A link there would send the mount elsewhere.
const REPLACED: [&str; 3] = ["etc/hosts", "etc/hostname", "etc/resolv.conf"];

/// Whether an entry is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    /// It would never be seen.
    LeftOut,
}

/// What becomes of an entry; `name` is where it lies, links followed.
pub(crate) fn check(name: &str, kind: Kind) -> Result<Fate, Refusal> {
    let top = name.split('/').next().unwrap_or(name);
    if MOUNTED.contains(&top) && name != top {
        return Ok(Fate::LeftOut);
    }
    if REPLACED.contains(&name) && kind == Kind::Symlink {
        return Ok(Fate::LeftOut);
    }
    // What lies there or below could send a mount of ours somewhere else.
    let taken = top == "gauntlet" || MOUNTED.contains(&name) || name == "tmp" || name == "etc";
    if !taken || kind == Kind::Folder {
        return Ok(Fate::Kept);
    }
    Err(Refusal::new(
        Rule::Reserved,
        format!("\"/{}\" is the platform's place", printable(name)),
        "leave /gauntlet without files, and /proc, /sys, /dev, /tmp and /etc folders",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_places_hold_folders_only() {
        for (name, kind) in [
            ("proc", Kind::Symlink),
            ("dev", Kind::File),
            ("gauntlet", Kind::Symlink),
            ("gauntlet/out", Kind::Symlink),
            ("gauntlet/task.json", Kind::File),
            ("tmp", Kind::Symlink),
            ("etc", Kind::Symlink),
        ] {
            assert_eq!(
                check(name, kind).unwrap_err().rule,
                Rule::Reserved,
                "{name}"
            );
        }
        for (name, kind) in [
            ("gauntlet/out", Kind::Folder),
            ("dev", Kind::Folder),
            ("etc/hosts", Kind::File),
            ("tmp/x", Kind::File),
            ("process", Kind::File),
        ] {
            assert_eq!(check(name, kind).unwrap(), Fate::Kept, "{name}");
        }
    }

    #[test]
    fn what_is_mounted_over_is_left_out() {
        for (name, kind) in [
            ("dev/console", Kind::File),
            ("dev/null", Kind::Special("a device")),
            ("dev/pts", Kind::Folder),
            ("proc/1", Kind::Symlink),
            ("etc/resolv.conf", Kind::Symlink),
        ] {
            assert_eq!(check(name, kind).unwrap(), Fate::LeftOut, "{name}");
        }
    }
}
