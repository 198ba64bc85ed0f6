//! Calling a tournament off.

use gauntlet_domain::tournament::TournamentState;
use gauntlet_scheduler::commands::cancel_tournament::cancel_tournament;
use gauntlet_scheduler::commands::heartbeat::heartbeat;
use gauntlet_scheduler::loops::{advance_rounds, expire_leases};

use crate::support::{Platform, completed, name, reason};

#[tokio::test]
async fn a_cancelled_tournament_stands_still() {
    let platform = Platform::new().await;
    platform.started("t", 3).await;
    let leased = platform.claim().await.unwrap();
    for _ in 0..2 {
        cancel_tournament(&platform.ctx, &name("t"), "the data was wrong")
            .await
            .unwrap();
    }
    assert_eq!(platform.claim().await, None);
    let holder = platform.holder(&leased);
    assert_eq!(
        reason(heartbeat(&platform.ctx, &holder, 0.5, vec![]).await).code,
        "lease-lost"
    );
    assert_eq!(
        reason(platform.report(&leased, completed(1.0)).await).code,
        "lease-lost"
    );
    assert_eq!(advance_rounds::once(&platform.ctx).await.unwrap(), 0);
    assert_eq!(expire_leases::once(&platform.ctx).await.unwrap(), 0);
    let view = platform.view("t").await;
    assert_eq!(view.state, TournamentState::Cancelled);
    assert_eq!(
        view.cancelled_because.as_deref(),
        Some("the data was wrong")
    );
    assert!(view.ended_at.is_some());
    platform.check("t").await;
}

#[tokio::test]
async fn a_completed_one_cannot_be_cancelled() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    platform.play(|_| completed(0.5)).await;
    let refused = cancel_tournament(&platform.ctx, &name("t"), "too late").await;
    assert_eq!(reason(refused).code, "tournament-completed");
}
