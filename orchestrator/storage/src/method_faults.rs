//! Methods that fault wherever they run.

use gauntlet_domain::{MethodName, RunnerId, SubmissionId, TournamentId};

use crate::{Conn, Result, parse};

/// A method of a tournament that no runner can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrunnable {
    /// The tournament.
    pub tournament: TournamentId,
    /// The method.
    pub method: SubmissionId,
    /// Its name.
    pub name: MethodName,
    /// Runners in good standing that a stuck run of it faulted on, and on which another method
    /// of the tournament had a result; at least two.
    pub runners: Vec<RunnerId>,
    /// Their names, in the same order.
    pub runner_names: Vec<String>,
}

/// All of them. A title's defender is none: it would lose its title to the platform.
pub async fn find(conn: &mut Conn) -> Result<Vec<Unrunnable>> {
    let rows = sqlx::query!(
        r#"
        WITH stuck AS MATERIALIZED (
            SELECT runs.id, runs.tournament_id, runs.submission_id FROM runs
            JOIN tournaments ON tournaments.id = runs.tournament_id
            WHERE runs.state = 'stuck' AND tournaments.state = 'closed'
              AND tournaments.paused_because IS NULL
        ), faulted AS MATERIALIZED (
            SELECT DISTINCT stuck.tournament_id, stuck.submission_id, attempts.runner_id
            FROM stuck JOIN attempts ON attempts.run_id = stuck.id
            WHERE attempts.state IN ('faulted', 'expired') AND NOT attempts.forgiven
        )
        SELECT faulted.tournament_id, faulted.submission_id, submissions.name,
               array_agg(runners.id ORDER BY runners.name, runners.id) AS "runners!",
               array_agg(runners.name ORDER BY runners.name, runners.id) AS "runner_names!"
        FROM faulted
        JOIN submissions ON submissions.id = faulted.submission_id
        JOIN runners ON runners.id = faulted.runner_id
        WHERE submissions.role = 'challenger' AND submissions.disqualified_because IS NULL
          AND runners.set_aside_until IS NULL
          AND EXISTS (
              SELECT 1 FROM runs AS passed JOIN attempts ON attempts.run_id = passed.id
              WHERE passed.tournament_id = faulted.tournament_id
                AND passed.submission_id <> faulted.submission_id
                AND attempts.runner_id = faulted.runner_id AND attempts.state = 'reported')
        GROUP BY faulted.tournament_id, faulted.submission_id, submissions.name
        HAVING count(*) >= 2
        "#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Unrunnable {
                tournament: TournamentId(row.tournament_id),
                method: SubmissionId(row.submission_id),
                name: parse::text("submissions.name", &row.name)?,
                runners: row.runners.into_iter().map(RunnerId).collect(),
                runner_names: row.runner_names,
            })
        })
        .collect()
}
