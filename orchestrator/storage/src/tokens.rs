//! Bearer tokens, by digest. A token is good if it was not revoked and has not expired.

use gauntlet_domain::{AccountId, AccountName, Digest, TokenId};
use time::OffsetDateTime;

use crate::page::{Page, Place};
use crate::{Conn, Result, parse};

/// A token that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// `admin`, `organiser`, `miner`, `runner` or `reader`.
    pub scope: String,
    /// Whose it is.
    pub account: AccountId,
    /// The account's name.
    pub account_name: AccountName,
    /// Whether its use was noted within the last minute.
    pub noted: bool,
}

/// A token to be added.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// Its id.
    pub id: TokenId,
    /// Whose it is; none for an account of its own with the same id.
    pub account: Option<AccountId>,
    /// What its bearer may do.
    pub scope: &'a str,
    /// Digest of the secret.
    pub digest: &'a Digest,
    /// What it is called.
    pub note: &'a str,
    /// For how many seconds it is good, if not for ever.
    pub lifetime_seconds: Option<u32>,
}

/// A token as it is listed: nothing from which its secret could be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// Its id.
    pub id: TokenId,
    /// What it is called.
    pub note: String,
    /// What its bearer may do.
    pub scope: String,
    /// The account's name.
    pub account: String,
    /// What the account is for.
    pub role: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it stops being good by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    /// Whether it is good now.
    pub good: bool,
}

/// Adds a token (constraint `tokens_digest_key`).
pub async fn insert(conn: &mut Conn, new: &NewToken<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO tokens (id, account_id, scope, digest, note, expires_at)
        VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
        "#,
        new.id.0,
        new.account.map(|account| account.0),
        new.scope,
        new.digest.to_string(),
        new.note,
        new.lifetime_seconds.map(f64::from)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The token with this digest, if it is good.
pub async fn find(conn: &mut Conn, digest: &Digest) -> Result<Option<TokenRow>> {
    let row = sqlx::query!(
        r#"
        SELECT tokens.id, tokens.scope, tokens.account_id, accounts.name,
               coalesce(tokens.last_used_at > now() - interval '1 minute', false) AS "noted!"
        FROM tokens JOIN accounts ON accounts.id = tokens.account_id
        WHERE tokens.digest = $1 AND tokens.revoked_at IS NULL
          AND (tokens.expires_at IS NULL OR tokens.expires_at > now())
        "#,
        digest.to_string()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(TokenRow {
            id: TokenId(row.id),
            scope: row.scope,
            account: AccountId(row.account_id),
            account_name: parse::text("accounts.name", &row.name)?,
            noted: row.noted,
        })
    })
    .transpose()
}

