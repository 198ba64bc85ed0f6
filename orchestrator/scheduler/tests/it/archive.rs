//! Champions are kept with their models and the grounds they won on.

use gauntlet_storage::Access;
use gauntlet_storage::views;

use crate::support::{Platform, completed, nth};

#[tokio::test]
async fn the_champion_is_archived_under_its_alias() {
    let platform = Platform::new().await;
    platform.started("first", 4).await;
    // The score depends on the block, so that one run is the champion's best.
    platform
        .play(|claim| completed((nth(claim) * 10.0 + (claim.work.seed.0 % 7) as f64) / 100.0))
        .await;
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let entry = views::entry(&mut conn, "digits@champion", Access::Everything)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(entry.aliases, ["digits@champion"]);
    assert_eq!(entry.method, "m3");
    assert_eq!(entry.tournament, "first");
    assert_eq!(entry.task, "digits");
    // 4 methods: 1 block, 2 survive; 2 blocks, 1 survives.
    assert_eq!(entry.blocks, 3);

    let card = &entry.card;
    assert_eq!(card.method.as_str(), "m3");
    assert_eq!(card.field, 4);
    assert_eq!(card.runs, 8);
    assert_eq!(card.blocks.len(), 3);
    assert_eq!(card.evidence.len(), 2);
    assert_eq!(card.evidence[1].kept.as_str(), "m3");
    assert_eq!(card.model, entry.model);
    assert_eq!(card.licence, "CC-BY-4.0");
    let best = card
        .blocks
        .iter()
        .map(|block| block.score.unwrap())
        .fold(0.0, f64::max);
    assert_eq!(card.model_score, best);
    let mean = card
        .blocks
        .iter()
        .map(|block| block.score.unwrap())
        .sum::<f64>()
        / 3.0;
    assert!((card.score - mean).abs() < 1e-12);
    // Row and blob: the model can be pulled.
    let run = platform.run(card.run).await;
    assert_eq!(run.score, Some(best));
    assert_eq!(run.model, Some(entry.model));
    assert!(
        platform
            .ctx
            .blobs
            .get(&entry.model)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        platform
            .ctx
            .blobs
            .get(&entry.artifact)
            .await
            .unwrap()
            .is_some()
    );

    // The next champion takes the alias over; the first stays in the archive.
    platform.started("second", 2).await;
    platform
        .play(|claim| completed(1.0 - nth(claim) / 10.0))
        .await;
    let now = views::entry(&mut conn, "digits@champion", Access::Everything)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (now.tournament.as_str(), now.method.as_str()),
        ("second", "m0")
    );
    let before = views::entry(&mut conn, &entry.id.to_string(), Access::Everything)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(before.aliases, Vec::<String>::new());
    assert_eq!(before.card, entry.card);
    let all = views::entries(
        &mut conn,
        &gauntlet_storage::Page::first(100),
        Access::Everything,
    )
    .await
    .unwrap();
    assert_eq!(
        all.iter().map(|entry| entry.id).collect::<Vec<_>>(),
        [now.id, before.id]
    );
    assert_eq!(
        views::entry(&mut conn, "digits@nobody", Access::Everything)
            .await
            .unwrap(),
        None
    );
}
