//! Requests to the app. What is described has to be answered as described.

use std::sync::LazyLock;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, Request, StatusCode};
use futures::{Stream, StreamExt};
use gauntlet_test_support::Description;
use serde_json::Value;
use tower::ServiceExt;

use super::{Answer, Server};

static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| Description::new(&gauntlet_http::openapi()));

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

impl Server {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn get_as(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post_bytes(
        &self,
        path: &str,
        token: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Answer {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", kind)
            .header("content-length", body.len())
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    pub(crate) async fn post_json_as(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.post_bytes(
            path,
            token,
            "application/json",
            body.to_string().into_bytes(),
        )
        .await
    }

    pub(crate) async fn admin_post(&self, path: &str) -> Answer {
        let request = Request::post(path).header("authorization", format!("Bearer {}", self.admin));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn admin_post_json(&self, path: &str, body: &Value) -> Answer {
        self.post_json_as(path, &self.admin, body).await
    }

    pub(crate) async fn runner_post(&self, path: &str, body: &Value) -> Answer {
        self.post_json_as(path, &self.runner, body).await
    }

    pub(crate) async fn put_blob(&self, name: &str, token: &str, bytes: Vec<u8>) -> Answer {
        let request = Request::put(format!("/api/v1/blobs/{name}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-length", bytes.len())
            .body(Body::from(bytes))
            .unwrap();
        self.send(request).await
    }

    /// The answer, which has to be as described; so has what was asked, if it was accepted.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        if body.size_hint().exact().is_none() {
            // It comes as it is read, or does not end.
            return self.send_as_it_is(Request::from_parts(parts, body)).await;
        }
        let asked = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("the request's body ends");
        let (method, path) = (parts.method.clone(), parts.uri.to_string());
        let kind = text_of(&parts.headers, "content-type");
        let answer = self
            .send_as_it_is(Request::from_parts(parts, Body::from(asked.clone())))
            .await;
        let description = &*DESCRIPTION;
        if let Some(operation) = description.operation(method.as_str(), &path) {
            let status = answer.status.as_u16();
            let given = text_of(&answer.headers, "content-type");
            let mut misfits = operation.misfits_of_answer(status, given.as_deref(), &answer.body);
            if let (true, Some(kind)) = (answer.status.is_success(), kind) {
                misfits.extend(operation.misfits_of_body(&kind, &asked));
            }
            assert!(misfits.is_empty(), "{method} {path}: {misfits:#?}");
        }
        answer
    }

    async fn send_as_it_is(&self, request: Request<Body>) -> Answer {
        let response = self
            .app
            .clone()
            .oneshot(request)
            .await
            .expect("the app answers");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("the body ends");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The chunks of a stream that does not end.
    pub(crate) async fn stream(&self, path: &str) -> impl Stream<Item = String> + Unpin + use<> {
        self.open_stream(Request::get(path)).await
    }

    /// The same by a token.
    pub(crate) async fn stream_as(
        &self,
        path: &str,
        token: &str,
    ) -> impl Stream<Item = String> + Unpin + use<> {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.open_stream(request).await
    }

    async fn open_stream(
        &self,
        request: axum::http::request::Builder,
    ) -> impl Stream<Item = String> + Unpin + use<> {
        let request = request.body(Body::empty()).unwrap();
        let response = self
            .app
            .clone()
            .oneshot(request)
            .await
            .expect("the app answers");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let chunks = response.into_body().into_data_stream();
        Box::pin(chunks.map(|chunk| String::from_utf8(chunk.unwrap().to_vec()).unwrap()))
    }
}
