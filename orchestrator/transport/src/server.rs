//! An orchestrator's certificate and key.

use std::fs::{self, Metadata};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::trust::certificates;
use crate::{Fingerprint, TransportError, provider};

/// An orchestrator's certificate and key, from files. Cloning shares them.
#[derive(Clone, Debug)]
pub struct ServerTls {
    files: Arc<Files>,
    current: Arc<Current>,
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// What they were when they were last looked at.
    seen: Mutex<(State, State)>,
}

/// Tells a file from another in its place. (A new one that is renamed into place has another
/// number, one that is written over another time.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

/// What new connections get. Those under way keep what they began with.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

impl ServerTls {
    /// Reads both files, in PEM form.
    ///
    /// # Errors
    /// If one cannot be read or understood, if others can read the key, or if they do not belong
    /// together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TransportError> {
        // The state first: what is changed while it is read is read again.
        let seen = (state(certificate)?, state(key)?);
        let current = read(certificate, key)?;
        Ok(Self {
            files: Arc::new(Files {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
                seen: Mutex::new(seen),
            }),
            current: Arc::new(Current(RwLock::new(Arc::new(current)))),
        })
    }

    /// A certificate that nobody has signed, for a lab: kept in `folder` as `tls.pem` and
    /// `tls.key`, and made there for these names if there is none, so that its fingerprint stays.
    ///
    /// # Errors
    /// If it cannot be made, kept or read.
    pub fn self_signed(folder: &Path, names: &[String]) -> Result<Self, TransportError> {
        let (certificate, key) = (folder.join("tls.pem"), folder.join("tls.key"));
        if !certificate.exists() {
            let made = rcgen::generate_simple_self_signed(names)
                .map_err(|error| TransportError::Setup(error.to_string()))?;
            // The key first: a certificate without its key would never be made anew.
            write(&key, &made.signing_key.serialize_pem())?;
            write(&certificate, &made.cert.pem())?;
        }
        Self::load(&certificate, &key)
    }

    /// Settings of a server. What it shows to new connections is what [`Self::reload`] read last.
    ///
    /// # Errors
    /// If the library cannot be set up.
    pub fn config(&self) -> Result<Arc<ServerConfig>, TransportError> {
        let resolver: Arc<dyn ResolvesServerCert> = self.current.clone();
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TransportError::Setup(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// That of the certificate shown to new connections.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        let current = self
            .current
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        current.cert.first().map(Fingerprint::of)
    }

    /// Reads the files again if they are others than they were; says whether they are.
    ///
    /// # Errors
    /// If they cannot be used. What was read last stays; they are looked at again when they
    /// change again.
    pub fn reload(&self) -> Result<bool, TransportError> {
        let Files {
            certificate, key, ..
        } = &*self.files;
        let now = (state(certificate)?, state(key)?);
        {
            let mut seen = self
                .files
                .seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return Ok(false);
            }
            *seen = now;
        }
        let read = Arc::new(read(certificate, key)?);
        *self
            .current
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner) = read;
        Ok(true)
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TransportError> {
    let chain = certificates(certificate)?;
    let mode = metadata(key)?.permissions().mode() & 0o777;
    if mode & 0o004 != 0 {
        return Err(TransportError::OpenKey {
            path: key.to_owned(),
            mode,
        });
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| TransportError::File {
        doing: "read",
        path: key.to_owned(),
        why: error.to_string(),
    })?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|error| TransportError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        why: error.to_string(),
    })
}

fn state(path: &Path) -> Result<State, TransportError> {
    let metadata = metadata(path)?;
    Ok(State {
        inode: metadata.ino(),
        bytes: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    })
}

fn metadata(path: &Path) -> Result<Metadata, TransportError> {
    fs::metadata(path).map_err(|error| TransportError::File {
        doing: "read",
        path: path.to_owned(),
        why: error.to_string(),
    })
}

/// Writes a file for this user only, whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), TransportError> {
    let written = || -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    written().map_err(|error| TransportError::File {
        doing: "write",
        path: path.to_owned(),
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(folder: &Path) -> ServerTls {
        ServerTls::self_signed(folder, &["localhost".to_owned()]).unwrap()
    }

    #[test]
    fn a_labs_certificate_is_made_once_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = lab(folder.path()).fingerprint();
        assert!(first.is_some());
        assert_eq!(lab(folder.path()).fingerprint(), first);
        let key = folder.path().join("tls.key");
        let mode = fs::metadata(&key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let open = ServerTls::load(&folder.path().join("tls.pem"), &key).unwrap_err();
        assert!(matches!(open, TransportError::OpenKey { mode: 0o644, .. }));
    }

    #[test]
    fn other_files_are_read_when_they_are_there_and_bad_ones_change_nothing() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let tls = lab(folder.path());
        let (old, new) = (tls.fingerprint(), lab(other.path()).fingerprint());
        assert_ne!(old, new);
        assert!(!tls.reload().unwrap());
        let replace = |name: &str| {
            fs::rename(other.path().join(name), folder.path().join(name)).unwrap();
        };
        // Half of it: the key is another certificate's.
        replace("tls.key");
        assert!(matches!(tls.reload(), Err(TransportError::Pair { .. })));
        assert_eq!(tls.fingerprint(), old);
        replace("tls.pem");
        assert!(tls.reload().unwrap());
        assert_eq!(tls.fingerprint(), new);
        fs::write(folder.path().join("tls.pem"), "nothing").unwrap();
        assert!(tls.reload().is_err());
        assert_eq!(tls.fingerprint(), new);
        fs::remove_file(folder.path().join("tls.key")).unwrap();
        assert!(tls.reload().is_err());
        assert_eq!(tls.fingerprint(), new);
    }
}
