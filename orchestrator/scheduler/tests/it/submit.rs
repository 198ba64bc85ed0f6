//! Who may enter, and when.

use gauntlet_domain::tournament::TournamentState;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, accepts, submit};
use gauntlet_scheduler::commands::tokens::{
    NewToken, Scope, create_token, ensure_token, revoke_token,
};
use gauntlet_scheduler::{Refusal, SubmissionLimits};

use crate::support::{Platform, method, name, reason, token};

#[tokio::test]
async fn a_submission_is_a_blob_and_a_row() {
    let platform = Platform::new().await;
    platform.open("t").await;
    let submission = platform.enter("t", "sgd").await.unwrap();
    assert!(platform.ctx.blobs.exists(&submission.digest).await.unwrap());
    let view = platform.view("t").await;
    assert_eq!(view.methods.len(), 1);
    assert_eq!(view.methods[0].name, "sgd");
    assert_eq!(view.methods[0].digest, submission.digest);
    assert_eq!(view.methods[0].bytes, "module of sgd".len() as u64);
    // Sealed until closing: the nonce's digest is public, the nonce is not.
    assert!(view.nonce_digest.is_some());
    assert_eq!(view.nonce, None);
    assert_eq!(view.seed, None);
    platform.check("t").await;
}

#[tokio::test]
async fn before_opening_and_after_closing_nothing_is_taken() {
    let platform = Platform::new().await;
    platform.draft("t").await;
    let early = reason(platform.enter("t", "early").await);
    assert_eq!(early.code, "tournament-not-open");
    open_tournament(&platform.ctx, &name("t")).await.unwrap();
    accepts(&platform.ctx, &name("t"), platform.miner)
        .await
        .unwrap();
    platform.enter("t", "sgd").await.unwrap();
    close_tournament(&platform.ctx, &name("t")).await.unwrap();

    let late = platform.enter("t", "late").await;
    assert!(matches!(late, Err(Refusal::Conflict(_))));
    let late = reason(late);
    assert_eq!(late.code, "tournament-closed");
    assert_eq!(late.field.as_deref(), Some("path.name"));
    assert!(!late.help.is_empty());
    let view = platform.view("t").await;
    assert_eq!(view.state, TournamentState::Closed);
    assert_eq!(view.methods.len(), 1);
    // Nothing half written: not even the blob.
    let blob = gauntlet_domain::Digest::of(b"module of late");
    assert!(!platform.ctx.blobs.exists(&blob).await.unwrap());
    assert_eq!(
        reason(accepts(&platform.ctx, &name("t"), platform.miner).await).code,
        "tournament-closed"
    );
}

#[tokio::test]
async fn the_same_name_or_the_same_module_twice_is_a_conflict() {
    let platform = Platform::new().await;
    platform.open("t").await;
    platform.enter("t", "sgd").await.unwrap();
    let again = |tournament: &str, method_name: &str, module: &'static str| {
        submit(
            &platform.ctx,
            NewSubmission {
                tournament: name(tournament),
                name: method(method_name),
                artifact: Artifact::Module(bytes::Bytes::from_static(module.as_bytes())),
                token: platform.miner,
            },
        )
    };
    let name_taken = reason(again("t", "sgd", "another module").await);
    assert_eq!(
        (name_taken.code, name_taken.field.as_deref()),
        ("name-taken", Some("query.name"))
    );
    let copied = reason(again("t", "copy", "module of sgd").await);
    assert_eq!(
        (copied.code, copied.field.as_deref()),
        ("duplicate-module", Some("body"))
    );
    assert_eq!(platform.view("t").await.methods.len(), 1);
    // In another tournament both are free.
    platform.open("other").await;
    again("other", "sgd", "module of sgd").await.unwrap();
    platform.check("t").await;
}

#[tokio::test]
async fn opening_and_closing_again_change_nothing() {
    let platform = Platform::new().await;
    platform.open("t").await;
    open_tournament(&platform.ctx, &name("t")).await.unwrap();
    let empty = reason(close_tournament(&platform.ctx, &name("t")).await);
    assert_eq!(empty.code, "empty-field");
    platform.enter("t", "sgd").await.unwrap();
    close_tournament(&platform.ctx, &name("t")).await.unwrap();
    let events = platform.record("t").await.len();
    close_tournament(&platform.ctx, &name("t")).await.unwrap();
    assert_eq!(platform.record("t").await.len(), events);
    let reopened = reason(open_tournament(&platform.ctx, &name("t")).await);
    assert_eq!(reopened.code, "tournament-not-draft");
    // Now anyone can check the seed.
    let view = platform.view("t").await;
    let nonce = view.nonce.unwrap();
    assert_eq!(Some(nonce.commitment()), view.nonce_digest);
    let digests: Vec<_> = view.methods.iter().map(|method| method.digest).collect();
    assert_eq!(
        view.seed,
        Some(gauntlet_domain::tournament::TournamentSeed::derive(
            &nonce, &digests
        ))
    );
}

