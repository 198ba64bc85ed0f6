//! Curves: what runs report while they train.

use gauntlet_domain::{CurvePoint, MAX_METRIC_NAMES, MAX_POINTS_PER_METRIC, RunId};

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
    insert(conn, run, points).await
}

/// Replaces the curve of a run by its final form.
pub async fn replace(conn: &mut Conn, run: RunId, points: &[CurvePoint]) -> Result<()> {
    sqlx::query!("DELETE FROM curve_points WHERE run_id = $1", run.0)
        .execute(&mut *conn)
        .await?;
    insert(conn, run, points).await
}

async fn insert(conn: &mut Conn, run: RunId, points: &[CurvePoint]) -> Result<()> {
    let names: Vec<String> = points.iter().map(|point| point.name.clone()).collect();
    let steps = points
        .iter()
        .map(|point| parse::number("curve_points.step", point.step))
        .collect::<Result<Vec<i64>>>()?;
    let values: Vec<Option<f64>> = points.iter().map(|point| point.value).collect();
    sqlx::query!(
        r#"
        INSERT INTO curve_points (run_id, name, step, value)
        SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::double precision[])
        ON CONFLICT DO NOTHING
        "#,
        run.0,
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
