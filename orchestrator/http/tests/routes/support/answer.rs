//! What the app answered, and what a test may take for granted of it.

use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use gauntlet_api::Problem;
use serde_json::Value;

/// What the app answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// It must have this status; its JSON, or null if it has no body.
    pub(crate) fn ok(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    /// It must be a whole problem of this status.
    pub(crate) fn any_problem(self, status: u16) -> Problem {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem: Problem = serde_json::from_slice(&self.body).expect("the answer is a problem");
        assert_eq!(problem.status, status);
        assert!(
            problem.kind.starts_with("urn:gauntlet:problem:"),
            "{problem:?}"
        );
        for text in [&problem.title, &problem.detail, &problem.help] {
            assert!(!text.is_empty(), "{problem:?}");
        }
        problem
    }

    /// It must be a whole problem of this status and kind.
    pub(crate) fn problem(self, status: u16, kind: &str) -> Problem {
        let problem = self.any_problem(status);
        assert_eq!(
            problem.kind,
            format!("urn:gauntlet:problem:{kind}"),
            "{problem:?}"
        );
        problem
    }
}
