//! Event chains have no gaps, whoever writes.

use gauntlet_domain::TokenId;
use gauntlet_domain::record::PlatformEvent;
use gauntlet_storage::{Db, events};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_at_the_same_time_make_one_chain() {
    let database = gauntlet_test_support::database().await;
    let db = Db::connect(database.url()).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8_u128 {
        let db = db.clone();
        writers.spawn(async move {
            for nth in 0..5_u128 {
                let mut tx = db.begin().await.unwrap();
                let event = PlatformEvent::TokenIssued {
                    token: TokenId(Uuid::from_u128(writer * 100 + nth)),
                    scope: "miner".to_owned(),
                };
                events::append_platform(&mut tx, &event).await.unwrap();
                if nth == 2 {
                    continue; // rolled back: its number is given to another
                }
                tx.commit().await.unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let mut conn = db.acquire().await.unwrap();
    let links = events::list(&mut conn, events::PLATFORM, 0, 1000)
        .await
        .unwrap();
    assert_eq!(links.len(), 8 * 4);
    let (length, head) = events::head(&mut conn, events::PLATFORM)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(length, 32);
    gauntlet_domain::record::verify(events::PLATFORM, &links, Some(&head)).unwrap();
}
