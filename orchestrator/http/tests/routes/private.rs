//! What is private is told to nobody but its members: every address that the description of the
//! API knows, and every page, is asked for all there is of a private tournament.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use futures::StreamExt as _;
use gauntlet_http::{Rate, RequestLimits};
use gauntlet_scheduler::loops::start_series;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::modules::honest;
use crate::support::Server;

/// What pages there are; the API's addresses are in its description.
const PAGES: [&str; 10] = [
    "/",
    "/live",
    "/tournaments",
    "/archive",
    "/runners",
    "/tournaments/{name}",
    "/tournaments/{name}/live",
    "/runs/{id}",
    "/runs/{id}/live",
    "/archive/{id}",
];
/// To how many of the API's addresses a member is told something that others are not.
const TOLD_TO_MEMBERS: usize = 14;

/// A server with a public and several private tournaments.
struct Stage {
    server: Server,
    member: String,
    /// What nobody else may be told: names, ids and digests.
    secrets: BTreeSet<String>,
    /// What can be asked for by a name, an id or a digest, by the address up to it.
    things: BTreeMap<&'static str, Vec<String>>,
}

/// An answer, as far as it tells something.
#[derive(Debug, PartialEq)]
struct Told {
    status: u16,
    text: String,
}

async fn stage() -> Stage {
    let many = Rate::new(10_000, 10_000);
    let server = Server::start_within(RequestLimits {
        an_address: many,
        a_token: many,
        new_tokens: many,
        this_machine: false,
    })
    .await;
    server.finished_tournament("public-cup").await;
    let mut task = server.task_body("ward-scans").await;
    task["private"] = json!(true);
    server
        .admin_post_json("/api/v1/tasks", &task)
        .await
        .ok(StatusCode::CREATED);
    let made = server
        .make_token(json!({ "scope": "miner", "account": "doctor" }))
        .await;
    let member = made["token"].as_str().unwrap().to_owned();

    // One on a public task, one that is over, and one that is being played.
    let mut tournaments = Vec::new();
    for (name, task, methods) in [
        ("ward-open", "digits", ["ward-north", "ward-south"]),
        ("ward-cup", "ward-scans", ["ward-one", "ward-two"]),
        ("ward-live", "ward-scans", ["ward-three", "ward-four"]),
    ] {
        let rules = json!({ "format": "halving", "rungs": 2, "eta": 2, "blocks_per_rung": [1, 2] });
        let body = json!({ "name": name, "task": task, "rules": rules, "private": true });
        server
            .admin_post_json("/api/v1/tournaments", &body)
            .await
            .ok(StatusCode::CREATED);
        server
            .admin_post_json(
                &format!("/api/v1/tournaments/{name}/members"),
                &json!({ "account": "doctor" }),
            )
            .await
            .ok(StatusCode::OK);
        server
            .admin_post(&format!("/api/v1/tournaments/{name}/open"))
            .await
            .ok(StatusCode::OK);
        for method in methods {
            let path = format!("/api/v1/tournaments/{name}/submissions?name={method}");
            server
                .post_bytes(&path, &member, "application/wasm", honest(method))
                .await
                .ok(StatusCode::CREATED);
        }
        server
            .admin_post(&format!("/api/v1/tournaments/{name}/close"))
            .await
            .ok(StatusCode::OK);
        match name {
            "ward-live" => {
                server.tick().await;
                let runner = server.register("finisher").await;
                server.lease(runner).await.expect("a run of it");
            }
            _ => play(&server, name).await,
        }
        tournaments.push(name);
    }
    let series = json!({
        "name": "ward-series", "task": "ward-scans", "calendar": "0 9 * * MON",
        "open_seconds": 86_400, "private": true,
    });
    server
        .admin_post_json("/api/v1/series", &series)
        .await
        .ok(StatusCode::CREATED);
    server
        .execute("UPDATE series SET next_at = now() - interval '1 minute'")
        .await;
    start_series::once(server.context()).await.unwrap();
    tournaments.push("ward-series-1");
    // What a runner said when it failed, in words of a method.
    server.register("fainting").await;
    server
        .execute(
            "UPDATE runners SET last_fault = 'ward-fault', set_aside_because = '3 faults in a row',
                                set_aside_until = now() + interval '1 hour'
             WHERE name = 'fainting'",
        )
        .await;
    server
        .admin_post_json(
            "/api/v1/tournaments/ward-series-1/members",
            &json!({ "account": "doctor" }),
        )
        .await
        .ok(StatusCode::OK);
    collect(server, member, &tournaments, &task).await
}

