//! Who sees what of private tournaments: their members, and who sees everything.

use gauntlet_domain::{AccountId, SeriesId, TokenId, TournamentId, TournamentName};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::page::Page;
use crate::{Conn, Result};

/// For whom something is read. What is private is there for its members alone; for everybody
/// else it is as if there were none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// What there is.
    Everything,
    /// What is public, and what this account is a member of.
    Member(AccountId),
    /// What is public.
    Public,
}

impl Access {
    /// Whether it is for somebody who sees everything, as queries ask.
    pub(crate) const fn is_everything(self) -> bool {
        matches!(self, Self::Everything)
    }

    /// The account, as queries ask; none where nobody is a member.
    pub(crate) const fn account(self) -> Option<Uuid> {
        match self {
            Self::Member(account) => Some(account.0),
            Self::Everything | Self::Public => None,
        }
    }

    /// What an account sees: admins see everything.
    pub async fn of(conn: &mut Conn, account: AccountId) -> Result<Self> {
        let role = sqlx::query_scalar!("SELECT role FROM accounts WHERE id = $1", account.0)
            .fetch_optional(conn)
            .await?;
        Ok(match role.as_deref() {
            Some("admin") => Self::Everything,
            _ => Self::Member(account),
        })
    }
}

/// Id of the tournament of that name, if it is there for `access`.
pub async fn seen(
    conn: &mut Conn,
    name: &TournamentName,
    access: Access,
) -> Result<Option<TournamentId>> {
    let id = sqlx::query_scalar!(
        r#"
        SELECT id FROM tournaments
        WHERE name = $1
          AND (NOT private OR $2
               OR EXISTS (SELECT FROM tournament_members AS members
                          WHERE members.tournament_id = tournaments.id AND members.account_id = $3))
        "#,
        name.as_str(),
        access.is_everything(),
        access.account()
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(TournamentId))
}

/// The same for the bearer of a token.
pub async fn seen_by(
    conn: &mut Conn,
    name: &TournamentName,
    token: TokenId,
) -> Result<Option<TournamentId>> {
    let id = sqlx::query_scalar!(
        r#"
        SELECT tournaments.id FROM tournaments JOIN tokens ON tokens.id = $2
        WHERE tournaments.name = $1
          AND (NOT private OR tokens.scope = 'admin'
               OR EXISTS (SELECT FROM tournament_members AS members
                          WHERE members.tournament_id = tournaments.id
                            AND members.account_id = tokens.account_id))
        "#,
        name.as_str(),
        token.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(TournamentId))
}

/// Whether a tournament is private.
pub async fn is_private(conn: &mut Conn, tournament: TournamentId) -> Result<bool> {
    let private = sqlx::query_scalar!(
        "SELECT private FROM tournaments WHERE id = $1",
        tournament.0
    )
    .fetch_one(conn)
    .await?;
    Ok(private)
}

/// A member of a private tournament.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The account's name.
    pub account: String,
    /// What the account is for.
    pub role: String,
    /// Since when.
    pub since: OffsetDateTime,
}

/// The members of a tournament, by name.
pub async fn list(
    conn: &mut Conn,
    tournament: TournamentId,
    page: &Page<String>,
) -> Result<Vec<MemberRow>> {
    let rows = sqlx::query_as!(
        MemberRow,
        r#"
        SELECT accounts.name AS account, accounts.role, members.since
        FROM tournament_members AS members JOIN accounts ON accounts.id = members.account_id
        WHERE members.tournament_id = $1 AND ($2::text IS NULL OR accounts.name > $2)
        ORDER BY accounts.name LIMIT $3
        "#,
        tournament.0,
        page.after,
        page.limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Makes an account a member; false if it is one.
pub async fn add(conn: &mut Conn, tournament: TournamentId, account: AccountId) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        INSERT INTO tournament_members (tournament_id, account_id) VALUES ($1, $2)
        ON CONFLICT (tournament_id, account_id) DO NOTHING
        "#,
        tournament.0,
        account.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes an account none; false if it is none.
pub async fn remove(conn: &mut Conn, tournament: TournamentId, account: AccountId) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM tournament_members WHERE tournament_id = $1 AND account_id = $2",
        tournament.0,
        account.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes the members of the tournament of a series before this one, its latest, members of this
/// one too; gives those that were none yet.
pub async fn carry_over(
    conn: &mut Conn,
    series: SeriesId,
    tournament: TournamentId,
) -> Result<Vec<AccountId>> {
    let accounts = sqlx::query_scalar!(
        r#"
        INSERT INTO tournament_members (tournament_id, account_id)
        SELECT $2, account_id FROM tournament_members
        WHERE tournament_id = (SELECT id FROM tournaments
                               WHERE series_id = $1 AND id <> $2
                               ORDER BY series_number DESC LIMIT 1)
        ON CONFLICT (tournament_id, account_id) DO NOTHING
        RETURNING account_id
        "#,
        series.0,
        tournament.0
    )
    .fetch_all(conn)
    .await?;
    Ok(accounts.into_iter().map(AccountId).collect())
}
