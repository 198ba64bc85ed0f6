//! Compiled modules on disk.
//!
//! Loading compiled code is running it, so a file counts only if this sandbox
//! wrote it: each begins with an HMAC over its name and content, under a random
//! key that lives beside the files and is readable by nobody else. Bytes from
//! outside are never accepted, whatever they are called.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::fault::Fault;

const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;

/// Files that are being written are left alone for so long; what is older was left behind.
const WRITING: Duration = Duration::from_secs(3_600);

/// The folder of compiled modules.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
    most_bytes: u64,
}

impl Cache {
    /// Opens the folder, making it and its key if missing. When the files in it grow beyond
    /// `most_bytes`, those unused for longest go: whoever still needs one compiles it again.
    pub(crate) fn open(folder: &Path, most_bytes: u64) -> Result<Self, Fault> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(Fault::file("make", folder))?;
        // It may have existed with other permissions.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(Fault::file("close to others", folder))?;
        let folder = folder.canonicalize().map_err(Fault::file("find", folder))?;
        let path = folder.join("key");
        let key = read_or_make_key(&path).map_err(Fault::file("read or make", &path))?;
        Ok(Self {
            folder,
            key,
            most_bytes,
        })
    }

    /// Where the compiled form of a module is kept.
    pub(crate) fn path(&self, digest: &str, fingerprint: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{fingerprint}.cwasm"))
    }

    /// The compiled code in `path`; `None` if there is no such file or we did not write it.
    pub(crate) fn get(&self, path: &Path) -> Result<Option<Vec<u8>>, Fault> {
        if path.parent() != Some(self.folder.as_path()) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        match File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Fault::file("read", path)(error)),
        }
        let Some((tag, code)) = bytes.split_at_checked(MAC_BYTES) else {
            return Ok(None);
        };
        let ours = self.mac(path, code).verify_slice(tag).is_ok();
        if !ours {
            tracing::warn!(path = %path.display(), "a compiled module was not written by us, ignored");
            return Ok(None);
        }
        bytes.drain(..MAC_BYTES);
        // "Used now", for the day something must go; only a hint.
        if let Ok(file) = File::options().append(true).open(path) {
            let _hint = file.set_modified(SystemTime::now());
        }
        Ok(Some(bytes))
    }

    /// Keeps compiled code, all or nothing.
    pub(crate) fn put(&self, path: &Path, code: &[u8]) -> Result<(), Fault> {
        let tag = self.mac(path, code).finalize().into_bytes();
        let write = || {
            let mut file = tempfile::Builder::new()
                .prefix(".new-")
                .tempfile_in(&self.folder)?;
            file.write_all(&tag)?;
            file.write_all(code)?;
            file.persist(path)?;
            Ok(())
        };
        self.make_room((MAC_BYTES + code.len()) as u64)
            .and_then(|()| write())
            .map_err(Fault::file("write", path))
    }

    /// Removes what was unused for longest, until so many bytes more fit.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let mut files = Vec::new();
        let mut total = bytes;
        for entry in fs::read_dir(&self.folder)?.flatten() {
            // Another process may remove at the same time.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let used = metadata.modified()?;
            let name = entry.file_name();
            let half = name.as_encoded_bytes().starts_with(b".");
            let left_behind = half && used.elapsed().is_ok_and(|age| age > WRITING);
            let compiled = entry.path().extension().is_some_and(|it| it == "cwasm");
            if left_behind || compiled {
                total += metadata.len();
                files.push((!left_behind, used, metadata.len(), entry.path()));
            }
        }
        files.sort();
        for (wanted, _, size, path) in files {
            if wanted && total <= self.most_bytes {
                break;
            }
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => total -= size,
            }
        }
        Ok(())
    }

    fn mac(&self, path: &Path, code: &[u8]) -> Hmac<Sha256> {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes any key");
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name);
        mac.update(code);
        mac
    }
}

fn read_or_make_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    // Made beside its place and linked into it, so that two processes agree on one key
    // and nobody reads half of one.
    let folder = path.parent().unwrap_or(Path::new("."));
    match read_key(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        result => return result,
    }
    let fresh = tempfile::Builder::new()
        .prefix(".key-")
        .tempfile_in(folder)?;
    fresh
        .as_file()
        .write_all(&rand::random::<[u8; KEY_BYTES]>())?;
    fresh.as_file().sync_all()?;
    match fs::hard_link(fresh.path(), path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => read_key(path),
    }
}

fn read_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path)?
        .read_exact(&mut key)?;
    Ok(key)
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.key = [0; KEY_BYTES];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("cache"), 1 << 20).unwrap();
        (folder, cache)
    }

    #[test]
    fn what_was_put_is_got_also_by_another_process() {
        let (folder, cache) = cache();
        let path = cache.path("d1", "f1");
        assert_eq!(cache.get(&path).unwrap(), None);
        cache.put(&path, b"code").unwrap();
        let again = Cache::open(&folder.path().join("cache"), 1 << 20).unwrap();
        assert_eq!(again.get(&path).unwrap().unwrap(), b"code");
    }

    #[test]
    fn it_stays_within_its_bytes_and_drops_what_was_unused_for_longest() {
        let (folder, cache) = cache();
        let half = folder.path().join("cache/.new-left-behind");
        fs::write(&half, b"half").unwrap();
        let path = |index: usize| cache.path(&format!("d{index}"), "f1");
        let age = |path: &Path, hours: u64| {
            let file = File::options().append(true).open(path).unwrap();
            let then = SystemTime::now() - Duration::from_secs(hours * 3_600);
            file.set_modified(then).unwrap();
        };
        age(&half, 2);
        for index in 0..3 {
            cache.put(&path(index), &[0; 300 << 10]).unwrap();
            age(&path(index), 10 - index as u64);
        }
        // The oldest, but used again.
        cache.get(&path(0)).unwrap().unwrap();
        cache.put(&path(3), &[0; 300 << 10]).unwrap();
        let there: Vec<bool> = (0..4).map(|index| path(index).exists()).collect();
        assert_eq!(there, [true, false, true, true]);
        assert!(!half.exists());
        // The key is no compiled module.
        assert!(cache.get(&path(0)).unwrap().is_some());
    }

    #[test]
    fn files_that_we_did_not_write_do_not_count() {
        let (folder, cache) = cache();
        let path = cache.path("d1", "f1");
        // Planted from outside.
        fs::write(&path, [0; 100]).unwrap();
        assert_eq!(cache.get(&path).unwrap(), None);
        fs::write(&path, b"short").unwrap();
        assert_eq!(cache.get(&path).unwrap(), None);
        // Ours, then changed.
        cache.put(&path, b"code").unwrap();
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(cache.get(&path).unwrap(), None);
        // Ours, under the name of another module.
        cache.put(&path, b"code").unwrap();
        let other = cache.path("d2", "f1");
        fs::copy(&path, &other).unwrap();
        assert_eq!(cache.get(&other).unwrap(), None);
        // Outside the folder.
        let outside = folder.path().join("x.cwasm");
        fs::copy(&path, &outside).unwrap();
        assert_eq!(cache.get(&outside).unwrap(), None);
    }

    #[test]
    fn nobody_else_can_read_it() {
        let (folder, cache) = cache();
        let path = cache.path("d1", "f1");
        cache.put(&path, b"code").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("cache")), 0o700);
        assert_eq!(mode(&folder.path().join("cache/key")), 0o600);
        assert_eq!(mode(&path), 0o600);
    }
}
