//! The description of the API (OpenAPI 3.1): what stands beside the handlers and the shapes, put
//! together, with what holds for all operations.
//!
//! `docs/openapi.json` is this document; a test holds the two together.

mod problems;
mod ranges;
pub(crate) mod shapes;

use std::sync::Arc;

use serde_json::{Value, json};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gauntlet",
        description = "Tournaments of training methods. Times are RFC 3339 in UTC, digests \
                       SHA-256 as 64 lower-case hex digits, seeds 16 hex digits. Errors are \
                       problems (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "The server that gave this description")),
    tags(
        (name = "tournaments", description = "Rules, rounds, standings; methods are handed in here"),
        (name = "runs", description = "One method on one block of data"),
        (name = "tasks", description = "Data, budget, what is measured"),
        (name = "series", description = "Tournaments that recur"),
        (name = "archive", description = "Champions with their code and weights"),
        (name = "tokens", description = "Who may do what"),
        (name = "runners", description = "What runners say, and what is known of them"),
        (name = "platform", description = "The server itself"),
    ),
    components(schemas(gauntlet_api::Problem, gauntlet_api::ChangeEvent))
)]
struct Frame;

/// The document, for those who serve it.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) document: Arc<Value>,
    /// As it is served and committed: JSON in lines, with a line end.
    pub(crate) text: Arc<str>,
}

impl Description {
    /// That of these operations.
    pub(crate) fn new(operations: utoipa::openapi::OpenApi) -> Self {
        let mut frame = Frame::openapi();
        frame.merge(operations);
        // Plain data always becomes JSON.
        let mut document = serde_json::to_value(frame).unwrap_or_default();
        document["components"]["securitySchemes"] = json!({ "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token, `gnt_<scope>_<64 hex digits>`. Each operation names the \
                            scopes that will do; one with none named shows more to whoever may \
                            see it.",
        }});
        problems::add(&mut document);
        ranges::add(&mut document);
        Self {
            text: format!("{document:#}\n").into(),
            document: Arc::new(document),
        }
    }
}
