//! Immutable bytes, named by their digest.
//!
//! A blob is written before the row that names it, so a row always finds its
//! blob; a crash in between leaves a blob that nobody names, until the sweep of
//! [`crate::sweep`] takes it away. That sets blobs aside before it removes them, and
//! whoever asks for one that is aside has it back.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use gauntlet_domain::Digest;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetResult, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use crate::{Error, Result};

/// The blob store. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Blobs {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) folder: Arc<Path>,
}

impl Blobs {
    /// Blobs as files under `dir`, which is made if missing.
    pub fn local(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(|source| object_store::Error::Generic {
            store: "local folder",
            source: Box::new(source),
        })?;
        let store = LocalFileSystem::new_with_prefix(dir)?.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            folder: dir.into(),
        })
    }

    /// A file for what is still on its way, on the same disk as the blobs: the operator chose
    /// it for what is large. It has no name, so it is gone when it is dropped, or when the
    /// process is killed.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn spool(&self) -> std::io::Result<File> {
        tempfile::tempfile_in(&self.folder)
    }

    /// Stores `bytes`; storing them again changes nothing.
    pub async fn put(&self, bytes: Bytes) -> Result<Digest> {
        let digest = Digest::of(&bytes);
        let create = PutOptions::from(PutMode::Create);
        match self
            .store
            .put_opts(&key(&digest), PutPayload::from_bytes(bytes), create)
            .await
        {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(digest),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores `bytes` announced under a digest; refuses others.
    pub async fn put_checked(&self, expected: &Digest, bytes: Bytes) -> Result<()> {
        let found = Digest::of(&bytes);
        if found != *expected {
            return Err(Error::DigestMismatch {
                expected: *expected,
                found,
            });
        }
        self.put(bytes).await?;
        Ok(())
    }

    /// The bytes, checked against their digest; `None` if there is no such blob.
    pub async fn get(&self, digest: &Digest) -> Result<Option<Bytes>> {
        let Some(found) = self.find(digest).await? else {
            return Ok(None);
        };
        let bytes = found.bytes().await?;
        if Digest::of(&bytes) == *digest {
            Ok(Some(bytes))
        } else {
            Err(Error::Corrupt(format!("blob {digest} has other content")))
        }
    }

    /// Bytes of a blob; `None` if there is no such blob.
    pub async fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.find(digest).await?.map(|found| found.meta.size))
    }

    /// A blob, also one that a sweep has set aside, which is brought back.
    pub(crate) async fn find(&self, digest: &Digest) -> Result<Option<GetResult>> {
        match self.store.get(&key(digest)).await {
            Ok(found) => return Ok(Some(found)),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if !self.bring_back(digest).await? {
            return Ok(None);
        }
        Ok(Some(self.store.get(&key(digest)).await?))
    }

    /// Whether there is such a blob.
    pub async fn exists(&self, digest: &Digest) -> Result<bool> {
        Ok(self.size(digest).await?.is_some())
    }
}

/// Two hex digits of folder keep folders small.
pub(crate) fn key(digest: &Digest) -> Key {
    let hex = digest.to_string();
    Key::from(format!("sha256/{}/{hex}", &hex[..2]))
}

#[cfg(test)]
mod tests {
    use super::Blobs;
    use crate::Error;
    use bytes::Bytes;
    use gauntlet_domain::Digest;

    #[tokio::test]
    async fn bytes_come_back_under_their_digest() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let bytes = Bytes::from_static(b"abc");
        let digest = blobs.put(bytes.clone()).await.unwrap();
        assert_eq!(digest, Digest::of(b"abc"));
        assert_eq!(blobs.put(bytes.clone()).await.unwrap(), digest);
        assert_eq!(blobs.get(&digest).await.unwrap(), Some(bytes));
        assert_eq!(blobs.size(&digest).await.unwrap(), Some(3));
        assert_eq!(blobs.get(&Digest::of(b"none")).await.unwrap(), None);
        assert!(!blobs.exists(&Digest::of(b"none")).await.unwrap());
    }

    #[tokio::test]
    async fn other_bytes_than_announced_are_refused_and_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let announced = Digest::of(b"abc");
        let refused = blobs
            .put_checked(&announced, Bytes::from_static(b"abd"))
            .await;
        assert!(matches!(refused, Err(Error::DigestMismatch { .. })));
        assert!(!blobs.exists(&announced).await.unwrap());
        assert!(!blobs.exists(&Digest::of(b"abd")).await.unwrap());
    }

    #[tokio::test]
    async fn a_spool_lies_among_the_blobs_and_has_no_name() {
        use std::io::{Read, Seek, Write};
        use std::os::unix::fs::MetadataExt;

        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let mut spool = blobs.spool().unwrap();
        spool.write_all(b"abc").unwrap();
        spool.rewind().unwrap();
        let mut back = String::new();
        spool.read_to_string(&mut back).unwrap();
        assert_eq!(back, "abc");
        let folder = dir.path().metadata().unwrap();
        assert_eq!(spool.metadata().unwrap().dev(), folder.dev());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_damaged_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path()).unwrap();
        let digest = blobs.put(Bytes::from_static(b"abc")).await.unwrap();
        let hex = digest.to_string();
        std::fs::write(dir.path().join("sha256").join(&hex[..2]).join(&hex), b"abX").unwrap();
        assert!(matches!(blobs.get(&digest).await, Err(Error::Corrupt(_))));
    }
}
