//! Places in an image that are the platform's.

use crate::entries::Kind;
use crate::path::parents;
use crate::refusal::{Refusal, Rule, printable};

/// Where the engine or we mount something: whatever else than a folder lies there or
/// below could send a mount somewhere else, or would only be hidden.
const FOLDERS: [&str; 4] = ["proc", "sys", "dev", "gauntlet"];
/// Mounted over as well, but an image may have files there.
const NOT_LINKS: [&str; 5] = ["tmp", "etc", "etc/hosts", "etc/hostname", "etc/resolv.conf"];

pub(crate) fn check(name: &str, kind: Kind) -> Result<(), Refusal> {
    let top = name.split('/').next().unwrap_or(name);
    let taken = (FOLDERS.contains(&top) && kind != Kind::Folder)
        || (NOT_LINKS.contains(&name) && kind == Kind::Symlink)
        || (name == "tmp" && kind != Kind::Folder)
        || (name == "etc" && kind != Kind::Folder);
    if !taken {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::Reserved,
        format!("\"/{}\" is the platform's place", printable(name)),
        "leave /proc, /sys, /dev and /gauntlet without files, and make /tmp, /etc and the files \
         that the engine mounts in /etc no links",
    ))
}

/// Whether a layer removes nothing but ordinary names: `.wh.NAME` deletes NAME of the
/// layers below, and an engine that follows `.wh...` deletes its parent.
pub(crate) fn check_whiteout(name: &str, kind: Kind, size: u64) -> Result<(), Refusal> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let upper =
        parents(name).any(|part| part.rsplit('/').next().unwrap_or(part).starts_with(".wh."));
    let Some(removed) = last.strip_prefix(".wh.") else {
        return if upper {
            Err(odd_whiteout(name))
        } else {
            Ok(())
        };
    };
    let known = removed == ".wh..opq"
        || !(removed.is_empty()
            || removed.starts_with(".wh.")
            || removed == "."
            || removed == "..");
    if known && !upper && kind == Kind::File && size == 0 {
        return Ok(());
    }
    Err(odd_whiteout(name))
}

fn odd_whiteout(name: &str) -> Refusal {
    Refusal::new(
        Rule::Name,
        format!("\"{}\" is no mark of a removed file", printable(name)),
        "names that begin with .wh. belong to the image format",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_places_hold_folders_only() {
        for (name, kind) in [
            ("proc", Kind::Symlink),
            ("gauntlet/out", Kind::Symlink),
            ("gauntlet/task.json", Kind::File),
            ("dev/null", Kind::File),
            ("tmp", Kind::Symlink),
            ("etc", Kind::Symlink),
            ("etc/hosts", Kind::Symlink),
        ] {
            assert_eq!(
                check(name, kind).unwrap_err().rule,
                Rule::Reserved,
                "{name}"
            );
        }
        for (name, kind) in [
            ("gauntlet/out", Kind::Folder),
            ("etc/hosts", Kind::File),
            ("tmp/x", Kind::File),
            ("process", Kind::File),
        ] {
            check(name, kind).unwrap();
        }
    }

    #[test]
    fn whiteouts_remove_names_only() {
        for good in ["a/.wh.b", "a/.wh..wh..opq", "a/b", "a/.wh..hidden"] {
            check_whiteout(good, Kind::File, 0).unwrap();
        }
        for wrong in ["a/.wh.", "a/.wh..", "a/.wh...", "a/.wh..wh.plnk", ".wh.a/b"] {
            check_whiteout(wrong, Kind::File, 0).unwrap_err();
        }
        check_whiteout("a/.wh.b", Kind::File, 1).unwrap_err();
        check_whiteout("a/.wh.b", Kind::Symlink, 0).unwrap_err();
    }
}
