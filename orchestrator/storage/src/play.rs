//! A tournament as the rules see it, read from the tables.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use gauntlet_domain::run::Outcome;
use gauntlet_domain::tournament::{Block, Parts, Round, RunRecord, Tournament};
use gauntlet_domain::{Digest, RunId, SubmissionId, TournamentId};

use crate::tournaments::{self, Lock, TournamentRow};
use crate::{Conn, Error, Result, parse, submissions};

/// A tournament with its row.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The row.
    pub row: TournamentRow,
    /// The tournament.
    pub tournament: Tournament,
}

/// Reads a whole tournament; with a lock nobody else moves it meanwhile.
pub async fn load(conn: &mut Conn, id: TournamentId, lock: Lock) -> Result<Option<Loaded>> {
    let Some(row) = tournaments::get(&mut *conn, id, lock).await? else {
        return Ok(None);
    };
    let field = submissions::field(&mut *conn, id).await?;
    let tasks = tournaments::tasks(&mut *conn, id).await?;
    let rounds = rounds(conn, id).await?;
    let tournament = Tournament::restore(Parts {
        rules: row.rules.clone(),
        metrics: tasks.into_iter().map(|task| task.metric).collect(),
        state: row.state,
        paused: row.paused.clone(),
        commitment: row.opened.then(|| row.nonce.commitment()),
        field: field.challengers,
        defender: field.defender,
        disqualified: field.disqualified,
        seed: row.seed,
        rounds,
        champion: row.champion,
    });
    Ok(Some(Loaded { row, tournament }))
}

async fn rounds(conn: &mut Conn, tournament: TournamentId) -> Result<Vec<Round>> {
    // As text: as values, heats and decisions of large fields take ten times their memory.
    let rounds = sqlx::query!(
        r#"
        SELECT number, entrants, heats::text, decision::text FROM rounds
        WHERE tournament_id = $1 ORDER BY number
        "#,
        tournament.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut blocks = blocks(&mut *conn, tournament).await?;
    let mut runs = runs(conn, tournament).await?;
    rounds
        .into_iter()
        .map(|row| {
            let number = parse::number("rounds.number", row.number)?;
            let entrants: Vec<SubmissionId> = row.entrants.into_iter().map(SubmissionId).collect();
            let (blocks, voided) = blocks.remove(&number).unwrap_or_default();
            let heats = match row.heats {
                Some(heats) => parse::json_text("rounds.heats", &heats)?,
                None => Round::one_heat(&entrants, &blocks),
            };
            Ok(Round {
                number,
                entrants,
                blocks,
                heats,
                voided,
                runs: runs.remove(&number).unwrap_or_default(),
                decision: row
                    .decision
                    .map(|decision| parse::json_text("rounds.decision", &decision))
                    .transpose()?,
            })
        })
        .collect()
}

/// The blocks of a round, and which of them do not count.
type Blocks = (Vec<Block>, BTreeSet<u32>);

async fn blocks(conn: &mut Conn, tournament: TournamentId) -> Result<BTreeMap<u32, Blocks>> {
    let rows = sqlx::query!(
        r#"
        SELECT rounds.number, blocks.index, blocks.seed, blocks.task, blocks.voided,
               blocks.again_round, blocks.again_index, blocks.half
        FROM blocks JOIN rounds ON rounds.id = blocks.round_id
        WHERE rounds.tournament_id = $1 ORDER BY rounds.number, blocks.index
        "#,
        tournament.0
    )
    .fetch_all(conn)
    .await?;
    let mut blocks: BTreeMap<u32, Blocks> = BTreeMap::new();
    for row in rows {
        let round = parse::number("rounds.number", row.number)?;
        let index = parse::number("blocks.index", row.index)?;
        let (of_round, voided) = blocks.entry(round).or_default();
        of_round.push(Block {
            round,
            index,
            seed: parse::text("blocks.seed", &row.seed)?,
            task: parse::number("blocks.task", row.task)?,
            again: match row.again_round.zip(row.again_index) {
                Some((round, index)) => Some((
                    parse::number("blocks.again_round", round)?,
                    parse::number("blocks.again_index", index)?,
                )),
                None => None,
            },
            half: row.half,
        });
        if row.voided {
            voided.insert(index);
        }
    }
    Ok(blocks)
}

async fn runs(
    conn: &mut Conn,
    tournament: TournamentId,
) -> Result<BTreeMap<u32, BTreeMap<RunId, RunRecord>>> {
    // One by one: as rows, a hundred thousand runs take much more memory than as records.
    let mut rows = sqlx::query!(
        r#"
        SELECT runs.id, runs.submission_id, runs.state, runs.attempt, rounds.number, blocks.index,
               results.verdict AS "verdict?", results.score, results.probe,
               results.to_target AS "to_target?"
        FROM runs
        JOIN rounds ON rounds.id = runs.round_id
        JOIN blocks ON blocks.id = runs.block_id
        LEFT JOIN results ON results.run_id = runs.id
        WHERE runs.tournament_id = $1
        "#,
        tournament.0
    )
    .fetch(conn);
    let mut runs: BTreeMap<u32, BTreeMap<RunId, RunRecord>> = BTreeMap::new();
    while let Some(row) = rows.try_next().await? {
        let round = parse::number("rounds.number", row.number)?;
        let outcome = row
            .verdict
            .as_deref()
            // A stopped run has its last probe for a score.
            .map(|verdict| outcome(verdict, row.score.or(row.probe)))
            .transpose()?;
        runs.entry(round).or_default().insert(
            RunId(row.id),
            RunRecord {
                submission: SubmissionId(row.submission_id),
                block: (round, parse::number("blocks.index", row.index)?),
                state: parse::text("runs.state", &row.state)?,
                attempt: row.attempt,
                outcome,
                to_target: row.to_target,
            },
        );
    }
    Ok(runs)
}

fn outcome(verdict: &str, score: Option<f64>) -> Result<Outcome> {
    Outcome::new(parse::text("results.verdict", verdict)?, score)
        .map_err(|error| Error::Corrupt(format!("results: {error}")))
}

/// Models of a method's runs.
pub async fn models(
    conn: &mut Conn,
    tournament: TournamentId,
    submission: SubmissionId,
) -> Result<BTreeMap<RunId, Digest>> {
    let rows = sqlx::query!(
        r#"
        SELECT results.run_id, results.model AS "model!"
        FROM results JOIN runs ON runs.id = results.run_id
        WHERE runs.tournament_id = $1 AND runs.submission_id = $2 AND results.model IS NOT NULL
        "#,
        tournament.0,
        submission.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((RunId(row.run_id), parse::text("results.model", &row.model)?)))
        .collect()
}
