//! Hands a method in. The gate has looked at the module before this.

use bytes::Bytes;
use gauntlet_domain::record::Event;
use gauntlet_domain::run::Lane;
use gauntlet_domain::tournament::{Terms, TournamentState};
use gauntlet_domain::{Digest, MethodName, SubmissionId, TokenId, TournamentId, TournamentName};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, Error, accounts, events, shares, submissions, tokens};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::accepts::{is_small_enough, takes};
use super::find;
use crate::context::SubmissionLimits;
use crate::{Context, Reason, Refusal};

/// A method to be handed in.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    /// To which tournament.
    pub tournament: TournamentName,
    /// Under which name.
    pub name: MethodName,
    /// The method itself.
    pub artifact: Artifact,
    /// By whom.
    pub token: TokenId,
}

/// What is handed in.
#[derive(Clone, Debug)]
pub enum Artifact {
    /// A WebAssembly module.
    Module(Bytes),
    /// A container image whose archive is a blob already: it is too large to be held here.
    Image {
        /// The archive.
        digest: Digest,
        /// Its size.
        bytes: u64,
    },
}

/// An accepted submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Its id.
    pub submission: SubmissionId,
    /// The tournament.
    pub tournament: TournamentName,
    /// Its name.
    pub name: MethodName,
    /// Digest of the module or the archive.
    pub digest: Digest,
    /// When it was accepted.
    pub submitted_at: OffsetDateTime,
}

/// Stores a module and enters it; an image is stored already, after [`admits`] was asked.
/// Refused, nothing is written unless the tournament closes or fills that name at this very
/// moment: then the blob stays behind until it is swept.
pub async fn submit(ctx: &Context, new: NewSubmission) -> Result<Submission, Refusal> {
    let (lane, digest, bytes) = match new.artifact {
        Artifact::Module(module) => {
            let bytes = module.len() as u64;
            let entry = Entry {
                tournament: &new.tournament,
                name: &new.name,
                digest: &Digest::of(&module),
                lane: Lane::Wasm,
                bytes,
                token: new.token,
            };
            admits(ctx, entry).await?;
            (Lane::Wasm, ctx.blobs.put(module).await?, bytes)
        }
        Artifact::Image { digest, bytes } => (Lane::Oci, digest, bytes),
    };
    ctx.reached("submit", "between blob and row");

    let mut tx = ctx.db.begin().await?;
    let entry = Entry {
        tournament: &new.tournament,
        name: &new.name,
        digest: &digest,
        lane,
        bytes,
        token: new.token,
    };
    let id = check_entry(ctx, &mut tx, entry, true).await?;
    let submission = SubmissionId(Uuid::now_v7());
    let submitted_at = submissions::insert(
        &mut tx, submission, id, &new.name, &digest, bytes, lane, new.token,
    )
    .await
    .map_err(|error| conflict(error, &new.name, &digest))?;
    check_owner(&mut tx, &new.name, new.token).await?;
    let event = Event::Submitted {
        submission,
        name: new.name.clone(),
        digest,
    };
    events::append(&mut tx, id, &event).await?;
    ctx.commit(tx, "submit").await?;
    Ok(Submission {
        submission,
        tournament: new.tournament,
        name: new.name,
        digest,
        submitted_at,
    })
}

/// A method at the door: all that decides whether it may enter.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Which tournament.
    pub tournament: &'a TournamentName,
    /// The method's name.
    pub name: &'a MethodName,
    /// Digest of the module or the archive.
    pub digest: &'a Digest,
    /// How it is executed.
    pub lane: Lane,
    /// Its size.
    pub bytes: u64,
    /// Who hands it in.
    pub token: TokenId,
}

/// Whether [`submit`] would enter this method now: asked when its digest is known and before
/// it is stored, so that what is refused is not kept.
///
/// # Errors
/// The same refusals.
pub async fn admits(ctx: &Context, entry: Entry<'_>) -> Result<(), Refusal> {
    let mut tx = ctx.db.begin().await?;
    let checked = async {
        let id = check_entry(ctx, &mut tx, entry, false).await?;
        check_owner(&mut tx, entry.name, entry.token).await?;
        submissions::check_free(&mut tx, id, entry.name, entry.digest)
            .await
            .map_err(|error| conflict(error, entry.name, entry.digest))
    }
    .await;
    tx.rollback().await.map_err(Error::from)?;
    checked
}

/// All that is asked before a method is entered. With `locked` the answer holds until the
/// transaction ends.
async fn check_entry(
    ctx: &Context,
    conn: &mut Conn,
    entry: Entry<'_>,
    locked: bool,
) -> Result<TournamentId, Refusal> {
    let id = find::tournament_for(conn, entry.tournament, entry.token).await?;
    // Shared with other submissions; closing has to wait for us. Where places are counted,
    // submissions take turns.
    let terms = tournaments::get(conn, id, Lock::None)
        .await?
        .map(|row| row.rules.terms)
        .unwrap_or_default();
    let most = terms.max_field;
    let lock = match most {
        _ if !locked => Lock::None,
        None => Lock::Share,
        Some(_) => Lock::Update,
    };
    check_open(conn, entry.tournament, lock).await?;
    check_share(ctx, conn, id, entry.token).await?;
    takes(&terms, entry.tournament, entry.lane)?;
    is_small_enough(&terms, entry.tournament, entry.lane, entry.bytes)?;
    if let Some(most) = most
        && submissions::count(conn, id).await? >= most
    {
        return Err(field_full(entry.tournament, most));
    }
    Ok(id)
}

