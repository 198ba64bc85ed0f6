//! What a hosted server or a careful administrator sets for a role or database is not in the
//! way: a tournament ends as it does without. What cannot be worked with is named at the start
//! (tried in `gauntlet-storage`).

use std::time::Duration;

use gauntlet_scheduler::{Policy, SubmissionLimits};
use gauntlet_storage::{Db, check_server};
use gauntlet_test_support::bare_database;

use crate::support::{Platform, completed, nth};

/// The champion of a tournament and everybody's place and mean.
async fn played(platform: &Platform) -> (Option<String>, Vec<(String, f64)>) {
    platform.started("t", 6).await;
    platform
        .play(|claim| completed((nth(claim) * 7.0 % 5.0) / 10.0))
        .await;
    platform.check("t").await;
    let view = platform.view("t").await;
    (
        view.champion.map(|champion| champion.method),
        view.standings
            .into_iter()
            .map(|line| (line.method, line.mean))
            .collect(),
    )
}

#[tokio::test]
async fn a_tournament_ends_the_same_whatever_the_role_sets() {
    let policy = Policy {
        retry_pause: Duration::ZERO,
        submissions: SubmissionLimits::NONE,
        ..Policy::default()
    };
    let wanted = played(&Platform::new().await).await;
    assert!(wanted.0.is_some());
    let as_set = |name: &'static str, settings: &'static [&'static str]| (name, settings, &[][..]);
    for (name, settings, within) in [
        as_set(
            "g_serializable",
            &["SET default_transaction_isolation = 'serializable'"],
        ),
        as_set("g_short", &["SET statement_timeout = '250ms'"]),
        as_set(
            "g_idle",
            &[
                "SET idle_in_transaction_session_timeout = '100ms'",
                "SET idle_session_timeout = '2s'",
            ],
        ),
        as_set("g_lock", &["SET lock_timeout = '50ms'"]),
        as_set(
            "g_zone",
            &[
                "SET TimeZone = 'America/St_Johns'",
                "SET DateStyle = 'SQL, DMY'",
                "SET IntervalStyle = 'sql_standard'",
            ],
        ),
        as_set(
            "g_ascii",
            &[
                "SET client_encoding = 'LATIN1'",
                "SET bytea_output = 'escape'",
            ],
        ),
        (
            "g_path",
            &["SET search_path = app, pg_catalog"],
            &["CREATE SCHEMA app AUTHORIZATION g_path"],
        ),
    ] {
        let server = bare_database().await;
        let url = server.role(name, settings, within).await;
        check_server(&url).await.unwrap().unwrap();
        Db::connect(&url).await.unwrap().migrate().await.unwrap();
        let platform = Platform::over(server, &url, policy).await;
        assert_eq!(played(&platform).await, wanted, "{name}");
    }
}
