//! The keys of the blobs: in a file of the data folder that is made at the first start, or
//! wherever the operator keeps secrets. Never in the database, nor among the blobs.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

pub use gauntlet_storage::reseal::Resealed;
use gauntlet_storage::{BlobKeys, Blobs, KeyId, recorded_keys};

pub use crate::blob_key_error::BlobKeyError;
use crate::data_dir::{DataDir, random, write_private};
use crate::error::ServerError;

/// Opens the blobs with the keys in `files`, or with those of the data folder, which gets
/// one if nothing was sealed so far.
pub(crate) fn open(data: &DataDir, files: &[PathBuf]) -> Result<Blobs, ServerError> {
    let keys = match given(data, files)? {
        Some(keys) => keys,
        None => {
            let fresh = random()?;
            write_private(
                &data.blob_key(),
                format!("{}\n", hex::encode(fresh)).as_bytes(),
            )?;
            BlobKeys::from(fresh)
        }
    };
    let blobs = data.blobs();
    let given = keys.all().map(|key| key.id()).collect();
    Blobs::local(&blobs, keys).map_err(|error| match error {
        gauntlet_storage::Error::BlobKey { missing } => BlobKeyError::Wrong {
            blobs,
            missing,
            given,
        }
        .into(),
        error => ServerError::file("open the blobs in", &blobs, error),
    })
}

/// Seals with the first key what lies plain or under another; `progress` is told bytes done
/// and of all.
///
/// # Errors
/// If a key is missing or new, or the blobs cannot be read or written.
pub async fn reseal(
    data: &DataDir,
    files: &[PathBuf],
    progress: impl FnMut(u64, u64),
) -> Result<Resealed, ServerError> {
    let blobs = data.blobs();
    let Some(keys) = given(data, files)? else {
        return Err(BlobKeyError::Unreadable {
            path: data.blob_key(),
            source: ErrorKind::NotFound.into(),
        }
        .into());
    };
    let id = keys.first().id();
    if !recorded(&blobs)?.contains(&id) {
        return Err(BlobKeyError::NotInUse { blobs, id }.into());
    }
    let resealed = open(data, files)?.reseal(progress).await;
    resealed.map_err(|error| ServerError::file("seal the blobs in", &blobs, error))
}

/// The keys that there are; `None` if there are none and none are needed so far.
fn given(data: &DataDir, files: &[PathBuf]) -> Result<Option<BlobKeys>, ServerError> {
    let mut all: Option<BlobKeys> = None;
    for file in files {
        let keys = read(file)?.ok_or_else(|| BlobKeyError::Unreadable {
            path: file.clone(),
            source: ErrorKind::NotFound.into(),
        })?;
        all = Some(all.map_or(keys.clone(), |all| all.and(&keys)));
    }
    if all.is_some() {
        return Ok(all);
    }
    let path = data.blob_key();
    if let Some(keys) = read(&path)? {
        return Ok(Some(keys));
    }
    let blobs = data.blobs();
    let sealed_with = recorded(&blobs)?;
    if sealed_with.is_empty() {
        return Ok(None);
    }
    Err(BlobKeyError::Missing {
        path,
        blobs,
        sealed_with,
    }
    .into())
}

fn recorded(blobs: &Path) -> Result<Vec<KeyId>, ServerError> {
    recorded_keys(blobs)
        .map_err(|error| ServerError::file("read the names of keys in", blobs, error))
}

