//! Reads a tournament with all that can be seen of it.

use std::collections::BTreeMap;

use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::{Audience, Disclosure, Share, Tournament, TournamentState};
use gauntlet_domain::{ArchiveId, RunId, SubmissionId, TournamentId, TournamentName};

use super::tournament_rounds::{Names, RunDetail, line, rounds};
use super::{ChampionView, MethodView, TournamentView};
use crate::play::{self, Loaded};
use crate::tournaments::{self, Lock};
use crate::{Access, Conn, Error, Result, events, members, parse};

/// The tournament of that name, as `audience` may see it, if it is there for `access`. Read it in a transaction of isolation
/// `REPEATABLE READ` to see it at one moment.
pub async fn tournament(
    conn: &mut Conn,
    name: &TournamentName,
    audience: Audience,
    access: Access,
) -> Result<Option<TournamentView>> {
    let Some(id) = members::seen(&mut *conn, name, access).await? else {
        return Ok(None);
    };
    let Some(loaded) = play::load(&mut *conn, id, Lock::None).await? else {
        return Ok(None);
    };
    let (loaded, judgement) = match loaded.row.state {
        TournamentState::Completed => judged_last(&mut *conn, loaded).await?,
        _ => (loaded, None),
    };
    let Loaded { row, tournament } = loaded;
    let disclosure = Disclosure::of(audience, row.state);
    let tournament = tournament.disclosed(disclosure);
    let head = sqlx::query!(
        r#"
        SELECT tasks.name AS task, tournaments.created_at, tournaments.opened_at,
               tournaments.closed_at, tournaments.ended_at, tournaments.cancelled_because,
               tournaments.closes_at, tournaments.private, series.name AS "series?", shares.priority, shares.weight
        FROM tournaments JOIN tasks ON tasks.id = tournaments.task_id
        JOIN tournament_shares AS shares ON shares.tournament_id = tournaments.id
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
    let details = run_details(&mut *conn, id, disclosure).await?;
    let names = Names::of(&tournament);
    let methods = methods(&mut *conn, id, &names, judgement.as_ref()).await?;
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
        private: head.private,
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
        share: Share {
            priority: head.priority,
            weight: head.weight,
        },
        rejudged_because: judgement.map(|judgement| judgement.reason),
        methods,
        rounds: rounds(&tournament, &names, &details, &tasks),
        standings: tournament
            .lines()
            .iter()
            .map(|one| line(one, &names))
            .collect(),
        champion: champion(conn, id, &tournament, &names).await?,
        disclosure,
    }))
}

async fn methods(
    conn: &mut Conn,
    tournament: TournamentId,
    names: &Names,
    judgement: Option<&Judgement>,
) -> Result<Vec<MethodView>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, name, digest, bytes, submitted_at, role, disqualified_because, set_aside
        FROM submissions
        WHERE tournament_id = $1 ORDER BY name
        "#,
        tournament.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let submission = SubmissionId(row.id);
            let by_judgement = judgement
                .filter(|judgement| judgement.out.contains(&submission))
                .map(|judgement| judgement.reason.clone());
            let (aside, disqualified) = match row.disqualified_because {
                reason if row.set_aside => (reason, None),
                reason => (None, reason),
            };
            Ok(MethodView {
                submission,
                name: row.name,
                digest: parse::text("submissions.digest", &row.digest)?,
                bytes: parse::number("submissions.bytes", row.bytes)?,
                submitted_at: row.submitted_at,
                cut_after: names.cut_after(submission),
                defender: row.role == "defender",
                disqualified_because: disqualified.or(by_judgement),
                set_aside_because: aside,
            })
        })
        .collect()
}

async fn run_details(
    conn: &mut Conn,
    tournament: TournamentId,
    disclosure: Disclosure,
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
                    stuck_because: disclosure.later(row.stuck_because),
                },
            ))
        })
        .collect()
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
    // A defender that kept its title has the entry it won it with.
    let entry = sqlx::query!(
        r#"
        SELECT archive.id, archive.model, (SELECT string_agg(because, '; ' ORDER BY since)
            FROM archive_withdrawals WHERE archive_id = archive.id) AS withdrawn_because
        FROM submissions
        JOIN archive ON archive.id = submissions.defends
            OR (archive.tournament_id = $1 AND archive.submission_id = submissions.id)
        WHERE submissions.id = $2 ORDER BY archive.id DESC LIMIT 1
        "#,
        id.0,
        champion.0
    )
    .fetch_optional(conn)
    .await?;
    let defender = tournament.defender().map(|one| one.submission);
    let line = tournament.line(champion);
    Ok(Some(ChampionView {
        method: names.name(champion),
        archive: entry.as_ref().map(|entry| ArchiveId(entry.id)),
        model: entry
            .as_ref()
            .map(|entry| parse::text("archive.model", &entry.model))
            .transpose()?,
        withdrawn_because: entry.and_then(|entry| entry.withdrawn_because),
        defended: defender == Some(champion),
        score: line.map_or(tournament.scale().miss, |line| line.standing.mean),
    }))
}

/// The tournament as it was judged last, and why it was judged again, if it was.
async fn judged_last(conn: &mut Conn, loaded: Loaded) -> Result<(Loaded, Option<Judgement>)> {
    let Some(Event::Rejudged {
        changes, reason, ..
    }) = events::last(conn, loaded.row.id, "rejudged").await?
    else {
        return Ok((loaded, None));
    };
    let tournament = loaded
        .tournament
        .judged_again(&changes)
        .map_err(|error| Error::Corrupt(format!("a rejudgement that does not fit: {error}")))?;
    let judgement = Judgement {
        out: changes.erratum.disqualify,
        reason,
    };
    Ok((
        Loaded {
            tournament,
            ..loaded
        },
        Some(judgement),
    ))
}

/// What a rejudgement says beyond the figures.
struct Judgement {
    /// Methods that are out by it.
    out: Vec<SubmissionId>,
    reason: String,
}
