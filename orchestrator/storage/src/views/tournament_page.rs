//! Reads a tournament with all that can be seen of it.

use std::collections::BTreeMap;

use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::{Round, Standing, Tournament};
use gauntlet_domain::{ArchiveId, Digest, RunId, SubmissionId, TournamentId, TournamentName};

use super::{
    BlockView, ChampionView, ComparisonView, CutView, HeatView, MethodView, RoundState, RoundView,
    RunCell, StandingView, TitleView, TournamentSummary, TournamentView,
};
use crate::play::{self, Loaded};
use crate::tournaments::{self, Lock};
use crate::{Conn, Result, parse};

/// All tournaments, newest first.
pub async fn tournaments(conn: &mut Conn) -> Result<Vec<TournamentSummary>> {
    let rows = sqlx::query!(
        r#"
        SELECT tournaments.id, tournaments.name, tasks.name AS task, tournaments.state,
               tournaments.created_at, champion.name AS "champion?",
               (SELECT count(*) FROM submissions
                WHERE submissions.tournament_id = tournaments.id) AS "methods!",
               (SELECT count(*) FROM runs
                WHERE runs.tournament_id = tournaments.id) AS "runs_total!",
               (SELECT count(*) FROM runs
                WHERE runs.tournament_id = tournaments.id AND runs.state = 'done') AS "runs_done!"
        FROM tournaments
        JOIN tasks ON tasks.id = tournaments.task_id
        LEFT JOIN submissions champion ON champion.id = tournaments.champion_id
        ORDER BY tournaments.created_at DESC, tournaments.id DESC
        "#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TournamentSummary {
                id: TournamentId(row.id),
                name: row.name,
                task: row.task,
                state: parse::text("tournaments.state", &row.state)?,
                methods: parse::number("count", row.methods)?,
                runs_done: parse::number("count", row.runs_done)?,
                runs_total: parse::number("count", row.runs_total)?,
                champion: row.champion,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// The tournament of that name. Read it in a transaction of isolation
/// `REPEATABLE READ` to see it at one moment.
pub async fn tournament(conn: &mut Conn, name: &TournamentName) -> Result<Option<TournamentView>> {
    let Some(id) = tournaments::id(&mut *conn, name).await? else {
        return Ok(None);
    };
    let Some(Loaded { row, tournament }) = play::load(&mut *conn, id, Lock::None).await? else {
        return Ok(None);
    };
    let head = sqlx::query!(
        r#"
        SELECT tasks.name AS task, tournaments.created_at, tournaments.opened_at,
               tournaments.closed_at, tournaments.ended_at, tournaments.cancelled_because,
               tournaments.closes_at, series.name AS "series?"
        FROM tournaments JOIN tasks ON tasks.id = tournaments.task_id
        LEFT JOIN series ON series.id = tournaments.series_id
        WHERE tournaments.id = $1
        "#,
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let (version, _) = tournaments::version(&mut *conn, id)
        .await?
        .unwrap_or_default();
    let scores = tournament.scores();
    let details = run_details(&mut *conn, id).await?;
    let names = Names::of(&tournament);
    let methods = methods(&mut *conn, id, &names).await?;
    let tasks: Vec<String> = tournaments::tasks(&mut *conn, id)
        .await?
        .into_iter()
        .map(|task| task.name)
        .collect();
    let sealed = row.seed.is_some();
    Ok(Some(TournamentView {
        id,
        name: row.name.to_string(),
        task: head.task,
        more_tasks: tasks.iter().skip(1).cloned().collect(),
        metric: tournament.scale(),
        state: row.state,
        rules: row.rules.clone(),
        nonce_digest: row.opened.then(|| row.nonce.commitment()),
        nonce: sealed.then_some(row.nonce),
        seed: row.seed,
        version: parse::number("version", version)?,
        created_at: head.created_at,
        opened_at: head.opened_at,
        series: head.series,
        closes_at: head.closes_at,
        closed_at: head.closed_at,
        ended_at: head.ended_at,
        cancelled_because: head.cancelled_because,
        paused_because: row.paused.clone(),
        methods,
        rounds: rounds(&tournament, &names, &details, &tasks, &scores),
        standings: overall(&tournament, &names, &scores),
        champion: champion(conn, id, &tournament, &names).await?,
    }))
}

/// Names of the field, and when each was cut.
struct Names {
    names: BTreeMap<SubmissionId, String>,
    cut_after: BTreeMap<SubmissionId, u32>,
}

impl Names {
    fn of(tournament: &Tournament) -> Self {
        Self {
            names: tournament
                .entrants()
                .map(|entrant| (entrant.submission, entrant.name.to_string()))
                .collect(),
            cut_after: tournament
                .rounds()
                .iter()
                .filter_map(|round| round.decision.as_ref())
                .flat_map(|decision| decision.cut.iter().map(|who| (*who, decision.round)))
                .collect(),
        }
    }

    fn name(&self, who: SubmissionId) -> String {
        self.names.get(&who).cloned().unwrap_or_default()
    }

    fn cut_after(&self, who: SubmissionId) -> Option<u32> {
        self.cut_after.get(&who).copied()
    }
}

async fn methods(
    conn: &mut Conn,
    tournament: TournamentId,
    names: &Names,
) -> Result<Vec<MethodView>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, name, digest, bytes, submitted_at, role, disqualified_because FROM submissions
        WHERE tournament_id = $1 ORDER BY name
        "#,
        tournament.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let submission = SubmissionId(row.id);
            Ok(MethodView {
                submission,
                name: row.name,
                digest: parse::text("submissions.digest", &row.digest)?,
                bytes: parse::number("submissions.bytes", row.bytes)?,
                submitted_at: row.submitted_at,
                cut_after: names.cut_after(submission),
                defender: row.role == "defender",
                disqualified_because: row.disqualified_because,
            })
        })
        .collect()
}

