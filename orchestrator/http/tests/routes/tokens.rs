//! Tokens over their lives: made, seen, used, replaced, at an end.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::events::next;
use crate::modules;
use crate::support::{Server, report};

impl Server {
    async fn revoke(&self, token: &Value) -> Value {
        let path = format!("/api/v1/tokens/{}/revoke", token["id"].as_str().unwrap());
        self.admin_post(&path).await.ok(StatusCode::OK)
    }

    async fn tokens(&self) -> Vec<Value> {
        let list = self
            .get_as("/api/v1/tokens", &self.admin)
            .await
            .ok(StatusCode::OK);
        list["items"].as_array().unwrap().clone()
    }

    /// The secret's entry in the list.
    async fn listed(&self, token: &Value) -> Value {
        let mut tokens = self.tokens().await.into_iter();
        tokens.find(|one| one["id"] == token["id"]).unwrap()
    }

    async fn submit_as(
        &self,
        token: &Value,
        tournament: &str,
        method: &str,
    ) -> crate::support::Answer {
        let path = format!("/api/v1/tournaments/{tournament}/submissions?name={method}");
        let module = modules::honest(method);
        self.post_bytes(&path, secret(token), "application/wasm", module)
            .await
    }
}

fn secret(token: &Value) -> &str {
    token["token"].as_str().unwrap()
}

#[tokio::test]
async fn a_revoked_or_expired_token_is_refused_at_the_next_request() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let [revoked, expired] = [
        server.make_token(json!({ "scope": "miner" })).await,
        server
            .make_token(json!({ "scope": "miner", "lifetime_seconds": 3600 }))
            .await,
    ];
    for (token, method) in [(&revoked, "a"), (&expired, "b")] {
        server
            .submit_as(token, "cup", method)
            .await
            .ok(StatusCode::CREATED);
    }
    assert_eq!(server.revoke(&revoked).await["usable"], false);
    // Again changes nothing.
    let at = server.listed(&revoked).await["revoked_at"].clone();
    assert_eq!(server.revoke(&revoked).await["revoked_at"], at);
    let id = expired["id"].as_str().unwrap();
    server
        .execute(&format!(
            "UPDATE tokens SET expires_at = now() - interval '1 second' WHERE id = '{id}'"
        ))
        .await;
    for token in [&revoked, &expired] {
        server
            .submit_as(token, "cup", "c")
            .await
            .problem(401, "unknown-token");
        // Nor is it good for looking.
        server
            .get_as("/api/v1/tournaments/cup", secret(token))
            .await
            .problem(401, "unknown-token");
    }
    assert_eq!(server.listed(&expired).await["usable"], false);
    assert_eq!(server.listed(&expired).await["revoked_at"], Value::Null);
}

#[tokio::test]
async fn what_waits_or_streams_ends_when_its_token_is_revoked_at_another_orchestrator() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let runner = server.make_token(json!({ "scope": "runner" })).await;
    let reader = server.make_token(json!({ "scope": "reader" })).await;
    let body = json!({ "name": "r", "class": "cpu", "version": "0" });
    let registered = server
        .post_json_as("/api/v1/runners", secret(&runner), &body)
        .await
        .ok(StatusCode::OK);
    let path = format!(
        "/api/v1/runners/{}/lease",
        registered["runner"].as_str().unwrap()
    );
    let mut stream = server
        .stream_as("/api/v1/tournaments/cup/events", secret(&reader))
        .await;
    next(&mut stream).await;
    // Somebody without a token, who goes on.
    let mut public = server.stream("/api/v1/tournaments/cup/events").await;
    next(&mut public).await;

    // No run is queued: it would wait for half a minute, and be told that there is nothing.
    let ask = json!({ "wait_seconds": 30 });
    let waiting = server.post_json_as(&path, secret(&runner), &ask);
    let other = server.another();
    let revoke = async {
        for token in [&runner, &reader] {
            let path = format!("/api/v1/tokens/{}/revoke", token["id"].as_str().unwrap());
            let request = Request::post(path)
                .header("authorization", format!("Bearer {}", server.admin))
                .body(Body::empty())
                .unwrap();
            let answer = other.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        }
    };
    let (waited, ()) = tokio::join!(waiting, revoke);
    waited.problem(401, "unknown-token");
    let end = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(120), end)
        .await
        .expect("the stream ends");
    server
        .submit("cup", "one", modules::honest("one"))
        .await
        .ok(StatusCode::CREATED);
    next(&mut public).await;
}

