//! Submissions.

use std::collections::BTreeSet;

use gauntlet_domain::run::Lane;
use gauntlet_domain::tournament::Entrant;
use gauntlet_domain::{
    AccountId, ArchiveId, Digest, MethodName, SubmissionId, TokenId, TournamentId,
};
use time::OffsetDateTime;

use crate::{Conn, Error, Result, parse};

/// Adds a submission; its name and its digest must be new to the tournament
/// (constraints `submissions_name_key`, `submissions_digest_key`).
#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub async fn insert(
    conn: &mut Conn,
    id: SubmissionId,
    tournament: TournamentId,
    name: &MethodName,
    digest: &Digest,
    bytes: u64,
    lane: Lane,
    token: TokenId,
) -> Result<OffsetDateTime> {
    let at = sqlx::query_scalar!(
        r#"
        INSERT INTO submissions (id, tournament_id, name, digest, bytes, lane, token_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING submitted_at
        "#,
        id.0,
        tournament.0,
        name.as_str(),
        digest.to_string(),
        parse::number::<i64>("submissions.bytes", bytes)?,
        lane.as_str(),
        token.0
    )
    .fetch_one(conn)
    .await?;
    Ok(at)
}

/// Enters the champion of `archive` to defend its title: its own method under its own name,
/// or under one that says what it is if that name is taken.
pub async fn insert_defender(
    conn: &mut Conn,
    id: SubmissionId,
    tournament: TournamentId,
    archive: ArchiveId,
) -> Result<Entrant> {
    let row = sqlx::query!(
        r#"
        INSERT INTO submissions (id, tournament_id, name, digest, bytes, lane, token_id, role,
                                 defends)
        SELECT $1, $2, submissions.name, submissions.digest, submissions.bytes, submissions.lane,
               submissions.token_id, 'defender', archive.id
        FROM archive JOIN submissions ON submissions.id = archive.submission_id
        WHERE archive.id = $3
        RETURNING name, digest
        "#,
        id.0,
        tournament.0,
        archive.0
    )
    .fetch_one(conn)
    .await?;
    Ok(Entrant {
        submission: id,
        name: parse::text("submissions.name", &row.name)?,
        digest: parse::text("submissions.digest", &row.digest)?,
    })
}

/// The archive entry that a defender won its title with.
pub async fn defends(conn: &mut Conn, id: SubmissionId) -> Result<Option<ArchiveId>> {
    let entry = sqlx::query_scalar!("SELECT defends FROM submissions WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(entry.flatten().map(ArchiveId))
}

/// Why a method is out, if it is.
pub async fn disqualified_because(conn: &mut Conn, id: SubmissionId) -> Result<Option<String>> {
    let because = sqlx::query_scalar!(
        "SELECT disqualified_because FROM submissions WHERE id = $1",
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(because.flatten())
}

/// Puts a method out that no runner can run; false if it is out already, or none of this
/// tournament's.
pub async fn set_aside(
    conn: &mut Conn,
    tournament: TournamentId,
    submission: SubmissionId,
    reason: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE submissions SET disqualified_because = $3, set_aside = true
        WHERE id = $2 AND tournament_id = $1 AND disqualified_because IS NULL
        "#,
        tournament.0,
        submission.0,
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a method out for breaking rules; false if it is out already, or none of this tournament's.
pub async fn disqualify(
    conn: &mut Conn,
    tournament: TournamentId,
    submission: SubmissionId,
    reason: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE submissions SET disqualified_because = $3
        WHERE id = $2 AND tournament_id = $1 AND disqualified_because IS NULL
        "#,
        tournament.0,
        submission.0,
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The submission of that name.
pub async fn id(
    conn: &mut Conn,
    tournament: TournamentId,
    name: &MethodName,
) -> Result<Option<SubmissionId>> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM submissions WHERE tournament_id = $1 AND name = $2",
        tournament.0,
        name.as_str()
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(SubmissionId))
}

/// How many methods there are to play, the defender aside.
pub async fn count(conn: &mut Conn, tournament: TournamentId) -> Result<u32> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!" FROM submissions
        WHERE tournament_id = $1 AND role = 'challenger' AND disqualified_because IS NULL
        "#,
        tournament.0
    )
    .fetch_one(conn)
    .await?;
    parse::number("count", count)
}

/// Whether a name and a digest are free in a tournament, whoever has them; refuses as an
/// insertion would, by the constraint.
pub async fn check_free(
    conn: &mut Conn,
    tournament: TournamentId,
    name: &MethodName,
    digest: &Digest,
) -> Result<()> {
    let taken = sqlx::query!(
        r#"
        SELECT EXISTS (SELECT FROM submissions WHERE tournament_id = $1 AND name = $2) AS "name!",
            EXISTS (SELECT FROM submissions WHERE tournament_id = $1 AND digest = $3) AS "digest!"
        "#,
        tournament.0,
        name.as_str(),
        digest.to_string()
    )
    .fetch_one(conn)
    .await?;
    let constraint = match (taken.name, taken.digest) {
        (true, _) => "submissions_name_key",
        (_, true) => "submissions_digest_key",
        (false, false) => return Ok(()),
    };
    Err(Error::Conflict {
        constraint: constraint.to_owned(),
    })
}

/// What an account has handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandedIn {
    /// To the tournament asked about.
    pub here: u32,
    /// To any, in the last 24 hours.
    pub last_day: u32,
    /// When the last 24 hours hold one less than the number asked about, and in how many
    /// seconds that is; none if they do now.
    pub room_at: Option<(OffsetDateTime, u64)>,
}