/// What a run shows beyond what the rules know of it.
struct RunDetail {
    progress: f64,
    model: Option<Digest>,
    stuck_because: Option<String>,
}

async fn run_details(
    conn: &mut Conn,
    tournament: TournamentId,
) -> Result<BTreeMap<RunId, RunDetail>> {
    let rows = sqlx::query!(
        r#"
        SELECT runs.id, runs.progress, runs.stuck_because, results.model AS "model?"
        FROM runs LEFT JOIN results ON results.run_id = runs.id
        WHERE runs.tournament_id = $1
        "#,
        tournament.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok((
                RunId(row.id),
                RunDetail {
                    progress: row.progress,
                    model: parse::optional("results.model", row.model.as_deref())?,
                    stuck_because: row.stuck_because,
                },
            ))
        })
        .collect()
}

fn rounds(
    tournament: &Tournament,
    names: &Names,
    details: &BTreeMap<RunId, RunDetail>,
    tasks: &[String],
    scores: &Scores,
) -> Vec<RoundView> {
    let mut before = 0;
    tournament
        .rounds()
        .iter()
        .map(|round| {
            let view = round_view(tournament, round, before, names, details, tasks, scores);
            before += round.blocks.len() as u32;
            view
        })
        .collect()
}

fn round_view(
    tournament: &Tournament,
    round: &Round,
    blocks_before: u32,
    names: &Names,
    details: &BTreeMap<RunId, RunDetail>,
    tasks: &[String],
    scores: &Scores,
) -> RoundView {
    let mut runs: Vec<RunCell> = round
        .runs
        .iter()
        .map(|(id, run)| {
            let detail = details.get(id);
            RunCell {
                run: *id,
                method: names.name(run.submission),
                block: blocks_before + run.block.1,
                state: run.state,
                attempt: run.attempt,
                progress: detail.map_or(0.0, |detail| detail.progress),
                verdict: run.outcome.map(|outcome| outcome.verdict()),
                score: run.outcome.and_then(|outcome| outcome.score()),
                model: detail.and_then(|detail| detail.model),
            }
        })
        .collect();
    runs.sort_by(|a, b| (&a.method, a.block).cmp(&(&b.method, b.block)));

    let stuck: Vec<&RunCell> = runs
        .iter()
        .filter(|cell| cell.state == RunState::Stuck)
        .collect();
    let note = stuck.first().map(|cell| {
        let reason = details
            .get(&cell.run)
            .and_then(|detail| detail.stuck_because.as_deref())
            .unwrap_or("unknown");
        format!(
            "{} of its runs {} stuck after faults of the platform; {} on block {} (run {}), attempt {}: {reason}",
            stuck.len(),
            if stuck.len() == 1 { "is" } else { "are" },
            cell.method,
            cell.block,
            cell.run,
            cell.attempt,
        )
    });
    let standings = match &round.decision {
        Some(decision) => decision.standings.clone(),
        None => tournament.standings(round.number),
    };
    RoundView {
        number: round.number,
        state: match (&round.decision, &note) {
            (Some(_), _) => RoundState::Decided,
            (None, Some(_)) => RoundState::Stuck,
            (None, None) => RoundState::Running,
        },
        note,
        blocks: round
            .blocks
            .iter()
            .map(|block| BlockView {
                number: blocks_before + block.index,
                index: block.index,
                seed: block.seed,
                task: tasks.get(block.task as usize).cloned().unwrap_or_default(),
                voided: round.is_void(block.index),
                half: block.half,
                again: block.again.map(|(round, index)| {
                    let earlier = tournament.rounds().iter();
                    let before: usize = earlier
                        .take_while(|other| other.number < round)
                        .map(|other| other.blocks.len())
                        .sum();
                    before as u32 + index
                }),
            })
            .collect(),
        heats: round
            .heats
            .iter()
            .map(|heat| HeatView {
                methods: heat.entrants.iter().map(|who| names.name(*who)).collect(),
                blocks: heat
                    .blocks
                    .iter()
                    .map(|index| blocks_before + index)
                    .collect(),
            })
            .collect(),
        runs,
        standings: standings
            .iter()
            .map(|line| standing(scores, line, round.number, names))
            .collect(),
        cut: round.decision.as_ref().map(|decision| CutView {
            kept: decision.kept.iter().map(|who| names.name(*who)).collect(),
            dropped: decision.cut.iter().map(|who| names.name(*who)).collect(),
            evidence: decision.evidence.clone(),
            comparisons: decision
                .comparisons
                .iter()
                .map(|evidence| ComparisonView {
                    kept: names.name(evidence.kept),
                    dropped: names.name(evidence.cut),
                    evidence: evidence.clone(),
                })
                .collect(),
            friedman: decision.friedman,
            title: decision.title.as_ref().map(|title| TitleView {
                defender: names.name(title.defender),
                challenger: names.name(title.challenger),
                dethroned: title.dethroned,
                evidence: title.evidence.clone(),
            }),
        }),
    }
}

