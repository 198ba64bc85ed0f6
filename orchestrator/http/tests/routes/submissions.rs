//! What a submission gets, and what bad input gets.

use axum::http::StatusCode;
use serde_json::json;

use crate::modules;
use crate::support::Server;

#[tokio::test]
async fn an_honest_module_gets_a_receipt() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let module = modules::honest("a");
    let receipt = server
        .submit("cup", "adamw-cosine", module.clone())
        .await
        .ok(StatusCode::CREATED);
    assert_eq!(receipt["method"], "adamw-cosine");
    assert_eq!(receipt["tournament"], "cup");
    assert_eq!(receipt["bytes"], module.len());
    assert_eq!(receipt["digest"], crate::support::digest(&module));
    let shown = server
        .get("/api/v1/tournaments/cup")
        .await
        .ok(StatusCode::OK);
    assert_eq!(shown["methods"][0]["name"], "adamw-cosine");
}

#[tokio::test]
async fn refused_modules_say_why_and_leave_nothing() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let too_large = vec![0u8; (16 << 20) + 1];
    let cases = [
        (
            "text",
            b"#!/bin/sh\n".to_vec(),
            422,
            "module-not-a-module",
            None,
        ),
        ("empty", Vec::new(), 422, "module-not-a-module", None),
        (
            "native",
            b"\x7fELF\x02\x01\x01".to_vec(),
            422,
            "module-not-a-module",
            None,
        ),
        (
            "foreign",
            modules::foreign_import(),
            422,
            "module-foreign-import",
            None,
        ),
        (
            "start",
            modules::start_function(),
            422,
            "module-start-function",
            None,
        ),
        (
            "bomb",
            modules::compile_bomb(),
            422,
            "module-too-large",
            Some("5000"),
        ),
        (
            "large",
            too_large,
            413,
            "too-large",
            Some("rules.terms.accepts.module_bytes: 16777216 bytes"),
        ),
    ];
    let before = server.contents().await;
    for (name, module, status, kind, limit) in cases {
        let problem = server
            .submit("cup", name, module)
            .await
            .problem(status, kind);
        assert_eq!(problem.field.as_deref(), Some("body"), "{name}");
        assert_eq!(problem.limit.as_deref(), limit, "{name}");
        assert_eq!(
            server.contents().await,
            before,
            "{name} left something behind"
        );
    }
}

#[tokio::test]
async fn a_module_carries_as_much_data_as_the_rules_allow() {
    let server = Server::start().await;
    server.open_tournament("usual").await;
    for (name, data) in [("strict", 8), ("generous", 2 << 20)] {
        let rules = json!({
            "format": "round_robin",
            "blocks": 3,
            "terms": { "module_data_bytes": data },
        });
        let body = json!({ "name": name, "task": "digits", "rules": rules });
        let made = server.admin_post_json("/api/v1/tournaments", &body).await;
        made.ok(StatusCode::CREATED);
        let opened = format!("/api/v1/tournaments/{name}/open");
        server.admin_post(&opened).await.ok(StatusCode::OK);
    }
    for (tournament, limit) in [("strict", 8), ("usual", 1 << 20), ("generous", 2 << 20)] {
        let carrying = |bytes: usize| modules::honest(&"x".repeat(bytes));
        let problem = server
            .submit(tournament, "smuggler", carrying(limit + 1))
            .await
            .problem(422, "module-too-large");
        assert_eq!(problem.field.as_deref(), Some("body"));
        assert_eq!(problem.limit, Some(limit.to_string()));
        assert!(problem.detail.contains("data segments"), "{problem}");
        server
            .submit(tournament, "fits", carrying(limit))
            .await
            .ok(StatusCode::CREATED);
    }
}

#[test]
fn rules_and_gate_agree_on_the_usual_limit_of_data() {
    assert_eq!(
        gauntlet_domain::tournament::MODULE_DATA_BYTES,
        gauntlet_gate::GateLimits::default().data_bytes
    );
    assert_eq!(
        gauntlet_gate::GateLimits::platform().data_bytes,
        gauntlet_gate::GateLimits::default().module_bytes
    );
}

#[tokio::test]
async fn the_import_that_is_refused_is_named() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let problem = server
        .submit("cup", "wasi", modules::foreign_import())
        .await
        .problem(422, "module-foreign-import");
    assert!(
        problem.detail.contains("wasi_snapshot_preview1.random_get"),
        "{problem}"
    );
}

