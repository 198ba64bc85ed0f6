//! `POST /api/v1/tournaments/{name}/submissions?name={method}`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use gauntlet_api::Receipt;
use gauntlet_domain::run::Lane;
use gauntlet_gate::GateLimits;
use gauntlet_scheduler::commands::submit::{
    Artifact, Entry, NewSubmission, accepts, admits, name_is_free, submit,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::image_upload;
use super::spool::{self, Spooled};
use crate::app::App;
use crate::auth::{self, Miner};
use crate::error::{Error, Result};
use crate::extract::{self, Path, Query};
use crate::read;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Name of the method.
    #[param(value_type = gauntlet_domain::MethodName)]
    name: String,
}

/// Media type of an image's archive, compressed or not.
const ARCHIVE: &str = "application/x-tar";

/// Checks the method before anything is stored; the scheduler checks the rest.
#[utoipa::path(
    post,
    path = "/tournaments/{name}/submissions",
    operation_id = "submit",
    tag = "tournaments",
    summary = "Hand in a method",
    params(
        ("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament"),
        Parameters,
    ),
    request_body(content((inline(crate::openapi::shapes::Binary) = "application/wasm"), (inline(crate::openapi::shapes::Binary) = "application/x-tar"))),
    responses(
        (status = 201, description = "It takes part", body = Receipt),
        (status = 409, description = "It does not fit the present state"),
        (status = 422, description = "The module or the image is refused"),
    ),
    security(("bearer" = ["miner"]), ("bearer" = ["organiser"]), ("bearer" = ["admin"])),
)]
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
    let new = |artifact| NewSubmission {
        tournament: tournament.clone(),
        name: method.clone(),
        artifact,
        token: miner.token,
    };
    let received = async {
        if image {
            let (artifact, mut notes) =
                image_upload::receive(&app, miner.token, &headers, body, async |digest| {
                    let entry = Entry {
                        tournament: &tournament,
                        name: &method,
                        digest,
                        lane: Lane::Oci,
                        token: miner.token,
                    };
                    Ok(admits(&app.context, entry).await?)
                })
                .await?;
            if let Some(warning) = app.images_asked.warning() {
                tracing::warn!(%tournament, "an image was handed in: {warning}");
                notes.push(warning);
            }
            enter(&app, new(artifact), notes).await
        } else {
            let limits = GateLimits {
                data_bytes: terms.module_data_bytes,
                ..GateLimits::platform()
            };
            let _place = app.places.modules.take(miner.token).await?;
            let spooled =
                spool::receive(&app.context.blobs, &headers, body, limits.module_bytes).await?;
            let _turn = app.places.module_check().await?;
            let module = checked(spooled, limits).await?;
            enter(&app, new(Artifact::Module(module)), Vec::new()).await
        }
    };
    let hold = miner.hold(&app);
    let receipt = tokio::select! {
        received = received => received?,
        () = hold.ended() => return Err(auth::ended()),
    };
    Ok((StatusCode::CREATED, Json(receipt)))
}

/// Enters a method that may enter.
async fn enter(app: &App, new: NewSubmission, notes: Vec<String>) -> Result<Receipt> {
    let bytes = match &new.artifact {
        Artifact::Module(module) => module.len() as u64,
        Artifact::Image { bytes, .. } => *bytes,
    };
    let accepted = submit(&app.context, new).await?;
    Ok(Receipt {
        submission: accepted.submission.0,
        tournament: accepted.tournament.to_string(),
        method: accepted.name.to_string(),
        digest: accepted.digest.to_string(),
        bytes,
        submitted_at: accepted.submitted_at,
        notes,
    })
}

/// A module that the gate lets through.
async fn checked(spooled: Spooled, limits: GateLimits) -> Result<Bytes> {
    let module = spool::whole(spooled).await?;
    // The gate validates the whole module: some tens of milliseconds for a large one.
    let looked_at = module.clone();
    tokio::task::spawn_blocking(move || gauntlet_gate::check(&looked_at, &limits))
        .await
        .map_err(Error::internal)??;
    Ok(module)
}
