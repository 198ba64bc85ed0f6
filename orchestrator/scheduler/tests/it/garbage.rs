//! Blobs that no row names go, and no others.

use std::time::Duration;

use bytes::Bytes;
use gauntlet_domain::Digest;
use gauntlet_scheduler::commands::collect_garbage::collect_garbage;
use gauntlet_scheduler::{Policy, Refusal};
use gauntlet_storage::Blobs;
use gauntlet_storage::sweep::Swept;

use crate::support::{Platform, reason};

async fn platform(grace: Duration) -> Platform {
    Platform::with(Policy {
        blob_grace: grace,
        ..Policy::default()
    })
    .await
}

async fn put(platform: &Platform, text: &'static str) -> Digest {
    let bytes = Bytes::from_static(text.as_bytes());
    platform.ctx.blobs.put(bytes).await.unwrap()
}

async fn swept(platform: &Platform) -> Swept {
    collect_garbage(&platform.ctx, false).await.unwrap()
}

/// Numbers of those set aside, waiting, removed, brought back.
fn counts(swept: &Swept) -> [u64; 4] {
    [
        swept.set_aside.count,
        swept.waiting.count,
        swept.removed.count,
        swept.brought_back.count,
    ]
}

#[tokio::test]
async fn what_nothing_names_is_set_aside_and_then_removed() {
    let platform = platform(Duration::ZERO).await;
    platform.open("t").await;
    let method = platform.enter("t", "sgd").await.unwrap().digest;
    let orphan = put(&platform, "an orphan").await;
    let only_looked = collect_garbage(&platform.ctx, true).await.unwrap();
    let stored = only_looked.blobs.count;
    assert_eq!(counts(&only_looked), [1, 0, 0, 0]);
    assert_eq!(only_looked.set_aside.bytes, "an orphan".len() as u64);

    assert_eq!(counts(&swept(&platform).await), [1, 0, 0, 0]);
    assert_eq!(counts(&swept(&platform).await), [0, 0, 1, 0]);
    let after = swept(&platform).await;
    assert_eq!(counts(&after), [0, 0, 0, 0]);
    assert_eq!(after.blobs.count, stored - 1);
    assert!(!platform.ctx.blobs.exists(&orphan).await.unwrap());
    assert!(platform.ctx.blobs.exists(&method).await.unwrap());
}

#[tokio::test]
async fn the_young_stay_and_so_do_those_aside_for_less_than_the_grace() {
    let mut platform = platform(Duration::from_secs(3_600)).await;
    put(&platform, "an upload under way").await;
    assert_eq!(counts(&swept(&platform).await), [0, 0, 0, 0]);
    platform.ctx.policy.blob_grace = Duration::ZERO;
    assert_eq!(counts(&swept(&platform).await), [1, 0, 0, 0]);
    platform.ctx.policy.blob_grace = Duration::from_secs(3_600);
    assert_eq!(counts(&swept(&platform).await), [0, 1, 0, 0]);
}

#[tokio::test]
async fn who_asks_for_a_blob_that_is_aside_has_it_back() {
    let platform = platform(Duration::ZERO).await;
    let orphan = put(&platform, "an orphan").await;
    assert_eq!(counts(&swept(&platform).await), [1, 0, 0, 0]);
    let back = platform.ctx.blobs.get(&orphan).await.unwrap();
    assert_eq!(back.as_deref(), Some(&b"an orphan"[..]));
    assert_eq!(counts(&swept(&platform).await), [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_row_that_names_it_in_the_meantime_brings_a_blob_back() {
    let platform = platform(Duration::ZERO).await;
    platform.open("t").await;
    // As if the sweep fell between the blob and the row of a submission.
    let early = put(&platform, "module of sgd").await;
    assert_eq!(counts(&swept(&platform).await), [1, 0, 0, 0]);
    let entered = platform.enter("t", "sgd").await.unwrap();
    assert_eq!(entered.digest, early);
    assert_eq!(counts(&swept(&platform).await), [0, 0, 0, 1]);
    assert!(platform.ctx.blobs.exists(&early).await.unwrap());
    assert_eq!(counts(&swept(&platform).await), [0, 0, 0, 0]);
}

#[tokio::test]
async fn blobs_of_another_database_are_left_alone() {
    let (platform, other) = (
        platform(Duration::ZERO).await,
        platform(Duration::ZERO).await,
    );
    swept(&platform).await;
    let orphan = put(&platform, "named elsewhere").await;
    // Databases of one template share their id; a real one has its own.
    other
        .database
        .execute("UPDATE site SET id = gen_random_uuid()")
        .await
        .unwrap();
    let mut wrong = other.ctx.clone();
    wrong.blobs = Blobs::local(platform.blobs.path(), [7; 32].into()).unwrap();
    let refused = collect_garbage(&wrong, false).await;
    assert!(matches!(refused, Err(Refusal::Conflict(_))));
    assert_eq!(reason(refused).code, "blobs-of-another-site");
    assert!(platform.ctx.blobs.exists(&orphan).await.unwrap());
}

#[tokio::test]
async fn halves_of_uploads_are_removed_when_they_are_old() {
    let mut platform = platform(Duration::from_secs(3_600)).await;
    let blob = put(&platform, "whole").await.to_string();
    let half = platform
        .blobs
        .path()
        .join("sha256")
        .join(&blob[..2])
        .join(format!("{blob}#1"));
    std::fs::write(&half, b"wh").unwrap();
    assert_eq!(swept(&platform).await.halves.count, 0);
    platform.ctx.policy.blob_grace = Duration::ZERO;
    let swept = swept(&platform).await;
    assert_eq!((swept.halves.count, swept.halves.bytes), (1, 2));
    assert!(!half.exists());
}
