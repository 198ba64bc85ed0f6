//! `POST /api/v1/tournaments/{name}/submissions?name={method}`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gauntlet_api::Receipt;
use gauntlet_gate::GateLimits;
use gauntlet_scheduler::commands::submit::{
    Artifact, NewSubmission, accepts, name_is_free, submit,
};
use serde::Deserialize;

use super::image_upload;
use crate::app::App;
use crate::auth::{self, Miner};
use crate::error::{Error, Result};
use crate::extract::{self, Path, Query};
use crate::incoming;
use crate::read;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    /// Name of the method.
    name: String,
}

/// Media type of an image's archive, compressed or not.
const ARCHIVE: &str = "application/x-tar";

/// Checks the method before anything is stored; the scheduler checks the rest.
pub(crate) async fn create(
    State(app): State<App>,
    Miner(miner): Miner,
    Path(tournament): Path<String>,
    Query(Parameters { name }): Query<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Receipt>)> {
    let method = extract::name(&name, "query.name")?;
    let tournament = read::tournament_name(&tournament)?;
    let image = extract::has_content_type(&headers, ARCHIVE);
    if !image {
        extract::require_content_type(&headers, "application/wasm")?;
    }
    // Asked before the method is received, and again when it is entered.
    let terms = accepts(&app.context, &tournament, miner.token).await?;
    name_is_free(&app.context, &method, miner.token).await?;
    let received = async {
        if image {
            image_upload::receive(&app, &headers, body).await
        } else {
            receive_module(&headers, body, terms.module_data_bytes).await
        }
    };
    let hold = miner.hold(&app);
    let artifact = tokio::select! {
        received = received => received?,
        () = hold.ended() => return Err(auth::ended()),
    };
    let bytes = match &artifact {
        Artifact::Module(module) => module.len() as u64,
        Artifact::Image { bytes, .. } => *bytes,
    };
    let new = NewSubmission {
        tournament,
        name: method,
        artifact,
        token: miner.token,
    };
    let accepted = submit(&app.context, new).await?;
    let receipt = Receipt {
        submission: accepted.submission.0,
        tournament: accepted.tournament.to_string(),
        method: accepted.name.to_string(),
        digest: accepted.digest.to_string(),
        bytes,
        submitted_at: accepted.submitted_at,
    };
    Ok((StatusCode::CREATED, Json(receipt)))
}

async fn receive_module(headers: &HeaderMap, body: Body, data_bytes: u64) -> Result<Artifact> {
    let limits = GateLimits {
        data_bytes,
        ..GateLimits::platform()
    };
    let module = incoming::read(headers, body, limits.module_bytes, "body").await?;
    // The gate validates the whole module: some tens of milliseconds for a large one.
    let checked = module.clone();
    tokio::task::spawn_blocking(move || gauntlet_gate::check(&checked, &limits))
        .await
        .map_err(Error::internal)??;
    Ok(Artifact::Module(module))
}
