//! A database that takes no writes for a while.

use std::time::Duration;

use gauntlet_domain::TokenId;
use gauntlet_domain::record::PlatformEvent;
use gauntlet_storage::{Db, Error, events};
use gauntlet_test_support::TestDatabase;
use uuid::Uuid;

/// As after a fail-over: sessions end, and new ones are read-only until it is over.
async fn set_read_only(database: &TestDatabase, on: bool) {
    let setting = if on {
        "SET default_transaction_read_only = on"
    } else {
        "RESET ALL"
    };
    let sql = format!(
        "BEGIN READ WRITE;
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {setting}', current_database()); END $$;
         COMMIT;"
    );
    database.execute(&sql).await.unwrap();
}

async fn write(db: &Db) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let event = PlatformEvent::TokenIssued {
        token: TokenId(Uuid::nil()),
        scope: "admin".to_owned(),
    };
    events::append_platform(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(())
}

#[tokio::test]
async fn connections_that_began_read_only_make_room_for_others() {
    let database = gauntlet_test_support::database().await;
    set_read_only(&database, true).await;
    let db = Db::connect(database.url()).await.unwrap();
    // Several at the same time, so that there are several connections.
    let (one, other) = tokio::join!(write(&db), write(&db));
    for refused in [one, other] {
        let error = refused.unwrap_err();
        assert!(error.is_transient(), "{error}");
    }
    // Reads go on.
    db.ping().await.unwrap();

    set_read_only(&database, false).await;
    // What was opened a moment ago may still be read-only, but not for long.
    let healed = async {
        while let Err(error) = write(&db).await {
            assert!(error.is_transient(), "{error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), healed)
        .await
        .expect("it heals by itself");
}
