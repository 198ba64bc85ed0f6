//! What is kept of tournaments so that no look at them reads their runs: what they give to
//! ratings, and how long they stood between rounds.

use gauntlet_domain::TournamentId;
use gauntlet_domain::record::{Changes, Event};
use gauntlet_domain::tournament::{Tournament, TournamentState};
use gauntlet_ratings::Contribution;
use gauntlet_scheduler::commands::rejudge::rejudge;
use gauntlet_scheduler::loops::keep_contributions;
use gauntlet_storage::round_gaps::{self, BOUNDS};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Access, Conn, play};

use crate::support::{Platform, completed, name, nth};

/// What is kept of what a tournament gives to ratings, if that counts.
async fn kept(conn: &mut Conn, id: TournamentId) -> Option<Contribution> {
    let loaded = play::load(&mut *conn, id, Lock::None).await.unwrap();
    let task = loaded.unwrap().row.task;
    let all = tournaments::completed_on(conn, task, Access::Everything).await;
    let one = all.unwrap().into_iter().find(|one| one.id == id).unwrap();
    one.contribution
        .map(|kept| serde_json::from_value(kept).unwrap())
}

/// If it is completed, what is kept is what follows from its record; says what is wrong.
pub(crate) async fn check(
    conn: &mut Conn,
    id: TournamentId,
    record: &[Event],
) -> Result<(), String> {
    let replayed = Tournament::replay(record).map_err(|error| error.to_string())?;
    if replayed.state() != TournamentState::Completed {
        return Ok(());
    }
    let changes = record.iter().rev().find_map(|event| match event {
        Event::Rejudged { changes, .. } => Some(changes),
        _ => None,
    });
    let follows = Contribution::read(&replayed, changes).map_err(|error| error.to_string())?;
    match kept(conn, id).await {
        Some(kept) if kept == follows => Ok(()),
        other => Err(format!(
            "{other:?} is kept for ratings instead of {follows:?}"
        )),
    }
}

#[tokio::test]
async fn what_another_release_did_not_keep_is_made_up_for() {
    let platform = Platform::new().await;
    platform.started("cup", 3).await;
    platform.play(|claim| completed(nth(claim) / 10.0)).await;
    platform.check("cup").await;
    let id = platform.loaded("cup").await.row.id;
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    assert_eq!(keep_contributions::once(&platform.ctx).await.unwrap(), 0);

    // One that ended under a release that kept nothing.
    platform
        .database
        .execute("DELETE FROM contributions")
        .await
        .unwrap();
    assert_eq!(kept(&mut conn, id).await, None);
    assert_eq!(keep_contributions::once(&platform.ctx).await.unwrap(), 1);
    platform.check("cup").await;

    // One that such a release judged again: what is kept follows from a shorter record.
    let before = "CREATE TABLE before AS SELECT * FROM contributions";
    platform.database.execute(before).await.unwrap();
    let mut changes = Changes::default();
    let view = platform.view("cup").await;
    let best = view.methods.iter().find(|one| one.name == "m2").unwrap();
    changes.erratum.disqualify.push(best.submission);
    rejudge(&platform.ctx, &name("cup"), changes, "a copy")
        .await
        .unwrap();
    platform.check("cup").await;
    let again = "DELETE FROM contributions; INSERT INTO contributions SELECT * FROM before";
    platform.database.execute(again).await.unwrap();
    assert_eq!(kept(&mut conn, id).await, None);
    assert_eq!(keep_contributions::once(&platform.ctx).await.unwrap(), 1);
    platform.check("cup").await;
    assert_eq!(keep_contributions::once(&platform.ctx).await.unwrap(), 0);
}

#[tokio::test]
async fn the_time_between_rounds_is_counted_once_each() {
    let platform = Platform::new().await;
    platform.started("cup", 8).await;
    while let Some(claim) = platform.claim().await {
        let outcome = completed(nth(&claim) / 10.0);
        platform.report(&claim, outcome).await.unwrap();
    }
    // As if the first round had ended long ago, and nobody had taken the second.
    platform
        .database
        .execute(
            "BEGIN; SET LOCAL session_replication_role = replica;
             UPDATE attempts SET leased_at = leased_at - interval '500 s',
                                 ended_at = ended_at - interval '400 s';
             COMMIT",
        )
        .await
        .unwrap();
    platform.play(|claim| completed(nth(claim) / 10.0)).await;

    let rounds = platform.loaded("cup").await.tournament.rounds().len();
    assert!(rounds > 2, "{rounds} rounds");
    // Another orchestrator counts on where this one was.
    let another = platform.another().await;
    let mut conn = another.db.acquire().await.unwrap();
    let [lease, end] = round_gaps::read(&mut conn).await.unwrap();
    assert_eq!((lease.count(), end.count()), (rounds as u64 - 1, 1));
    let long = BOUNDS.iter().position(|bound| *bound == 1_000.0).unwrap();
    assert_eq!(lease.counts[long], 1, "{lease:?}");
    assert!(lease.seconds >= 400.0, "{lease:?}");
    assert!(end.seconds < 400.0, "{end:?}");
}
