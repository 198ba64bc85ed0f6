//! The other side of the comparison: PostgreSQL's own benchmark, which speaks to the server
//! without anything in between, with the very statements that the orchestrator executes.
//! They are read from `.sqlx`, where the compiler checked them, so they cannot drift apart.

use std::path::Path;
use std::process::{Command, Output};

use gauntlet_domain::TournamentId;
use serde::Deserialize;

use crate::error::Result;
use crate::platform::Platform;

/// A query as sqlx keeps it.
#[derive(Deserialize)]
struct Kept {
    query: String,
}

/// Registers runners whose ids pgbench can compute; gives their token's id.
pub(crate) fn runners(platform: &Platform, count: usize) -> Result<String> {
    let sql = format!(
        "INSERT INTO runners (id, token_id, name, class, version)
         SELECT {RUNNER_OF_N}, (SELECT id FROM tokens WHERE scope = 'runner' ORDER BY id LIMIT 1),
                'pgbench-' || n, 'bench', '0' FROM generate_series(0, {}) AS n;
         SELECT id FROM tokens WHERE scope = 'runner' ORDER BY id LIMIT 1",
        count - 1
    );
    let mut psql = program("psql")?;
    psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"])
        .arg(platform.database())
        .args(["-c", &sql]);
    Ok(checked("psql", psql.output()?)?.trim().to_owned())
}

const RUNNER_OF_N: &str = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";

/// Runs leased and completed a second; `token` is what [`runners`] gave.
pub(crate) fn run(
    platform: &Platform,
    tournament: TournamentId,
    token: &str,
    clients: usize,
    seconds: u64,
) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("lease-and-complete.sql");
    std::fs::write(&script, text(tournament, token, &platform.model)?)?;
    let mut pgbench = program("pgbench")?;
    pgbench
        // As the orchestrator's own sessions and transactions have it (`Db::begin_short`).
        .env(
            "PGOPTIONS",
            "-c jit=off -c plan_cache_mode=force_generic_plan -c enable_seqscan=off",
        )
        .args(["-n", "-M", "prepared", "-j", "2"])
        .args(["-c", &clients.to_string(), "-T", &seconds.to_string()])
        .arg("-f")
        .arg(&script)
        .arg(platform.database());
    let said = checked("pgbench", pgbench.output()?)?;
    let failed = said
        .lines()
        .any(|line| line.starts_with("number of failed transactions") && !line.contains(": 0 "));
    if failed {
        return Err(format!("pgbench had failed transactions:\n{said}").into());
    }
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = rate.and_then(|rest| rest.split_whitespace().next());
    Ok(rate
        .ok_or_else(|| format!("pgbench does not say its rate:\n{said}"))?
        .parse()?)
}

fn program(name: &str) -> Result<Command> {
    let path = gauntlet_postgres::installed()?.join(name);
    if !path.is_file() {
        return Err(format!(
            "{} is missing; it belongs to Debian's package postgresql (scripts/setup installs it)",
            path.display()
        )
        .into());
    }
    Ok(Command::new(path))
}

