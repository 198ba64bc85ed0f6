//! The description of the API says what the API does, and is the one that is committed.

use std::collections::HashSet;
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Map, Value};

use crate::support::Server;

/// Set, it is written anew: `make openapi`.
const WRITE: &str = "GAUNTLET_WRITE_OPENAPI";
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

fn document() -> Value {
    serde_json::from_str(&gauntlet_http::openapi()).unwrap()
}

/// Path, method and the operation itself.
fn operations(document: &Value) -> Vec<(&str, &str, &Map<String, Value>)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let all = item.as_object().unwrap().iter();
            all.map(move |(method, one)| (path.as_str(), method.as_str(), one.as_object().unwrap()))
        })
        .collect()
}

#[test]
fn the_committed_description_is_what_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&file, gauntlet_http::openapi()).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == gauntlet_http::openapi(),
        "docs/openapi.json is not what the code says; write it anew with `make openapi`"
    );
}

#[tokio::test]
async fn it_is_served() {
    let server = Server::start().await;
    let served = server.get("/api/v1/openapi.json").await;
    assert_eq!(served.headers["content-type"], "application/json");
    assert_eq!(served.ok(StatusCode::OK), document());
}

#[test]
fn everything_that_it_refers_to_is_in_it() {
    fn references<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            _ => {}
        }
    }
    let document = document();
    let mut found = HashSet::new();
    references(&document, &mut found);
    assert!(found.len() > 40, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn each_operation_says_what_a_client_has_to_know() {
    let document = document();
    let mut names = HashSet::new();
    for (path, method, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} is there twice");
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{name}"
        );
        assert!(responses.contains_key("500"), "{name}");
        for part in path.split('/').filter_map(|part| part.strip_prefix('{')) {
            let part = part.trim_end_matches('}');
            let given = operation["parameters"].as_array().unwrap();
            assert!(
                given.iter().any(|one| one["name"] == part),
                "{name}: {part}"
            );
        }
        for (status, response) in responses {
            let health = ["health", "ready"].contains(&name) && status == "503";
            if status.starts_with(['2', '3']) || health {
                continue;
            }
            let response = match response["$ref"].as_str() {
                Some(reference) => document.pointer(&reference[1..]).unwrap(),
                None => response,
            };
            let content = response["content"].as_object().unwrap();
            let kinds: Vec<_> = content.keys().collect();
            assert_eq!(
                kinds,
                ["application/problem+json"],
                "{method} {path} {status}"
            );
        }
    }
}

#[test]
fn what_needs_a_token_names_its_scopes() {
    let scopes = ["admin", "organiser", "miner", "runner", "reader"];
    let document = document();
    for (path, method, operation) in operations(&document) {
        let optional = |one: &&Value| one["bearer"].as_array().is_some_and(|all| !all.is_empty());
        let security = operation.get("security").and_then(Value::as_array);
        let named = security.into_iter().flatten().filter(optional);
        for scope in named.flat_map(|one| one["bearer"].as_array().unwrap()) {
            assert!(scopes.contains(&scope.as_str().unwrap()), "{method} {path}");
        }
        let may_refuse = operation["responses"].get("403").is_some();
        let anybody =
            security.is_none_or(|all| all.iter().any(|one| *one == Value::Object(Map::new())));
        assert_eq!(may_refuse, !anybody, "{method} {path}");
    }
}

/// Asked without a token, so that nothing happens: what is there says so, or asks for one.
#[tokio::test]
async fn the_server_answers_what_is_described_and_nothing_beside_it() {
    let server = Server::start().await;
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let filled = path
            .replace("{id}", "00000000-0000-4000-8000-000000000000")
            .replace("{digest}", &"0".repeat(64));
        let filled = filled.replace("{name}", "none");
        let filled = ["{round}", "{block}", "{attempt}"]
            .iter()
            .fold(filled, |path, number| path.replace(number, "1"));
        for method in METHODS {
            if path == "/api/v1/events" && method == "get" {
                continue; // It does not end.
            }
            let request = Request::builder()
                .method(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap())
                .uri(&filled);
            let answer = server.send(request.body(Body::empty()).unwrap()).await;
            let described = item.get(method).is_some();
            let there = answer.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(there, described, "{method} {path}: {}", answer.status);
            if described {
                let status = answer.status.as_u16().to_string();
                let responses = item[method]["responses"].as_object().unwrap();
                assert!(responses.contains_key(&status), "{method} {path}: {status}");
                // The answer of an address that is not there.
                assert!(
                    !answer.text().contains("\"field\":\"path\","),
                    "{method} {path}"
                );
            }
        }
    }
}

/// Routes of the API come from what is described: there is no other way into the router.
#[test]
fn no_route_of_the_api_goes_around_the_description() {
    let source = include_str!("../../src/routes.rs");
    let (_, rest) = source.split_once("fn operations()").unwrap();
    let (operations, rest) = rest.split_once("\n}\n").unwrap();
    assert!(!operations.contains(".route("));
    let (_, rest) = rest.split_once("fn pages()").unwrap();
    let (pages, rest) = rest.split_once("\n}\n").unwrap();
    assert!(!rest.contains(".route(") && !pages.contains("api/v1"));
    let routes = operations.matches("routes!(").count();
    assert_eq!(routes, document()["paths"].as_object().unwrap().len());
}
