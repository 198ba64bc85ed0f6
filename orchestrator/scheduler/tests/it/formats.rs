//! Every format through the whole platform: rows, record and rules agree at every step, and
//! the best method wins.

use gauntlet_domain::record::Event;
use gauntlet_domain::run::{Direction, Metric};
use gauntlet_domain::tournament::{
    Classic, Combine, Play, Racing, RoundRobin, Rules, Succession, Swiss, Terms,
};
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_task::create_task;
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_storage::views::RoundView;

use crate::support::{BUDGET, Platform, completed, failed, halving, name, nth, reason};

fn formats() -> Vec<Rules> {
    vec![
        halving(),
        Rules::from(Play::Classic(Classic {
            group_size: 3,
            group_winners: 1,
            ..Classic::default()
        })),
        Rules::from(Play::RoundRobin(RoundRobin { blocks: 3 })),
        Rules::from(Play::Swiss(Swiss::default())),
        Rules::from(Play::Racing(Racing {
            confidence: 1.0,
            ..Racing::default()
        })),
    ]
}

#[tokio::test]
async fn the_best_wins_in_every_format() {
    for (number, rules) in formats().into_iter().enumerate() {
        let platform = Platform::new().await;
        let tournament = format!("t{number}");
        platform.started_by(&tournament, rules, 7).await;
        loop {
            advance_rounds::once(&platform.ctx).await.unwrap();
            platform.check(&tournament).await;
            let Some(claim) = platform.claim().await else {
                break;
            };
            let outcome = if nth(&claim) == 0.0 {
                failed()
            } else {
                completed(nth(&claim) / 10.0)
            };
            platform.report(&claim, outcome).await.unwrap();
        }
        let view = platform.view(&tournament).await;
        assert_eq!(view.champion.unwrap().method, "m6", "format {number}");
        for round in &view.rounds {
            let cut = round.cut.as_ref().unwrap();
            assert!(cut.comparisons.len() <= cut.dropped.len());
        }
    }
}

#[tokio::test]
async fn a_race_opens_with_half_the_budget() {
    let platform = Platform::new().await;
    let rules = Rules::from(Play::Racing(Racing::default()));
    platform.started_by("race", rules, 4).await;
    platform
        .play(|claim| {
            let first = claim.work.budget == BUDGET.half(false);
            assert!(first || claim.work.budget == BUDGET);
            completed(if first { 0.1 } else { 0.5 } + nth(claim) / 100.0)
        })
        .await;
    platform.check("race").await;
    let view = platform.view("race").await;
    let halves: Vec<bool> = view
        .rounds
        .iter()
        .flat_map(|round| round.blocks.iter().map(|block| block.half))
        .collect();
    assert!(
        halves[0] && halves[1..].iter().all(|half| !half),
        "{halves:?}"
    );
    let scores =
        |round: &RoundView| -> Vec<f64> { round.runs.iter().filter_map(|run| run.score).collect() };
    assert!(scores(&view.rounds[0]).iter().all(|score| *score < 0.2));
    for round in &view.rounds[1..] {
        assert!(scores(round).iter().all(|score| *score > 0.4));
    }
    // What is archived was trained with the whole budget.
    let champion = view.champion.unwrap();
    assert!(champion.score > 0.4, "{champion:?}");
    let card = &platform.archive().await[0];
    assert!(card.card.blocks.iter().all(|block| block.round > 1));
}

/// Plays `field` methods for the title of `digits`, each worth what `score` says.
async fn play_for_the_title(
    platform: &Platform,
    tournament: &str,
    field: std::ops::Range<usize>,
    score: impl Fn(f64) -> f64,
) -> Vec<Event> {
    let mut rules = halving();
    rules.terms = Terms {
        defend: true,
        succession: Succession::SignFlip {
            blocks: 5,
            alpha: 0.05,
            minimum_effect: 0.01,
        },
        ..Terms::default()
    };
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
    platform.play(|claim| completed(score(nth(claim)))).await;
    platform.check(tournament).await;
    platform.record(tournament).await
}

