//! Curves: what runs report while they train.

use gauntlet_domain::RunId;
use gauntlet_domain::run::{CurvePoint, MAX_METRIC_NAMES, MAX_POINTS_PER_METRIC};

use crate::{Conn, Result, parse};

/// Adds points of a run in progress; a point that is there stays as it is. The
/// caller has tidied them. A run that already has as many as will be kept gets
/// no more until its report.
pub async fn add(conn: &mut Conn, run: RunId, points: &[CurvePoint]) -> Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM curve_points WHERE run_id = $1"#,
        run.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let room = (MAX_METRIC_NAMES * MAX_POINTS_PER_METRIC) as i64 - count;
    let points = &points[..points.len().min(room.max(0) as usize)];
    insert(conn, [(run, points)]).await
}

/// Removes the curves of these runs.
pub async fn clear(conn: &mut Conn, runs: &[RunId]) -> Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    let runs: Vec<uuid::Uuid> = runs.iter().map(|run| run.0).collect();
    sqlx::query!("DELETE FROM curve_points WHERE run_id = ANY ($1)", &runs)
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds points of several runs; a point that is there stays as it is.
pub async fn insert<'a>(
    conn: &mut Conn,
    curves: impl IntoIterator<Item = (RunId, &'a [CurvePoint])>,
) -> Result<()> {
    let (mut runs, mut names, mut steps, mut values) = (vec![], vec![], vec![], vec![]);
    for (run, points) in curves {
        for point in points {
            runs.push(run.0);
            names.push(point.name.clone());
            steps.push(parse::number::<i64>("curve_points.step", point.step)?);
            values.push(point.value);
        }
    }
    if runs.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        INSERT INTO curve_points (run_id, name, step, value)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::double precision[])
        ON CONFLICT DO NOTHING
        "#,
        &runs,
        &names,
        &steps,
        &values as &[Option<f64>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The curve of a run, by name, then step.
pub async fn get(conn: &mut Conn, run: RunId) -> Result<Vec<CurvePoint>> {
    let rows = sqlx::query!(
        "SELECT name, step, value FROM curve_points WHERE run_id = $1 ORDER BY name, step",
        run.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CurvePoint {
                step: parse::number("curve_points.step", row.step)?,
                name: row.name,
                value: row.value,
            })
        })
        .collect()
}
