//! Who holds a task's title follows the latest judgement: the alias, the archive, the next
//! tournament's defender and what is shown.

use gauntlet_domain::record::{Changes, Erratum, Event};
use gauntlet_domain::tournament::{Combine, Play, RoundRobin, Rules, Share, Terms};
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_task::create_task;
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::disqualify::disqualify;
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::rejudge::rejudge;
use gauntlet_storage::Access;
use gauntlet_storage::views::{self, ArchiveView};

use crate::support::{Platform, completed, failed, halving, method, name, nth};

fn defended() -> Rules {
    let mut rules = halving();
    rules.terms.defend = true;
    rules
}

/// The entry that `digits@champion` gives.
async fn holder(platform: &Platform) -> Option<ArchiveView> {
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    views::entry(&mut conn, "digits@champion", Access::Everything)
        .await
        .unwrap()
}

async fn holder_of(platform: &Platform) -> Option<(String, String)> {
    let entry = holder(platform).await?;
    Some((entry.method, entry.tournament))
}

fn of(method: &str, tournament: &str) -> Option<(String, String)> {
    Some((method.to_owned(), tournament.to_owned()))
}

/// Judges again without these methods.
async fn judge_without(platform: &Platform, tournament: &str, methods: &[&str]) {
    let view = platform.view(tournament).await;
    let out = methods.iter().map(|wanted| {
        let mut known = view.methods.iter();
        known.find(|one| one.name == *wanted).unwrap().submission
    });
    let changes = Changes {
        erratum: Erratum {
            disqualify: out.collect(),
            ..Erratum::default()
        },
        ..Changes::default()
    };
    rejudge(&platform.ctx, &name(tournament), changes, "a copy")
        .await
        .unwrap();
    platform.check(tournament).await;
}

async fn judge_as_recorded(platform: &Platform, tournament: &str) {
    let why = "it was none";
    rejudge(&platform.ctx, &name(tournament), Changes::default(), why)
        .await
        .unwrap();
    platform.check(tournament).await;
}

/// Methods `from` to `to` in a tournament of these rules; the higher the number the better.
async fn played(platform: &Platform, tournament: &str, rules: Rules, field: std::ops::Range<u32>) {
    platform.draft_by(tournament, rules).await;
    open_tournament(&platform.ctx, &name(tournament))
        .await
        .unwrap();
    for nth in field {
        platform
            .enter(tournament, &format!("m{nth}"))
            .await
            .unwrap();
    }
    close_tournament(&platform.ctx, &name(tournament))
        .await
        .unwrap();
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    platform.check(tournament).await;
}

#[tokio::test]
async fn without_its_only_finisher_a_task_has_no_champion() {
    let platform = Platform::new().await;
    platform.started("first", 3).await;
    platform
        .play(|claim| match nth(claim) {
            nth if nth > 1.5 => completed(0.9),
            _ => failed(),
        })
        .await;
    assert_eq!(holder_of(&platform).await, of("m2", "first"));
    judge_without(&platform, "first", &["m2"]).await;

    assert_eq!(holder_of(&platform).await, None);
    let entries = platform.archive().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(
        entries[0].withdrawn_because.as_deref(),
        Some("disqualified in first: a copy")
    );
    assert!(entries[0].aliases.is_empty());
    let view = platform.view("first").await;
    assert_eq!(view.champion, None);
    assert_eq!(view.rejudged_because.as_deref(), Some("a copy"));
    assert!(view.standings.iter().all(|line| line.method != "m2"));
    let out = view.methods.iter().find(|one| one.name == "m2").unwrap();
    assert_eq!(out.disqualified_because.as_deref(), Some("a copy"));

    // Nobody defends a title that nobody has.
    platform.draft_by("second", defended()).await;
    open_tournament(&platform.ctx, &name("second"))
        .await
        .unwrap();
    let record = platform.record("second").await;
    assert!(
        !record
            .iter()
            .any(|event| event.kind() == "defender_entered")
    );

    // A later judgement gives it back, with the entry it had.
    judge_as_recorded(&platform, "first").await;
    assert_eq!(holder_of(&platform).await, of("m2", "first"));
    let entries = platform.archive().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].withdrawn_because, None);
    assert_eq!(platform.view("first").await.standings[0].method, "m2");
}

#[tokio::test]
async fn the_title_goes_back_to_an_earlier_champion() {
    let platform = Platform::new().await;
    played(&platform, "first", halving(), 0..2).await;
    played(&platform, "second", halving(), 2..4).await;
    assert_eq!(holder_of(&platform).await, of("m3", "second"));
    // Another of the same tournament first, then nobody of it.
    judge_without(&platform, "second", &["m3"]).await;
    assert_eq!(holder_of(&platform).await, of("m2", "second"));
    judge_without(&platform, "second", &["m2", "m3"]).await;
    assert_eq!(holder_of(&platform).await, of("m1", "first"));
    // Judging the earlier one again moves nothing while the later one stands.
    judge_as_recorded(&platform, "second").await;
    judge_without(&platform, "first", &["m1"]).await;
    assert_eq!(holder_of(&platform).await, of("m3", "second"));
    judge_without(&platform, "second", &["m2", "m3"]).await;
    assert_eq!(holder_of(&platform).await, of("m0", "first"));
}

