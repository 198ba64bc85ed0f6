//! Marks that hide what layers below have.

use crate::entries::Kind;
use crate::path::parents;
use crate::refusal::{Refusal, Rule, printable};

/// Hides all that layers below have in the mark's folder.
pub(crate) const ALL: &str = ".wh..wh..opq";
const PREFIX: &str = ".wh.";

/// What a mark hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whiteout<'a> {
    /// One name of its folder.
    One(&'a str),
    /// Everything in its folder.
    All,
}

/// The mark that a name is, if it is one. `.wh.NAME` hides NAME of the layers below, and an
/// engine that follows `.wh...` deletes its parent: nothing but ordinary names is taken.
pub(crate) fn of(name: &str, kind: Kind, size: u64) -> Result<Option<Whiteout<'_>>, Refusal> {
    let below_a_mark = parents(name).any(|part| last(part).starts_with(PREFIX));
    let removed = last(name).strip_prefix(PREFIX);
    let mark = match removed {
        None if below_a_mark => return Err(odd(name)),
        None => return Ok(None),
        Some(_) if last(name) == ALL => Whiteout::All,
        Some(removed) => Whiteout::One(removed),
    };
    let known = match mark {
        Whiteout::All => true,
        Whiteout::One(removed) => {
            !(removed.is_empty()
                || removed.starts_with(PREFIX)
                || removed == "."
                || removed == "..")
        }
    };
    if known && !below_a_mark && kind == Kind::File && size == 0 {
        return Ok(Some(mark));
    }
    Err(odd(name))
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The name of the mark that hides a name.
pub(crate) fn mark_of(name: &str) -> String {
    match name.rsplit_once('/') {
        Some((folder, last)) => format!("{folder}/{PREFIX}{last}"),
        None => format!("{PREFIX}{name}"),
    }
}

fn odd(name: &str) -> Refusal {
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
    fn marks_hide_names_only() {
        for (good, mark) in [
            ("a/.wh.b", Some(Whiteout::One("b"))),
            ("a/.wh..wh..opq", Some(Whiteout::All)),
            ("a/.wh..hidden", Some(Whiteout::One(".hidden"))),
            ("a/b", None),
        ] {
            assert_eq!(of(good, Kind::File, 0).unwrap(), mark);
        }
        for wrong in ["a/.wh.", "a/.wh..", "a/.wh...", "a/.wh..wh.plnk", ".wh.a/b"] {
            of(wrong, Kind::File, 0).unwrap_err();
        }
        of("a/.wh.b", Kind::File, 1).unwrap_err();
        of("a/.wh.b", Kind::Symlink, 0).unwrap_err();
        assert_eq!(mark_of("a/b"), "a/.wh.b");
        assert_eq!(mark_of("b"), ".wh.b");
    }
}
