//! Folders of ours in places that everybody can write to.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use nix::unistd::geteuid;

use crate::fault::Fault;

/// Makes a folder in a place where anybody may make one, and makes sure that this one is
/// ours and that nobody else can write to it.
pub(crate) fn make_private(place: &Path, mode: u32) -> Result<(), Fault> {
    match DirBuilder::new().mode(mode).create(place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Fault::file("make", place)(error));
        }
        _ => {}
    }
    let metadata = fs::symlink_metadata(place).map_err(Fault::file("look at", place))?;
    let ours = metadata.is_dir()
        && metadata.uid() == geteuid().as_raw()
        && metadata.permissions().mode() & 0o022 == 0;
    if ours {
        Ok(())
    } else {
        Err(Fault::file("use", place)(io::Error::other(
            "somebody else made it",
        )))
    }
}