#[tokio::test]
async fn a_list_tells_everything_but_the_secret() {
    let server = Server::start().await;
    let made = server
        .make_token(json!({
            "scope": "miner", "note": "laptop", "account": "ada", "lifetime_seconds": 60,
        }))
        .await;
    assert_eq!(made["account"], "ada");
    let listed = server.listed(&made).await;
    assert_eq!(listed["note"], "laptop");
    assert_eq!(listed["account"], "ada");
    assert_eq!(listed["role"], "submitter");
    assert_eq!(listed["usable"], true);
    assert!(listed["expires_at"].is_string());
    assert_eq!(listed["last_used_at"], Value::Null);
    let text = Value::from(server.tokens().await).to_string();
    for token in [secret(&made), &server.admin, &server.runner] {
        let secret = token.rsplit('_').next().unwrap();
        let digest = crate::support::digest(token.as_bytes());
        assert!(!text.contains(secret) && !text.contains(&digest), "{text}");
    }
    // Its use is noted in time, off the request's path.
    server
        .get_as(
            "/api/v1/runs/00000000-0000-0000-0000-000000000000",
            secret(&made),
        )
        .await
        .problem(404, "not-found");
    while server.listed(&made).await["last_used_at"] == Value::Null {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn another_secret_takes_the_place_of_one_and_nothing_else_changes() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let old = server
        .make_token(json!({ "scope": "miner", "account": "ada" }))
        .await;
    let path = format!("/api/v1/tokens/{}/rotate", old["id"].as_str().unwrap());
    let new = server.admin_post(&path).await.ok(StatusCode::OK);
    assert_eq!(new["id"], old["id"]);
    assert_eq!(new["account"], "ada");
    assert_ne!(new["token"], old["token"]);
    server
        .submit_as(&old, "cup", "a")
        .await
        .problem(401, "unknown-token");
    server
        .submit_as(&new, "cup", "a")
        .await
        .ok(StatusCode::CREATED);
    server.revoke(&new).await;
    server.admin_post(&path).await.problem(409, "token-ended");
    server
        .admin_post(&path.replace(old["id"].as_str().unwrap(), &uuid::Uuid::nil().to_string()))
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn an_account_has_tokens_for_what_its_role_is_for() {
    let server = Server::start().await;
    server
        .make_token(json!({ "scope": "miner", "account": "ada" }))
        .await;
    for scope in ["admin", "organiser", "runner", "reader"] {
        let problem = server
            .admin_post_json(
                "/api/v1/tokens",
                &json!({ "scope": scope, "account": "ada" }),
            )
            .await
            .problem(409, "role-does-not-fit");
        assert_eq!(problem.field.as_deref(), Some("body.scope"), "{scope}");
    }
    let problem = server
        .admin_post_json(
            "/api/v1/tokens",
            &json!({ "scope": "miner", "account": "A da" }),
        )
        .await
        .problem(400, "invalid-request");
    assert_eq!(problem.field.as_deref(), Some("body.account"));
    for seconds in [0u32, u32::MAX] {
        let body = json!({ "scope": "miner", "lifetime_seconds": seconds });
        let problem = server
            .admin_post_json("/api/v1/tokens", &body)
            .await
            .problem(400, "token-lifetime");
        assert!(problem.limit.is_some());
    }
}

#[tokio::test]
async fn an_organiser_does_with_its_own_tournaments_what_an_admin_may_and_no_more() {
    let server = Server::start().await;
    server.open_tournament("theirs").await;
    let account = json!({ "scope": "organiser", "account": "lab" });
    let organiser = server.make_token(account).await;
    let body = json!({ "name": "own", "task": "digits" });
    server
        .post_json_as("/api/v1/tournaments", secret(&organiser), &body)
        .await
        .ok(StatusCode::CREATED);
    for (path, body) in [
        ("open", Value::Null),
        ("pause", json!({ "reason": "lunch" })),
        ("resume", Value::Null),
    ] {
        let address = format!("/api/v1/tournaments/own/{path}");
        server
            .post_json_as(&address, secret(&organiser), &body)
            .await
            .ok(StatusCode::OK);
        let address = format!("/api/v1/tournaments/theirs/{path}");
        server
            .post_json_as(&address, secret(&organiser), &body)
            .await
            .problem(403, "not-yours");
    }
    // Everybody's part of the runners' time is not for one of them to say.
    let share = json!({ "priority": 9, "reason": "mine" });
    server
        .post_json_as("/api/v1/tournaments/own/share", secret(&organiser), &share)
        .await
        .problem(403, "wrong-scope");
    // It sees more of its own than entrants do, so it does not enter it.
    server
        .submit_as(&organiser, "own", "mine")
        .await
        .problem(409, "own-tournament");
    server
        .submit_as(&organiser, "theirs", "mine")
        .await
        .ok(StatusCode::CREATED);

    // Who did what is beside the events, for those who see everything of the tournament.
    let actors = async |token: Option<&str>| -> Vec<Value> {
        let path = "/api/v1/tournaments/own/record";
        let answer = match token {
            Some(token) => server.get_as(path, token).await,
            None => server.get(path).await,
        };
        let record = answer.ok(StatusCode::OK);
        let events = record["events"].as_array().unwrap().clone();
        events
            .into_iter()
            .map(|event| event["actor"].clone())
            .collect()
    };
    let reader = server.new_token("reader").await;
    for token in [&server.admin, &reader, secret(&organiser)] {
        let named = actors(Some(token)).await;
        assert_eq!(named.len(), 4);
        assert!(named.iter().all(|actor| actor == "lab"), "{named:?}");
    }
    for token in [None, Some(server.miner.as_str())] {
        let named = actors(token).await;
        assert!(named.iter().all(Value::is_null), "{named:?}");
    }
}

#[tokio::test]
async fn a_runner_reads_what_its_runs_need_and_names_what_it_put_there() {
    let server = Server::start().await;
    server.closed_tournament("cup", &["one", "two"]).await;
    let runner = server.register("local").await;
    let labels = crate::support::digest(b"hidden labels of digits");
    let labels = format!("/api/v1/blobs/{labels}");
    // Before it holds a run, and for another token, it is as if it was not there.
    server
        .get_as(&labels, &server.runner)
        .await
        .problem(404, "not-found");
    let lease = server.lease(runner).await.expect("a run is queued");
    assert_eq!(
        server.get_as(&labels, &server.runner).await.status,
        StatusCode::OK
    );
    let thief = server.new_token("runner").await;
    server
        .get_as(&labels, &thief)
        .await
        .problem(404, "not-found");

    // The other method is another run's, and no result.
    let method = lease.assignment["method"].as_str().unwrap();
    let other = if method == "one" { "two" } else { "one" };
    let other = crate::support::digest(&modules::honest(other));
    server
        .get_as(&format!("/api/v1/blobs/{other}"), &server.runner)
        .await
        .problem(404, "not-found");
    let path = format!(
        "/api/v1/runs/{}/attempts/{}/report",
        lease.run, lease.attempt
    );
    let stolen = report("completed", Some(0.5), Some(&other));
    let problem = server
        .runner_post(&path, &stolen)
        .await
        .problem(400, "missing-blob");
    assert_eq!(problem.field.as_deref(), Some("body.model"));
    // Nor is what another token has put there.
    let name = crate::support::digest(b"a model");
    server
        .put_blob(&name, &thief, b"a model".to_vec())
        .await
        .ok(StatusCode::NO_CONTENT);
    let named = report("completed", Some(0.5), Some(&name));
    server
        .runner_post(&path, &named)
        .await
        .problem(400, "missing-blob");
    server
        .put_blob(&name, &server.runner, b"a model".to_vec())
        .await
        .ok(StatusCode::NO_CONTENT);
    server
        .runner_post(&path, &named)
        .await
        .ok(StatusCode::NO_CONTENT);
    // With its end it holds nothing any more.
    while let Some(lease) = server.lease(runner).await {
        let body = server.completed(0.25).await;
        let path = format!(
            "/api/v1/runs/{}/attempts/{}/report",
            lease.run, lease.attempt
        );
        server
            .runner_post(&path, &body)
            .await
            .ok(StatusCode::NO_CONTENT);
    }
    server
        .get_as(&labels, &server.runner)
        .await
        .problem(404, "not-found");
}
