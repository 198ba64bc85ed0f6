//! Who is a member of a private tournament. Each change is an event of the tournament, beside
//! which stands who made it.

use gauntlet_domain::record::Event;
use gauntlet_domain::{AccountId, AccountName, TournamentId, TournamentName};
use gauntlet_storage::{Conn, accounts, events, members, shares};

use super::find;
use crate::{Context, Reason, Refusal};

/// Makes an account a member. One that is a member stays one.
///
/// # Errors
/// If there is no such tournament or account, or the tournament is public.
pub async fn add_member(
    ctx: &Context,
    name: &TournamentName,
    account: &AccountName,
) -> Result<(), Refusal> {
    let mut tx = ctx.begin().await?;
    let done = async {
        let (tournament, account) = both(&mut tx, name, account, "body.account").await?;
        if members::add(&mut tx, tournament, account).await? {
            events::append(&mut tx, tournament, &Event::MemberAdded { account }).await?;
        }
        Ok(())
    }
    .await;
    ctx.end(tx, "member", done).await
}

/// Makes an account a member no longer: the tournament is not there for it from then on, and what
/// it watches ends. What it has handed in stays. One that is no member stays none.
///
/// # Errors
/// If there is no such tournament or account, the tournament is public, or the account is its
/// organiser's.
pub async fn remove_member(
    ctx: &Context,
    name: &TournamentName,
    account: &AccountName,
) -> Result<(), Refusal> {
    let mut tx = ctx.begin().await?;
    let done = async {
        let (tournament, id) = both(&mut tx, name, account, "path.account").await?;
        if shares::organiser(&mut tx, tournament).await? == Some(id) {
            return Err(Reason::new(
                "organiser-is-a-member",
                format!("`{account}` organises `{name}`, and sees it as long as it does"),
                "remove somebody else",
            )
            .field("path.account")
            .conflict());
        }
        if members::remove(&mut tx, tournament, id).await? {
            events::append(&mut tx, tournament, &Event::MemberRemoved { account: id }).await?;
        }
        Ok(())
    }
    .await;
    ctx.end(tx, "member", done).await
}

async fn both(
    conn: &mut Conn,
    name: &TournamentName,
    account: &AccountName,
    field: &'static str,
) -> Result<(TournamentId, AccountId), Refusal> {
    let tournament = find::tournament(&mut *conn, name).await?;
    if !members::is_private(&mut *conn, tournament).await? {
        return Err(Reason::new(
            "not-private",
            format!("`{name}` is public: everybody sees it"),
            "make a private one with `gauntlet tournament create --private`; one that is public \
             stays so",
        )
        .field("path.name")
        .conflict());
    }
    let found = accounts::find(conn, account).await?.ok_or_else(|| {
        Reason::new(
            "unknown-account",
            format!("there is no account `{account}`"),
            "an admin makes one with `gauntlet token create --account NAME`; \
             `gauntlet token list` shows those there are",
        )
        .field(field)
        .not_found()
    })?;
    Ok((tournament, found.id))
}