/// Points of every method, by block.
type Scores = BTreeMap<SubmissionId, BTreeMap<(u32, u32), f64>>;

fn standing(scores: &Scores, line: &Standing, up_to: u32, names: &Names) -> StandingView {
    let points: Vec<f64> = scores
        .get(&line.submission)
        .into_iter()
        .flatten()
        .filter(|((round, _), _)| *round <= up_to)
        .map(|(_, value)| *value)
        .collect();
    let n = points.len() as f64;
    let standard_error = (points.len() >= 2).then(|| {
        let squares: f64 = points.iter().map(|point| (point - line.mean).powi(2)).sum();
        (squares / (n - 1.0) / n).sqrt()
    });
    StandingView {
        place: line.place,
        method: names.name(line.submission),
        mean: line.mean,
        standard_error,
        blocks: line.blocks,
        faults: line.faults,
        cut_after: names.cut_after(line.submission),
        points: line.points,
        estimate: line.estimate,
        p_best: line.p_best,
    }
}

/// Those still in, as the last round stands, then those cut, the latest first.
fn overall(tournament: &Tournament, names: &Names, scores: &Scores) -> Vec<StandingView> {
    let Some(last) = tournament.rounds().last() else {
        return Vec::new();
    };
    let mut lines: Vec<StandingView> = match &last.decision {
        Some(decision) => decision.standings.clone(),
        None => tournament.standings(last.number),
    }
    .iter()
    .map(|line| standing(scores, line, last.number, names))
    .collect();
    for decision in tournament
        .rounds()
        .iter()
        .rev()
        .skip(1)
        .filter_map(|round| round.decision.as_ref())
    {
        lines.extend(
            decision
                .standings
                .iter()
                .filter(|line| decision.cut.contains(&line.submission))
                .map(|line| standing(scores, line, decision.round, names)),
        );
    }
    for (place, line) in (1..).zip(&mut lines) {
        line.place = place;
    }
    lines
}

async fn champion(
    conn: &mut Conn,
    id: TournamentId,
    tournament: &Tournament,
    names: &Names,
) -> Result<Option<ChampionView>> {
    let Some(champion) = tournament.champion() else {
        return Ok(None);
    };
    let entry = sqlx::query!(
        "SELECT id, model FROM archive WHERE tournament_id = $1 AND submission_id = $2",
        id.0,
        champion.0
    )
    .fetch_optional(conn)
    .await?;
    let score = tournament
        .rounds()
        .last()
        .and_then(|round| round.decision.as_ref())
        .and_then(|decision| {
            decision
                .standings
                .iter()
                .find(|line| line.submission == champion)
        })
        .map_or(tournament.metric().miss, |line| line.mean);
    Ok(Some(ChampionView {
        method: names.name(champion),
        archive: entry.as_ref().map(|entry| ArchiveId(entry.id)),
        model: entry
            .map(|entry| parse::text("archive.model", &entry.model))
            .transpose()?,
        score,
    }))
}
