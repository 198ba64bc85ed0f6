//! `GET` and `POST /api/v1/tokens`, `POST /api/v1/tokens/{id}/revoke` and `…/rotate`.

use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_api::{List, NewToken, Token, TokenInfo, TokenScope};
use gauntlet_domain::TokenId;
use gauntlet_scheduler::commands::tokens::{self as command, Issued, Scope};
use gauntlet_storage::{Place, tokens};

use crate::app::App;
use crate::auth::Admin;
use crate::error::{Error, Result};
use crate::extract::{self, Json, Path, Query};
use crate::page::Piece;

/// Without anything from which a secret could be found.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "list_tokens",
    tag = "tokens",
    summary = "The tokens there are, without their secrets",
    params(Piece),
    responses(
        (status = 200, description = "The tokens", body = List<TokenInfo>),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: Admin,
    Query(piece): Query<Piece>,
) -> Result<axum::Json<List<TokenInfo>>> {
    let rows = {
        let mut conn = app.context.db.acquire().await?;
        tokens::list(&mut conn, &piece.page()?).await?
    };
    let place = |row: &tokens::TokenView| Place {
        at: row.created_at,
        id: row.id.0,
    };
    let List { items, next } = piece.list(rows, place, info);
    let items = items.into_iter().collect::<Result<_>>()?;
    Ok(axum::Json(List { items, next }))
}

/// The token is in the answer and nowhere else.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "create_token",
    tag = "tokens",
    summary = "Make a token",
    request_body = NewToken,
    responses(
        (status = 201, description = "The token, which is told this once", body = Token),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Admin(admin): Admin,
    Json(body): Json<NewToken>,
) -> Result<(StatusCode, axum::Json<Token>)> {
    let account = body.account.as_deref();
    let new = command::NewToken {
        scope: match body.scope {
            TokenScope::Admin => Scope::Admin,
            TokenScope::Organiser => Scope::Organiser,
            TokenScope::Miner => Scope::Miner,
            TokenScope::Runner => Scope::Runner,
            TokenScope::Reader => Scope::Reader,
        },
        note: body.note,
        account: account
            .map(|account| extract::name(account, "body.account"))
            .transpose()?,
        lifetime_seconds: body.lifetime_seconds,
    };
    let issued = command::create_token(&admin.context(&app), new).await?;
    Ok((StatusCode::CREATED, axum::Json(shown(issued)?)))
}

#[utoipa::path(
    post,
    path = "/tokens/{id}/revoke",
    operation_id = "revoke_token",
    tag = "tokens",
    summary = "End a token",
    params(("id" = uuid::Uuid, Path, description = "Id of the token")),
    responses(
        (status = 200, description = "The token as it is now", body = TokenInfo),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    Admin(admin): Admin,
    Path(id): Path<TokenId>,
) -> Result<axum::Json<TokenInfo>> {
    command::revoke_token(&admin.context(&app), id).await?;
    app.recent_tokens.forget();
    let mut conn = app.context.db.acquire().await?;
    let row = tokens::one(&mut conn, id).await?;
    let row = row.ok_or_else(|| Error::internal(format_args!("token {id} vanished")))?;
    Ok(axum::Json(info(row)?))
}

/// The new secret is in the answer and nowhere else.
#[utoipa::path(
    post,
    path = "/tokens/{id}/rotate",
    operation_id = "rotate_token",
    tag = "tokens",
    summary = "Give a token another secret",
    params(("id" = uuid::Uuid, Path, description = "Id of the token")),
    responses(
        (status = 200, description = "The token, which is told this once", body = Token),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn rotate(
    State(app): State<App>,
    Admin(admin): Admin,
    Path(id): Path<TokenId>,
) -> Result<axum::Json<Token>> {
    let issued = command::rotate_token(&admin.context(&app), id).await?;
    app.recent_tokens.forget();
    Ok(axum::Json(shown(issued)?))
}

fn shown(issued: Issued) -> Result<Token> {
    Ok(Token {
        id: issued.id.0,
        token: issued.token,
        scope: scope(&issued.scope)?,
        account: issued.account.to_string(),
    })
}

fn info(row: tokens::TokenView) -> Result<TokenInfo> {
    Ok(TokenInfo {
        id: row.id.0,
        note: row.note,
        scope: scope(&row.scope)?,
        account: row.account,
        role: row.role,
        usable: row.good,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    })
}

fn scope(name: &str) -> Result<TokenScope> {
    let scope: Scope = name.parse().map_err(|_| {
        Error::internal(format_args!(
            "a token of scope {name}, which this release does not know"
        ))
    })?;
    Ok(match scope {
        Scope::Admin => TokenScope::Admin,
        Scope::Organiser => TokenScope::Organiser,
        Scope::Miner => TokenScope::Miner,
        Scope::Runner => TokenScope::Runner,
        Scope::Reader => TokenScope::Reader,
    })
}
