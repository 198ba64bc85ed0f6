//! Blobs on the disk: sealed, bound to their names, and sealed anew when the key changes.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::{TryStreamExt, stream};
use gauntlet_domain::Digest;
use gauntlet_storage::reseal::Resealed;
use gauntlet_storage::{BlobKey, BlobKeys, Blobs, Error, recorded_keys};

const OLD: [u8; 32] = [1; 32];
const NEW: [u8; 32] = [2; 32];
/// More than a piece that is read at once.
const LARGE: usize = 700_001;

fn key(secret: [u8; 32]) -> BlobKey {
    BlobKey::from_bytes(secret)
}

fn both() -> BlobKeys {
    BlobKeys::new(key(NEW), [key(OLD)])
}

fn large() -> Bytes {
    (0..LARGE).map(|at| (at % 253) as u8).collect()
}

/// Every file below a folder but the names of keys.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("keys") {
            all.extend(files(&path));
        } else if path.is_file() {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn sealed(folder: &Path, blob: &Digest) -> PathBuf {
    let name = blob.to_string();
    folder.join(format!("sha256/{}/{name}.sealed", &name[..2]))
}

/// A blob as releases before sealing stored it.
fn store_plain(folder: &Path, bytes: &[u8]) -> Digest {
    let blob = Digest::of(bytes);
    let name = blob.to_string();
    let place = folder.join("sha256").join(&name[..2]);
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join(name), bytes).unwrap();
    blob
}

fn names_blob(error: &Error, blob: &Digest) -> bool {
    matches!(error, Error::Corrupt(what) if what.contains(&blob.to_string()))
}

/// Both ways to read a blob refuse it and name it.
async fn refused(blobs: &Blobs, blob: &Digest) {
    let whole = blobs.get(blob).await.unwrap_err();
    assert!(names_blob(&whole, blob), "{whole}");
    let pieces = match blobs.get_stream(blob).await {
        Ok(found) => found.unwrap().1.try_collect::<Vec<_>>().await,
        Err(error) => Err(error),
    };
    let pieces = pieces.unwrap_err();
    assert!(names_blob(&pieces, blob), "{pieces}");
}

#[tokio::test]
async fn nothing_that_is_stored_lies_there_to_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path(), OLD.into()).unwrap();
    let secret = b"label=7;".repeat(20_000);
    let whole = blobs.put(Bytes::from(secret.clone())).await.unwrap();
    let streamed = [b"label=8;".repeat(10), secret.clone()].concat();
    let name = Digest::of(&streamed);
    let pieces = streamed
        .chunks(9_999)
        .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)));
    blobs
        .put_stream(&name, u64::MAX, stream::iter(pieces))
        .await
        .unwrap();
    assert_eq!(files(folder.path()).len(), 2);
    for file in files(folder.path()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(6).any(|six| six == b"label="), "{file:?}");
    }
    for (blob, plain) in [(whole, secret), (name, streamed)] {
        assert_eq!(blobs.size(&blob).await.unwrap(), Some(plain.len() as u64));
        assert_eq!(blobs.get(&blob).await.unwrap().unwrap(), plain);
        let (size, pieces) = blobs.get_stream(&blob).await.unwrap().unwrap();
        let pieces: Vec<Bytes> = pieces.try_collect().await.unwrap();
        assert_eq!(size, plain.len() as u64);
        assert_eq!(pieces.concat(), plain);
    }
}

#[tokio::test]
async fn what_was_changed_on_the_disk_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path(), OLD.into()).unwrap();
    let blob = blobs.put(large()).await.unwrap();
    let other = blobs.put(Bytes::from_static(b"other")).await.unwrap();
    let place = sealed(folder.path(), &blob);
    let whole = fs::read(&place).unwrap();
    // The last byte, a segment cut off, and the whole file of another blob.
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let segment = (64 << 10) + 16;
    let at_border = whole.len() - (whole.len() - 56) % segment;
    let cut = whole[..at_border].to_vec();
    let swapped = fs::read(sealed(folder.path(), &other)).unwrap();
    for bytes in [flipped, cut, swapped] {
        fs::write(&place, bytes).unwrap();
        refused(&blobs, &blob).await;
    }
    fs::write(&place, whole).unwrap();
    assert_eq!(blobs.get(&blob).await.unwrap(), Some(large()));
    // What is not even as long as a file can be.
    fs::write(&place, b"").unwrap();
    refused(&blobs, &blob).await;
    let size = blobs.size(&blob).await.unwrap_err();
    assert!(names_blob(&size, &blob), "{size}");
}

