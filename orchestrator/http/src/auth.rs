//! Who is calling: extractors for the three scopes.
//!
//! A token is 256 random bits, and what is stored is its SHA-256: a look-up by
//! digest tells nothing through its timing that would help to guess a token.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use gauntlet_domain::tournament::Audience;
use gauntlet_domain::{Digest, TokenId};
use gauntlet_storage::tokens;

use crate::app::App;
use crate::error::{Error, Result};

/// An admin.
pub(crate) struct Admin {
    pub(crate) token: TokenId,
}

/// A miner, or an admin.
pub(crate) struct Miner {
    pub(crate) token: TokenId,
}

/// A runner.
pub(crate) struct Runner {
    pub(crate) token: TokenId,
}

/// A runner, or an admin, who brings the data of tasks.
pub(crate) struct Writer;

/// Whoever looks: with an admin's token the organiser, otherwise everyone.
pub(crate) struct Viewer(pub(crate) Audience);

impl FromRequestParts<App> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Some(token) = bearer(&parts.headers) else {
            return Ok(Self(Audience::Everyone));
        };
        let mut conn = app.context.db.acquire().await?;
        let found = tokens::find(&mut conn, &Digest::of(token.as_bytes())).await?;
        let is_admin = found.is_some_and(|found| found.scope == "admin");
        Ok(Self(if is_admin {
            Audience::Organiser
        } else {
            Audience::Everyone
        }))
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let token = authorise(&parts.headers, app, &["admin"]).await?;
        Ok(Self { token })
    }
}

impl FromRequestParts<App> for Miner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let token = authorise(&parts.headers, app, &["miner", "admin"]).await?;
        Ok(Self { token })
    }
}

impl FromRequestParts<App> for Runner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let token = authorise(&parts.headers, app, &["runner"]).await?;
        Ok(Self { token })
    }
}

impl FromRequestParts<App> for Writer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(&parts.headers, app, &["runner", "admin"]).await?;
        Ok(Self)
    }
}

/// Finds the caller's token and checks that its scope is one of `allowed`.
async fn authorise(headers: &HeaderMap, app: &App, allowed: &[&str]) -> Result<TokenId> {
    let token = bearer(headers).ok_or_else(|| {
        unauthorised(
            "missing-token",
            "No token",
            "this needs a token, and the request carries none",
        )
    })?;
    let mut conn = app.context.db.acquire().await?;
    let found = tokens::find(&mut conn, &Digest::of(token.as_bytes())).await?;
    let found = found.ok_or_else(|| {
        unauthorised(
            "unknown-token",
            "Unknown token",
            "the token is not known, or it was revoked",
        )
    })?;
    if allowed.contains(&found.scope.as_str()) {
        return Ok(found.id);
    }
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

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