#[tokio::test]
async fn a_defender_found_out_meanwhile_defends_nothing() {
    let platform = Platform::new().await;
    played(&platform, "first", halving(), 0..2).await;
    platform.draft_by("second", defended()).await;
    open_tournament(&platform.ctx, &name("second"))
        .await
        .unwrap();
    platform.enter("second", "m2").await.unwrap();
    close_tournament(&platform.ctx, &name("second"))
        .await
        .unwrap();
    judge_without(&platform, "first", &["m1"]).await;
    assert_eq!(holder_of(&platform).await, of("m0", "first"));
    // The defender was m1, which would have beaten m2.
    platform
        .play(|claim| completed(if nth(claim) > 1.5 { 0.1 } else { 0.9 }))
        .await;
    platform.check("second").await;
    let record = platform.record("second").await;
    assert!(
        record
            .iter()
            .any(|event| matches!(event, Event::Disqualified { reason, .. }
                if reason == "disqualified in first: a copy"))
    );
    assert_eq!(platform.view("second").await.champion.unwrap().method, "m2");
    assert_eq!(holder_of(&platform).await, of("m2", "second"));
}

#[tokio::test]
async fn a_defender_put_out_in_its_defence_loses_the_title() {
    let platform = Platform::new().await;
    played(&platform, "first", halving(), 0..2).await;
    platform.draft_by("second", defended()).await;
    open_tournament(&platform.ctx, &name("second"))
        .await
        .unwrap();
    disqualify(&platform.ctx, &name("second"), &method("m1"), "it peeked")
        .await
        .unwrap();
    assert_eq!(holder_of(&platform).await, None);
    assert_eq!(
        platform.archive().await[0].withdrawn_because.as_deref(),
        Some("disqualified in second: it peeked")
    );
}

#[tokio::test]
async fn a_defence_keeps_the_entry_and_is_said_to() {
    let platform = Platform::new().await;
    played(&platform, "first", halving(), 3..5).await;
    let won = holder(&platform).await.unwrap();
    played(&platform, "second", defended(), 0..2).await;
    let champion = platform.view("second").await.champion.unwrap();
    assert_eq!((champion.method.as_str(), champion.defended), ("m4", true));
    assert_eq!(champion.archive, Some(won.id));
    assert_eq!(holder(&platform).await, Some(won));
    // The tournament it defended in is judged again without it.
    judge_without(&platform, "second", &["m4"]).await;
    assert_eq!(holder_of(&platform).await, of("m1", "second"));
    judge_as_recorded(&platform, "second").await;
    assert_eq!(holder_of(&platform).await, of("m4", "first"));
}

#[tokio::test]
async fn a_tournament_of_several_tasks_is_about_the_title_of_its_first() {
    let platform = Platform::new().await;
    let mut letters = platform.task().await;
    letters.name = "letters".parse().unwrap();
    create_task(&platform.ctx, letters).await.unwrap();
    let new = NewTournament {
        private: false,
        name: name("both"),
        task: "digits".parse().unwrap(),
        more_tasks: vec!["letters".parse().unwrap()],
        rules: Rules {
            play: Play::RoundRobin(RoundRobin { blocks: 4 }),
            terms: Terms {
                combine: Combine::Ranks,
                ..Terms::default()
            },
        },
        phrase: None,
        share: Share::default(),
        organiser: None,
    };
    create_tournament(&platform.ctx, new).await.unwrap();
    open_tournament(&platform.ctx, &name("both")).await.unwrap();
    for nth in 0..2 {
        platform.enter("both", &format!("m{nth}")).await.unwrap();
    }
    close_tournament(&platform.ctx, &name("both"))
        .await
        .unwrap();
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    assert_eq!(holder_of(&platform).await, of("m1", "both"));
    // The card's score is the share of the others that it beat, and says so.
    let card = holder(&platform).await.unwrap().card;
    assert_eq!((card.score, card.blocks.len()), (1.0, 4));
    assert_eq!(card.scale.unwrap().name, "share beaten");
    judge_without(&platform, "both", &["m0", "m1"]).await;
    assert_eq!(holder_of(&platform).await, None);
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let other = views::entry(&mut conn, "letters@champion", Access::Everything)
        .await
        .unwrap();
    assert_eq!(other, None);
}

#[tokio::test]
async fn a_card_follows_the_judgement_of_its_tournament() {
    let platform = Platform::new().await;
    platform.started("first", 2).await;
    // Six blocks; the champion does worse on each.
    platform
        .play(|claim| completed(nth(claim) / 2.0 + (claim.work.seed.0 % 7) as f64 / 100.0))
        .await;
    let before = holder(&platform).await.unwrap();
    let changes = Changes {
        erratum: Erratum {
            void_blocks: vec![(2, 1)],
            ..Erratum::default()
        },
        ..Changes::default()
    };
    // The second rung is not played by two: one block each, then the winner is known.
    let rounds = platform.view("first").await.rounds.len();
    let changes = if rounds == 1 {
        Changes::default()
    } else {
        changes
    };
    rejudge(&platform.ctx, &name("first"), changes, "the data")
        .await
        .unwrap();
    let after = holder(&platform).await.unwrap();
    let view = platform.view("first").await;
    assert_eq!(after.id, before.id);
    assert_eq!(after.score, view.champion.unwrap().score);
    assert_eq!(after.score, view.standings[0].mean);
    assert_eq!(after.blocks, view.standings[0].blocks);
}
