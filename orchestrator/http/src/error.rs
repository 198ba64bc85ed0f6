//! Every error of the HTTP interface is a problem (RFC 9457).
//!
//! Whose fault it is decides the constructor: what the caller can put right names
//! the field, the limit and what to do ([`Error::new`] with a 4xx status); what
//! the caller can't is [`Error::internal`] or [`Error::unavailable`], which tell
//! the log everything and the caller nothing but that it is ours.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gauntlet_api::Problem;
use gauntlet_gate::{Rejection, Rule};
use gauntlet_image::Refusal as ImageRefusal;
use gauntlet_intake::IntakeError;
use gauntlet_scheduler::{Reason, Refusal};
use gauntlet_storage as storage;

/// What a handler answers instead of what was asked for.
#[derive(Debug)]
pub(crate) struct Error {
    problem: Box<Problem>,
    /// In how many seconds it is worth trying again, where that is known.
    retry_seconds: Option<u64>,
}

/// Result of a handler.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `kind` is the stable end of the problem's type, e.g. `name-taken`.
    pub(crate) fn new(
        status: StatusCode,
        kind: &str,
        title: &str,
        detail: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            problem: Box::new(Problem {
                kind: format!("urn:gauntlet:problem:{kind}"),
                title: title.to_owned(),
                status: status.as_u16(),
                detail: detail.into(),
                field: None,
                limit: None,
                found: None,
                help: help.into(),
                request_id: None,
            }),
            retry_seconds: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(2),
        }
    }

    /// Names the part of the request that is wrong.
    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.problem.field = Some(field.into());
        self
    }

    /// Names the limit, with its unit.
    pub(crate) fn limit(mut self, limit: impl Into<String>) -> Self {
        self.problem.limit = Some(limit.into());
        self
    }

    /// Names what was found instead.
    pub(crate) fn found(mut self, found: impl Into<String>) -> Self {
        self.problem.found = Some(found.into());
        self
    }

    /// Says when it is worth trying again.
    pub(crate) fn retry_after(mut self, time: std::time::Duration) -> Self {
        self.retry_seconds = Some(time.as_secs());
        self
    }

    /// A part of the request that cannot be understood.
    pub(crate) fn invalid(
        field: impl Into<String>,
        detail: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid-request",
            "The request is not valid",
            detail,
            help,
        )
        .field(field)
    }

    /// Something named in the path or the body that does not exist.
    pub(crate) fn not_found(field: &str, what: &str, name: impl std::fmt::Display) -> Self {
        let help = match what {
            "tournament" => {
                "see `gauntlet tournament list` or GET /api/v1/tournaments; private ones are there \
                 for tokens of their members alone"
            }
            "task" => {
                "see `gauntlet task list` or GET /api/v1/tasks; private ones are there for tokens \
                 of members of their tournaments alone"
            }
            "series" => "see `gauntlet series list` or GET /api/v1/series",
            "archive entry" => "see `gauntlet archive list` or GET /api/v1/archive",
            _ => "check the address",
        };
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            format!("there is no {what} `{name}`"),
            help,
        )
        .field(field)
    }

    /// A body that is larger than what is taken there.
    pub(crate) fn too_large(field: &str, limit: u64, found: Option<u64>) -> Self {
        let error = Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            format!("at most {limit} bytes are taken here"),
            "send less; for a module, build it with `gauntlet method build`, which removes what is not used",
        )
        .field(field)
        .limit(format!("{limit} bytes"));
        match found {
            Some(found) => error.found(format!("{found} bytes")),
            None => error,
        }
    }

    /// If it is too large: which rule of the tournament says so.
    pub(crate) fn by_rule(mut self, rule: &str) -> Self {
        if self.problem.status == StatusCode::PAYLOAD_TOO_LARGE.as_u16() {
            self.problem.limit = self.problem.limit.map(|limit| format!("{rule}: {limit}"));
        }
        self
    }

    /// Our own failure; the cause goes to the log.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed through a fault of our own");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "something went wrong on the server; your request was not carried out",
            "try again; if it stays, tell the operator the id of the request",
        )
    }

    /// The database or the blob store cannot be reached; the cause goes to the log.
    pub(crate) fn unavailable(cause: impl std::fmt::Display) -> Self {
        tracing::warn!(%cause, "a request failed because storage is unavailable");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Temporarily unavailable",
            "the server cannot reach its storage",
            "try again in a few seconds",
        )
    }

    /// A failure of storage that several requests share.
    pub(crate) fn shared(error: &storage::Error) -> Self {
        if error.is_transient() {
            Self::unavailable(error)
        } else {
            Self::internal(error)
        }
    }

    /// Whether something is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.problem.status == StatusCode::NOT_FOUND.as_u16()
    }

    /// The problem itself.
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// A module refused at the gate. (A file over the size limit never gets there.)
impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let kind = match rejection.rule {
            Rule::TooLarge => "too-large",
            Rule::NotAModule => "not-a-module",
            Rule::ForeignImport => "foreign-import",
            Rule::InterfaceVersion => "interface-version",
            Rule::ImportType => "import-type",
            Rule::Export => "export",
            Rule::StartFunction => "start-function",
            Rule::Manifest => "manifest",
            Rule::Feature => "feature",
            Rule::Invalid => "invalid",
        };
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            &format!("module-{kind}"),
            "The module is refused",
            rejection.detail,
            rejection.help,
        )
        .field("body");
        if let Some(limit) = rejection.limit {
            error = error.limit(limit.to_string());
        }
        if let Some(found) = rejection.found {
            error = error.found(found.to_string());
        }
        error
    }
}