fn checked(name: &str, output: Output) -> Result<String> {
    let error = String::from_utf8_lossy(&output.stderr);
    // A client of pgbench that gives up does not make it fail.
    if !output.status.success() || error.contains("ERROR") || error.contains("aborted") {
        return Err(format!("{name} failed ({}): {error}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a lease is charged to its tournament's share, in units of work: a task's budget.
const COST: &str = "1000000000";

/// One lease transaction and one complete transaction, as the orchestrator executes them
/// for one runner.
fn text(tournament: TournamentId, token: &str, model: &str) -> Result<String> {
    let statements = Statements::read()?;
    let meters = r#"{"work": 900000000, "flops": 600000000, "bytes_moved": 300000000, "operations": 48000, "batches": 400, "peak_tensor_bytes": 3145728, "wall_micros": 2345678}"#;
    let meters = format!("ARRAY['{meters}']::jsonb[]");
    let runner = ":runner";
    let append = |kind: &str, body: &str| -> Result<String> {
        let kinds = format!("ARRAY['{kind}']");
        let bodies = format!("ARRAY[{body}]");
        let chain = format!("'{tournament}'");
        statements.with("append_events", &[&chain, &kinds, &bodies])
    };
    let leased = append(
        "run_leased",
        r#"format('{"kind": "run_leased", "run": "%s", "attempt": %s, "runner": "%s"}', :id::text, :number::text, :runner::text)"#,
    )?;
    let done = append(
        "run_done",
        &format!(
            r#"format('{{"kind": "run_done", "run": "%s", "attempt": %s, "outcome": {{"verdict": "completed", "score": 0.5}}, "model": "{model}"}}', :id::text, :number::text)"#
        ),
    )?;
    let pick = statements.with(
        "picked AS MATERIALIZED",
        &["ARRAY['wasm']", runner, "'{}'::uuid[]", "1", "1"],
    )?;
    let take = statements.with(
        "INSERT INTO attempts",
        &[
            "ARRAY[:id]",
            "ARRAY[:number]",
            "ARRAY[:runner]",
            "15",
            &format!("'{tournament}'::uuid"),
            ":start",
            ":organiser_start",
            COST,
            COST,
            "ARRAY[5400::float8]",
        ],
    )?;
    let held = statements.with(
        "AS holder (run, attempt, token)",
        &["ARRAY[:id]", "ARRAY[:number]", &format!("ARRAY['{token}']")],
    )?;
    let accept = statements.with(
        "INSERT INTO results",
        &[
            "ARRAY[:id]",
            "ARRAY[:number]",
            "ARRAY['completed']",
            "ARRAY[0.5]",
            &format!("ARRAY['{model}']"),
            &format!("ARRAY['{model}']"),
            "ARRAY[NULL]",
            &meters,
            &meters,
            &format!("ARRAY['{model}']"),
            "ARRAY[NULL]",
            "ARRAY[NULL]",
        ],
    )?;
    let open = statements.with("AS \"open!\"", &[&format!("'{tournament}'::uuid")])?;
    // \gset makes variables of the picked row's columns.
    Ok(format!(
        "\\set n :client_id
SELECT {}::text AS runner \\gset
BEGIN;
{pick} \\gset
\\set number :attempt + 1
{take};
{leased};
END;
BEGIN;
{held};
{accept};
{done};
{open};
END;
",
        RUNNER_OF_N.replace("to_hex(n)", "to_hex(:n::int)")
    ))
}

/// The compiled queries.
struct Statements(Vec<String>);

impl Statements {
    fn read() -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.sqlx");
        let mut queries = Vec::new();
        for entry in
            std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?
        {
            let kept: Kept = serde_json::from_slice(&std::fs::read(entry?.path())?)?;
            queries.push(kept.query);
        }
        Ok(Self(queries))
    }

    /// The one query with this in it, its parameters replaced, on one line as pgbench wants it.
    fn with(&self, mark: &str, parameters: &[&str]) -> Result<String> {
        let mut found = self.0.iter().filter(|query| query.contains(mark));
        let (Some(query), None) = (found.next(), found.next()) else {
            return Err(format!("not exactly one query in .sqlx has `{mark}`").into());
        };
        let words: Vec<&str> = query.split_whitespace().collect();
        // What sqlx reads from a column's name means nothing to pgbench.
        let mut text = words.join(" ").replace("!\"", "\"").replace("?\"", "\"");
        // Before anything is replaced: `$1` is the beginning of `$11`.
        if text.contains(&format!("${}", parameters.len() + 1)) {
            return Err(format!("the query with `{mark}` takes more parameters: {text}").into());
        }
        for (nth, value) in parameters.iter().enumerate().rev() {
            text = text.replace(&format!("${}", nth + 1), value);
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use gauntlet_domain::TournamentId;

    #[test]
    fn every_statement_is_found_and_filled_in() {
        let id = TournamentId(uuid::Uuid::nil());
        let script = super::text(id, "token", "model").unwrap();
        assert!(!script.contains('$'), "{script}");
        assert_eq!(script.matches("append_events").count(), 2);
    }
}