/// The keys in a file; `None` if there is no file.
fn read(path: &Path) -> Result<Option<BlobKeys>, BlobKeyError> {
    let unreadable = |source| BlobKeyError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mode = match fs::metadata(path) {
        Ok(meta) => meta.permissions().mode() & 0o777,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if mode & 0o007 != 0 {
        let path = path.to_owned();
        return Err(BlobKeyError::Open { path, mode });
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let keys = text.parse().map_err(|source| BlobKeyError::NoKeys {
        path: path.to_owned(),
        source,
    })?;
    Ok(Some(keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gauntlet_storage::BlobKey;

    const ONE: [u8; 32] = [1; 32];
    const TWO: [u8; 32] = [2; 32];

    fn scratch() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::resolve(Some(folder.path().join("data"))).unwrap();
        data.create().unwrap();
        (folder, data)
    }

    fn file(folder: &Path, name: &str, keys: &[[u8; 32]], mode: u32) -> PathBuf {
        let path = folder.join(name);
        let lines: Vec<String> = keys.iter().map(hex::encode).collect();
        fs::write(&path, format!("# of the blobs\n{}\n", lines.join("\n"))).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn refused(opened: Result<Blobs, ServerError>) -> BlobKeyError {
        match opened {
            Err(ServerError::BlobKey(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_made_once_for_this_user_alone() {
        let (_folder, data) = scratch();
        open(&data, &[]).unwrap();
        let mode = fs::metadata(data.blob_key()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let key = fs::read(data.blob_key()).unwrap();
        open(&data, &[]).unwrap();
        assert_eq!(fs::read(data.blob_key()).unwrap(), key);
    }

    #[test]
    fn a_lost_key_is_named_and_none_is_made_in_its_place() {
        let (_folder, data) = scratch();
        open(&data, &[]).unwrap();
        fs::remove_file(data.blob_key()).unwrap();
        let error = refused(open(&data, &[]));
        assert!(matches!(error, BlobKeyError::Missing { .. }), "{error}");
        assert!(!data.blob_key().exists());
    }

    #[test]
    fn a_wrong_key_is_named_and_leaves_no_mark() {
        let (folder, data) = scratch();
        let one = file(folder.path(), "one", &[ONE], 0o600);
        let two = file(folder.path(), "two", &[TWO], 0o640);
        open(&data, std::slice::from_ref(&one)).unwrap();
        assert!(!data.blob_key().exists());
        let id = |secret| BlobKey::from_bytes(secret).id();
        match refused(open(&data, std::slice::from_ref(&two))) {
            BlobKeyError::Wrong { missing, given, .. } => {
                assert_eq!((missing, given), (vec![id(ONE)], vec![id(TWO)]));
            }
            error => panic!("{error}"),
        }
        assert_eq!(recorded_keys(&data.blobs()).unwrap(), [id(ONE)]);
        // With both it may go on; from then on both are needed.
        open(&data, &[two.clone(), one.clone()]).unwrap();
        for alone in [one, two] {
            refused(open(&data, &[alone]));
        }
        let both = file(folder.path(), "both", &[TWO, ONE], 0o600);
        open(&data, &[both]).unwrap();
    }

    #[test]
    fn files_that_are_no_secret_or_no_keys_are_refused() {
        let (folder, data) = scratch();
        let open_to_all = file(folder.path(), "open", &[ONE], 0o644);
        let error = refused(open(&data, &[open_to_all]));
        assert!(
            matches!(error, BlobKeyError::Open { mode: 0o644, .. }),
            "{error}"
        );
        let empty = file(folder.path(), "empty", &[], 0o600);
        let error = refused(open(&data, &[empty]));
        assert!(
            error.to_string().ends_with("there is no key in it"),
            "{error}"
        );
        let error = refused(open(&data, &[folder.path().join("absent")]));
        assert!(matches!(error, BlobKeyError::Unreadable { .. }), "{error}");
        assert_eq!(recorded_keys(&data.blobs()).unwrap(), []);
    }

    #[tokio::test]
    async fn nothing_is_sealed_with_a_key_that_orchestrators_may_not_have() {
        let (folder, data) = scratch();
        let one = file(folder.path(), "one", &[ONE], 0o600);
        let both = file(folder.path(), "both", &[TWO, ONE], 0o600);
        open(&data, &[one]).unwrap();
        match reseal(&data, std::slice::from_ref(&both), |_, _| {}).await {
            Err(ServerError::BlobKey(BlobKeyError::NotInUse { .. })) => {}
            other => panic!("{other:?}"),
        }
        open(&data, std::slice::from_ref(&both)).unwrap();
        let done = reseal(&data, &[both], |_, _| {}).await.unwrap();
        assert_eq!(done.keys_done, [BlobKey::from_bytes(ONE).id()]);
        assert_eq!(
            recorded_keys(&data.blobs()).unwrap(),
            [BlobKey::from_bytes(TWO).id()]
        );
    }
}
