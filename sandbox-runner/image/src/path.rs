//! Names in an archive, without any file system.

use crate::refusal::{Refusal, Rule, printable};

/// Bytes of a whole name: what Linux takes, with room for the engine's own folder in front.
const PATH: usize = 4096 - 256;
/// Bytes of one of its parts.
const PART: usize = 255;
/// Bytes of a link's target, which not every file system keeps longer.
const TARGET: usize = 1023;

/// A name as it is inside the image, without a leading `/` or `./`, which some builders
/// write; empty for the root itself.
pub(crate) fn inside(name: &str, what: &str) -> Result<String, Refusal> {
    let refuse = |why: &str| {
        Refusal::new(
            Rule::Name,
            format!("{what} \"{}\" {why}", printable(name)),
            "make the image with an ordinary builder, which writes no such name",
        )
    };
    if name.len() > PATH {
        return Err(refuse("is longer than a path may be"));
    }
    if name.chars().any(char::is_control) {
        return Err(refuse("holds control characters"));
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(refuse("leads upwards")),
            part if part.len() > PART => return Err(refuse("has a part of more than 255 bytes")),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Checks where a symbolic link leads. Absolute targets are the image's own: whoever
/// follows them does so inside the container. Upwards beyond the root is refused.
pub(crate) fn target(from: &str, target: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Refusal::new(
            Rule::Link,
            format!(
                "the link \"{}\" to \"{}\" {why}",
                printable(from),
                printable(target)
            ),
            "link to a file of the image",
        )
    };
    if target.is_empty() || target.len() > TARGET || target.chars().any(char::is_control) {
        return Err(refuse("has an unusable target"));
    }
    let mut depth = match target.strip_prefix('/') {
        Some(_) => 0,
        None => from.split('/').count() - 1,
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| refuse("leads out of the image"))?;
            }
            _ => depth += 1,
        }
    }
    Ok(())
}

/// The folders above a name, outermost first.
pub(crate) fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        assert_eq!(inside("./usr//bin/sh", "file").unwrap(), "usr/bin/sh");
        assert_eq!(inside("./", "file").unwrap(), "");
        assert_eq!(inside("/etc/passwd", "file").unwrap(), "etc/passwd");
        let long = "x".repeat(256);
        for wrong in ["../x", "/../x", "a/../../x", "a/..", "a\nb", &long] {
            assert_eq!(inside(wrong, "file").unwrap_err().rule, Rule::Name);
        }
    }

    #[test]
    fn links_may_be_absolute_but_not_leave() {
        for good in ["/proc/mounts", "../lib/x", "y", "../../z"] {
            target("usr/bin/x", good).unwrap();
        }
        for wrong in ["../../../z", "/../etc", "", "a/../../../../b", "a\0"] {
            assert_eq!(target("usr/bin/x", wrong).unwrap_err().rule, Rule::Link);
        }
        assert_eq!(parents("a/b/c").collect::<Vec<_>>(), ["a", "a/b"]);
    }
}
