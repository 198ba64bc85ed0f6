//! The page on which the API can be tried, in a real browser.

use serde_json::json;

use crate::browser::{Browser, Screen};
use crate::support::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_are_tried_from_the_page() {
    let server = Server::start().await;
    server.draft_tournament("cup").await;
    let base = server.listen().await;
    let browser = Browser::start(Screen::Desk).await;
    let page = format!("{base}/api#create_token");
    browser.client.goto(&page).await.expect("the page loads");
    // What is linked to is unfolded.
    let unfolded = "return document.getElementById('create_token').open";
    assert_eq!(browser.eval(unfolded).await, json!(true));

    let answer = async |operation: &str, begins: &str| {
        let tried = format!("document.querySelector('#{operation} .try').click()");
        browser.eval(&tried).await;
        let shown = format!(
            "return document.querySelector('#{operation} .answer').textContent.startsWith('{begins}')"
        );
        browser
            .until(&format!("{operation}: {begins}"), &shown)
            .await;
        let text = format!("return document.querySelector('#{operation} .answer').textContent");
        browser.eval(&text).await.as_str().unwrap().to_owned()
    };
    answer("create_token", "401").await;
    let token = format!(
        "document.getElementById('token').value = '{}'",
        server.admin
    );
    browser.eval(&token).await;
    // The example is a right body as it stands.
    answer("create_token", "201").await;

    browser
        .eval("document.querySelector('#show_tournament input').value = 'cup'")
        .await;
    let shown = answer("show_tournament", "200").await;
    assert!(shown.contains("\"name\": \"cup\""), "{shown}");
    // Streams show what has come.
    browser
        .eval("document.querySelector('#watch_tournament input').value = 'cup'")
        .await;
    answer("watch_tournament", "200").await;
    let come = "return document.querySelector('#watch_tournament .answer').textContent.includes('event: change')";
    browser.until("the stream's first event", come).await;
    browser.picture("api").await;
    browser.close().await;

    let phone = Browser::start(Screen::Phone).await;
    phone.client.goto(&page).await.expect("the page loads");
    phone.assert_no_sideways_scroll("api").await;
    phone.picture("phone-api").await;
    phone.close().await;
}
