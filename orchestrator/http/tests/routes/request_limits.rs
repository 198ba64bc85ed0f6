//! Whoever asks too often.

use std::net::SocketAddr;

use axum::http::StatusCode;
use gauntlet_http::{Limits, Rate, RequestLimits};
use gauntlet_transport::Trust;

use crate::metrics::{scrape, value};
use crate::support::{Answer, Server};

const HERE: RequestLimits = RequestLimits {
    an_address: Rate::new(1000, 1000),
    a_token: Rate::new(1000, 1000),
    new_tokens: Rate::new(1000, 1000),
    this_machine: true,
};

/// Asks until that is too often; says how often it was not, and what it was told then.
async fn until_too_often(ask: impl AsyncFn() -> Answer, status: StatusCode) -> (usize, Answer) {
    for answered in 0..10_000 {
        let answer = ask().await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            return (answered, answer);
        }
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    panic!("nothing is too often");
}

#[tokio::test]
async fn an_address_without_a_token_may_ask_so_often() {
    let limits = RequestLimits {
        an_address: Rate::new(1, 5),
        ..HERE
    };
    let server = Server::start_within(limits).await;
    let ask = || server.get("/api/v1/tasks");
    let (answered, refused) = until_too_often(ask, StatusCode::OK).await;
    assert!(answered >= 5, "{answered}");
    assert_eq!(refused.headers["retry-after"], "1");
    let problem = refused.problem(429, "too-often");
    let limit = problem.limit.as_deref().unwrap();
    assert_eq!(limit, "1 a second, 5 at once from one address");
    assert!(problem.help.contains("retry-after"), "{problem}");
    // Those with tokens are others.
    for token in [&server.admin, &server.miner] {
        let answer = server.get_as("/api/v1/tasks", token).await;
        answer.ok(StatusCode::OK);
    }
    let text = scrape(&server).await;
    let limited = value(&text, "gauntlet_requests_limited_total{what=\"address\"} ");
    assert_eq!(limited, Some(1.0), "{text}");
    // Later it is answered again.
    while server.get("/api/v1/tasks").await.status != StatusCode::OK {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_token_may_ask_so_often_unless_it_is_a_runners_or_an_admins() {
    let limits = RequestLimits {
        a_token: Rate::new(1, 5),
        ..HERE
    };
    let server = Server::start_within(limits).await;
    let ask = || server.get_as("/api/v1/tokens", &server.miner);
    let (answered, refused) = until_too_often(ask, StatusCode::FORBIDDEN).await;
    assert!(answered >= 5, "{answered}");
    refused.problem(429, "too-often");
    let digest = "0".repeat(64);
    for _ in 0..50 {
        let answer = server.get_as("/api/v1/tokens", &server.admin).await;
        answer.ok(StatusCode::OK);
        let blob = format!("/api/v1/blobs/{digest}");
        let answer = server.get_as(&blob, &server.runner).await;
        answer.problem(404, "not-found");
    }
}

#[tokio::test]
async fn tokens_cannot_be_guessed_for_long() {
    let limits = RequestLimits {
        new_tokens: Rate::new(1, 5),
        ..HERE
    };
    let server = Server::start_within(limits).await;
    let known = server.get_as("/api/v1/tokens", &server.admin).await;
    known.ok(StatusCode::OK);
    let guess = || server.get_as("/api/v1/tokens", "gnt_admin_guess");
    let (answered, refused) = until_too_often(guess, StatusCode::UNAUTHORIZED).await;
    assert!(answered >= 4, "{answered}");
    refused.problem(429, "too-often");
    // Whoever was good before is not held up by a stranger on the same line.
    for _ in 0..20 {
        let answer = server.get_as("/api/v1/tokens", &server.admin).await;
        answer.ok(StatusCode::OK);
    }
}

#[tokio::test]
async fn this_machine_is_not_limited_unless_that_is_asked_for() {
    let one = Rate::new(1, 1);
    let limits = RequestLimits {
        an_address: one,
        new_tokens: one,
        ..RequestLimits::default()
    };
    let server = Server::start_within(limits).await;
    for _ in 0..50 {
        server.get("/api/v1/tasks").await.ok(StatusCode::OK);
        let guess = server.get_as("/api/v1/tokens", "gnt_admin_guess").await;
        guess.problem(401, "unknown-token");
    }
}

#[tokio::test]
async fn callers_of_a_trusted_proxy_are_counted_one_by_one_and_no_word_of_another_is_taken() {
    let server = Server::start().await;
    // Such that nobody is asked again within the test.
    let requests = RequestLimits {
        an_address: Rate::new(1, 1000),
        ..RequestLimits::default()
    };
    let limits = |proxies: &[&str]| Limits {
        requests,
        proxies: proxies.iter().map(|one| one.parse().unwrap()).collect(),
        ..Limits::default()
    };
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(Trust::nobody().unwrap())
        .build()
        .unwrap();
    let ask = async |address: SocketAddr, forwarded: &str| {
        let request = http.get(format!("http://{address}/healthz"));
        let request = request.header("x-forwarded-for", forwarded);
        request.send().await.unwrap().status().as_u16()
    };
    let (proxied, _stop, _served) = server.serve(limits(&["127.0.0.1"])).await;
    // How often it is answered until it is too often: one more may be every second.
    let until_refused = async |forwarded: &str| {
        for answered in 0..10_000 {
            match ask(proxied, forwarded).await {
                200 => {}
                status => {
                    assert_eq!(status, 429);
                    return answered;
                }
            }
        }
        panic!("nothing is too often");
    };
    let answered = until_refused("203.0.113.7").await;
    assert!(answered >= 1000, "{answered}");
    // What the caller wrote himself is left of what the proxy added.
    let again = until_refused("198.51.100.1, 203.0.113.7").await;
    assert!(again < 500, "{again}");
    assert_eq!(ask(proxied, "203.0.113.8").await, 200);
    // The proxy's own questions are this machine's.
    assert_eq!(ask(proxied, "no address").await, 200);

    // Who is not named is counted as himself, whatever he says: here as this machine.
    let (direct, _stop, _served) = server.serve(limits(&["192.0.2.0/24"])).await;
    for _ in 0..1200 {
        assert_eq!(ask(direct, "203.0.113.7").await, 200);
    }
}
