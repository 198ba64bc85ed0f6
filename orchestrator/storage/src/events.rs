//! The record of what happened: one hash chain for each tournament, one for
//! the platform. Append in the transaction of the state change, last of all.

use gauntlet_domain::{Digest, Event, Link, PlatformEvent, TournamentId, link};
use serde::Serialize;
use time::OffsetDateTime;

use crate::{Conn, Error, Result, listen, parse};

/// Name of the platform's chain.
pub const PLATFORM: &str = "platform";

/// Starts the chain of a new tournament.
pub async fn start(conn: &mut Conn, tournament: TournamentId) -> Result<()> {
    sqlx::query!(
        "INSERT INTO chains (name) VALUES ($1)",
        tournament.to_string()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Appends an event of a tournament, and tells the other processes at commit.
pub async fn append(conn: &mut Conn, tournament: TournamentId, event: &Event) -> Result<i64> {
    let seq = write(conn, &tournament.to_string(), event.kind(), event).await?;
    listen::notify(conn, tournament).await?;
    Ok(seq)
}

/// Appends an event of the platform.
pub async fn append_platform(conn: &mut Conn, event: &PlatformEvent) -> Result<i64> {
    write(conn, PLATFORM, event.kind(), event).await
}

async fn write(conn: &mut Conn, chain: &str, kind: &str, body: &impl Serialize) -> Result<i64> {
    let body = serde_json::to_string(body)
        .map_err(|error| Error::Corrupt(format!("an event cannot be written: {error}")))?;
    let end = sqlx::query!(
        r#"
        SELECT length, head, clock_timestamp() AS "now!"
        FROM chains WHERE name = $1 FOR UPDATE
        "#,
        chain
    )
    .fetch_one(&mut *conn)
    .await?;
    let previous: Digest = parse::text("chains.head", &end.head)?;
    let seq = end.length + 1;
    let digest = link(&previous, chain, seq, micros(end.now), &body);
    sqlx::query!(
        r#"
        INSERT INTO events (chain, seq, at, kind, body, previous, digest)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        "#,
        chain,
        seq,
        end.now,
        kind,
        body,
        previous.to_string(),
        digest.to_string()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE chains SET length = $2, head = $3 WHERE name = $1",
        chain,
        seq,
        digest.to_string()
    )
    .execute(conn)
    .await?;
    Ok(seq)
}

/// Events of a chain after number `after`, oldest first, at most `limit`.
pub async fn list(conn: &mut Conn, chain: &str, after: i64, limit: i64) -> Result<Vec<Link>> {
    let rows = sqlx::query!(
        r#"
        SELECT seq, at, body, previous, digest FROM events
        WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3
        "#,
        chain,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Link {
                chain: chain.to_owned(),
                seq: row.seq,
                at_micros: micros(row.at),
                body: row.body,
                previous: parse::text("events.previous", &row.previous)?,
                digest: parse::text("events.digest", &row.digest)?,
            })
        })
        .collect()
}

/// The last event of a kind in a tournament's chain.
pub async fn last(conn: &mut Conn, tournament: TournamentId, kind: &str) -> Result<Option<Event>> {
    let body = sqlx::query_scalar!(
        "SELECT body FROM events WHERE chain = $1 AND kind = $2 ORDER BY seq DESC LIMIT 1",
        tournament.to_string(),
        kind
    )
    .fetch_optional(conn)
    .await?;
    body.map(|body| {
        serde_json::from_str(&body)
            .map_err(|error| Error::Corrupt(format!("events.body of a `{kind}`: {error}")))
    })
    .transpose()
}

/// Length and head of a chain.
pub async fn head(conn: &mut Conn, chain: &str) -> Result<Option<(i64, Digest)>> {
    let row = sqlx::query!("SELECT length, head FROM chains WHERE name = $1", chain)
        .fetch_optional(conn)
        .await?;
    row.map(|row| Ok((row.length, parse::text("chains.head", &row.head)?)))
        .transpose()
}

/// The database keeps microseconds, so nothing is lost here.
fn micros(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000) as i64
}
