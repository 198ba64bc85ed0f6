//! Tokens are random, and stored as digests only.

use gauntlet_domain::Digest;
use gauntlet_domain::record::PlatformEvent;
use gauntlet_scheduler::commands::tokens::{
    NewToken, Scope, create_token, ensure_token, ensure_token_of, issue_token, revoke_token,
    rotate_token,
};
use gauntlet_storage::{events, tokens};

use crate::support::{Platform, reason, token};

#[tokio::test]
async fn a_token_is_found_by_its_digest() {
    let platform = Platform::new().await;
    let issued = issue_token(&platform.ctx, Scope::Admin, "for Ada")
        .await
        .unwrap();
    assert!(issued.starts_with("gnt_admin_"));
    assert_eq!(issued.len(), "gnt_admin_".len() + 64);
    let other = issue_token(&platform.ctx, Scope::Admin, "").await.unwrap();
    assert_ne!(issued, other);
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let row = tokens::find(&mut conn, &Digest::of(issued.as_bytes()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.scope, "admin");
    let unknown = Digest::of(token("admin", 200).as_bytes());
    assert_eq!(tokens::find(&mut conn, &unknown).await.unwrap(), None);

    // The secret itself is nowhere in the database.
    let dump = platform.database.dump().await;
    assert!(dump.contains(&Digest::of(issued.as_bytes()).to_string()));
    assert!(!dump.contains(&issued["gnt_admin_".len()..]));
}

#[tokio::test]
async fn ensuring_twice_keeps_one_and_malformed_ones_are_refused() {
    let platform = Platform::new().await;
    let text = token("miner", 77);
    let first = ensure_token(&platform.ctx, &text, Scope::Miner, "")
        .await
        .unwrap();
    assert_eq!(
        ensure_token(&platform.ctx, &text, Scope::Miner, "again")
            .await
            .unwrap(),
        first
    );
    for wrong in [
        "",
        "gnt_miner_",
        "gnt_miner_abc",
        &text.replace("gnt", "xxx"),
        &text.to_uppercase(),
    ] {
        let refused = ensure_token(&platform.ctx, wrong, Scope::Miner, "").await;
        assert_eq!(reason(refused).code, "invalid-token", "{wrong}");
    }
    // A scope cannot be claimed for a token that names another.
    let refused = ensure_token(&platform.ctx, &text, Scope::Admin, "").await;
    assert_eq!(reason(refused).code, "invalid-token");
}

#[tokio::test]
async fn what_happens_to_tokens_is_recorded_with_who_did_it() {
    let platform = Platform::new().await;
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let head = events::head(&mut conn, events::PLATFORM).await.unwrap();
    let (before, _) = head.unwrap();
    let ctx = platform.ctx.acting(&"root".parse().unwrap());
    let new = NewToken {
        scope: Scope::Miner,
        note: String::new(),
        account: Some("ada".parse().unwrap()),
        lifetime_seconds: None,
    };
    let first = create_token(&ctx, new.clone()).await.unwrap();
    create_token(&ctx, new).await.unwrap();
    rotate_token(&ctx, first.id).await.unwrap();
    revoke_token(&ctx, first.id).await.unwrap();
    revoke_token(&ctx, first.id).await.unwrap();
    // What the platform does by itself names nobody.
    issue_token(&platform.ctx, Scope::Reader, "").await.unwrap();
    let links = events::list(&mut conn, events::PLATFORM, before, 100)
        .await
        .unwrap();
    let kinds: Vec<&str> = links
        .iter()
        .map(|link| {
            serde_json::from_str::<PlatformEvent>(&link.body)
                .unwrap()
                .kind()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "account_created",
            "token_issued",
            "token_issued",
            "token_rotated",
            "token_revoked",
            "account_created",
            "token_issued",
        ]
    );
    let actors = events::actors(&mut conn, events::PLATFORM, before, 100)
        .await
        .unwrap();
    let named: Vec<i64> = actors.keys().map(|seq| seq - before).collect();
    assert_eq!(named, [1, 2, 3, 4, 5]);
    assert!(actors.values().all(|actor| actor == "root"));
    // The chain is whole with them.
    let all = events::list(&mut conn, events::PLATFORM, 0, 1000)
        .await
        .unwrap();
    gauntlet_domain::record::verify(events::PLATFORM, &all, None).unwrap();
}

#[tokio::test]
async fn tokens_made_anew_are_the_same_accounts() {
    let platform = Platform::new().await;
    let account = || Some("local".parse().unwrap());
    let ensure = |nth| {
        let text = token("miner", nth);
        let ctx = &platform.ctx;
        async move { ensure_token_of(ctx, &text, Scope::Miner, "", account()).await }
    };
    // Several orchestrators that start at the same time.
    let (first, same, other, again) = tokio::join!(ensure(40), ensure(40), ensure(41), ensure(40));
    let first = first.unwrap();
    assert_eq!((first, first), (same.unwrap(), again.unwrap()));
    assert_ne!(first, other.unwrap());
    let mut conn = platform.ctx.db.acquire().await.unwrap();
    let mut accounts = Vec::new();
    for nth in [40, 41] {
        let digest = Digest::of(token("miner", nth).as_bytes());
        let row = tokens::find(&mut conn, &digest).await.unwrap().unwrap();
        accounts.push((row.account, row.account_name.to_string()));
    }
    assert_eq!(accounts[0], accounts[1]);
    assert_eq!(accounts[0].1, "local");
    revoke_token(&platform.ctx, first).await.unwrap();
    assert_eq!(reason(ensure(40).await).code, "token-revoked");
}
