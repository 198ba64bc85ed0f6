//! Whole tournaments with fake scores, from submissions to a champion.

use gauntlet_domain::run::{RunState, Verdict};
use gauntlet_domain::tournament::TournamentState;
use gauntlet_storage::Access;
use gauntlet_storage::views::RoundState;

use crate::support::{Platform, completed, failed, nth};

#[tokio::test]
async fn nine_methods_become_a_champion_in_28_runs() {
    let platform = Platform::new().await;
    platform.started("t", 9).await;
    platform.check("t").await;
    // m7 is the best; m8 always fails.
    let runs = platform
        .play(|claim| {
            if nth(claim) == 8.0 {
                failed()
            } else {
                completed(nth(claim) / 10.0)
            }
        })
        .await;
    assert_eq!(runs, 28);
    platform.check("t").await;

    let view = platform.view("t").await;
    assert_eq!(view.state, TournamentState::Completed);
    let champion = view.champion.unwrap();
    assert_eq!(champion.method, "m7");
    assert!((champion.score - 0.7).abs() < 1e-12);
    assert!(champion.archive.is_some());

    let sizes: Vec<(usize, usize)> = view
        .rounds
        .iter()
        .map(|round| (round.standings.len(), round.runs.len()))
        .collect();
    assert_eq!(sizes, [(9, 9), (5, 10), (3, 9)]);
    let blocks: Vec<u32> = view
        .rounds
        .iter()
        .flat_map(|round| round.blocks.iter().map(|block| block.number))
        .collect();
    assert_eq!(blocks, [1, 2, 3, 4, 5, 6]);
    assert!(view.rounds.iter().all(|round| {
        round.state == RoundState::Decided
            && round.runs.iter().all(|run| run.state == RunState::Done)
    }));

    let cut = view.rounds[0].cut.as_ref().unwrap();
    assert_eq!(cut.kept, ["m7", "m6", "m5", "m4", "m3"]);
    assert_eq!(cut.dropped, ["m2", "m1", "m0", "m8"]);
    assert_eq!(cut.evidence.as_ref().unwrap().blocks, 1);
    let last = view.rounds[2].cut.as_ref().unwrap();
    assert_eq!(last.kept, ["m7"]);
    assert_eq!(last.evidence.as_ref().unwrap().p_value, Some(1.0 / 64.0));

    let order: Vec<(&str, Option<u32>)> = view
        .standings
        .iter()
        .map(|line| (line.method.as_str(), line.cut_after))
        .collect();
    assert_eq!(
        order,
        [
            ("m7", None),
            ("m6", Some(3)),
            ("m5", Some(3)),
            ("m4", Some(2)),
            ("m3", Some(2)),
            ("m2", Some(1)),
            ("m1", Some(1)),
            ("m0", Some(1)),
            ("m8", Some(1)),
        ]
    );
    let faulty = view.rounds[0]
        .runs
        .iter()
        .find(|run| run.method == "m8")
        .unwrap();
    assert_eq!(faulty.verdict, Some(Verdict::MethodFailed));
    assert_eq!(faulty.score, None);
}

#[tokio::test]
async fn every_method_of_a_round_runs_the_same_seeds() {
    let platform = Platform::new().await;
    platform.started("t", 4).await;
    let mut seeds = Vec::new();
    for _ in 0..4 {
        let claim = platform.claim().await.unwrap();
        seeds.push(claim.work.seed);
    }
    assert!(seeds.iter().all(|seed| *seed == seeds[0]));
    assert_eq!(platform.claim().await, None);
}

#[tokio::test]
async fn the_same_phrase_and_field_give_the_same_bracket() {
    let scores = |claim: &gauntlet_scheduler::commands::claim::Claim| {
        let noise = claim.work.seed.0 % 97;
        completed((nth(claim) * 7.0 + noise as f64) % 100.0 / 100.0)
    };
    let mut ends = Vec::new();
    for _ in 0..2 {
        let platform = Platform::new().await;
        platform.started("t", 6).await;
        platform.play(scores).await;
        let view = platform.view("t").await;
        let lines: Vec<String> = view
            .rounds
            .iter()
            .flat_map(|round| {
                let blocks = round.blocks.iter().map(|block| block.seed.to_string());
                let standings = round.standings.iter().map(|line| {
                    format!("{} {} {:x}", line.place, line.method, line.mean.to_bits())
                });
                blocks.chain(standings).collect::<Vec<_>>()
            })
            .collect();
        ends.push((lines, view.champion.unwrap().model));
    }
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test]
async fn a_field_of_failures_ends_without_champion_or_archive_entry() {
    let platform = Platform::new().await;
    platform.started("t", 3).await;
    platform.play(|_| failed()).await;
    let view = platform.view("t").await;
    assert_eq!(view.state, TournamentState::Completed);
    assert_eq!(view.champion, None);
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let entries = gauntlet_storage::views::entries(
        &mut conn,
        &gauntlet_storage::Page::first(100),
        Access::Everything,
    )
    .await
    .unwrap();
    assert_eq!(entries, []);
    platform.check("t").await;
}

#[tokio::test]
async fn two_tournaments_share_the_runner() {
    let platform = Platform::new().await;
    platform.started("one", 3).await;
    platform.started("two", 3).await;
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    for tournament in ["one", "two"] {
        assert_eq!(
            platform.view(tournament).await.champion.unwrap().method,
            "m2"
        );
        platform.check(tournament).await;
    }
}

#[tokio::test]
async fn standings_are_provisional_while_a_round_is_played() {
    let platform = Platform::new().await;
    platform.started("t", 3).await;
    let first = platform.claim().await.unwrap();
    platform.report(&first, completed(0.4)).await.unwrap();
    let view = platform.view("t").await;
    let round = &view.rounds[0];
    assert_eq!(round.state, RoundState::Running);
    assert_eq!(round.cut, None);
    assert_eq!(round.standings[0].method, first.work.method.as_str());
    assert_eq!(round.standings[0].blocks, 1);
    assert_eq!(round.standings[1].blocks, 0);
    assert_eq!(view.standings.len(), 3);
}