/// Whose a good token is, and its scope. Until the transaction ends, others that ask the same of
/// this account wait.
pub async fn lock_account(conn: &mut Conn, id: TokenId) -> Result<Option<(AccountId, String)>> {
    let row = sqlx::query!(
        r#"
        SELECT tokens.scope, accounts.id
        FROM tokens JOIN accounts ON accounts.id = tokens.account_id
        WHERE tokens.id = $1 AND tokens.revoked_at IS NULL
          AND (tokens.expires_at IS NULL OR tokens.expires_at > now())
        "#,
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    sqlx::query!("SELECT FROM lock_account($1)", row.id)
        .execute(conn)
        .await?;
    Ok(Some((AccountId(row.id), row.scope)))
}

/// Those of the digests under which there is no good token.
pub async fn not_good(conn: &mut Conn, digests: &[Digest]) -> Result<Vec<Digest>> {
    let digests: Vec<String> = digests.iter().map(Digest::to_string).collect();
    let gone = sqlx::query_scalar!(
        r#"
        SELECT asked.digest AS "digest!" FROM unnest($1::text[]) AS asked (digest)
        WHERE NOT EXISTS (
            SELECT 1 FROM tokens
            WHERE tokens.digest = asked.digest AND tokens.revoked_at IS NULL
              AND (tokens.expires_at IS NULL OR tokens.expires_at > now()))
        "#,
        &digests
    )
    .fetch_all(conn)
    .await?;
    gone.iter()
        .map(|digest| parse::text("digest", digest))
        .collect()
}

/// Notes that these tokens are in use. One for which that was noted within the last minute is
/// not written again, nor one that somebody else holds: its next use comes.
pub async fn note_use(conn: &mut Conn, ids: &[TokenId]) -> Result<()> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        r#"
        UPDATE tokens SET last_used_at = now()
        WHERE id IN (SELECT id FROM tokens
                     WHERE id = ANY($1)
                       AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
                     FOR NO KEY UPDATE SKIP LOCKED)
        "#,
        &ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All tokens, or the one with this id, newest first.
pub async fn list(conn: &mut Conn, page: &Page<Place>) -> Result<Vec<TokenView>> {
    select(conn, None, page).await
}

/// The token with that id.
pub async fn one(conn: &mut Conn, id: TokenId) -> Result<Option<TokenView>> {
    Ok(select(conn, Some(id), &Page::first(1)).await?.pop())
}

async fn select(
    conn: &mut Conn,
    only: Option<TokenId>,
    page: &Page<Place>,
) -> Result<Vec<TokenView>> {
    let (at, id) = page.place();
    let rows = sqlx::query!(
        r#"
        SELECT tokens.id, tokens.note, tokens.scope, accounts.name AS account, accounts.role,
               tokens.created_at, tokens.expires_at, tokens.last_used_at, tokens.revoked_at,
               tokens.revoked_at IS NULL AND (tokens.expires_at IS NULL OR tokens.expires_at > now())
                   AS "good!"
        FROM tokens JOIN accounts ON accounts.id = tokens.account_id
        WHERE ($1::uuid IS NULL OR tokens.id = $1)
          AND ($2::timestamptz IS NULL OR (tokens.created_at, tokens.id) < ($2, $3::uuid))
        ORDER BY tokens.created_at DESC, tokens.id DESC LIMIT $4
        "#,
        only.map(|id| id.0),
        at,
        id,
        page.limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TokenView {
            id: TokenId(row.id),
            note: row.note,
            scope: row.scope,
            account: row.account,
            role: row.role,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            good: row.good,
        })
        .collect())
}

/// What is known of a token, locked until the transaction ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedToken {
    /// What its bearer may do.
    pub scope: String,
    /// The account's name.
    pub account_name: AccountName,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Whether its time is over.
    pub expired: bool,
}

/// Locks a token.
pub async fn lock(conn: &mut Conn, id: TokenId) -> Result<Option<LockedToken>> {
    let row = sqlx::query!(
        r#"
        SELECT tokens.scope, accounts.name, tokens.revoked_at IS NOT NULL AS "revoked!",
               coalesce(tokens.expires_at <= now(), false) AS "expired!"
        FROM tokens JOIN accounts ON accounts.id = tokens.account_id
        WHERE tokens.id = $1
        FOR NO KEY UPDATE OF tokens
        "#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(LockedToken {
            scope: row.scope,
            account_name: parse::text("accounts.name", &row.name)?,
            revoked: row.revoked,
            expired: row.expired,
        })
    })
    .transpose()
}

/// Makes a token good for nothing from now on.
pub async fn revoke(conn: &mut Conn, id: TokenId) -> Result<()> {
    sqlx::query!(
        "UPDATE tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL",
        id.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts another secret in the place of a token's (constraint `tokens_digest_key`).
pub async fn replace_digest(conn: &mut Conn, id: TokenId, digest: &Digest) -> Result<()> {
    sqlx::query!(
        "UPDATE tokens SET digest = $2, last_used_at = NULL WHERE id = $1",
        id.0,
        digest.to_string()
    )
    .execute(conn)
    .await?;
    Ok(())
}
