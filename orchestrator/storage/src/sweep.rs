//! Blobs that no row names are removed, in two steps.
//!
//! What is older than a grace and unnamed is set aside first: renamed into a folder that
//! tells when. Only what has been aside for a grace, and is still unnamed, is removed; what
//! has a name again by then goes back, and so does what anybody asks for meanwhile. So a
//! blob that is stored again at the very moment of a sweep, and named by a row a moment
//! later, is never lost, without any lock between the two.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::TryStreamExt;
use gauntlet_domain::Digest;
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use uuid::Uuid;

use crate::blobs::{Form, blob_of, file_name, key, stored_size};
use crate::{Blobs, Db, Error, Result, blob_names};

/// So many blobs are looked up at once.
const BATCH: usize = 4_096;
/// Whose blobs these are.
const SITE: &str = "site";
/// Where unnamed blobs wait: `aside/<Unix seconds>/<name of the file>`.
pub(crate) const ASIDE: &str = "aside";

/// What a sweep found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// All blobs in use or young, with those that were set aside now.
    pub blobs: Pile,
    /// Set aside now: unnamed, and last stored longer ago than the grace.
    pub set_aside: Pile,
    /// Aside since an earlier sweep, for less than the grace.
    pub waiting: Pile,
    /// Removed now: aside for longer than the grace.
    pub removed: Pile,
    /// Brought back now, because a row names them again.
    pub brought_back: Pile,
    /// Halves of uploads that broke off with their process, removed now.
    pub halves: Pile,
}

/// A number of blobs, and their size together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pile {
    /// How many.
    pub count: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

impl Pile {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

/// Why nothing was swept.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The blobs were first swept for another database, to which others of them may be known.
    #[error(
        "these blobs belong to the database of site {owner}, and this one is site {site}: what \
         is unnamed here may be named there"
    )]
    OtherSite {
        /// Whose they are.
        owner: String,
        /// Who asks.
        site: Uuid,
    },
    /// The database or the store failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// A blob of the store.
#[derive(Clone, Debug)]
struct Found {
    digest: Digest,
    place: Key,
    /// Of the blob itself, without what sealing adds.
    bytes: u64,
}

impl Found {
    fn of(meta: &ObjectMeta) -> Option<Self> {
        let (digest, form) = blob_of(meta.location.filename()?)?;
        Some(Self {
            digest,
            place: meta.location.clone(),
            bytes: stored_size(form, meta.size).unwrap_or(meta.size),
        })
    }
}

/// Sweeps `blobs` for the database that names them. With `dry_run` it only looks.
///
/// # Errors
/// See [`SweepError`]. What was done until then stays done, and does no harm.
pub async fn sweep(
    db: &Db,
    blobs: &Blobs,
    grace: Duration,
    dry_run: bool,
) -> Result<Swept, SweepError> {
    let site = {
        let mut conn = db.acquire().await?;
        blob_names::site(&mut conn).await?
    };
    blobs.belong_to(site, dry_run).await?;
    let now = SystemTime::now();
    let before = now.checked_sub(grace).unwrap_or(UNIX_EPOCH);
    let mut swept = Swept::default();
    // First what is aside already: it must not be taken for what is set aside now.
    let (mut old, mut young) = (Vec::new(), Vec::new());
    for (since, found) in blobs.aside().await? {
        if since <= seconds(before) {
            old.push(found);
        } else {
            young.push(found);
        }
    }
    for (waited, pile) in [(&old, true), (&young, false)] {
        for batch in waited.chunks(BATCH) {
            let named = named(db, batch).await?;
            for found in batch {
                if named.contains(&found.digest) {
                    swept.brought_back.add(found.bytes);
                    if !dry_run {
                        blobs.bring_back(&found.digest).await?;
                    }
                } else if pile {
                    swept.removed.add(found.bytes);
                    if !dry_run {
                        blobs.remove(&found.place).await?;
                    }
                } else {
                    swept.waiting.add(found.bytes);
                }
            }
        }
    }
    let mut stored = Vec::new();
    let mut all = blobs.store.list(Some(&Key::from("sha256")));
    while let Some(meta) = all.try_next().await.map_err(Error::from)? {
        let old = meta.last_modified.timestamp() <= seconds(before);
        let Some(found) = Found::of(&meta) else {
            swept.blobs.add(meta.size);
            continue;
        };
        swept.blobs.add(found.bytes);
        if old {
            stored.push(found);
        }
    }
    for batch in stored.chunks(BATCH) {
        let named = named(db, batch).await?;
        for found in batch.iter().filter(|one| !named.contains(&one.digest)) {
            swept.set_aside.add(found.bytes);
            if !dry_run {
                blobs.set_aside(&found.place, now).await?;
            }
        }
    }
    let folder = Arc::clone(&blobs.folder);
    let halves = tokio::task::spawn_blocking(move || halves(&folder, before, dry_run));
    swept.halves = halves.await.unwrap_or_default();
    Ok(swept)
}

