//! `POST /api/v1/tournaments/{name}/submissions?name={method}`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gauntlet_api::Receipt;
use gauntlet_domain::run::Lane;
use gauntlet_gate::GateLimits;
use gauntlet_intake::Question;
use gauntlet_scheduler::commands::accepts::takes;
use gauntlet_scheduler::commands::submit::{
    Artifact, Entry, NewSubmission, accepts, admits, name_is_free, submit,
};
use gauntlet_scheduler::unserved::WITH_CONTAINERS;
use gauntlet_storage::unserved;
use serde::Deserialize;
use utoipa::IntoParams;

use super::image_upload;
use super::spool;
use crate::app::App;
use crate::auth::{self, Miner};
use crate::error::Result;
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
    let lane = if image { Lane::Oci } else { Lane::Wasm };
    takes(&terms, &tournament, lane)?;
    let (most, rule) = terms.accepts.most_bytes(lane);
    name_is_free(&app.context, &method, miner.token).await?;
    let new = |artifact| NewSubmission {
        tournament: tournament.clone(),
        name: method.clone(),
        artifact,
        token: miner.token,
    };
    let received = async {
        if image {
            let (artifact, mut notes) = image_upload::receive(
                &app,
                miner.token,
                &headers,
                body,
                most,
                async |digest, bytes| {
                    let entry = Entry {
                        tournament: &tournament,
                        name: &method,
                        digest,
                        lane,
                        bytes,
                        token: miner.token,
                    };
                    Ok(admits(&app.context, entry).await?)
                },
            )
            .await?;
            if !unserved::takes_images(&mut *app.context.db.acquire().await?).await? {
                notes.push(format!(
                    "no runner that takes images is there, and the method waits for one: whoever \
                     runs the tournament can {WITH_CONTAINERS}"
                ));
            }
            enter(&app, new(artifact), notes).await
        } else {
            let limits = GateLimits {
                data_bytes: terms.module_data_bytes,
                ..GateLimits::platform()
            };
            let place = app.places.modules.take(miner.token).await?;
            let most = most.min(limits.module_bytes);
            let spooled = spool::receive(&app.context.blobs, &place, &headers, body, most).await?;
            let _turn = app.places.module_check().await?;
            let question = Question::Module {
                data_bytes: limits.data_bytes,
            };
            app.intake.ask(question, &spooled.file).await?;
            let module = spool::whole(spooled).await?;
            enter(&app, new(Artifact::Module(module)), Vec::new()).await
        }
    };
    let hold = miner.hold(&app);
    let receipt = tokio::select! {
        received = received => received.map_err(|error| error.by_rule(rule))?,
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
