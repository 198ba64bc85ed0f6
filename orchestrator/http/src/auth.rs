//! Who is calling: extractors for what tokens are for.
//!
//! A token is 256 random bits, and what is stored is its SHA-256: a look-up by
//! digest tells nothing through its timing that would help to guess a token. It is looked up
//! at every request, so what is revoked or expired is refused from then on (a runner's at every
//! request that comes a tenth of a second after the last look-up: see [`crate::recent_tokens`]);
//! answers that take long ask for a [`Hold`].

use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use gauntlet_domain::tournament::Audience;
use gauntlet_domain::{AccountId, AccountName, Digest, SeriesName, TokenId, TournamentName};
use gauntlet_scheduler::Context;
use gauntlet_storage::tokens::{self, TokenRow};
use gauntlet_storage::{Access, members, series, shares};

use crate::app::App;
use crate::error::{Error, Result};
use crate::refused::Why;
use crate::token_watch::Hold;

/// Scope of the tokens that runners have.
const RUNNER: &str = "runner";

/// Whoever asks by a token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) token: TokenId,
    pub(crate) account: AccountId,
    account_name: AccountName,
    scope: String,
    digest: Digest,
}

/// An admin.
pub(crate) struct Admin(pub(crate) Caller);

/// An organiser, or an admin. What is another organiser's is none of an organiser's business:
/// see [`Caller::must_organise`].
pub(crate) struct Organiser(pub(crate) Caller);

/// A miner, an organiser or an admin.
pub(crate) struct Miner(pub(crate) Caller);

/// A runner.
pub(crate) struct Runner(pub(crate) Caller);

/// A runner, or an admin, who brings the data of tasks.
pub(crate) struct Writer(pub(crate) Caller);

/// Whoever looks: with or without a token.
pub(crate) struct Viewer(Option<Caller>);

impl Caller {
    /// What commands work with; the account is named beside the events of what they do.
    pub(crate) fn context(&self, app: &App) -> Context {
        app.context.acting(&self.account_name)
    }

    /// For an answer that takes long: tells when the token stops being good.
    pub(crate) fn hold(&self, app: &App) -> Hold {
        app.tokens.hold(self.digest)
    }

    pub(crate) fn scope(&self) -> &str {
        &self.scope
    }

    pub(crate) fn is_runner(&self) -> bool {
        self.scope == RUNNER
    }

    /// What there is for this caller.
    pub(crate) fn access(&self) -> Access {
        match self.scope.as_str() {
            "admin" => Access::Everything,
            _ => Access::Member(self.account),
        }
    }

    /// Refuses what is another organiser's, or is not there for the caller. What does not exist is
    /// left to the command where an admin asks.
    pub(crate) async fn must_organise(&self, app: &App, name: &TournamentName) -> Result<()> {
        if self.scope == "admin" {
            return Ok(());
        }
        let mut conn = app.context.db.acquire().await?;
        let Some(id) = members::seen(&mut conn, name, self.access()).await? else {
            return Err(Error::not_found("path.name", "tournament", name));
        };
        match shares::organiser(&mut conn, id).await? {
            Some(organiser) if organiser == self.account => Ok(()),
            _ => Err(not_yours("tournament", name)),
        }
    }

    /// The same of a series.
    pub(crate) async fn must_organise_series(&self, app: &App, name: &SeriesName) -> Result<()> {
        if self.scope == "admin" {
            return Ok(());
        }
        let mut conn = app.context.db.acquire().await?;
        match series::organiser(&mut conn, name).await? {
            Some(organiser) if organiser == self.account => Ok(()),
            // Also where there is none of that name: it says no more than that.
            _ => Err(not_yours("series", name)),
        }
    }
}

/// For whom a tournament is read: whether it is there, and how much of it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eyes {
    pub(crate) access: Access,
    pub(crate) audience: Audience,
}

impl Eyes {
    /// Anybody's, as pages are read: nobody shows a token there.
    pub(crate) const ANYBODY: Self = Self {
        access: Access::Public,
        audience: Audience::Everyone,
    };
    /// Those of whoever has just organised it.
    pub(crate) const ORGANISER: Self = Self {
        access: Access::Everything,
        audience: Audience::Organiser,
    };
}

impl Viewer {
    /// What there is for whoever looks.
    pub(crate) fn access(&self) -> Access {
        self.0.as_ref().map_or(Access::Public, Caller::access)
    }

    /// What is to be seen of a tournament, if it is there: everything for its organiser, for
    /// admins and readers.
    pub(crate) async fn eyes(&self, app: &App, tournament: &str) -> Result<Eyes> {
        Ok(Eyes {
            access: self.access(),
            audience: self.audience(app, tournament).await?,
        })
    }

    async fn audience(&self, app: &App, tournament: &str) -> Result<Audience> {
        let sees_all = match &self.0 {
            None => false,
            Some(caller) => match caller.scope.as_str() {
                "admin" | "reader" => true,
                "organiser" => match tournament.parse() {
                    Ok(name) => caller.must_organise(app, &name).await.is_ok(),
                    Err(_) => false,
                },
                _ => false,
            },
        };
        Ok(if sees_all {
            Audience::Organiser
        } else {
            Audience::Everyone
        })
    }

