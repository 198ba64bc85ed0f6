//! Takes a file out of a run's folder, which a hostile process may have filled.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Why an output cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("there is no output")]
    Missing,
    #[error("the output is {0}, not a regular file")]
    NotAFile(&'static str),
    #[error("the output has {found} bytes, more than {limit}")]
    TooLarge { found: u64, limit: u64 },
    #[error("failed to copy the output: {0}")]
    Io(#[from] io::Error),
}

/// Copies `from` to `to`, which appears whole or not at all. Follows no link, waits for
/// no pipe, reads no more than `limit` bytes whatever the file claims to be.
pub(crate) fn collect(from: &Path, to: &Path, limit: u64) -> Result<(), OutputError> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(from) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OutputError::Missing),
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => {
            return Err(OutputError::NotAFile("a symbolic link"));
        }
        Err(error) if error.raw_os_error() == Some(nix::libc::ENXIO) => {
            return Err(OutputError::NotAFile("a socket"));
        }
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(OutputError::NotAFile(if metadata.is_dir() {
            "a folder"
        } else {
            "a pipe or device"
        }));
    }
    if metadata.nlink() != 1 {
        return Err(OutputError::NotAFile("a file with a second name"));
    }
    if metadata.len() > limit {
        return Err(OutputError::TooLarge {
            found: metadata.len(),
            limit,
        });
    }
    copy(&file, to, limit)
}

fn copy(file: &File, to: &Path, limit: u64) -> Result<(), OutputError> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut new = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    let copied = io::copy(&mut file.take(limit.saturating_add(1)), new.as_file_mut())?;
    if copied > limit {
        return Err(OutputError::TooLarge {
            found: copied,
            limit,
        });
    }
    new.persist(to).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn takes_regular_files_within_the_limit_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let to = at("taken");
        std::fs::write(at("good"), b"12345").unwrap();
        collect(&at("good"), &to, 5).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"12345");
        std::fs::remove_file(&to).unwrap();

        std::fs::write(at("large"), b"123456").unwrap();
        let sparse = File::create(at("sparse")).unwrap();
        sparse.set_len(2 << 40).unwrap();
        symlink("/etc/passwd", at("link")).unwrap();
        std::fs::hard_link(at("good"), at("second")).unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let cases = [
            ("large", "6 bytes"),
            ("sparse", "2199023255552 bytes"),
            ("link", "symbolic link"),
            ("second", "second name"),
            ("pipe", "pipe"),
            ("socket", "socket"),
            (".", "folder"),
            ("absent", "no output"),
        ];
        for (name, words) in cases {
            let error = collect(&at(name), &to, 5).unwrap_err();
            assert!(error.to_string().contains(words), "{name}: {error}");
            assert!(!to.exists(), "{name}");
        }
    }
}
