//! Bearer tokens: `gnt_<scope>_<64 hex digits>`. Only digests are stored. A token belongs to an
//! account; what counts for a person hangs on that, and is the same after another token.

use gauntlet_domain::record::PlatformEvent;
use gauntlet_domain::{AccountId, AccountName, Digest, TokenId};
use gauntlet_storage::{Conn, accounts, events, tokens};
use uuid::Uuid;

use super::text;
use crate::{Context, Reason, Refusal};

pub use super::roles::Scope;

/// Longest time for which a token may be good, in seconds: ten years.
const LONGEST: u32 = 315_360_000;
/// Somebody else was faster: at most with the token, and before that with the account.
const EXISTS: &str = "token-exists";
const RACES: u32 = 3;

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What its bearer may do.
    pub scope: Scope,
    /// What it is called, at most 200 characters.
    pub note: String,
    /// Whose it is; one that does not exist is made. None for an account of the token's own.
    pub account: Option<AccountName>,
    /// For how many seconds it is good, at most ten years; for ever, if that is not said.
    pub lifetime_seconds: Option<u32>,
}

/// A token that was made. This is the only time it can be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: TokenId,
    /// The token itself.
    pub token: String,
    /// What its bearer may do.
    pub scope: String,
    /// Whose it is.
    pub account: AccountName,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("id", &self.id)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Makes a token of 256 random bits.
pub async fn create_token(ctx: &Context, new: NewToken) -> Result<Issued, Refusal> {
    let token = random(new.scope);
    let digest = Digest::of(token.as_bytes());
    let mut tx = ctx.begin().await?;
    let made = insert(&mut tx, &digest, &new).await;
    let (id, account) = ctx.end(tx, "token", made).await?;
    Ok(Issued {
        id,
        token,
        scope: new.scope.as_str().to_owned(),
        account,
    })
}

/// Makes a token in an account of its own, good for ever.
pub async fn issue_token(ctx: &Context, scope: Scope, note: &str) -> Result<String, Refusal> {
    let new = NewToken {
        scope,
        note: note.to_owned(),
        account: None,
        lifetime_seconds: None,
    };
    Ok(create_token(ctx, new).await?.token)
}

/// Makes sure that `token` (kept in a file, say) is known, with this scope. If it is not, it gets
/// an account of its own.
pub async fn ensure_token(
    ctx: &Context,
    token: &str,
    scope: Scope,
    note: &str,
) -> Result<TokenId, Refusal> {
    ensure_token_of(ctx, token, scope, note, None).await
}