    /// What is to be seen of the platform itself: everything for admins. What a runner said may be
    /// of a private tournament that a reader is no member of.
    pub(crate) fn audience_of_platform(&self) -> Audience {
        match self.access() {
            Access::Everything => Audience::Organiser,
            Access::Member(_) | Access::Public => Audience::Everyone,
        }
    }

    /// For an answer that takes long: tells when the token, if there is one, stops being good.
    pub(crate) fn hold(&self, app: &App) -> Option<Hold> {
        self.0.as_ref().map(|caller| caller.hold(app))
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match bearer(&parts.headers) {
            // Whoever shows a token means to be somebody: a wrong one is no reason to show less.
            Some(token) => Ok(Self(Some(find(parts, app, token).await?))),
            None => Ok(Self(None)),
        }
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        administrative(parts, app, &["admin"]).await.map(Self)
    }
}

impl FromRequestParts<App> for Organiser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = administrative(parts, app, &["organiser", "admin"]).await?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<App> for Miner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = authorise(parts, app, &["miner", "organiser", "admin"]).await?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<App> for Runner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, &[RUNNER]).await.map(Self)
    }
}

impl FromRequestParts<App> for Writer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, &[RUNNER, "admin"]).await.map(Self)
    }
}

/// Who asks, if a token is shown.
pub(crate) async fn shown(parts: &Parts, app: &App) -> Result<Option<Caller>> {
    match bearer(&parts.headers) {
        Some(token) => find(parts, app, token).await.map(Some),
        None => Ok(None),
    }
}

/// [`authorise`]s what changes how tournaments go, and tells the log who asked.
async fn administrative(parts: &Parts, app: &App, allowed: &[&str]) -> Result<Caller> {
    let caller = authorise(parts, app, allowed).await?;
    tracing::info!(
        actor = %caller.account_name,
        token = %caller.token,
        method = %parts.method,
        path = parts.uri.path(),
        "an administrative request"
    );
    Ok(caller)
}

/// Finds the caller's token and checks that its scope is one of `allowed`.
async fn authorise(parts: &Parts, app: &App, allowed: &[&str]) -> Result<Caller> {
    let Some(token) = bearer(&parts.headers) else {
        refuse(app, Why::Missing, parts);
        return Err(unauthorised(
            "missing-token",
            "No token",
            "this needs a token, and the request carries none",
        ));
    };
    let found = find(parts, app, token).await?;
    if allowed.contains(&found.scope.as_str()) {
        return Ok(found);
    }
    refuse(app, Why::Scope, parts);
    let wanted = allowed.join(" or ");
    Err(Error::new(
        StatusCode::FORBIDDEN,
        "wrong-scope",
        "The token is for something else",
        format!("this needs a token of scope {wanted}"),
        "use another token, or ask an admin for one",
    )
    .field("header.authorization")
    .limit(wanted)
    .found(found.scope))
}

async fn find(parts: &Parts, app: &App, token: &str) -> Result<Caller> {
    let digest = Digest::of(token.as_bytes());
    app.limiter.token_is_shown(parts, &digest)?;
    let found = match app.recent_tokens.get(&digest) {
        Some(recent) => Some(recent),
        None => look_up(app, &digest).await?,
    };
    let Some(found) = found else {
        refuse(app, Why::Unknown, parts);
        app.limiter.token_is_bad(&digest);
        return Err(ended());
    };
    app.limiter.token_is_good(found.id, &found.scope, digest)?;
    Ok(Caller {
        token: found.id,
        account: found.account,
        account_name: found.account_name,
        scope: found.scope,
        digest,
    })
}

/// Asks the database for a good token, notes that it is used, and keeps a runner's for a moment.
async fn look_up(app: &App, digest: &Digest) -> Result<Option<TokenRow>> {
    let asked = Instant::now();
    let found = {
        let mut conn = app.context.db.acquire().await?;
        tokens::find(&mut conn, digest).await?
    };
    if let Some(token) = &found {
        if !token.noted {
            app.tokens.used(token.id);
        }
        if token.scope == RUNNER {
            app.recent_tokens.keep(*digest, asked, token.clone());
        }
    }
    Ok(found)
}

fn refuse(app: &App, why: Why, parts: &Parts) {
    app.metrics.refused(why.as_str());
    app.refused.note(why, parts);
}

/// The token is not, or no longer, good for anything.
pub(crate) fn ended() -> Error {
    unauthorised(
        "unknown-token",
        "Unknown token",
        "the token is not known, it was revoked, or its time is over",
    )
}

fn unauthorised(kind: &str, title: &str, detail: &str) -> Error {
    Error::new(
        StatusCode::UNAUTHORIZED,
        kind,
        title,
        detail,
        "send `Authorization: Bearer <token>`; `gauntlet up` writes tokens to tokens.json in its data \
         folder, and an admin makes others with `gauntlet token create`",
    )
    .field("header.authorization")
}

fn not_yours(what: &str, name: impl std::fmt::Display) -> Error {
    Error::new(
        StatusCode::FORBIDDEN,
        "not-yours",
        "It is somebody else's",
        format!("the {what} `{name}` is not this account's"),
        "use a token of its organiser's account, or ask an admin",
    )
    .field("header.authorization")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
