//! Lists come in pieces, which together are the whole of them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Server;

/// Follows a list to its end, so many at a time; what it is asked for identifies its things.
async fn follow(server: &Server, list: &str, key: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/api/v1/{list}?limit={limit}{after}");
        let piece = server.get_as(&path, &server.admin).await.ok(StatusCode::OK);
        let items = piece["items"].as_array().unwrap();
        assert!(items.len() <= limit, "{list}");
        seen.extend(
            items
                .iter()
                .map(|item| item[key].as_str().unwrap().to_owned()),
        );
        let Some(next) = piece["next"].as_str() else {
            return seen;
        };
        // A piece that says there is more is full.
        assert_eq!(items.len(), limit, "{list}");
        after = format!("&after={next}");
    }
}

/// Three of everything that is listed, and more of some.
async fn furnished() -> Server {
    let server = Server::start().await;
    server.draft_tournament("cup").await;
    for name in ["letters", "zebras", "apples"] {
        server.create_task(name).await;
    }
    for name in ["cup-b", "cup-c", "cup-a"] {
        let new = json!({ "name": name, "task": "digits" });
        let made = server.admin_post_json("/api/v1/tournaments", &new).await;
        made.ok(StatusCode::CREATED);
    }
    for name in ["weekly", "daily", "monthly"] {
        let new = json!({
            "name": name, "task": "digits", "calendar": "0 9 * * MON", "open_seconds": 3600,
        });
        let made = server.admin_post_json("/api/v1/series", &new).await;
        made.ok(StatusCode::CREATED);
    }
    for name in ["cellar", "attic", "garden"] {
        server.register(name).await;
    }
    server.new_token("reader").await;
    server
}

#[tokio::test]
async fn the_pieces_of_a_list_are_the_whole_of_it() {
    let server = furnished().await;
    for (list, key, whole) in [
        ("tasks", "name", 4),
        ("series", "name", 3),
        ("tournaments", "name", 4),
        ("runners", "name", 3),
        ("tokens", "id", 4),
    ] {
        let at_once = follow(&server, list, key, 200).await;
        assert_eq!(at_once.len(), whole, "{list}");
        for limit in 1..=whole {
            assert_eq!(follow(&server, list, key, limit).await, at_once, "{list}");
        }
    }
    let newest_first = ["cup-a", "cup-c", "cup-b", "cup"];
    assert_eq!(
        follow(&server, "tournaments", "name", 2).await,
        newest_first
    );
    let by_name = ["apples", "digits", "letters", "zebras"];
    assert_eq!(follow(&server, "tasks", "name", 3).await, by_name);
}

#[tokio::test]
async fn what_is_made_meanwhile_moves_nothing() {
    let server = furnished().await;
    let first = server.get("/api/v1/tournaments?limit=2").await;
    let first = first.ok(StatusCode::OK);
    let new = json!({ "name": "late", "task": "digits" });
    let made = server.admin_post_json("/api/v1/tournaments", &new).await;
    made.ok(StatusCode::CREATED);
    let next = first["next"].as_str().unwrap();
    let rest = server
        .get(&format!("/api/v1/tournaments?after={next}"))
        .await
        .ok(StatusCode::OK);
    let names: Vec<&Value> = rest["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["cup-b", "cup"]);
}

#[tokio::test]
async fn archive_and_ratings_come_in_pieces_too() {
    let server = Server::start().await;
    server.finished_tournament("cup").await;
    assert_eq!(follow(&server, "archive", "tournament", 1).await, ["cup"]);
    let ratings = async |query: &str| {
        let path = format!("/api/v1/tasks/digits/ratings{query}");
        server.get(&path).await.ok(StatusCode::OK)
    };
    let whole = ratings("").await;
    assert_eq!(whole["methods"].as_array().unwrap().len(), 2);
    assert!(whole.get("next").is_none());
    let first = ratings("?limit=1").await;
    let next = first["next"].as_str().unwrap();
    let second = ratings(&format!("?limit=1&after={next}")).await;
    assert_eq!(first["methods"][0], whole["methods"][0]);
    assert_eq!(second["methods"], json!([whole["methods"][1]]));
    assert!(second.get("next").is_none());
}

#[tokio::test]
async fn a_piece_that_cannot_be_is_refused() {
    let server = Server::start().await;
    for list in [
        "tasks",
        "series",
        "tournaments",
        "runners",
        "archive",
        "tokens",
    ] {
        for (query, field) in [
            ("limit=0", "query.limit"),
            ("limit=201", "query.limit"),
            ("limit=-1", "query"),
            ("after=zz", "query.after"),
            ("after=00", "query.after"),
            ("before=1", "query.before"),
        ] {
            let path = format!("/api/v1/{list}?{query}");
            let answer = server.get_as(&path, &server.admin).await;
            let problem = answer.problem(400, "invalid-request");
            assert_eq!(problem.field.as_deref(), Some(field), "{path}: {problem}");
        }
    }
}

/// Pages show as many as there is room for, and where the others are.
#[tokio::test]
async fn pages_are_bounded_and_lead_on() {
    let server = Server::start().await;
    server.create_task("digits").await;
    for number in 0..51 {
        let new = json!({ "name": format!("cup-{number}"), "task": "digits" });
        let made = server.admin_post_json("/api/v1/tournaments", &new).await;
        made.ok(StatusCode::CREATED);
    }
    let home = server.get("/").await.text();
    assert!(home.contains("/tournaments/cup-50\"") && !home.contains("/tournaments/cup-0\""));
    let (_, link) = home.split_once("/tournaments?after=").unwrap();
    let (after, _) = link.split_once('"').unwrap();
    let older = server
        .get(&format!("/tournaments?after={after}"))
        .await
        .text();
    assert!(older.contains("/tournaments/cup-0\"") && !older.contains("/tournaments/cup-1\""));
    for page in ["/tournaments", "/archive", "/runners"] {
        server.get(page).await.text();
    }
}
