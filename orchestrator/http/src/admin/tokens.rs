//! `POST /api/v1/tokens`.

use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_api::{NewToken, Token, TokenScope};
use gauntlet_scheduler::commands::tokens::{Scope, issue_token};

use crate::app::App;
use crate::auth::Admin;
use crate::error::Result;
use crate::extract::Json;

/// The token is in the answer and nowhere else.
pub(crate) async fn create(
    State(app): State<App>,
    _: Admin,
    Json(body): Json<NewToken>,
) -> Result<(StatusCode, axum::Json<Token>)> {
    let scope = match body.scope {
        TokenScope::Admin => Scope::Admin,
        TokenScope::Miner => Scope::Miner,
        TokenScope::Runner => Scope::Runner,
    };
    let token = issue_token(&app.context, scope, &body.note).await?;
    Ok((
        StatusCode::CREATED,
        axum::Json(Token {
            token,
            scope: body.scope,
        }),
    ))
}