/// Plays a tournament to its end, as an admin sees it.
pub(crate) async fn play(server: &Server, name: &str) {
    let runner = server.register("finisher").await;
    for _ in 0..100 {
        server.tick().await;
        let shown = server
            .get_as(&format!("/api/v1/tournaments/{name}"), &server.admin)
            .await
            .ok(StatusCode::OK);
        if shown["state"] == "completed" {
            return;
        }
        while let Some(lease) = server.lease(runner).await {
            let body = server.completed(0.75).await;
            let path = format!(
                "/api/v1/runs/{}/attempts/{}/report",
                lease.run, lease.attempt
            );
            server
                .runner_post(&path, &body)
                .await
                .ok(StatusCode::NO_CONTENT);
        }
    }
    panic!("{name} does not end");
}

/// Reads as an admin what nobody else may be told.
async fn collect(server: Server, member: String, tournaments: &[&str], task: &Value) -> Stage {
    let admin = server.admin.clone();
    let mut secrets: BTreeSet<String> = [
        "ward-scans",
        "ward-series",
        "ward-scans@champion",
        "ward-fault",
    ]
    .map(str::to_owned)
    .into();
    let mut digests = Vec::new();
    for part in ["train", "hidden_inputs", "hidden_labels"] {
        digests.push(task[part].as_str().unwrap().to_owned());
    }
    let mut runs = Vec::new();
    let mut entries = vec!["ward-scans@champion".to_owned()];
    for name in tournaments {
        secrets.insert((*name).to_owned());
        let path = format!("/api/v1/tournaments/{name}");
        let shown = server.get_as(&path, &admin).await.ok(StatusCode::OK);
        assert_eq!(shown["private"], true);
        for method in shown["methods"].as_array().unwrap() {
            secrets.insert(method["name"].as_str().unwrap().to_owned());
            digests.push(method["digest"].as_str().unwrap().to_owned());
        }
        for round in shown["rounds"].as_array().unwrap() {
            for block in round["blocks"].as_array().unwrap() {
                secrets.insert(block["seed"].as_str().unwrap().to_owned());
            }
            for run in round["runs"].as_array().unwrap() {
                runs.push(run["run"].as_str().unwrap().to_owned());
                digests.extend(run["model"].as_str().map(str::to_owned));
            }
        }
        entries.extend(shown["champion"]["archive"].as_str().map(str::to_owned));
        let record = server
            .get_as(&format!("{path}/record"), &admin)
            .await
            .ok(StatusCode::OK);
        // The tournament's id.
        secrets.insert(record["chain"].as_str().unwrap().to_owned());
    }
    for known in [&digests, &runs, &entries] {
        secrets.extend(known.iter().cloned());
    }
    let names = tournaments.iter().map(|name| (*name).to_owned());
    let things = BTreeMap::from([
        ("/api/v1/tournaments/", names.clone().collect()),
        ("/tournaments/", names.collect()),
        ("/api/v1/tasks/", vec!["ward-scans".to_owned()]),
        ("/api/v1/series/", vec!["ward-series".to_owned()]),
        ("/api/v1/runs/", runs.clone()),
        ("/runs/", runs),
        ("/api/v1/archive/", entries.clone()),
        ("/archive/", entries),
        ("/api/v1/blobs/", digests),
    ]);
    Stage {
        server,
        member,
        secrets,
        things,
    }
}

