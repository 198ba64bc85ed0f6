//! What a tournament takes, and what is said where nobody takes it.

use axum::http::StatusCode;
use gauntlet_scheduler::loops::tell_unserved;
use serde_json::json;

use crate::images::{image, submit};
use crate::modules;
use crate::support::Server;

async fn waiting(server: &Server) -> Vec<String> {
    let tournament = server.get("/api/v1/tournaments/cup").await;
    let tournament = tournament.ok(StatusCode::OK);
    let waiting = tournament.get("waiting").cloned().unwrap_or(json!([]));
    let waiting: Vec<String> = serde_json::from_value(waiting).unwrap();
    let page = server.get("/tournaments/cup").await.text();
    for sentence in &waiting {
        let shown = sentence.split(';').next().unwrap();
        assert!(page.contains(shown), "{page}");
    }
    let told = tell_unserved::once(server.context()).await.unwrap();
    assert_eq!(told, waiting.len());
    waiting
}

#[tokio::test]
async fn runs_that_nobody_takes_are_said_to_wait_and_for_what() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let archive = image(&["A=1"]);
    submit(&server, "image", archive)
        .await
        .ok(StatusCode::CREATED);
    let module = server.submit("cup", "module", modules::honest("one")).await;
    module.ok(StatusCode::CREATED);
    assert_eq!(waiting(&server).await, [""; 0]);
    let closed = server.admin_post("/api/v1/tournaments/cup/close").await;
    closed.ok(StatusCode::OK);
    server.tick().await;

    let both = waiting(&server).await;
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both[0].contains("a runner that takes images"), "{both:?}");
    assert!(both[0].contains("gauntlet-runner --containers"), "{both:?}");
    assert!(
        both[1].contains("none that is not set aside was heard"),
        "{both:?}"
    );
    // One that takes modules alone.
    let runner = server.register("local").await;
    server.lease(runner).await.unwrap();
    let images = waiting(&server).await;
    assert_eq!(images, both[..1]);
    // One that takes both, from the moment that it asks.
    let ask = json!({ "wait_seconds": 0, "containers": true });
    let path = format!("/api/v1/runners/{runner}/lease");
    server.runner_post(&path, &ask).await.ok(StatusCode::OK);
    // Not because it has the run now.
    let again = "UPDATE runs SET state = 'queued', lease_until = NULL WHERE lane = 'oci'";
    server.execute(again).await;
    assert_eq!(waiting(&server).await, [""; 0]);
    // It is known to all orchestrators, and to those that come later.
    for (change, back) in [
        (
            "last_seen_at = now() - interval '11 minutes'",
            "last_seen_at = now()",
        ),
        (
            "set_aside_until = now() + interval '1 hour', set_aside_because = 'x'",
            "set_aside_until = NULL, set_aside_because = NULL",
        ),
    ] {
        server
            .execute(&format!("UPDATE runners SET {change}"))
            .await;
        assert!(!waiting(&server).await.is_empty(), "{change}");
        server.execute(&format!("UPDATE runners SET {back}")).await;
        assert_eq!(waiting(&server).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_tournament_takes_what_its_rules_name() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let small = modules::honest("small");
    let most = small.len();
    let open = async |name: &str, accepts: serde_json::Value| {
        let rules =
            json!({ "format": "round_robin", "blocks": 3, "terms": { "accepts": accepts } });
        let body = json!({ "name": name, "task": "digits", "rules": rules });
        let made = server.admin_post_json("/api/v1/tournaments", &body).await;
        made.ok(StatusCode::CREATED);
        let opened = format!("/api/v1/tournaments/{name}/open");
        server.admin_post(&opened).await.ok(StatusCode::OK);
    };
    open("cup", json!({ "lanes": ["wasm"], "module_bytes": most })).await;
    open("images", json!({ "lanes": ["oci"], "image_bytes": 1000 })).await;
    let before = server.contents().await;

    let problem = submit(&server, "image", image(&["A=1"])).await;
    let problem = problem.problem(400, "lane-not-taken");
    let limit = "rules.terms.accepts.lanes: wasm";
    assert_eq!(problem.limit.as_deref(), Some(limit));
    let large = modules::honest("larger than small");
    let problem = server.submit("cup", "large", large).await;
    let problem = problem.problem(413, "too-large");
    let limit = format!("rules.terms.accepts.module_bytes: {most} bytes");
    assert_eq!(problem.limit, Some(limit));
    let problem = server.submit("images", "module", small.clone()).await;
    problem.problem(400, "lane-not-taken");
    let path = "/api/v1/tournaments/images/submissions?name=image";
    let archive = image(&["A=1"]);
    let problem = server
        .post_bytes(path, &server.miner, "application/x-tar", archive)
        .await
        .problem(413, "too-large");
    let limit = "rules.terms.accepts.image_bytes: 1000 bytes";
    assert_eq!(problem.limit.as_deref(), Some(limit));
    assert_eq!(server.contents().await, before);

    let entered = server.submit("cup", "small", small).await;
    entered.ok(StatusCode::CREATED);
}
