//! The data folder: where it is, what it holds, and that only one orchestrator uses it.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rand::TryRng as _;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::failure::Failure;

/// A data folder, not yet locked.
#[derive(Clone, Debug)]
pub(crate) struct DataDir {
    root: PathBuf,
    /// Where blobs are, if not inside.
    blobs: Option<PathBuf>,
}

/// Held as long as an orchestrator uses the folder; the operating system lets go
/// of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Where the orchestrator of this folder listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerFile {
    /// Base address, such as `http://127.0.0.1:7700`.
    pub(crate) url: String,
    /// Its process.
    pub(crate) pid: u32,
}

/// The tokens made when the folder was first used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tokens {
    /// May do everything.
    pub(crate) admin: String,
    /// May submit.
    pub(crate) miner: String,
    /// May lease, report, and read hidden data.
    pub(crate) runner: String,
}

impl DataDir {
    /// The folder named, else the one this user would get.
    pub(crate) fn resolve(named: Option<PathBuf>) -> Result<Self, Failure> {
        // An empty GAUNTLET_DATA says nothing.
        let root = match named.filter(|root| !root.as_os_str().is_empty()) {
            Some(root) => root,
            None if nix::unistd::geteuid().is_root() => PathBuf::from("/var/lib/gauntlet"),
            None => user_data_home()?.join("gauntlet"),
        };
        // Children run elsewhere, so no relative path may reach them.
        let root = std::path::absolute(&root)
            .map_err(|error| Failure::file("find the data folder", &root, error))?;
        Ok(Self { root, blobs: None })
    }

    /// The same folder with its blobs elsewhere: orchestrators over one database share them.
    pub(crate) fn with_blobs(mut self, blobs: Option<&Path>) -> Result<Self, Failure> {
        let absolute = |path: &Path| {
            std::path::absolute(path).map_err(|error| Failure::file("find the blobs", path, error))
        };
        self.blobs = blobs.map(absolute).transpose()?;
        Ok(self)
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A folder inside, with the same shape; used by the demo.
    pub(crate) fn nested(&self, name: &str) -> Self {
        Self {
            root: self.root.join(name),
            blobs: None,
        }
    }

    /// The private database.
    pub(crate) fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// Modules, models and data by digest.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.blobs
            .clone()
            .unwrap_or_else(|| self.root.join("blobs"))
    }

    /// What the local runner keeps.
    pub(crate) fn runner(&self) -> PathBuf {
        self.root.join("runner")
    }

    /// Folders of runs under way.
    pub(crate) fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Compiled modules.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The demo's own notes.
    pub(crate) fn demo(&self) -> PathBuf {
        self.root.join("demo.json")
    }

    fn tokens_path(&self) -> PathBuf {
        self.root.join("tokens.json")
    }

    fn server_path(&self) -> PathBuf {
        self.root.join("server.json")
    }

    fn secret_path(&self) -> PathBuf {
        self.root.join("secret")
    }

    /// Makes the folder. Others may pass through it, because the private database
    /// and the sandboxes run as other users, but not list it; each secret in it is 0600.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        // Hidden labels are among the blobs: this user's alone.
        for (path, mode, field) in [
            (self.root.clone(), 0o711, "--data"),
            (self.blobs(), 0o700, "--blobs"),
        ] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(&path)
                .map_err(|error| {
                    Failure::input(format!(
                        "cannot make the folder {}: {error}",
                        path.display()
                    ))
                    .field(field)
                    .help("name a folder that you may write to with --data DIR or GAUNTLET_DATA, and for blobs --blobs DIR")
                })?;
        }
        Ok(())
    }

    /// Takes the folder for this process.
    pub(crate) fn lock(&self) -> Result<Lock, Failure> {
        let path = self.root.join("lock");
        let file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Failure::file("open", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                let where_ = match self.server() {
                    Ok(Some(server)) => format!(" (process {}, {})", server.pid, server.url),
                    _ => String::new(),
                };
                Err(Failure::input(format!(
                    "another gauntlet is using {}{where_}",
                    self.root.display()
                ))
                .field("--data")
                .help("use the one that runs, stop it, or name another folder with --data DIR"))
            }
            Err(TryLockError::Error(error)) => Err(Failure::file("lock", &path, error)),
        }
    }

    /// Where the orchestrator of this folder listens, if one was started.
    pub(crate) fn server(&self) -> Result<Option<ServerFile>, Failure> {
        read_json(&self.server_path())
    }

    /// Notes where the orchestrator listens.
    pub(crate) fn write_server(&self, server: &ServerFile) -> Result<(), Failure> {
        write_json(&self.server_path(), server)
    }

    /// Forgets the orchestrator after an orderly end.
    pub(crate) fn remove_server(&self) {
        // A stale file costs the next client only a clear "nobody answers".
        let _ = fs::remove_file(self.server_path());
    }

    /// The tokens, if they were made.
    pub(crate) fn tokens(&self) -> Result<Option<Tokens>, Failure> {
        read_json(&self.tokens_path())
    }

    /// Keeps the tokens, for this user only.
    pub(crate) fn write_tokens(&self, tokens: &Tokens) -> Result<(), Failure> {
        write_json(&self.tokens_path(), tokens)
    }

    /// The secret from which generated tasks draw their hidden part: the one
    /// kept here, else `fresh`, else a random one.
    pub(crate) fn secret(&self, fresh: Option<[u8; 32]>) -> Result<[u8; 32], Failure> {
        let path = self.secret_path();
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mut secret = [0; 32];
                hex::decode_to_slice(text.trim(), &mut secret)
                    .map_err(|error| Failure::file("read", &path, error))?;
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
            Err(error) => Err(Failure::file("read", &path, error)),
        }
    }
}

fn user_data_home() -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .ok_or_else(|| {
            Failure::input("there is no home folder to keep data in")
                .field("--data")
                .help("name a folder with --data DIR or GAUNTLET_DATA")
        })
}

/// 32 random bytes.
pub(crate) fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    rand::rngs::SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Failure::ours("draw random bytes", error))?;
    Ok(bytes)
}

/// Reads a JSON file; `None` if there is none.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Failure::file("read", path, error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", path, error)),
    }
}

/// Writes a JSON file for this user only.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Failure> {
    let bytes =
        serde_json::to_vec_pretty(value).map_err(|error| Failure::file("write", path, error))?;
    write_private(path, &bytes)
}

/// Writes a file that only this user may read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        // Created 0600, renamed into place: a crash leaves the old file or the new one.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| Failure::file("write", path, error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

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
        assert_eq!(refused.field.as_deref(), Some("--data"));
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
