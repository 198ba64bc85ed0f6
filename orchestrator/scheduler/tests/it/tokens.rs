//! Tokens are random, and stored as digests only.

use gauntlet_domain::Digest;
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token, issue_token};
use gauntlet_storage::tokens;

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
