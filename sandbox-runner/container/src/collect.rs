//! Takes the output file out of the folder that a method could fill with anything.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};

use crate::fault::Fault;

/// What is wrong with an output file: the method's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is not there.
    Missing,
    /// It is a link, a folder, a FIFO, or has a second name.
    NotAFile,
    /// It is larger than allowed, in bytes that its length claims.
    TooLarge,
    /// It is no safetensors file.
    NotTensors(String),
}

/// Copies the file `name` of `folder` to `to` if it is a regular file with a single name
/// and of at most `limit` bytes. The container is gone, so nothing changes meanwhile.
pub(crate) fn collect(
    folder: &Path,
    name: &str,
    limit: u64,
    to: &Path,
) -> Result<Result<(), Wrong>, Fault> {
    let opened = |error: rustix::io::Errno| Fault::file("open", folder)(error.into());
    let root = openat(
        CWD,
        folder,
        OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW,
        Mode::empty(),
    )
    .map_err(opened)?;
    // NONBLOCK: opening a FIFO would wait for a writer for ever.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let file = match openat2(&root, name, flags, Mode::empty(), resolve) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(Err(Wrong::Missing)),
        Err(
            rustix::io::Errno::LOOP
            | rustix::io::Errno::XDEV
            | rustix::io::Errno::NXIO
            | rustix::io::Errno::ACCESS,
        ) => return Ok(Err(Wrong::NotAFile)),
        Err(error) => return Err(opened(error)),
    };
    let metadata = file.metadata().map_err(Fault::file("look at", folder))?;
    if !metadata.is_file() || metadata.nlink() != 1 {
        return Ok(Err(Wrong::NotAFile));
    }
    if metadata.len() > limit {
        return Ok(Err(Wrong::TooLarge));
    }
    let mut bytes = Vec::new();
    (&file)
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(Fault::file("read", folder))?;
    if let Err(error) = safetensors::SafeTensors::deserialize(&bytes) {
        return Ok(Err(Wrong::NotTensors(error.to_string())));
    }
    write(to, &bytes).map_err(Fault::file("write", to))?;
    Ok(Ok(()))
}

fn write(to: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(to)?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// An empty safetensors file.
    const EMPTY: &[u8] = b"\x02\0\0\0\0\0\0\0{}";

    fn collected(make: impl FnOnce(&Path)) -> (Result<(), Wrong>, Option<Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        std::fs::create_dir(&out).unwrap();
        make(&out);
        let to = folder.path().join("taken");
        let result = collect(&out, "model", 100, &to).unwrap();
        (result, std::fs::read(to).ok())
    }

    #[test]
    fn a_regular_file_is_taken() {
        let (result, taken) = collected(|out| std::fs::write(out.join("model"), EMPTY).unwrap());
        assert_eq!(result, Ok(()));
        assert_eq!(taken.as_deref(), Some(EMPTY));
    }

    #[test]
    fn nothing_else_is() {
        let wrong = |make: fn(&Path)| {
            let (result, taken) = collected(make);
            assert_eq!(taken, None);
            result.unwrap_err()
        };
        assert_eq!(wrong(|_| ()), Wrong::Missing);
        assert_eq!(
            wrong(|out| symlink("/etc/passwd", out.join("model")).unwrap()),
            Wrong::NotAFile
        );
        assert_eq!(
            wrong(|out| std::fs::create_dir(out.join("model")).unwrap()),
            Wrong::NotAFile
        );
        assert_eq!(
            wrong(|out| {
                std::fs::write(out.join("x"), EMPTY).unwrap();
                std::fs::hard_link(out.join("x"), out.join("model")).unwrap();
            }),
            Wrong::NotAFile
        );
        assert_eq!(
            wrong(|out| {
                let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
                let kind = rustix::fs::FileType::Fifo;
                rustix::fs::mknodat(CWD, out.join("model"), kind, mode, 0).unwrap();
            }),
            Wrong::NotAFile
        );
        // Its blocks are none, its length is what counts.
        assert_eq!(
            wrong(|out| {
                let file = File::create(out.join("model")).unwrap();
                file.set_len(2 << 40).unwrap();
            }),
            Wrong::TooLarge
        );
        assert!(matches!(
            wrong(|out| std::fs::write(out.join("model"), b"score: 1.0").unwrap()),
            Wrong::NotTensors(_)
        ));
    }
}
