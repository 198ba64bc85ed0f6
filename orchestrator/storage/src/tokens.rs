//! Bearer tokens, by digest.

use gauntlet_domain::{Digest, TokenId};

use crate::{Conn, Result};

/// A token that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// `admin`, `miner` or `runner`.
    pub scope: String,
}

/// Adds a token.
pub async fn insert(
    conn: &mut Conn,
    id: TokenId,
    scope: &str,
    digest: &Digest,
    note: &str,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO tokens (id, scope, digest, note) VALUES ($1, $2, $3, $4)",
        id.0,
        scope,
        digest.to_string(),
        note
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a token's bearer may do. Until the transaction ends, others that ask the same of this
/// token wait.
pub async fn lock_scope(conn: &mut Conn, id: TokenId) -> Result<Option<String>> {
    let scope = sqlx::query_scalar!(
        "SELECT scope FROM tokens WHERE id = $1 FOR NO KEY UPDATE",
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(scope)
}

/// The token with this digest, unless it was revoked.
pub async fn find(conn: &mut Conn, digest: &Digest) -> Result<Option<TokenRow>> {
    let row = sqlx::query!(
        "SELECT id, scope FROM tokens WHERE digest = $1 AND revoked_at IS NULL",
        digest.to_string()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| TokenRow {
        id: TokenId(row.id),
        scope: row.scope,
    }))
}