impl Stage {
    /// Every address that can be read, with what stands for a name in it.
    fn templates(&self) -> Vec<String> {
        let document: Value = serde_json::from_str(&gauntlet_http::openapi()).unwrap();
        let paths = document["paths"].as_object().unwrap().iter();
        let reads = paths.filter(|(_, item)| item.get("get").is_some());
        let mut all: Vec<String> = reads.map(|(path, _)| path.clone()).collect();
        assert!(all.len() > 20, "{all:?}");
        all.extend(PAGES.map(str::to_owned));
        all
    }

    /// The addresses of a template, each with what it asks for.
    fn addresses(&self, template: &str) -> Vec<(String, Option<String>)> {
        let Some((before, rest)) = template.split_once('{') else {
            return vec![(template.to_owned(), None)];
        };
        let (_, after) = rest.split_once('}').unwrap();
        assert!(
            !after.contains('{'),
            "{template}: say here what it is asked for"
        );
        let things = self.things.get(before);
        let things = things.unwrap_or_else(|| panic!("{template}: say here what it is asked for"));
        things
            .iter()
            .map(|thing| (format!("{before}{thing}{after}"), Some(thing.clone())))
            .collect()
    }

    async fn read(&self, address: &str, token: Option<&str>) -> Told {
        let mut request = Request::get(address).header("x-request-id", "the-same");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn ask(&self, request: Request<Body>) -> Told {
        let response = self.server.app().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let kind = parts.headers.get("content-type");
        let mut bytes = format!("{:?}\n", parts.headers.get("content-disposition")).into_bytes();
        if kind.is_some_and(|kind| kind == "text/event-stream") {
            let first = body.into_data_stream().next().await;
            bytes.extend(first.unwrap().unwrap());
        } else {
            bytes.extend(to_bytes(body, usize::MAX).await.unwrap());
        }
        Told {
            status: parts.status.as_u16(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// What of it is told in a text.
    fn found_in(&self, text: &str) -> Vec<&String> {
        self.secrets
            .iter()
            .filter(|secret| text.contains(secret.as_str()))
            .collect()
    }
}

/// Something of the same kind that there is not.
fn nothing_like(thing: &str) -> String {
    if uuid::Uuid::try_parse(thing).is_ok() {
        return "01890000-0000-7000-8000-000000000000".to_owned();
    }
    if thing.len() == 64 {
        return "e".repeat(64);
    }
    match thing.split_once('@') {
        Some(_) => "no-such@champion".to_owned(),
        None => "no-such".to_owned(),
    }
}

/// Names of people who are no members, with their tokens; the first shows none.
async fn outsiders(server: &Server) -> Vec<(&'static str, Option<String>)> {
    let mut all = vec![("anybody", None)];
    for scope in ["miner", "reader", "organiser", "runner"] {
        all.push((scope, Some(server.new_token(scope).await)));
    }
    all
}

#[tokio::test]
async fn no_address_tells_others_what_is_private() {
    let stage = stage().await;
    let outsiders = outsiders(&stage.server).await;
    for template in stage.templates() {
        for (address, thing) in stage.addresses(&template) {
            for (who, token) in &outsiders {
                let token = token.as_deref();
                let told = stage.read(&address, token).await;
                let Some(thing) = &thing else {
                    let found = stage.found_in(&told.text);
                    assert!(found.is_empty(), "{address} tells {who} of {found:?}");
                    continue;
                };
                // What it was asked for may stand in the answer; and it says what would be said if
                // there were nothing.
                let text = told.text.replace(thing, "…");
                let found = stage.found_in(&text);
                assert!(found.is_empty(), "{address} tells {who} of {found:?}");
                let other = nothing_like(thing);
                let nothing = stage.read(&address.replace(thing, &other), token).await;
                let status = told.status;
                let text = told.text.replace(thing, &other);
                assert_eq!(Told { status, text }, nothing, "{address}, {who}");
                assert!(status >= 400, "{address}, {who}: {status}");
            }
        }
    }
}

/// Otherwise the test above would have nothing to find.
#[tokio::test]
async fn members_and_admins_are_told() {
    let stage = stage().await;
    let admin = stage.server.admin.clone();
    for token in [&stage.member, &admin] {
        let mut told = BTreeSet::new();
        for template in stage.templates() {
            if PAGES.contains(&template.as_str()) {
                continue;
            }
            for (address, _) in stage.addresses(&template) {
                let answer = stage.read(&address, Some(token)).await;
                if answer.status == 200 && !stage.found_in(&answer.text).is_empty() {
                    told.insert(template.clone());
                }
            }
        }
        assert!(told.len() >= TOLD_TO_MEMBERS, "{}: {told:#?}", told.len());
    }
}

#[tokio::test]
async fn nothing_that_others_ask_to_be_done_tells_them_either() {
    let stage = stage().await;
    let before = stage.server.contents().await;
    let outsiders = outsiders(&stage.server).await;
    let document: Value = serde_json::from_str(&gauntlet_http::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let mut asked = 0;
    for (template, _) in paths.filter(|(path, item)| {
        item.get("post").is_some()
            && ["/api/v1/tournaments/{name}/", "/api/v1/series/{name}/"]
                .iter()
                .any(|start| path.starts_with(start))
    }) {
        let thing = match template.starts_with("/api/v1/series/") {
            true => "ward-series",
            false => "ward-live",
        };
        let fill = |name: &str| {
            let filled = template
                .replace("{name}", name)
                .replace("{account}", "doctor");
            let filled = filled.replace("{round}", "1").replace("{block}", "1");
            match filled.ends_with("/submissions") {
                true => format!("{filled}?name=mine"),
                false => filled,
            }
        };
        // Bodies of every kind: right for some, and for others not.
        let bodies = [
            ("application/json", json!({}).to_string().into_bytes()),
            (
                "application/json",
                json!({ "reason": "why" }).to_string().into_bytes(),
            ),
            (
                "application/json",
                json!({ "method": "ward-three", "reason": "why" })
                    .to_string()
                    .into_bytes(),
            ),
            (
                "application/json",
                json!({ "account": "doctor" }).to_string().into_bytes(),
            ),
            (
                "application/json",
                json!({ "changes": {} }).to_string().into_bytes(),
            ),
            ("application/wasm", honest("mine")),
        ];
        for (kind, body) in bodies {
            for (who, token) in &outsiders {
                let ask = async |name: &str| {
                    let mut request = Request::post(fill(name))
                        .header("x-request-id", "the-same")
                        .header("content-type", kind)
                        .header("content-length", body.len());
                    if let Some(token) = token {
                        request = request.header("authorization", format!("Bearer {token}"));
                    }
                    stage
                        .ask(request.body(Body::from(body.clone())).unwrap())
                        .await
                };
                let (told, nothing) = (ask(thing).await, ask("no-such").await);
                let text = told.text.replace(thing, "no-such");
                let status = told.status;
                assert_eq!(Told { status, text }, nothing, "{template}, {who}, {kind}");
                assert!(status >= 400, "{template}, {who}: {status}");
                asked += 1;
            }
        }
    }
    assert!(asked > 300, "{asked}");
    // Three tokens were made before, and nothing else has come of it.
    let after = stage.server.contents().await;
    for (table, rows) in &before.rows {
        if !["tokens", "accounts", "events"].contains(&table.as_str()) {
            assert_eq!(after.rows[table], *rows, "{table}");
        }
    }
}

#[tokio::test]
async fn the_stream_of_all_changes_is_silent_about_them() {
    let stage = stage().await;
    let mut others = stage.server.stream("/api/v1/events").await;
    let mut members = stage
        .server
        .stream_as("/api/v1/events", &stage.member)
        .await;
    others.next().await.unwrap();
    members.next().await.unwrap();
    play(&stage.server, "ward-live").await;
    let told = tokio::time::timeout(Duration::from_secs(30), members.next()).await;
    assert!(told.unwrap().unwrap().contains("change"));
    // A member was told; whoever is none hears of the next public change at the earliest.
    let heard = futures::FutureExt::now_or_never(others.next());
    assert!(
        heard.is_none_or(|heard| !heard.unwrap().contains("change")),
        "it is no change to others"
    );
}
