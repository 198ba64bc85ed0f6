//! Requests that are sent again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use gauntlet_client::{Client, ClientError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Gives each connection the next of these answers, and the requests back.
async fn server(answers: Vec<&'static str>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{\"name\":\"cup\"}") {
                let mut some = [0; 1024];
                let read = connection.read(&mut some).await.unwrap();
                assert_ne!(read, 0);
                request.extend_from_slice(&some[..read]);
            }
            connection.write_all(answer.as_bytes()).await.unwrap();
            asked.push(String::from_utf8(request).unwrap());
        }
        asked
    });
    (url, served)
}

async fn create(url: &str) -> Result<Value, ClientError> {
    let client = Client::new(url, None).unwrap();
    let body = json!({ "name": "cup" });
    client.post_json(&["tournaments"], &body).await
}

fn key(request: &str) -> &str {
    let mut lines = request.lines();
    let key = lines.find_map(|line| line.strip_prefix("idempotency-key: "));
    key.unwrap_or_else(|| panic!("no key: {request}"))
}

const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_sent_again_with_its_key() {
    let too_often = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\
                     connection: close\r\n\r\n";
    let (url, served) = server(vec!["", too_often, DONE]).await;
    create(&url).await.unwrap();
    let asked = served.await.unwrap();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|request| key(request) == key(&asked[0])));
}

#[tokio::test]
async fn two_posts_have_two_keys() {
    let (url, served) = server(vec![DONE, DONE]).await;
    create(&url).await.unwrap();
    create(&url).await.unwrap();
    let asked = served.await.unwrap();
    assert_ne!(key(&asked[0]), key(&asked[1]));
}

#[tokio::test]
async fn what_has_to_wait_for_long_is_told_so() {
    let for_hours = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 7200\r\ncontent-length: 0\r\n\
                     connection: close\r\n\r\n";
    let (url, served) = server(vec![for_hours]).await;
    let error = create(&url).await.unwrap_err();
    assert!(error.to_string().contains("429"), "{error}");
    served.await.unwrap();
}