#[tokio::test]
async fn a_folder_is_not_opened_without_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path(), OLD.into()).unwrap();
    let blob = blobs.put(large()).await.unwrap();
    match Blobs::local(folder.path(), NEW.into()) {
        Err(Error::BlobKey { missing }) => assert_eq!(missing, [key(OLD).id()]),
        other => panic!("{other:?}"),
    }
    assert_eq!(recorded_keys(folder.path()).unwrap(), [key(OLD).id()]);
    // Also where the folder does not say so, the blob does.
    fs::remove_dir_all(folder.path().join("keys")).unwrap();
    let wrong = Blobs::local(folder.path(), NEW.into()).unwrap();
    refused(&wrong, &blob).await;
}

#[tokio::test]
async fn plain_blobs_are_read_as_before_and_sealed_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let one = store_plain(folder.path(), b"from before");
    let many = store_plain(folder.path(), &large());
    let damaged = store_plain(folder.path(), b"whole");
    let blobs = Blobs::local(folder.path(), OLD.into()).unwrap();
    assert_eq!(blobs.plain().await.unwrap(), 3);
    let (size, pieces) = blobs.get_stream(&many).await.unwrap().unwrap();
    let pieces: Vec<Bytes> = pieces.try_collect().await.unwrap();
    assert_eq!((size, pieces.concat()), (LARGE as u64, large().to_vec()));

    let name = damaged.to_string();
    let place = folder.path().join(format!("sha256/{}/{name}", &name[..2]));
    fs::write(&place, b"whale").unwrap();
    let mut told = Vec::new();
    let done = blobs
        .reseal(|done, all| told.push((done, all)))
        .await
        .unwrap();
    assert_eq!((done.sealed, done.already), (2, 2));
    assert_eq!(done.unreadable.len(), 1);
    assert_eq!(done.unreadable[0].0, damaged);
    assert!(told.iter().any(|(done, all)| done == all));
    assert!(place.exists(), "what cannot be read is left as it is");
    fs::remove_file(place).unwrap();
    assert_eq!(blobs.plain().await.unwrap(), 0);
    let back = blobs.get(&one).await.unwrap();
    assert_eq!(back.as_deref(), Some(&b"from before"[..]));
    assert_eq!(blobs.get(&many).await.unwrap(), Some(large()));
}

#[tokio::test]
async fn a_change_of_keys_ends_with_the_old_one_needed_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let old = Blobs::local(folder.path(), OLD.into()).unwrap();
    let blob = old.put(large()).await.unwrap();
    let new = Blobs::local(folder.path(), both()).unwrap();
    assert_eq!(new.get(&blob).await.unwrap(), Some(large()));
    let young = new.put(Bytes::from_static(b"young")).await.unwrap();
    let done = new.reseal(|_, _| ()).await.unwrap();
    let expected = Resealed {
        sealed: 1,
        already: 2,
        unreadable: vec![],
        keys_done: vec![key(OLD).id()],
    };
    assert_eq!(done, expected);
    let alone = Blobs::local(folder.path(), NEW.into()).unwrap();
    assert_eq!(alone.get(&blob).await.unwrap(), Some(large()));
    assert!(alone.get(&young).await.unwrap().is_some());
    let again = alone.reseal(|_, _| ()).await.unwrap();
    assert_eq!((again.sealed, again.already), (0, 2));
}

#[tokio::test]
async fn sealing_anew_may_break_off_anywhere_and_be_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for at in 0..9u8 {
        all.push(store_plain(folder.path(), &[&[at], &large()[..]].concat()));
    }
    let old = Blobs::local(folder.path(), OLD.into()).unwrap();
    all.push(old.put(large()).await.unwrap());
    let blobs = Blobs::local(folder.path(), both()).unwrap();
    for steps in [0, 2, 5] {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (mut stop, mut step) = (Some(stop), 0);
        let resealing = blobs.reseal(|_, _| {
            if step == steps
                && let Some(stop) = stop.take()
            {
                let _ = stop.send(());
            }
            step += 1;
        });
        tokio::select! {
            biased;
            _ = stopped => {}
            done = resealing => panic!("{done:?}"),
        }
        for blob in &all {
            assert!(blobs.get(blob).await.unwrap().is_some(), "{steps}");
        }
    }
    // As if it was killed after the new file and before the old one went.
    let twice = store_plain(folder.path(), &large()[..100]);
    blobs.put(large().slice(..100)).await.unwrap();
    all.push(twice);
    let done = blobs.reseal(|_, _| ()).await.unwrap();
    assert_eq!(done.keys_done, [key(OLD).id()]);
    assert_eq!(blobs.plain().await.unwrap(), 0);
    let alone = Blobs::local(folder.path(), NEW.into()).unwrap();
    for blob in &all {
        assert!(alone.get(blob).await.unwrap().is_some());
    }
    let left = files(folder.path());
    let sealed = left.iter().filter(|file| file.extension().is_some());
    assert!(sealed.count() >= all.len() && left.len() >= all.len());
}
