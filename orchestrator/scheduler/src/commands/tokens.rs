//! Bearer tokens: `gnt_<scope>_<64 hex digits>`. Only digests are stored.

use gauntlet_domain::record::PlatformEvent;
use gauntlet_domain::{Digest, TokenId};
use gauntlet_storage::{events, tokens};
use uuid::Uuid;

use super::text;
use crate::{Context, Reason, Refusal};

/// What a token's bearer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Scope {
    /// Everything but to act as a runner.
    Admin,
    /// Hand methods in.
    Miner,
    /// Lease runs, report them, read hidden data.
    Runner,
}

impl Scope {
    /// The name used in tokens, in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Makes a token of 256 random bits. This is the only time it can be seen.
pub async fn issue_token(ctx: &Context, scope: Scope, note: &str) -> Result<String, Refusal> {
    let random: [u8; 32] = rand::random();
    let token = format!("gnt_{}_{}", scope.as_str(), hex::encode(random));
    ensure_token(ctx, &token, scope, note).await?;
    Ok(token)
}

/// Makes sure that `token` (kept in a file, say) is known, with this scope.
pub async fn ensure_token(
    ctx: &Context,
    token: &str,
    scope: Scope,
    note: &str,
) -> Result<TokenId, Refusal> {
    text::check("body.note", note, 200)?;
    let well_formed = token
        .strip_prefix("gnt_")
        .and_then(|rest| rest.strip_prefix(scope.as_str()))
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|secret| secret.len() == 64 && secret.parse::<Digest>().is_ok());
    if !well_formed {
        return Err(Reason::new(
            "invalid-token",
            format!("this is not a {} token", scope.as_str()),
            "tokens look like gnt_<scope>_<64 hex digits>",
        )
        .invalid());
    }
    let digest = Digest::of(token.as_bytes());
    let mut tx = ctx.db.begin().await?;
    if let Some(row) = tokens::find(&mut tx, &digest).await? {
        return Ok(row.id);
    }
    let id = TokenId(Uuid::now_v7());
    match tokens::insert(&mut tx, id, scope.as_str(), &digest, note).await {
        Ok(()) => {}
        Err(error) if error.constraint() == Some("tokens_digest_key") => {
            drop(tx);
            return existing(ctx, &digest).await;
        }
        Err(error) => return Err(error.into()),
    }
    let event = PlatformEvent::TokenIssued {
        token: id,
        scope: scope.as_str().to_owned(),
    };
    events::append_platform(&mut tx, &event).await?;
    ctx.commit(tx, "token").await?;
    Ok(id)
}

/// Somebody else has just added it, or it was revoked.
async fn existing(ctx: &Context, digest: &Digest) -> Result<TokenId, Refusal> {
    let mut conn = ctx.db.acquire().await?;
    match tokens::find(&mut conn, digest).await? {
        Some(row) => Ok(row.id),
        None => Err(Reason::new(
            "token-revoked",
            "this token was revoked",
            "make another one",
        )
        .conflict()),
    }
}
