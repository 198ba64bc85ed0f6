//! The pages in a real browser.

use serde_json::json;

use crate::browser::{Browser, Screen};
use crate::modules;
use crate::support::{Lease, Server, report};
use axum::http::StatusCode;

const HOSTILE: &str = "panicked: </pre><script>window.owned = 1</script><img src=x onerror=\"window.owned = 1\"> \u{1b}[31m";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tournament_is_watched_from_first_result_to_champion() {
    let server = Server::start().await;
    let base = server.listen().await;
    let browser = Browser::start(Screen::Desk).await;
    let go = async |path: &str| {
        browser
            .client
            .goto(&format!("{base}{path}"))
            .await
            .expect("the page loads")
    };

    go("/").await;
    assert_eq!(browser.client.title().await.unwrap(), "Gauntlet");
    // A page that is open learns of a tournament that is made afterwards.
    browser.eval("window.mark = 'first load'").await;
    server.open_tournament("cup").await;
    browser
        .until(
            "the tournament's card",
            "return !!document.querySelector('a[href=\"/tournaments/cup\"]')",
        )
        .await;
    assert_eq!(
        browser.eval("return window.mark").await,
        json!("first load"),
        "the page was loaded again"
    );
    browser.picture("home").await;

    for name in [
        "label-smoothing-dropout",
        "adamw-cosine",
        "small-conv-net",
        "panics-mid-way",
    ] {
        server
            .submit("cup", name, modules::honest(name))
            .await
            .ok(StatusCode::CREATED);
    }
    server
        .admin_post("/api/v1/tournaments/cup/close")
        .await
        .ok(StatusCode::OK);
    server.tick().await;

    go("/tournaments/cup").await;
    browser.eval("window.mark = 'first load'").await;
    let scores = "return document.querySelectorAll('td.score').length";
    assert_eq!(browser.eval(scores).await, json!(0));
    let runner = server.register("local-1").await;
    let curve: Vec<_> = (0..60)
        .map(|step| json!({ "step": step * 10, "name": "loss", "value": 2.3 * (-0.05 * f64::from(step)).exp() }))
        .collect();
    let mut faulted = None;
    let mut scored = None;
    for nth in 0..4 {
        let Lease {
            run,
            attempt,
            method,
            ..
        } = server.lease(runner).await.expect("a run is queued");
        let path = format!("/api/v1/runs/{run}/attempts/{attempt}");
        let beat = json!({ "progress": 0.4, "curve": curve });
        server
            .runner_post(&format!("{path}/heartbeat"), &beat)
            .await
            .ok(StatusCode::OK);
        let body = if method == "panics-mid-way" {
            faulted = Some(run);
            let mut body = report("method_failed", None, None);
            body["detail"] = json!(HOSTILE);
            // It never came to predict, so its words are shown.
            for meter in body["predict"].as_object_mut().unwrap().values_mut() {
                *meter = json!(0);
            }
            body
        } else {
            scored = Some(run);
            let mut body = server.completed(0.9 + f64::from(nth) / 100.0).await;
            body["curve"] = json!(curve);
            body
        };
        if nth == 1 {
            browser
                .until("a running cell", "return !!document.querySelector('td.running') && document.querySelector('td.running').textContent.includes('40%')")
                .await;
            browser.picture("tournament-running").await;
        }
        server
            .runner_post(&format!("{path}/report"), &body)
            .await
            .ok(StatusCode::NO_CONTENT);
    }
    browser
        .until(
            "three scores",
            "return document.querySelectorAll('td.score').length === 3",
        )
        .await;
    browser
        .until(
            "a verdict",
            "return document.querySelectorAll('td.fault').length === 1",
        )
        .await;
    assert_eq!(
        browser.eval("return window.mark").await,
        json!("first load"),
        "the page was loaded again"
    );

    // The method's own words are text, wherever they are shown.
    let faulted = faulted.expect("the method that fails was leased");
    go(&format!("/runs/{faulted}")).await;
    let shown = browser
        .eval("return document.querySelector('pre.alert').textContent")
        .await;
    assert!(
        shown
            .as_str()
            .unwrap()
            .contains("<script>window.owned = 1</script>"),
        "{shown}"
    );
    assert_eq!(
        browser.eval("return typeof window.owned").await,
        json!("undefined")
    );
    assert_eq!(
        browser
            .eval("return document.querySelectorAll('main script, main img').length")
            .await,
        json!(0)
    );

    let scored = scored.expect("a method that scores was leased");
    go(&format!("/runs/{scored}")).await;
    let points = browser
        .eval("return document.querySelector('svg polyline.curve').getAttribute('points').split(' ').length")
        .await;
    assert_eq!(points, json!(60));
    browser.picture("run").await;

    server.finish("cup").await;
    go("/tournaments/cup").await;
    browser.picture("tournament-completed").await;
    let card = browser
        .client
        .find(fantoccini::Locator::Css("a.champion"))
        .await
        .expect("the champion's card");
    card.click().await.unwrap();
    let heading = browser
        .eval("return document.querySelector('h1').textContent")
        .await;
    assert_ne!(heading, json!(""));
    let pull = browser
        .eval("return document.querySelector('main pre').textContent")
        .await;
    assert_eq!(pull, json!("gauntlet archive pull digits@champion"));
    assert_eq!(
        browser
            .eval("return !!document.querySelector('polyline.curve')")
            .await,
        json!(true)
    );
    browser.picture("archive").await;
    browser.close().await;

    let phone = Browser::start(Screen::Phone).await;
    let archive = server.champion("cup").await;
    for (name, path) in [
        ("home", "/".to_owned()),
        ("tournament", "/tournaments/cup".to_owned()),
        ("run", format!("/runs/{scored}")),
        ("fault", format!("/runs/{faulted}")),
        ("archive", format!("/archive/{archive}")),
        ("missing", "/tournaments/none".to_owned()),
    ] {
        phone
            .client
            .goto(&format!("{base}{path}"))
            .await
            .expect("the page loads");
        assert_eq!(
            phone.eval("return window.innerWidth").await,
            json!(360),
            "{name}"
        );
        phone.assert_no_sideways_scroll(name).await;
        phone.picture(&format!("phone-{name}")).await;
    }
    phone.close().await;
}

#[tokio::test]
async fn pages_work_without_a_script() {
    let server = Server::start().await;
    server.finished_tournament("cup").await;
    let page = server.get("/tournaments/cup").await.text();
    assert!(
        page.contains("Champion") && page.contains("/archive/"),
        "{page}"
    );
    let home = server.get("/").await.text();
    assert!(
        home.contains("/tournaments/cup") && home.contains("http-equiv=\"refresh\""),
        "{home}"
    );
    let fragment = server.get("/tournaments/cup/live").await.text();
    assert!(!fragment.contains("<html"), "{fragment}");
}