/// An image refused at intake.
impl From<ImageRefusal> for Error {
    fn from(refusal: ImageRefusal) -> Self {
        let error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            &format!("image-{}", refusal.rule.as_str().replace('_', "-")),
            "The image is refused",
            refusal.detail,
            refusal.help,
        )
        .field("body");
        match refusal.limit {
            Some(limit) => error.limit(limit.to_string()),
            None => error,
        }
    }
}

/// A file that was not taken in, or not read through a fault of ours.
impl From<IntakeError> for Error {
    fn from(error: IntakeError) -> Self {
        let detail = error.to_string();
        let refused = |kind: &str, help: &str| {
            let title = "What was handed in cannot be checked";
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title, &detail, help).field("body")
        };
        match error {
            IntakeError::Module(rejection) => rejection.into(),
            IntakeError::Image(refusal) => refusal.into(),
            IntakeError::TooExpensive { what, limit, unit } => refused(
                &format!("{what}-check-too-expensive"),
                "make it smaller, or build it with the tools that everybody uses",
            )
            .limit(format!("{limit} {unit}")),
            IntakeError::Crashed {
                what,
                memory_bytes,
                cpu_seconds,
                ..
            } => {
                // Either somebody tries, or there is a fault of ours that such a file shows.
                tracing::warn!("{detail}");
                refused(
                    &format!("{what}-check-broke-off"),
                    "send it again; if it is refused again, build it with the tools that \
                     everybody uses, and tell the operator if it was",
                )
                .limit(format!(
                    "{memory_bytes} bytes of memory, {cpu_seconds} seconds of processor time"
                ))
            }
            IntakeError::Fault(_) | IntakeError::NoProgram => {
                tracing::error!("{detail}");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "intake-unavailable",
                    "Temporarily unavailable",
                    "the server cannot have anything checked at the moment",
                    "try again in a few seconds; if it stays, tell the operator",
                )
            }
        }
    }
}

/// What the scheduler refuses, it has said how to put right.
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let mut retry = None;
        let (status, title, reason) = match refusal {
            Refusal::Invalid(reason) => {
                (StatusCode::BAD_REQUEST, "The request is not valid", reason)
            }
            Refusal::NotFound(reason) => (StatusCode::NOT_FOUND, "Not found", reason),
            Refusal::Conflict(reason) => (
                StatusCode::CONFLICT,
                "It does not fit the present state",
                reason,
            ),
            Refusal::TooMuch {
                reason,
                retry_seconds,
            } => {
                retry = retry_seconds;
                (
                    StatusCode::TOO_MANY_REQUESTS,
                    "More than may be handed in",
                    reason,
                )
            }
            Refusal::Storage(error) => return error.into(),
        };
        let Reason {
            code,
            detail,
            field,
            limit,
            found,
            help,
        } = *reason;
        let mut error = Self::new(status, code, title, detail, help);
        error.problem.field = field.map(std::borrow::Cow::into_owned);
        error.problem.limit = limit;
        error.problem.found = found;
        error.retry_seconds = retry;
        error
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::DigestMismatch { expected, found } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "digest-mismatch",
                "The bytes are not what their name says",
                "the SHA-256 of the body is another than the one in the address",
                "send the bytes under their own digest; if they are right, send them again, since \
                 they were changed on the way",
            )
            .field("path.digest")
            .limit(expected.to_string())
            .found(found.to_string()),
            error if error.is_transient() => Self::unavailable(error),
            error => Self::internal(error),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&*self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"gauntlet\""),
            );
        }
        if let Some(seconds) = self.retry_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For those who show it in another form.
        response.extensions_mut().insert(*self.problem);
        response
    }
}
