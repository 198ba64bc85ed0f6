//! The record of what happened: one hash chain for each tournament, one for
//! the platform. Append in the transaction of the state change, last of all.

use std::collections::BTreeMap;

use gauntlet_domain::record::{Event, Link, PlatformEvent};
use gauntlet_domain::{AccountName, Digest, TournamentId};
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
    let seq = append_all(conn, tournament, std::slice::from_ref(event)).await?;
    listen::notify(conn, tournament).await?;
    Ok(seq)
}

/// Appends events of a tournament, in this order, and tells nobody. Transactions that
/// notify commit one after the other in the whole database, so those that come by the
/// thousand leave it to their caller, after the commit.
pub async fn append_all(
    conn: &mut Conn,
    tournament: TournamentId,
    events: &[Event],
) -> Result<i64> {
    let kinds: Vec<String> = events.iter().map(|event| event.kind().to_owned()).collect();
    let bodies = events.iter().map(body).collect::<Result<Vec<String>>>()?;
    write(conn, &tournament.to_string(), &kinds, &bodies).await
}

/// Appends an event of the platform.
pub async fn append_platform(conn: &mut Conn, event: &PlatformEvent) -> Result<i64> {
    write(conn, PLATFORM, &[event.kind().to_owned()], &[body(event)?]).await
}

fn body(event: &impl Serialize) -> Result<String> {
    serde_json::to_string(event)
        .map_err(|error| Error::Corrupt(format!("an event cannot be written: {error}")))
}

/// The chain's row is locked from here on: append last of all.
async fn write(conn: &mut Conn, chain: &str, kinds: &[String], bodies: &[String]) -> Result<i64> {
    let seq = sqlx::query_scalar!(
        r#"SELECT append_events($1, $2, $3) AS "seq!""#,
        chain,
        kinds,
        bodies
    )
    .fetch_one(conn)
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

/// Who acts in this transaction from here on: events that are appended name the account beside
/// them.
pub async fn set_actor(conn: &mut Conn, actor: &AccountName) -> Result<()> {
    sqlx::query!(
        "SELECT set_config('gauntlet.actor', $1, true) AS set",
        actor.as_str()
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Which accounts are named beside the events after number `after`, of at most `limit` events: by
/// the event's number.
pub async fn actors(
    conn: &mut Conn,
    chain: &str,
    after: i64,
    limit: i64,
) -> Result<BTreeMap<i64, String>> {
    let rows = sqlx::query!(
        r#"
        SELECT seq, actor AS "actor!" FROM events
        WHERE chain = $1 AND seq > $2 AND seq <= $2 + $3 AND actor IS NOT NULL
        "#,
        chain,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.seq, row.actor)).collect())
}

/// Number of the first event of a run in a chain: everything before is what organiser and
/// entrants did, and what follows from the seed.
pub(crate) async fn first_of_a_run(conn: &mut Conn, chain: &str) -> Result<Option<i64>> {
    let seq = sqlx::query_scalar!(
        "SELECT seq FROM events WHERE chain = $1 AND starts_with(kind, 'run_') ORDER BY seq LIMIT 1",
        chain
    )
    .fetch_optional(conn)
    .await?;
    Ok(seq)
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
