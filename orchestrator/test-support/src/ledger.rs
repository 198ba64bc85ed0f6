//! What the tables say about the runs of a tournament, to be checked against what must
//! always hold.

use uuid::Uuid;

use crate::TestDatabase;

/// A run with what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LedgerLine {
    /// The run.
    pub id: Uuid,
    /// Its state, by name.
    pub state: String,
    /// Its last attempt.
    pub attempt: i32,
    /// Attempts before it is stuck.
    pub attempts_allowed: i32,
    /// Who holds it, or held it last.
    pub runner_id: Option<Uuid>,
    /// Whether it has a deadline that has passed.
    pub expired: bool,
    /// Rows of attempts.
    pub attempts: i64,
    /// The highest number of an attempt; 0 without any.
    pub last_attempt: i32,
    /// Attempts that are leased.
    pub open: i64,
    /// Whether the current attempt is leased to the run's runner.
    pub held: bool,
    /// Attempts whose report was accepted.
    pub reported: Vec<i32>,
    /// The attempt of the accepted result.
    pub result_attempt: Option<i32>,
    /// Digest of the accepted report.
    pub report_digest: Option<String>,
    /// Digest of the model.
    pub model: Option<String>,
}

impl TestDatabase {
    /// The runs of a tournament, by id.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn ledger(&self, tournament: Uuid) -> Vec<LedgerLine> {
        sqlx::query_as(
            "SELECT runs.id, runs.state, runs.attempt, runs.attempts_allowed, runs.runner_id,
                    coalesce(runs.lease_until < now(), false) AS expired,
                    count(attempts.attempt) AS attempts,
                    coalesce(max(attempts.attempt), 0) AS last_attempt,
                    count(*) FILTER (WHERE attempts.state = 'leased') AS open,
                    coalesce(bool_or(attempts.state = 'leased'
                                     AND attempts.attempt = runs.attempt
                                     AND attempts.runner_id = runs.runner_id), false) AS held,
                    coalesce(array_agg(attempts.attempt)
                             FILTER (WHERE attempts.state = 'reported'), '{}') AS reported,
                    results.attempt AS result_attempt, results.report_digest, results.model
             FROM runs
             LEFT JOIN attempts ON attempts.run_id = runs.id
             LEFT JOIN results ON results.run_id = runs.id
             WHERE runs.tournament_id = $1
             GROUP BY runs.id, results.run_id ORDER BY runs.id",
        )
        .bind(tournament)
        .fetch_all(self.owner())
        .await
        .unwrap_or_else(|error| panic!("failed to read the runs: {error}"))
    }

    /// Lets the leases of these runs run out, as if time had passed.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn let_expire(&self, runs: &[Uuid]) {
        sqlx::query(
            "UPDATE runs SET lease_until = now() - interval '1 second'
             WHERE id = ANY($1) AND state = 'leased'",
        )
        .bind(runs)
        .execute(self.owner())
        .await
        .unwrap_or_else(|error| panic!("failed to move deadlines: {error}"));
    }
}