/// What an account has handed in, by whichever of its tokens, by the database's clock. `a_day` is how much may lie in 24 hours.
/// A champion that defends its title was handed in by nobody.
pub async fn handed_in(
    conn: &mut Conn,
    account: AccountId,
    tournament: TournamentId,
    a_day: u32,
) -> Result<HandedIn> {
    let row = sqlx::query!(
        r#"
        SELECT count(*) FILTER (WHERE tournament_id = $2) AS "here!",
               count(*) FILTER (WHERE submitted_at > now() - interval '24 hours') AS "last_day!"
        FROM submissions
        WHERE token_id IN (SELECT id FROM tokens WHERE account_id = $1) AND role = 'challenger'
        "#,
        account.0,
        tournament.0
    )
    .fetch_one(&mut *conn)
    .await?;
    // With that one gone from the last 24 hours, there is room for another.
    let last = sqlx::query!(
        r#"
        SELECT submitted_at + interval '24 hours' AS "at!",
               ceil(extract(epoch FROM submitted_at + interval '24 hours' - now()))::bigint
                   AS "seconds!"
        FROM submissions
        WHERE token_id IN (SELECT id FROM tokens WHERE account_id = $1)
              AND role = 'challenger'
              AND submitted_at > now() - interval '24 hours'
        ORDER BY submitted_at DESC OFFSET greatest($2::bigint - 1, 0) LIMIT 1
        "#,
        account.0,
        i64::from(a_day)
    )
    .fetch_optional(conn)
    .await?;
    Ok(HandedIn {
        here: parse::number("count", row.here)?,
        last_day: parse::number("count", row.last_day)?,
        room_at: last
            .map(|last| Ok::<_, Error>((last.at, parse::number("seconds", last.seconds)?)))
            .transpose()?,
    })
}

/// Who has entered a tournament.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// The field, in any order: the rules order it.
    pub challengers: Vec<Entrant>,
    /// Who defends the title.
    pub defender: Option<Entrant>,
    /// Who of all these is out.
    pub disqualified: BTreeSet<SubmissionId>,
}

/// The field of a tournament.
pub async fn field(conn: &mut Conn, tournament: TournamentId) -> Result<Field> {
    let rows = sqlx::query!(
        r#"
        SELECT id, name, digest, role, disqualified_because IS NOT NULL AS "disqualified!"
        FROM submissions WHERE tournament_id = $1 ORDER BY digest
        "#,
        tournament.0
    )
    .fetch_all(conn)
    .await?;
    let mut field = Field::default();
    for row in rows {
        let entrant = Entrant {
            submission: SubmissionId(row.id),
            name: parse::text("submissions.name", &row.name)?,
            digest: parse::text("submissions.digest", &row.digest)?,
        };
        if row.disqualified {
            field.disqualified.insert(entrant.submission);
        }
        if row.role == "defender" {
            field.defender = Some(entrant);
        } else {
            field.challengers.push(entrant);
        }
    }
    Ok(field)
}