/// Whether a tournament takes a submission of this token now, and on what terms: a cheap
/// question to ask before a module is received.
pub async fn accepts(
    ctx: &Context,
    name: &TournamentName,
    token: TokenId,
) -> Result<Terms, Refusal> {
    let mut tx = ctx.db.begin().await?;
    let checked = async {
        let id = find::tournament_for(&mut tx, name, token).await?;
        let terms = check_open(&mut tx, name, Lock::None).await?;
        check_share(ctx, &mut tx, id, token).await?;
        Ok(terms)
    }
    .await;
    // It only asked; and another submission of this token waits.
    tx.rollback().await.map_err(Error::from)?;
    checked
}

/// Whether a method may be entered under this name by this token, as far as other tournaments are
/// concerned: as cheap a question as [`accepts`].
pub async fn name_is_free(ctx: &Context, name: &MethodName, token: TokenId) -> Result<(), Refusal> {
    let mut conn = ctx.db.acquire().await?;
    check_owner(&mut conn, name, token).await
}

/// Whether the account may hand in one more. Its submissions take turns from here on, so that
/// several at a time do not all see room for the last one.
async fn check_share(
    ctx: &Context,
    conn: &mut Conn,
    tournament: TournamentId,
    token: TokenId,
) -> Result<(), Refusal> {
    // Asked again here, because an upload may take longer than its token is good.
    let Some((account, scope)) = tokens::lock_account(&mut *conn, token).await? else {
        return Err(Reason::new(
            "token-ended",
            "the token was revoked, or its time is over",
            "ask an admin for another one",
        )
        .field("header.authorization")
        .conflict());
    };
    if scope == "admin" {
        return Ok(());
    }
    if shares::organiser(&mut *conn, tournament).await? == Some(account) {
        return Err(Reason::new(
            "own-tournament",
            "an organiser sees what entrants do not, and enters no tournament of its own",
            "enter another tournament",
        )
        .field("path.name")
        .conflict());
    }
    let SubmissionLimits {
        a_day,
        a_tournament,
    } = ctx.policy.submissions;
    let handed_in = submissions::handed_in(conn, account, tournament, a_day).await?;
    if handed_in.here >= a_tournament {
        return Err(Refusal::TooMuch {
            reason: Box::new(
                Reason::new(
                    "tournament-share",
                    "this account has handed in as many methods as it may to this tournament",
                    "enter another tournament; each method that is scored tells something of the \
                     hidden part, so their number is limited",
                )
                .field("header.authorization")
                .limit(format!("{a_tournament} methods a tournament"))
                .found(format!("{} methods", handed_in.here)),
            ),
            retry_seconds: None,
        });
    }
    if handed_in.last_day >= a_day {
        let when = handed_in.room_at.map_or_else(String::new, |(at, _)| {
            let at = at.replace_nanosecond(0).unwrap_or(at);
            format!(
                "; try again after {}",
                at.format(&Rfc3339).unwrap_or_default()
            )
        });
        return Err(Refusal::TooMuch {
            reason: Box::new(
                Reason::new(
                    "daily-share",
                    "this account has handed in as many methods as it may in 24 hours",
                    format!(
                        "each method that is scored tells something of the hidden part, so their \
                         number is limited{when}"
                    ),
                )
                .field("header.authorization")
                .limit(format!("{a_day} methods in 24 hours"))
                .found(format!("{} methods", handed_in.last_day)),
            ),
            retry_seconds: handed_in.room_at.map(|(_, seconds)| seconds.max(1)),
        });
    }
    Ok(())
}

/// A name under which another account has entered a method, in whichever tournament, says whose
/// method it is. The submission is in place already, so of two that come first at the same time
/// one has waited for the other. Admins enter what they like.
async fn check_owner(conn: &mut Conn, name: &MethodName, token: TokenId) -> Result<(), Refusal> {
    if !accounts::is_method_of_another(conn, name, token).await? {
        return Ok(());
    }
    Err(Reason::new(
        "name-of-another",
        format!("methods called `{name}` are another account's, in every tournament"),
        "choose another name, or enter it by a token of the account that had it first",
    )
    .field("query.name")
    .conflict())
}

async fn check_open(conn: &mut Conn, name: &TournamentName, lock: Lock) -> Result<Terms, Refusal> {
    let id = find::tournament(conn, name).await?;
    let row = tournaments::get(conn, id, lock)
        .await?
        .ok_or_else(|| Error::Corrupt(format!("tournament {id} vanished")))?;
    match row.state {
        TournamentState::Open => Ok(row.rules.terms),
        TournamentState::Draft => Err(Reason::new(
            "tournament-not-open",
            format!("`{name}` does not take submissions yet"),
            "wait until the organiser opens it",
        )
        .field("path.name")
        .conflict()),
        state => Err(Reason::new(
            "tournament-closed",
            format!("`{name}` is {state} and takes no more submissions"),
            "enter another tournament; `gauntlet tournament list` shows which are open",
        )
        .field("path.name")
        .conflict()),
    }
}

fn field_full(name: &TournamentName, most: u32) -> Refusal {
    Reason::new(
        "field-full",
        format!("`{name}` has as many methods as it takes"),
        "enter another tournament, or ask its organiser; the place of a method that is \
         disqualified while it is open is free again",
    )
    .field("path.name")
    .limit(format!("{most} methods"))
    .conflict()
}

fn conflict(error: Error, name: &MethodName, digest: &Digest) -> Refusal {
    match error.constraint() {
        Some("submissions_name_key") => Reason::new(
            "name-taken",
            format!("there is a method `{name}` in this tournament already"),
            "choose another name",
        )
        .field("query.name")
        .conflict(),
        Some("submissions_digest_key") => Reason::new(
            "duplicate-module",
            format!("this method ({digest}) is in this tournament already"),
            "hand in a method once; a changed one has another digest",
        )
        .field("body")
        .found(digest.to_string())
        .conflict(),
        _ => error.into(),
    }
}
