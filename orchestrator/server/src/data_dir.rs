//! The data folder: where it is, what it holds, and that only one orchestrator uses it.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rand::TryRng as _;
use serde::{Serialize, de::DeserializeOwned};

use crate::error::ServerError;
pub use crate::records::{ServerFile, Tokens};

/// A data folder, not yet locked.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
    /// Where blobs are, if not inside.
    blobs: Option<PathBuf>,
}

/// Held as long as an orchestrator uses the folder; the operating system lets go
/// of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl DataDir {
    /// The folder named, else the one this user would get.
    ///
    /// # Errors
    /// If no folder is named and this user has no home.
    pub fn resolve(named: Option<PathBuf>) -> Result<Self, ServerError> {
        // An empty GAUNTLET_DATA says nothing.
        let root = match named.filter(|root| !root.as_os_str().is_empty()) {
            Some(root) => root,
            None if nix::unistd::geteuid().is_root() => PathBuf::from("/var/lib/gauntlet"),
            None => user_data_home()?.join("gauntlet"),
        };
        // Children run elsewhere, so no relative path may reach them.
        let root = std::path::absolute(&root)
            .map_err(|error| ServerError::file("find the data folder", &root, error))?;
        Ok(Self { root, blobs: None })
    }

    /// The same folder with its blobs elsewhere: orchestrators over one database share them.
    ///
    /// # Errors
    /// If the working folder, to which a relative path belongs, cannot be found.
    pub fn with_blobs(mut self, blobs: Option<&Path>) -> Result<Self, ServerError> {
        let absolute = |path: &Path| {
            std::path::absolute(path)
                .map_err(|error| ServerError::file("find the blobs", path, error))
        };
        self.blobs = blobs.map(absolute).transpose()?;
        Ok(self)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder inside, with the same shape; used by the demo.
    pub fn nested(&self, name: &str) -> Self {
        Self {
            root: self.root.join(name),
            blobs: None,
        }
    }

    /// The private database.
    pub fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// Modules, models and data by digest.
    pub fn blobs(&self) -> PathBuf {
        self.blobs
            .clone()
            .unwrap_or_else(|| self.root.join("blobs"))
    }

    /// What the local runner keeps.
    pub fn runner(&self) -> PathBuf {
        self.root.join("runner")
    }

    /// Folders of runs under way.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Compiled modules.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The demo's own notes.
    pub fn demo(&self) -> PathBuf {
        self.root.join("demo.json")
    }

    fn tokens_path(&self) -> PathBuf {
        self.root.join("tokens.json")
    }

    fn server_path(&self) -> PathBuf {
        self.root.join("server.json")
    }

    /// The keys of the blobs, if they are not elsewhere.
    pub(crate) fn blob_key(&self) -> PathBuf {
        self.root.join("blob-key")
    }

    fn secret_path(&self) -> PathBuf {
        self.root.join("secret")
    }

    /// Makes the folder. Others may pass through it, because the private database
    /// and the sandboxes run as other users, but not list it; each secret in it is 0600.
    ///
    /// # Errors
    /// If a folder cannot be made, or every user of the machine may look into the blobs.
    pub fn create(&self) -> Result<(), ServerError> {
        // Hidden labels are among the blobs: this user's alone.
        let make = |path: &Path, mode| {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(mode).create(path)
        };
        make(&self.root, 0o711).map_err(|source| ServerError::DataFolder {
            path: self.root.clone(),
            source,
        })?;
        let blobs = self.blobs();
        let unusable = |source| ServerError::BlobFolder {
            path: blobs.clone(),
            source,
        };
        make(&blobs, 0o700).map_err(unusable)?;
        // One that was there before has the permissions that somebody else gave it.
        let mode = fs::metadata(&blobs).map_err(unusable)?.permissions().mode() & 0o777;
        if mode & 0o007 != 0 {
            return Err(ServerError::OpenBlobs { path: blobs, mode });
        }
        Ok(())
    }

    /// Takes the folder for this process.
    ///
    /// # Errors
    /// If another orchestrator uses the folder, or the lock cannot be opened.
    pub fn lock(&self) -> Result<Lock, ServerError> {
        let path = self.root.join("lock");
        let file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| ServerError::file("open", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ServerError::InUse {
                root: self.root.clone(),
                by: self.server().ok().flatten(),
            }),
            Err(TryLockError::Error(error)) => Err(ServerError::file("lock", &path, error)),
        }
    }

    /// Where the orchestrator of this folder listens, if one was started.
    ///
    /// # Errors
    /// If the file is there and cannot be understood.
    pub fn server(&self) -> Result<Option<ServerFile>, ServerError> {
        read_json(&self.server_path())
    }

    /// Notes where the orchestrator listens.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_server(&self, server: &ServerFile) -> Result<(), ServerError> {
        write_json(&self.server_path(), server)
    }

    /// Forgets the orchestrator after an orderly end.
    pub fn remove_server(&self) {
        // A stale file costs the next client only a clear "nobody answers".
        let _ = fs::remove_file(self.server_path());
    }

    /// The tokens, if they were made.
    ///
    /// # Errors
    /// If the file is there and cannot be understood.
    pub fn tokens(&self) -> Result<Option<Tokens>, ServerError> {
        read_json(&self.tokens_path())
    }

    /// Keeps the tokens, for this user only.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_tokens(&self, tokens: &Tokens) -> Result<(), ServerError> {
        write_json(&self.tokens_path(), tokens)
    }

    /// The secret from which generated tasks draw their hidden part: the one
    /// kept here, else `fresh`, else a random one.
    ///
    /// # Errors
    /// If there is a secret that cannot be read, or a new one cannot be kept.
    pub fn secret(&self, fresh: Option<[u8; 32]>) -> Result<[u8; 32], ServerError> {
        let path = self.secret_path();
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mut secret = [0; 32];
                hex::decode_to_slice(text.trim(), &mut secret)
                    .map_err(|error| ServerError::file("read", &path, error))?;
                Ok(secret)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secret = match fresh {
                    Some(secret) => secret,
                    None => random()?,
                };
                write_private(&path, hex::encode(secret).as_bytes())?;
                Ok(secret)
            }
            Err(error) => Err(ServerError::file("read", &path, error)),
        }
    }
}