#[tokio::test]
async fn unknown_names_are_named() {
    let platform = Platform::new().await;
    let unknown = platform.enter("nowhere", "sgd").await;
    assert!(matches!(unknown, Err(Refusal::NotFound(_))));
    assert!(reason(unknown).detail.contains("nowhere"));
}

/// A day of the database's goes by for everything that was handed in.
async fn a_day_later(platform: &Platform) {
    let sql = "UPDATE submissions SET submitted_at = submitted_at - interval '24 hours'";
    platform.database.execute(sql).await.unwrap();
}

#[tokio::test]
async fn a_token_hands_in_its_share_a_tournament_and_an_admin_what_it_likes() {
    let mut platform = Platform::new().await;
    platform.ctx.policy.submissions = SubmissionLimits {
        a_tournament: 2,
        a_day: 100,
    };
    platform.open("t").await;
    for name in ["a", "b"] {
        platform.enter("t", name).await.unwrap();
    }
    let refused = platform.enter("t", "c").await.unwrap_err();
    let Refusal::TooMuch {
        reason: why,
        retry_seconds: None,
    } = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(why.code, "tournament-share");
    assert_eq!(why.limit.as_deref(), Some("2 methods a tournament"));
    assert!(!why.help.is_empty());
    // Nothing half written: not even the blob.
    let blob = gauntlet_domain::Digest::of(b"module of c");
    assert!(!platform.ctx.blobs.exists(&blob).await.unwrap());
    // Asked before a module is received, the answer is the same; tomorrow too.
    a_day_later(&platform).await;
    let asked = accepts(&platform.ctx, &name("t"), platform.miner).await;
    assert_eq!(reason(asked).code, "tournament-share");
    // Another token has a share of its own, and an admin any number.
    let mut others = Vec::new();
    for (scope, nth) in [(Scope::Miner, 8), (Scope::Admin, 9)] {
        let text = token(scope.as_str(), nth);
        others.push(ensure_token(&platform.ctx, &text, scope, "").await.unwrap());
    }
    for (who, name) in [(0, "d"), (1, "e"), (1, "f"), (1, "g")] {
        platform.miner = others[who];
        platform.enter("t", name).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_hands_in_its_share_a_day_and_is_told_when_there_is_room_again() {
    let mut platform = Platform::new().await;
    platform.ctx.policy.submissions = SubmissionLimits {
        a_tournament: 100,
        a_day: 3,
    };
    platform.open("t").await;
    platform.enter("t", "a").await.unwrap();
    // The first is 23 hours old.
    let sql = "UPDATE submissions SET submitted_at = submitted_at - interval '23 hours'";
    platform.database.execute(sql).await.unwrap();
    for name in ["b", "c"] {
        platform.enter("t", name).await.unwrap();
    }
    let refused = platform.enter("t", "d").await.unwrap_err();
    let Refusal::TooMuch {
        reason: why,
        retry_seconds: Some(seconds),
    } = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(why.code, "daily-share");
    assert_eq!(why.limit.as_deref(), Some("3 methods in 24 hours"));
    assert!(why.help.contains("try again after 20"), "{why}");
    // When the first leaves the last 24 hours: in an hour, less what this test took.
    assert!((1..=3_600).contains(&seconds), "{seconds}");
    a_day_later(&platform).await;
    platform.enter("t", "d").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn submissions_at_the_same_time_share_one_limit() {
    let mut platform = Platform::new().await;
    platform.ctx.policy.submissions = SubmissionLimits {
        a_tournament: 3,
        a_day: 100,
    };
    platform.open("t").await;
    let platform = std::sync::Arc::new(platform);
    let mut tries = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let platform = std::sync::Arc::clone(&platform);
        tries.spawn(async move { platform.enter("t", &format!("m{nth}")).await });
    }
    let entered = tries.join_all().await;
    assert_eq!(entered.iter().filter(|one| one.is_ok()).count(), 3);
}

impl Platform {
    /// One more token of an account.
    async fn token_of(&self, account: &str) -> gauntlet_domain::TokenId {
        let new = NewToken {
            scope: Scope::Miner,
            note: String::new(),
            account: Some(account.parse().unwrap()),
            lifetime_seconds: None,
        };
        create_token(&self.ctx, new).await.unwrap().id
    }
}

#[tokio::test]
async fn shares_count_by_account_and_a_new_token_brings_no_new_share() {
    let mut platform = Platform::new().await;
    platform.ctx.policy.submissions = SubmissionLimits {
        a_tournament: 3,
        a_day: 4,
    };
    platform.open("t").await;
    platform.open("other").await;
    for name in ["a", "b", "c"] {
        platform.miner = platform.token_of("ada").await;
        platform.enter("t", name).await.unwrap();
    }
    platform.miner = platform.token_of("ada").await;
    let refused = reason(platform.enter("t", "d").await);
    assert_eq!(refused.code, "tournament-share");
    platform.enter("other", "d").await.unwrap();
    platform.miner = platform.token_of("ada").await;
    let refused = reason(platform.enter("other", "e").await);
    assert_eq!(refused.code, "daily-share");
    platform.miner = platform.token_of("bob").await;
    platform.enter("t", "f").await.unwrap();
}

#[tokio::test]
async fn a_name_is_the_accounts_that_had_it_first_in_every_tournament() {
    let mut platform = Platform::new().await;
    platform.open("t").await;
    platform.open("other").await;
    let (ada, adas_other) = (
        platform.token_of("ada").await,
        platform.token_of("ada").await,
    );
    let bob = platform.token_of("bob").await;
    platform.miner = ada;
    platform.enter("t", "sgd").await.unwrap();
    platform.miner = bob;
    let refused = reason(platform.enter("other", "sgd").await);
    assert_eq!(
        (refused.code, refused.field.as_deref()),
        ("name-of-another", Some("query.name"))
    );
    assert!(!refused.help.is_empty());
    assert_eq!(platform.view("other").await.methods.len(), 0);
    platform.enter("other", "adam").await.unwrap();
    platform.miner = adas_other;
    platform.enter("other", "sgd").await.unwrap();
    let refused = reason(platform.enter("t", "adam").await);
    assert_eq!(refused.code, "name-of-another");
    // Nothing half written: not even the blob of what was refused before it was stored.
    platform.open("third").await;
    platform.miner = platform.token_of("eve").await;
    let new = NewSubmission {
        tournament: name("third"),
        name: method("sgd"),
        artifact: Artifact::Module(bytes::Bytes::from_static(b"eve's")),
        token: platform.miner,
    };
    assert_eq!(
        reason(submit(&platform.ctx, new).await).code,
        "name-of-another"
    );
    let blob = gauntlet_domain::Digest::of(b"eve's");
    assert!(!platform.ctx.blobs.exists(&blob).await.unwrap());
}

#[tokio::test]
async fn of_two_that_come_first_with_a_name_at_the_same_time_one_has_it() {
    let platform = Platform::new().await;
    let tournaments = ["t0", "t1", "t2", "t3"];
    let mut tokens = Vec::new();
    for tournament in tournaments {
        platform.open(tournament).await;
        tokens.push(platform.token_of(&format!("account-{tournament}")).await);
    }
    let mut entries = tokio::task::JoinSet::new();
    for (tournament, token) in tournaments.into_iter().zip(tokens) {
        let ctx = platform.ctx.clone();
        let new = NewSubmission {
            tournament: name(tournament),
            name: method("sgd"),
            artifact: Artifact::Module(bytes::Bytes::from_static(b"sgd")),
            token,
        };
        entries.spawn(async move { submit(&ctx, new).await });
    }
    let outcomes = entries.join_all().await;
    let (entered, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(entered.len(), 1);
    for outcome in refused {
        assert_eq!(reason(outcome).code, "name-of-another");
    }
}

#[tokio::test]
async fn what_arrives_after_its_token_was_revoked_does_not_enter() {
    let mut platform = Platform::new().await;
    platform.open("t").await;
    platform.miner = platform.token_of("ada").await;
    platform.enter("t", "a").await.unwrap();
    revoke_token(&platform.ctx, platform.miner).await.unwrap();
    assert_eq!(reason(platform.enter("t", "b").await).code, "token-ended");
    assert_eq!(platform.view("t").await.methods.len(), 1);
}
