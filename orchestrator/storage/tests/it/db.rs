//! Connecting, migrating, failing.

use gauntlet_domain::TokenId;
use gauntlet_domain::record::PlatformEvent;
use gauntlet_storage::{Db, Error, events};
use uuid::Uuid;

#[tokio::test]
async fn several_processes_may_migrate_at_once() {
    let database = gauntlet_test_support::bare_database().await;
    let (one, other) = tokio::join!(Db::connect(database.url()), Db::connect(database.url()));
    let (one, other) = (one.unwrap(), other.unwrap());
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    first.unwrap();
    second.unwrap();
    one.ping().await.unwrap();
    assert!(database.row_counts().await.contains_key("runs"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let nowhere = "postgresql://gauntlet@localhost/gauntlet?host=/nonexistent";
    let error = tokio::time::timeout(std::time::Duration::from_secs(20), Db::connect(nowhere))
        .await
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    let database = gauntlet_test_support::database().await;
    let db = Db::connect(database.url()).await.unwrap();
    let before = database.dump().await;
    {
        let mut tx = db.begin().await.unwrap();
        let event = PlatformEvent::TokenIssued {
            token: TokenId(Uuid::nil()),
            scope: "admin".to_owned(),
        };
        events::append_platform(&mut tx, &event).await.unwrap();
    }
    assert_eq!(database.dump().await, before);
}
