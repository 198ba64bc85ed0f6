//! The program's arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use gauntlet_wire::contract::{ROOT, ROOT_VARIABLE};

/// What to do, and in which folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) phase: Phase,
    pub(super) root: PathBuf,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Train,
    Predict,
    Describe,
}

const USAGE: &str = "usage: train | predict [--root FOLDER], or describe";

impl Arguments {
    /// Reads the arguments that follow the program's name.
    pub(super) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut root = std::env::var_os(ROOT_VARIABLE).map(PathBuf::from);
        let mut phase = None;
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("train") if phase.is_none() => phase = Some(Phase::Train),
                Some("predict") if phase.is_none() => phase = Some(Phase::Predict),
                Some("describe") if phase.is_none() => phase = Some(Phase::Describe),
                Some("--root") => {
                    let folder = arguments
                        .next()
                        .ok_or_else(|| format!("--root needs a folder; {USAGE}"))?;
                    root = Some(folder.into());
                }
                _ => return Err(format!("what is {argument:?}? {USAGE}")),
            }
        }
        Ok(Self {
            phase: phase.ok_or_else(|| USAGE.to_owned())?,
            root: root.unwrap_or_else(|| ROOT.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn a_phase_and_a_folder() {
        let arguments = parse(&["train", "--root", "/tmp/x"]).unwrap();
        assert_eq!(arguments.phase, Phase::Train);
        assert_eq!(arguments.root, PathBuf::from("/tmp/x"));
        assert_eq!(parse(&["predict"]).unwrap().root, PathBuf::from(ROOT));
    }

    #[test]
    fn anything_else_is_answered_by_the_usage() {
        for wrong in [
            &[][..],
            &["run"],
            &["train", "predict"],
            &["train", "--root"],
            &["train", "-v"],
        ] {
            assert!(parse(wrong).unwrap_err().contains("usage"), "{wrong:?}");
        }
    }
}