fn user_data_home() -> Result<PathBuf, ServerError> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .ok_or(ServerError::NoHome)
}

/// 32 random bytes.
pub(crate) fn random() -> Result<[u8; 32], ServerError> {
    let mut bytes = [0; 32];
    rand::rngs::SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| ServerError::failed("draw random bytes", error))?;
    Ok(bytes)
}

/// Reads a JSON file; `None` if there is none.
///
/// # Errors
/// If it cannot be read or is of another shape.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ServerError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| ServerError::file("read", path, error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ServerError::file("read", path, error)),
    }
}

/// Writes a JSON file for this user only.
///
/// # Errors
/// If it cannot be written.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), ServerError> {
    let bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| ServerError::file("write", path, error))?;
    write_private(path, &bytes)
}

/// Writes a file that only this user may read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), ServerError> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        // Created 0600, renamed into place: a crash leaves the old file or the new one.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| ServerError::file("write", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::resolve(Some(folder.path().join("data"))).unwrap();
        data.create().unwrap();
        (folder, data)
    }

    #[test]
    fn secrets_are_private_and_stay_the_same() {
        let (_folder, data) = scratch();
        let first = data.secret(None).unwrap();
        assert_eq!(data.secret(Some([7; 32])).unwrap(), first);
        let tokens = Tokens {
            admin: "a".into(),
            miner: "m".into(),
            runner: "r".into(),
        };
        data.write_tokens(&tokens).unwrap();
        assert_eq!(data.tokens().unwrap(), Some(tokens));
        for path in [data.secret_path(), data.tokens_path()] {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let blobs = fs::metadata(data.blobs()).unwrap().permissions().mode();
        assert_eq!(blobs & 0o777, 0o700, "hidden labels are among the blobs");
    }

    #[test]
    fn blobs_that_others_may_read_or_change_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = folder.path().join("shared");
        fs::create_dir(&blobs).unwrap();
        let data = DataDir::resolve(Some(folder.path().join("data")))
            .unwrap()
            .with_blobs(Some(&blobs))
            .unwrap();
        for (mode, fits) in [
            (0o777, false),
            (0o755, false),
            (0o701, false),
            (0o704, false),
            (0o770, true),
            (0o750, true),
            (0o700, true),
        ] {
            fs::set_permissions(&blobs, fs::Permissions::from_mode(mode)).unwrap();
            match data.create() {
                Ok(()) => assert!(fits, "{mode:o}"),
                Err(ServerError::OpenBlobs { mode: found, .. }) => {
                    assert!(!fits, "{mode:o}");
                    assert_eq!(found, mode);
                }
                Err(error) => panic!("{mode:o}: {error}"),
            }
        }
    }

    #[test]
    fn a_given_secret_is_kept() {
        let (_folder, data) = scratch();
        assert_eq!(data.secret(Some([7; 32])).unwrap(), [7; 32]);
        assert_eq!(data.secret(None).unwrap(), [7; 32]);
    }

    #[test]
    fn a_second_user_of_the_folder_is_refused() {
        let (_folder, data) = scratch();
        let held = data.lock().unwrap();
        let refused = data.lock().unwrap_err();
        assert!(matches!(refused, ServerError::InUse { by: None, .. }));
        drop(held);
        data.lock().unwrap();
    }

    #[test]
    fn an_unknown_key_in_a_file_of_ours_is_refused() {
        let (_folder, data) = scratch();
        fs::write(data.server_path(), r#"{"url":"u","pid":1,"port":2}"#).unwrap();
        assert!(data.server().is_err());
    }
}