async fn named(db: &Db, batch: &[Found]) -> Result<BTreeSet<Digest>> {
    let asked: Vec<Digest> = batch.iter().map(|found| found.digest).collect();
    let mut conn = db.acquire().await?;
    blob_names::named(&mut conn, &asked).await
}

impl Blobs {
    /// Claims the blobs for `site` if they are nobody's.
    async fn belong_to(&self, site: Uuid, dry_run: bool) -> Result<(), SweepError> {
        let place = Key::from(SITE);
        if !dry_run {
            let claim = PutPayload::from(site.to_string().into_bytes());
            let create = PutOptions::from(PutMode::Create);
            match self.store.put_opts(&place, claim, create).await {
                Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
                Err(error) => return Err(Error::from(error).into()),
            }
        }
        let owner = match self.store.get(&place).await {
            Ok(found) => found.bytes().await.map_err(Error::from)?,
            Err(object_store::Error::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(Error::from(error).into()),
        };
        let owner = String::from_utf8_lossy(&owner).trim().to_owned();
        if owner == site.to_string() {
            Ok(())
        } else {
            Err(SweepError::OtherSite { owner, site })
        }
    }

    /// Takes a blob out of sight. It comes back when it is asked for.
    async fn set_aside(&self, place: &Key, now: SystemTime) -> Result<()> {
        let name = place.filename().unwrap_or_default();
        let aside = Key::from(format!("{ASIDE}/{}/{name}", seconds(now)));
        match self.store.rename(place, &aside).await {
            // Another orchestrator sweeps as well.
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a blob that is aside back where it is found; says whether there was one.
    pub(crate) async fn bring_back(&self, digest: &Digest) -> Result<bool> {
        let times = self
            .store
            .list_with_delimiter(Some(&Key::from(ASIDE)))
            .await?;
        for time in times.common_prefixes {
            for form in [Form::Sealed, Form::Plain] {
                let aside = time.clone().join(file_name(digest, form));
                match self.store.rename(&aside, &key(digest, form)).await {
                    Ok(()) => return Ok(true),
                    Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(false)
    }

    /// What is aside, and since when, in Unix seconds.
    async fn aside(&self) -> Result<Vec<(i64, Found)>> {
        let mut all = self.store.list(Some(&Key::from(ASIDE)));
        let mut aside = Vec::new();
        while let Some(meta) = all.try_next().await? {
            let since = meta.location.parts().nth(1);
            let since = since.and_then(|time| time.as_ref().parse().ok());
            if let (Some(since), Some(found)) = (since, Found::of(&meta)) {
                aside.push((since, found));
            }
        }
        Ok(aside)
    }

    pub(crate) async fn remove(&self, place: &Key) -> Result<()> {
        match self.store.delete(place).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What an upload, or sealing anew, had written when its process died: beside the blobs, under the name of one
/// and `#`. The store does not list it.
fn halves(folder: &Path, before: SystemTime, dry_run: bool) -> Pile {
    let mut pile = Pile::default();
    let entries = |place| fs::read_dir(folder.join(place)).into_iter().flatten();
    for folder in entries("sha256").chain(entries(ASIDE)).flatten() {
        for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let is_half = entry.file_name().as_encoded_bytes().contains(&b'#');
            let Ok(meta) = entry.metadata() else { continue };
            if is_half && meta.modified().is_ok_and(|at| at <= before) {
                pile.add(meta.len());
                if !dry_run && let Err(error) = fs::remove_file(entry.path()) {
                    tracing::warn!(%error, "failed to remove half of an upload");
                }
            }
        }
    }
    pile
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
