//! The client asks for nothing that an orchestrator does not say it answers.

use std::collections::HashSet;

use gauntlet_client::OPERATIONS;
use gauntlet_test_support::Description;

#[test]
fn every_operation_of_the_client_is_described() {
    let description = Description::committed();
    let mut seen = HashSet::new();
    for (method, path) in OPERATIONS {
        assert!(
            seen.insert((method, path)),
            "{method} {path} is there twice"
        );
        let path = format!("/api/v1/{path}");
        let found = description.operation(method, &path);
        assert!(found.is_some(), "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_not_on_the_list_is_not_asked_for() {
    let client = gauntlet_client::Client::new("http://127.0.0.1:9", None).unwrap();
    let refused = client.get::<serde_json::Value>(&["no-such-thing"]).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("no-such-thing"), "{said}");
}
