//! Copies of the kept checkpoint at fixed shares of the budget, for the host to score while
//! training goes on. The guest is not told, nothing is charged to it, and what it computes
//! does not depend on them.

use std::fs::File;
use std::io::Write;

use crate::model_file::{self, Named};
use crate::stop::Stop;

/// Files for snapshots that are still to come, by sixteenths of the budget. They are opened
/// before the worker gives up opening files.
#[derive(Default)]
pub(crate) struct Snapshots {
    /// The latest first.
    files: Vec<(u32, File)>,
}

impl Snapshots {
    /// With these files, in the order of sixteenths.
    pub(crate) fn new(mut files: Vec<(u32, File)>) -> Self {
        files.reverse();
        Self { files }
    }

    /// The share that has been used up since the last call, if one was: of several, the last.
    pub(crate) fn due(&mut self, used: u64, limit: u64) -> Option<(u32, File)> {
        let mut due = None;
        while let Some((sixteenths, _)) = self.files.last() {
            if u128::from(used) * 16 < u128::from(limit) * u128::from(*sixteenths) {
                break;
            }
            due = self.files.pop();
        }
        due
    }
}

/// Writes a checkpoint. False if it cannot be written as a model: then the method will hear
/// of it where it would without snapshots too.
pub(crate) fn write(parameters: &Named, mut file: File) -> Result<bool, Stop> {
    let Ok(bytes) = model_file::encode(parameters) else {
        return Ok(false);
    };
    file.write_all(&bytes)
        .map(|()| true)
        .map_err(|error| Stop::Infrastructure(format!("failed to write a snapshot: {error}")))
}

#[cfg(test)]
mod tests {
    use super::Snapshots;

    #[test]
    fn each_share_is_due_once_and_of_several_the_last() {
        let file = |sixteenths: u32| (sixteenths, std::fs::File::open("/dev/null").unwrap());
        let mut snapshots = Snapshots::new([4, 8, 12].map(file).into());
        let mut due = |used| snapshots.due(used, 1000).map(|(sixteenths, _)| sixteenths);
        assert_eq!(due(249), None);
        assert_eq!(due(250), Some(4));
        assert_eq!(due(499), None);
        assert_eq!(due(900), Some(12));
        assert_eq!(due(1000), None);
        assert_eq!(Snapshots::default().due(1000, 1000).map(|_| ()), None);
    }
}
