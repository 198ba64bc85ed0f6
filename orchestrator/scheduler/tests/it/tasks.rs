//! Tasks do not change.

use gauntlet_domain::Digest;
use gauntlet_domain::run::Budget;
use gauntlet_domain::tournament::{Halving, Play, Rules};
use gauntlet_scheduler::Refusal;
use gauntlet_scheduler::commands::create_task::{NewTask, create_task};
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_storage::Access;
use gauntlet_storage::views;

use crate::support::{BUDGET, Platform, name, reason};

#[tokio::test]
async fn the_same_task_again_is_fine_and_another_under_its_name_is_not() {
    let platform = Platform::new().await;
    let task = platform.task().await;
    let first = create_task(&platform.ctx, task.clone()).await.unwrap();
    assert_eq!(
        create_task(&platform.ctx, task.clone()).await.unwrap(),
        first
    );
    let other = NewTask {
        budget: Budget { work: 2, ..BUDGET },
        ..task
    };
    let refused = reason(create_task(&platform.ctx, other).await);
    assert_eq!(
        (refused.code, refused.field.as_deref()),
        ("task-exists", Some("body.name"))
    );
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let tasks = views::tasks(
        &mut conn,
        &gauntlet_storage::Page::first(100),
        Access::Everything,
    )
    .await
    .unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].budget, BUDGET);
}

#[tokio::test]
async fn its_data_must_be_there_and_its_limits_must_be_limits() {
    let platform = Platform::new().await;
    let task = NewTask {
        name: "new".parse().unwrap(),
        ..platform.task().await
    };
    let missing = NewTask {
        hidden_labels: Digest::of(b"nowhere"),
        ..task.clone()
    };
    let refused = reason(create_task(&platform.ctx, missing).await);
    assert_eq!(
        (refused.code, refused.field.as_deref()),
        ("missing-blob", Some("body.hidden_labels"))
    );
    let unlimited = NewTask {
        budget: Budget {
            wall_seconds: 0,
            ..BUDGET
        },
        ..task.clone()
    };
    let refused = reason(create_task(&platform.ctx, unlimited).await);
    assert_eq!(refused.field.as_deref(), Some("body.budget.wall_seconds"));
    assert!(refused.limit.is_some());
    let wordy = NewTask {
        title: "x".repeat(201),
        ..task
    };
    let refused = reason(create_task(&platform.ctx, wordy).await);
    assert_eq!(refused.field.as_deref(), Some("body.title"));
}

#[tokio::test]
async fn a_tournament_needs_a_task_good_rules_and_a_free_name() {
    let platform = Platform::new().await;
    let good = NewTournament {
        name: name("t"),
        task: "digits".parse().unwrap(),
        more_tasks: vec![],
        rules: Rules::default(),
        phrase: None,
        share: gauntlet_domain::tournament::Share::default(),
        organiser: None,
        private: false,
    };
    let unknown = NewTournament {
        task: "chess".parse().unwrap(),
        ..good.clone()
    };
    let refused = create_tournament(&platform.ctx, unknown).await;
    assert!(matches!(refused, Err(Refusal::NotFound(_))));
    assert_eq!(reason(refused).field.as_deref(), Some("body.task"));
    let endless = NewTournament {
        rules: Rules::from(Play::Halving(Halving {
            rungs: 11,
            ..Halving::default()
        })),
        ..good.clone()
    };
    let refused = reason(create_tournament(&platform.ctx, endless).await);
    assert_eq!(refused.field.as_deref(), Some("body.rules.rungs"));
    create_tournament(&platform.ctx, good.clone())
        .await
        .unwrap();
    let refused = reason(create_tournament(&platform.ctx, good.clone()).await);
    assert_eq!(
        (refused.code, refused.field.as_deref()),
        ("name-taken", Some("body.name"))
    );

    // Without a phrase the nonce is random.
    let other = NewTournament {
        name: name("u"),
        ..good
    };
    create_tournament(&platform.ctx, other).await.unwrap();
    let nonce = async |of: &str| platform.loaded(of).await.row.nonce;
    assert_ne!(nonce("t").await, nonce("u").await);
}
