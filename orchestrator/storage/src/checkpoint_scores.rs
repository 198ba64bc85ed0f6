//! Probes: scores of checkpoints on a public slice, and what follows from them.

use gauntlet_domain::tournament::CheckpointScore;
use gauntlet_domain::{RunId, TournamentId};

use crate::{Conn, Result, parse};

/// Notes probes of an attempt; one that is there stays as it is.
pub async fn add(
    conn: &mut Conn,
    run: RunId,
    attempt: i32,
    probes: &[CheckpointScore],
) -> Result<()> {
    let indices = probes
        .iter()
        .map(|probe| parse::number("probes.sixteenths", probe.checkpoint_index))
        .collect::<Result<Vec<i32>>>()?;
    let work = probes
        .iter()
        .map(|probe| parse::number("probes.work", probe.work))
        .collect::<Result<Vec<i64>>>()?;
    let scores: Vec<f64> = probes.iter().map(|probe| probe.score).collect();
    sqlx::query!(
        r#"
        INSERT INTO probes (run_id, attempt, sixteenths, work, score)
        SELECT $1, $2, * FROM unnest($3::integer[], $4::bigint[], $5::double precision[])
        ON CONFLICT DO NOTHING
        "#,
        run.0,
        attempt,
        &indices,
        &work,
        &scores
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The probes of a run's latest attempt, in the order of work.
pub async fn of(conn: &mut Conn, run: RunId) -> Result<Vec<CheckpointScore>> {
    let rows = sqlx::query!(
        r#"
        SELECT probes.sixteenths, probes.work, probes.score
        FROM probes JOIN runs ON runs.id = probes.run_id AND runs.attempt = probes.attempt
        WHERE probes.run_id = $1 ORDER BY probes.sixteenths
        "#,
        run.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CheckpointScore {
                checkpoint_index: parse::number("probes.sixteenths", row.sixteenths)?,
                work: parse::number("probes.work", row.work)?,
                score: row.score,
            })
        })
        .collect()
}

/// Scores of a tournament's completed runs at this share of their budget.
pub async fn of_completed(
    conn: &mut Conn,
    tournament: TournamentId,
    checkpoint_index: u32,
) -> Result<Vec<(RunId, f64)>> {
    let rows = sqlx::query!(
        r#"
        SELECT probes.run_id, probes.score
        FROM probes
        JOIN runs ON runs.id = probes.run_id
        JOIN results ON results.run_id = probes.run_id AND results.attempt = probes.attempt
        WHERE runs.tournament_id = $1 AND probes.sixteenths = $2
          AND results.verdict = 'completed'
        "#,
        tournament.0,
        parse::int4("probes.sixteenths", checkpoint_index)?
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (RunId(row.run_id), row.score))
        .collect())
}

/// Decides that an attempt is to be stopped.
pub async fn stop(conn: &mut Conn, run: RunId, attempt: i32, reason: &str) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE attempts SET stop = $3
        WHERE run_id = $1 AND attempt = $2 AND state = 'leased' AND stop IS NULL
        "#,
        run.0,
        attempt,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Why an attempt is to be stopped, if it is.
pub async fn stopped(conn: &mut Conn, run: RunId, attempt: i32) -> Result<Option<String>> {
    let stop = sqlx::query_scalar!(
        "SELECT stop FROM attempts WHERE run_id = $1 AND attempt = $2",
        run.0,
        attempt
    )
    .fetch_optional(conn)
    .await?;
    Ok(stop.flatten())
}