#[tokio::test]
async fn names_and_tournaments_are_checked_first() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let before = server.contents().await;
    let module = || modules::honest("a");

    let problem = server
        .submit("no-such-cup", "a", module())
        .await
        .problem(404, "unknown-tournament");
    assert_eq!(problem.field.as_deref(), Some("path.name"));
    for name in ["", "Upper", "<script>", "a%20b", &"x".repeat(65)] {
        let problem = server
            .submit("cup", name, module())
            .await
            .problem(400, "invalid-request");
        assert_eq!(problem.field.as_deref(), Some("query.name"), "{name}");
        assert!(
            problem
                .limit
                .as_deref()
                .is_some_and(|limit| limit.contains("64")),
            "{problem:?}"
        );
    }
    let unnamed = server
        .post_bytes(
            "/api/v1/tournaments/cup/submissions",
            &server.miner,
            "application/wasm",
            module(),
        )
        .await
        .problem(400, "invalid-request");
    assert_eq!(unnamed.field.as_deref(), Some("query.name"));
    let typed = server
        .post_bytes(
            "/api/v1/tournaments/cup/submissions?name=a",
            &server.miner,
            "text/html",
            module(),
        )
        .await
        .problem(415, "unsupported-media-type");
    assert_eq!(typed.field.as_deref(), Some("header.content-type"));
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn the_same_name_or_the_same_module_enters_once() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    server
        .submit("cup", "one", modules::honest("a"))
        .await
        .ok(StatusCode::CREATED);
    let before = server.contents().await;
    let name = server
        .submit("cup", "one", modules::honest("b"))
        .await
        .any_problem(409);
    assert_eq!(name.field.as_deref(), Some("query.name"));
    let module = server
        .submit("cup", "two", modules::honest("a"))
        .await
        .any_problem(409);
    assert_eq!(module.field.as_deref(), Some("body"));
    let after = server.contents().await;
    assert_eq!(after.rows, before.rows);
}

#[tokio::test]
async fn nothing_enters_before_opening_or_after_closing() {
    let server = Server::start().await;
    server.draft_tournament("cup").await;
    let before = server.contents().await;
    let early = server
        .submit("cup", "one", modules::honest("a"))
        .await
        .any_problem(409);
    assert!(early.detail.contains("not take submissions yet"), "{early}");
    assert_eq!(server.contents().await.rows, before.rows);

    server
        .admin_post("/api/v1/tournaments/cup/open")
        .await
        .ok(StatusCode::OK);
    server
        .submit("cup", "one", modules::honest("a"))
        .await
        .ok(StatusCode::CREATED);
    server
        .admin_post("/api/v1/tournaments/cup/close")
        .await
        .ok(StatusCode::OK);
    let before = server.contents().await;
    let late = server
        .submit("cup", "two", modules::honest("b"))
        .await
        .any_problem(409);
    assert!(late.detail.contains("closed"), "{late}");
    assert_eq!(server.contents().await.rows, before.rows);
}

#[tokio::test]
async fn who_has_handed_in_its_share_is_told_so_before_anything_is_stored() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    for nth in 0..5 {
        let name = format!("m{nth}");
        server
            .submit("cup", &name, modules::honest(&name))
            .await
            .ok(StatusCode::CREATED);
    }
    let before = server.contents().await;
    let refused = server.submit("cup", "m5", modules::honest("m5")).await;
    let problem = refused.problem(429, "tournament-share");
    assert_eq!(problem.field.as_deref(), Some("header.authorization"));
    assert_eq!(problem.limit.as_deref(), Some("5 methods a tournament"));
    assert_eq!(server.contents().await, before);

    // Fifteen more elsewhere make a day's share.
    server
        .execute("INSERT INTO submissions (id, tournament_id, name, digest, bytes, lane, token_id) \
                  SELECT gen_random_uuid(), tournaments.id, 'x' || nth, lpad(nth::text, 64, '0'), 1, \
                         'wasm', (SELECT token_id FROM submissions LIMIT 1) \
                  FROM tournaments, generate_series(1, 15) AS nth")
        .await;
    let another = serde_json::json!({ "name": "next", "task": "digits" });
    server
        .admin_post_json("/api/v1/tournaments", &another)
        .await
        .ok(StatusCode::CREATED);
    server
        .admin_post("/api/v1/tournaments/next/open")
        .await
        .ok(StatusCode::OK);
    let refused = server.submit("next", "m6", modules::honest("m6")).await;
    assert!(refused.headers.contains_key("retry-after"));
    let problem = refused.problem(429, "daily-share");
    assert_eq!(problem.limit.as_deref(), Some("20 methods in 24 hours"));
}
