//! Notifications arrive with the commit, and only then.

use std::time::Duration;

use gauntlet_domain::TournamentId;
use gauntlet_storage::Db;
use gauntlet_storage::listen::{Listener, notify};
use uuid::Uuid;

#[tokio::test]
async fn a_notification_comes_with_the_commit() {
    let database = gauntlet_test_support::database().await;
    let db = Db::connect(database.url()).await.unwrap();
    let mut listener = Listener::start(&db).await.unwrap();
    let id = TournamentId(Uuid::from_u128(7));

    let mut tx = db.begin().await.unwrap();
    notify(&mut tx, id).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), listener.next()).await;
    assert!(early.is_err(), "notified before the commit");
    tx.commit().await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(60), listener.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(heard, Some(id));

    let mut tx = db.begin().await.unwrap();
    notify(&mut tx, id).await.unwrap();
    drop(tx);
    let never = tokio::time::timeout(Duration::from_millis(200), listener.next()).await;
    assert!(never.is_err(), "notified of what was rolled back");
}
