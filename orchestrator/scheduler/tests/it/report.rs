//! Results: accepted once, checked before.

use gauntlet_domain::Digest;
use gauntlet_domain::run::AttemptState;
use gauntlet_domain::run::{CurvePoint, RunState, Verdict};
use gauntlet_scheduler::commands::report::{NewReport, report};
use gauntlet_scheduler::{Reason, Refusal};

use crate::support::{Platform, completed, failed, reason};

#[tokio::test]
async fn a_result_is_kept_with_all_it_says() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let new = platform.result(&claim, completed(0.75)).await;
    report(&platform.ctx, &platform.holder(&claim), new.clone())
        .await
        .unwrap();
    let run = platform.run(claim.run).await;
    assert_eq!(run.state, RunState::Done);
    assert_eq!(run.progress, 1.0);
    assert_eq!(run.verdict, Some(Verdict::Completed));
    assert_eq!(run.score, Some(0.75));
    assert_eq!(run.model, new.model);
    assert_eq!(run.predictions, new.predictions);
    assert_eq!(run.train, Some(new.train));
    assert_eq!(run.predict, Some(new.predict));
    assert_eq!(run.curve, new.curve);
    assert_eq!(run.attempts[0].state, AttemptState::Reported);
    assert!(run.attempts[0].ended_at.is_some());
}

#[tokio::test]
async fn the_same_report_again_is_fine_and_a_different_one_is_not() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    for _ in 0..3 {
        platform.report(&claim, completed(0.5)).await.unwrap();
    }
    let events = platform.record("t").await.len();
    let other = reason(platform.report(&claim, completed(0.6)).await);
    assert_eq!(other.code, "report-differs");
    let other = reason(platform.report(&claim, failed()).await);
    assert_eq!(other.code, "report-differs");
    assert_eq!(platform.run(claim.run).await.score, Some(0.5));
    assert_eq!(platform.record("t").await.len(), events);
    platform.check("t").await;
}

#[tokio::test]
async fn the_same_report_twice_at_once_is_accepted_once() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let results = futures_join(&platform, &claim).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let done = platform
        .record("t")
        .await
        .iter()
        .filter(|event| event.kind() == "run_done")
        .count();
    assert_eq!(done, 1);
}

async fn futures_join(
    platform: &Platform,
    claim: &gauntlet_scheduler::commands::claim::Claim,
) -> [Result<(), Refusal>; 4] {
    let (a, b, c, d) = tokio::join!(
        platform.report(claim, completed(0.5)),
        platform.report(claim, completed(0.5)),
        platform.report(claim, completed(0.5)),
        platform.report(claim, completed(0.5)),
    );
    [a, b, c, d]
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let good = platform.result(&claim, completed(0.5)).await;
    let before = platform.record("t").await.len();
    let cases: [(NewReport, &str, &str); 6] = [
        (
            NewReport {
                score: None,
                ..good.clone()
            },
            "invalid-outcome",
            "body.score",
        ),
        (
            NewReport {
                score: Some(f64::NAN),
                ..good.clone()
            },
            "invalid-outcome",
            "body.score",
        ),
        (
            NewReport {
                score: Some(1.5),
                ..good.clone()
            },
            "invalid-outcome",
            "body.score",
        ),
        (
            NewReport {
                verdict: Verdict::MethodFailed,
                ..good.clone()
            },
            "invalid-outcome",
            "body.verdict",
        ),
        (
            NewReport {
                model: None,
                ..good.clone()
            },
            "missing-model",
            "body.model",
        ),
        (
            NewReport {
                model: Some(Digest::of(b"never uploaded")),
                ..good.clone()
            },
            "missing-blob",
            "body.model",
        ),
    ];
    for (wrong, code, field) in cases {
        let refusal = report(&platform.ctx, &platform.holder(&claim), wrong).await;
        assert!(matches!(refusal, Err(Refusal::Invalid(_))), "{refusal:?}");
        let Reason {
            code: found,
            field: at,
            ..
        } = reason(refusal);
        assert_eq!((found, at.as_deref()), (code, Some(field)));
    }
    assert_eq!(platform.run(claim.run).await.state, RunState::Leased);
    assert_eq!(platform.record("t").await.len(), before);
    report(&platform.ctx, &platform.holder(&claim), good)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_an_entrant_writes_is_made_harmless() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    let new = NewReport {
        detail: Some(format!("\u{1b}[31mred\0 {}", "x".repeat(10_000))),
        curve: vec![CurvePoint {
            step: u64::MAX,
            name: "\0<b>loss".to_owned(),
            value: Some(f64::INFINITY),
        }],
        ..platform.result(&claim, failed()).await
    };
    report(&platform.ctx, &platform.holder(&claim), new)
        .await
        .unwrap();
    let run = platform.run(claim.run).await;
    let detail = run.detail.unwrap();
    assert!(detail.starts_with("[31mred"), "{detail}");
    assert!(!detail.chars().any(char::is_control));
    assert_eq!(detail.chars().count(), 500);
    assert_eq!(run.curve[0].name, "<b>loss");
    assert_eq!(run.curve[0].value, None);
}

#[tokio::test]
async fn an_accepted_result_cannot_be_edited_even_by_sql() {
    let platform = Platform::new().await;
    platform.started("t", 1).await;
    let claim = platform.claim().await.unwrap();
    platform.report(&claim, completed(0.5)).await.unwrap();
    for sql in [
        "UPDATE results SET score = 1",
        "DELETE FROM results",
        "UPDATE events SET body = '{}'",
        "DELETE FROM events",
        "UPDATE chains SET length = length - 1 WHERE length > 1",
        "UPDATE chains SET head = repeat('0', 64) WHERE length > 0",
        "DELETE FROM chains",
        "UPDATE tasks SET hidden_labels = train",
        "UPDATE submissions SET digest = repeat('0', 64)",
        "UPDATE submissions SET token_id = token_id",
        "DELETE FROM submissions",
        "UPDATE blocks SET seed = repeat('0', 16)",
        "DELETE FROM blocks",
        "UPDATE attempts SET reason = 'another'",
        "DELETE FROM attempts",
        "DELETE FROM rounds",
        "UPDATE method_names SET account_id = account_id",
    ] {
        let error = platform.database.execute(sql).await.unwrap_err();
        let told = error.contains("are records") || error.contains("is a record");
        assert!(told, "{sql}: {error}");
    }
    platform.play(|_| completed(0.5)).await;
    let error = platform
        .database
        .execute("UPDATE rounds SET decision = '{}'")
        .await
        .unwrap_err();
    assert!(error.contains("are records"), "{error}");
}