#[tokio::test]
async fn a_champion_defends_its_title_until_it_is_beaten() {
    let platform = Platform::new().await;
    // Nobody to defend it yet: the winner of the field has it.
    let first = play_for_the_title(&platform, "first", 0..3, |nth| 0.3 + nth / 10.0).await;
    assert!(!first.iter().any(|event| event.kind() == "defender_entered"));
    assert_eq!(platform.view("first").await.champion.unwrap().method, "m2");

    // Better, but by less than is asked for.
    let second = play_for_the_title(&platform, "second", 3..5, |nth| 0.5 + nth / 1000.0).await;
    assert!(
        second
            .iter()
            .any(|event| event.kind() == "defender_entered")
    );
    let view = platform.view("second").await;
    let title = view
        .rounds
        .last()
        .unwrap()
        .cut
        .clone()
        .unwrap()
        .title
        .unwrap();
    assert_eq!(
        (title.defender.as_str(), title.challenger.as_str()),
        ("m2", "m4")
    );
    assert!(!title.dethroned);
    assert_eq!(title.evidence.blocks, 5);
    let champion = view.champion.unwrap();
    assert_eq!(champion.method, "m2");
    // It keeps the entry it won with.
    let entries = platform.archive().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].tournament, "first");

    // Clearly better on every block: p = 1/32.
    play_for_the_title(&platform, "third", 5..7, |nth| 0.1 + nth / 10.0).await;
    let view = platform.view("third").await;
    let title = view
        .rounds
        .last()
        .unwrap()
        .cut
        .clone()
        .unwrap()
        .title
        .unwrap();
    assert!(title.dethroned);
    assert_eq!(title.evidence.p_value, Some(1.0 / 32.0));
    assert_eq!(view.champion.unwrap().method, "m6");
    assert_eq!(platform.archive().await.len(), 2);
    // Nobody may hand in the champion's own method against it.
    let mut rules = halving();
    rules.terms.defend = true;
    platform.draft_by("fourth", rules).await;
    open_tournament(&platform.ctx, &name("fourth"))
        .await
        .unwrap();
    let copied = reason(platform.enter("fourth", "m6").await);
    assert_eq!(copied.code, "name-taken");
}

#[tokio::test]
async fn tasks_of_different_metrics_combine_by_ranks() {
    let platform = Platform::new().await;
    let mut errors = platform.task().await;
    errors.name = "errors".parse().unwrap();
    errors.metric = Metric {
        name: "rmse".to_owned(),
        unit: None,
        better: Direction::Lower,
        best: 0.0,
        miss: 100.0,
    };
    create_task(&platform.ctx, errors).await.unwrap();
    let new = |combine: Combine| NewTournament {
        private: false,
        name: name("both"),
        task: "digits".parse().unwrap(),
        more_tasks: vec!["errors".parse().unwrap()],
        rules: Rules {
            play: Play::RoundRobin(RoundRobin { blocks: 4 }),
            terms: Terms {
                combine,
                ..Terms::default()
            },
        },
        phrase: None,
        share: gauntlet_domain::tournament::Share::default(),
        organiser: None,
    };
    let mean = create_tournament(&platform.ctx, new(Combine::Mean)).await;
    assert_eq!(reason(mean).code, "tasks-do-not-combine");
    create_tournament(&platform.ctx, new(Combine::Ranks))
        .await
        .unwrap();
    open_tournament(&platform.ctx, &name("both")).await.unwrap();
    for nth in 0..3 {
        platform.enter("both", &format!("m{nth}")).await.unwrap();
    }
    close_tournament(&platform.ctx, &name("both"))
        .await
        .unwrap();
    // m2 is best at both: the highest accuracy, the smallest error.
    let mut tasks = std::collections::BTreeMap::new();
    loop {
        advance_rounds::once(&platform.ctx).await.unwrap();
        let Some(claim) = platform.claim().await else {
            break;
        };
        *tasks.entry(claim.work.task.to_string()).or_insert(0) += 1;
        let score = if claim.work.task.as_str() == "errors" {
            50.0 - nth(&claim)
        } else {
            nth(&claim) / 10.0
        };
        platform.report(&claim, completed(score)).await.unwrap();
        platform.check("both").await;
    }
    assert_eq!(
        tasks,
        [("digits".to_owned(), 6), ("errors".to_owned(), 6)].into()
    );
    let view = platform.view("both").await;
    assert_eq!(view.champion.unwrap().method, "m2");
    assert_eq!(view.standings[0].mean, 1.0);
    assert_eq!(view.standings[0].points, Some(2.0));
}