/// The same in an account that is made if need be.
pub async fn ensure_token_of(
    ctx: &Context,
    token: &str,
    scope: Scope,
    note: &str,
    account: Option<AccountName>,
) -> Result<TokenId, Refusal> {
    check_form(token, scope)?;
    let digest = Digest::of(token.as_bytes());
    let new = NewToken {
        scope,
        note: note.to_owned(),
        account,
        lifetime_seconds: None,
    };
    for _ in 0..RACES {
        let mut tx = ctx.begin().await?;
        if let Some(row) = tokens::find(&mut tx, &digest).await? {
            return Ok(row.id);
        }
        let made = insert(&mut tx, &digest, &new).await;
        match ctx.end(tx, "token", made).await {
            Ok((id, _)) => return Ok(id),
            // Somebody else has just made the token or the account, or it is no longer good.
            Err(Refusal::Conflict(reason)) if reason.code == EXISTS => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Err(Reason::new(
        "token-revoked",
        "this token was revoked, or its time is over",
        "make another one",
    )
    .conflict())
}

/// Makes a token good for nothing, within a second at every orchestrator of the database. Doing
/// so again changes nothing.
pub async fn revoke_token(ctx: &Context, id: TokenId) -> Result<(), Refusal> {
    let mut tx = ctx.begin().await?;
    let done = async {
        let token = locked(&mut tx, id).await?;
        if !token.revoked {
            tokens::revoke(&mut tx, id).await?;
            events::append_platform(&mut tx, &PlatformEvent::TokenRevoked { token: id }).await?;
        }
        Ok(())
    }
    .await;
    ctx.end(tx, "token", done).await
}

/// Puts another secret in the place of a token's, which is good for nothing from then on. Scope,
/// account, expiry and all that hangs on the token stay.
pub async fn rotate_token(ctx: &Context, id: TokenId) -> Result<Issued, Refusal> {
    let mut tx = ctx.begin().await?;
    let done = async {
        let token = locked(&mut tx, id).await?;
        if token.revoked || token.expired {
            return Err(Reason::new(
                "token-ended",
                "the token was revoked, or its time is over",
                "make another one in the same account with `gauntlet token create`",
            )
            .field("path.id")
            .conflict());
        }
        let secret = random(&token.scope);
        tokens::replace_digest(&mut tx, id, &Digest::of(secret.as_bytes())).await?;
        events::append_platform(&mut tx, &PlatformEvent::TokenRotated { token: id }).await?;
        Ok(Issued {
            id,
            token: secret,
            scope: token.scope,
            account: token.account_name,
        })
    }
    .await;
    ctx.end(tx, "token", done).await
}

async fn locked(conn: &mut Conn, id: TokenId) -> Result<tokens::LockedToken, Refusal> {
    tokens::lock(conn, id).await?.ok_or_else(|| {
        Reason::new(
            "not-found",
            format!("there is no token with the id {id}"),
            "see `gauntlet token list` or GET /api/v1/tokens",
        )
        .field("path.id")
        .not_found()
    })
}

async fn insert(
    conn: &mut Conn,
    digest: &Digest,
    new: &NewToken,
) -> Result<(TokenId, AccountName), Refusal> {
    text::check("body.note", &new.note, 200)?;
    check_lifetime(new.lifetime_seconds)?;
    let id = TokenId(Uuid::now_v7());
    let (account, name) = match &new.account {
        Some(name) => (
            account_for(&mut *conn, name, new.scope).await?,
            name.clone(),
        ),
        None => {
            let account = AccountId(id.0);
            let name = own_name(new.scope, id)?;
            make_account(&mut *conn, account, &name, new.scope).await?;
            (account, name)
        }
    };
    let row = tokens::NewToken {
        id,
        account: Some(account),
        scope: new.scope.as_str(),
        digest,
        note: &new.note,
        lifetime_seconds: new.lifetime_seconds,
    };
    tokens::insert(&mut *conn, &row)
        .await
        .map_err(|error| match error.constraint() {
            Some("tokens_digest_key") => exists("this token is there already"),
            _ => error.into(),
        })?;
    let event = PlatformEvent::TokenIssued {
        token: id,
        scope: new.scope.as_str().to_owned(),
    };
    events::append_platform(conn, &event).await?;
    Ok((id, name))
}

/// Finds the account, or makes it.
async fn account_for(
    conn: &mut Conn,
    name: &AccountName,
    scope: Scope,
) -> Result<AccountId, Refusal> {
    if let Some(found) = accounts::find(&mut *conn, name).await? {
        if scope.fits(&found.role) {
            return Ok(found.id);
        }
        return Err(Reason::new(
            "role-does-not-fit",
            format!("`{name}` is an account of another kind"),
            "name another account, or make a token of another scope",
        )
        .field("body.scope")
        .limit(format!("what the role `{}` may do", found.role))
        .found(scope.as_str())
        .conflict());
    }
    let id = AccountId(Uuid::now_v7());
    make_account(conn, id, name, scope).await?;
    Ok(id)
}

async fn make_account(
    conn: &mut Conn,
    id: AccountId,
    name: &AccountName,
    scope: Scope,
) -> Result<(), Refusal> {
    let role = scope.role();
    accounts::insert(&mut *conn, id, name, role)
        .await
        .map_err(|error| match error.constraint() {
            Some("accounts_name_key") => exists("an account of this name has just been made"),
            _ => error.into(),
        })?;
    let event = PlatformEvent::AccountCreated {
        account: id,
        name: name.clone(),
        role: role.to_owned(),
    };
    events::append_platform(conn, &event).await?;
    Ok(())
}

/// Name of an account that is one token's own.
fn own_name(scope: Scope, id: TokenId) -> Result<AccountName, Refusal> {
    format!("{}-{id}", scope.as_str())
        .parse()
        .map_err(|error: gauntlet_domain::NameError| {
            gauntlet_storage::Error::Corrupt(error.to_string()).into()
        })
}

fn exists(detail: &str) -> Refusal {
    Reason::new(EXISTS, detail, "try again").conflict()
}

fn random(scope: impl AsRef<str>) -> String {
    let random: [u8; 32] = rand::random();
    format!("gnt_{}_{}", scope.as_ref(), hex::encode(random))
}

fn check_form(token: &str, scope: Scope) -> Result<(), Refusal> {
    let well_formed = token
        .strip_prefix("gnt_")
        .and_then(|rest| rest.strip_prefix(scope.as_str()))
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|secret| secret.len() == 64 && secret.parse::<Digest>().is_ok());
    if well_formed {
        return Ok(());
    }
    Err(Reason::new(
        "invalid-token",
        format!("this is not a {} token", scope.as_str()),
        "tokens look like gnt_<scope>_<64 hex digits>",
    )
    .invalid())
}

fn check_lifetime(seconds: Option<u32>) -> Result<(), Refusal> {
    match seconds {
        Some(seconds) if !(1..=LONGEST).contains(&seconds) => Err(Reason::new(
            "token-lifetime",
            "this is not a time for which a token may be good",
            "leave it out for a token that is good until it is revoked",
        )
        .field("body.lifetime_seconds")
        .limit(format!("1 to {LONGEST} seconds"))
        .found(format!("{seconds} seconds"))
        .invalid()),
        _ => Ok(()),
    }
}
