//! What was answered to requests that may come again.

use gauntlet_domain::{AccountId, Digest};

use crate::{Conn, Result, parse};

/// A key as its account gave it to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Whose it is.
    pub account: AccountId,
    /// 1 to 255 characters.
    pub key: String,
}

/// A request that came with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// For the first time: it is to be carried out.
    Now,
    /// It is being carried out.
    UnderWay,
    /// It was answered so.
    Answered {
        /// Status.
        status: u16,
        /// Body.
        body: Vec<u8>,
    },
    /// The key was another request's.
    Another,
}

/// A request comes. Keys of a day ago are free again, and so are those of requests that have been
/// carried out for ten minutes: whoever did so has died. A few of the old ones go.
pub async fn begin(conn: &mut Conn, key: &Key, request: &Digest) -> Result<Begun> {
    let request = request.to_string();
    let ours = sqlx::query_scalar!(
        r#"
        WITH old AS (
            DELETE FROM idempotency_keys WHERE (account_id, key) IN (
                SELECT account_id, key FROM idempotency_keys
                WHERE begun_at < now() - interval '24 hours' AND (account_id, key) <> ($1, $2)
                ORDER BY begun_at LIMIT 4 FOR UPDATE SKIP LOCKED)
        )
        INSERT INTO idempotency_keys (account_id, key, request) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, key) DO UPDATE
            SET request = excluded.request, begun_at = now(), status = NULL, answer = NULL
            WHERE idempotency_keys.begun_at < now() - interval '24 hours'
               OR (idempotency_keys.status IS NULL
                   AND idempotency_keys.begun_at < now() - interval '10 minutes')
        RETURNING true AS "ours!"
        "#,
        key.account.0,
        key.key,
        request
    )
    .fetch_optional(&mut *conn)
    .await?;
    if ours.is_some() {
        return Ok(Begun::Now);
    }
    let row = sqlx::query!(
        "SELECT request, status, answer FROM idempotency_keys WHERE account_id = $1 AND key = $2",
        key.account.0,
        key.key
    )
    .fetch_optional(conn)
    .await?;
    Ok(match row {
        // It failed in between: it may be tried again.
        None => Begun::UnderWay,
        Some(row) if row.request != request => Begun::Another,
        Some(row) => match (row.status, row.answer) {
            (Some(status), Some(body)) => Begun::Answered {
                status: parse::number("status", i64::from(status))?,
                body,
            },
            _ => Begun::UnderWay,
        },
    })
}

/// It was carried out, and answered so.
pub async fn answered(conn: &mut Conn, key: &Key, status: u16, body: &[u8]) -> Result<()> {
    sqlx::query!(
        "UPDATE idempotency_keys SET status = $3, answer = $4 WHERE account_id = $1 AND key = $2",
        key.account.0,
        key.key,
        i16::try_from(status).unwrap_or(i16::MAX),
        body
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// It was not carried out: it may come again.
pub async fn forget(conn: &mut Conn, key: &Key) -> Result<()> {
    sqlx::query!(
        "DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND status IS NULL",
        key.account.0,
        key.key
    )
    .execute(conn)
    .await?;
    Ok(())
}
