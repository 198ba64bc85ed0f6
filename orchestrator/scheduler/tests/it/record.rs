//! The record: complete, chained, and in the transaction of the change.

use gauntlet_domain::record::Event;
use gauntlet_storage::events;

use crate::support::{Platform, completed, nth};

#[tokio::test]
async fn the_record_tells_the_whole_story() {
    let platform = Platform::new().await;
    platform.started("t", 2).await;
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    let kinds: Vec<&str> = platform.record("t").await.iter().map(Event::kind).collect();
    assert_eq!(
        kinds,
        [
            "created",
            "opened",
            "submitted",
            "submitted",
            "closed",
            "round_opened",
            "run_leased",
            "run_done",
            "run_leased",
            "run_done",
            "round_decided",
            "completed",
        ]
    );
}

#[tokio::test]
async fn tampering_shows() {
    let platform = Platform::new().await;
    platform.started("t", 2).await;
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    let id = platform.loaded("t").await.row.id.to_string();
    // The owner of the tables can get round the trigger, but not round the chain.
    let sql = "ALTER TABLE events DISABLE TRIGGER events_are_records; \
               UPDATE events SET body = replace(body, '0.1', '0.9') WHERE kind = 'run_done'";
    platform.database.execute(sql).await.unwrap();
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let links = events::list(&mut conn, &id, 0, 1000).await.unwrap();
    let broken = gauntlet_domain::record::verify(&id, &links, None).unwrap_err();
    assert_eq!(broken.why, "its content was changed");
}

#[tokio::test]
async fn the_platform_has_a_chain_of_its_own() {
    let platform = Platform::new().await;
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let links = events::list(&mut conn, events::PLATFORM, 0, 1000)
        .await
        .unwrap();
    gauntlet_domain::record::verify(events::PLATFORM, &links, None).unwrap();
    let kinds: Vec<String> = links
        .iter()
        .map(|link| {
            serde_json::from_str::<serde_json::Value>(&link.body).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "account_created",
            "token_issued",
            "account_created",
            "token_issued",
            "runner_registered",
            "task_created"
        ]
    );
    // A page of it.
    let page = events::list(&mut conn, events::PLATFORM, 1, 2)
        .await
        .unwrap();
    assert_eq!(page, links[1..3]);
}
