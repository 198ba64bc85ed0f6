//! Talks to an orchestrator over its public API, whose shapes are those of
//! [`gauntlet_api`]: addresses, tokens, retries, and refusals as [`ClientError`]s.
//!
//! A path is given as its segments below `/api/v1`, each of which is escaped, so that a name
//! cannot leave its place:
//!
//! ```no_run
//! # async fn follow() -> Result<(), gauntlet_client::ClientError> {
//! use gauntlet_api::Tournament;
//! use gauntlet_client::Client;
//!
//! let client = Client::new("http://127.0.0.1:7700", None)?;
//! let tournament: Tournament = client.get(&["tournaments", "digits"]).await?;
//! println!("{}", tournament.state.as_str());
//! # Ok(())
//! # }
//! ```
//!
//! Every method waits for at most a few seconds for a server that does not answer, and its
//! errors are those of [`ClientError`].

mod error;
mod lists;
mod operations;

use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use gauntlet_api::Problem;
use gauntlet_transport::{retry_after, token_may_travel};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub use error::ClientError;
pub use gauntlet_transport::{Fingerprint, Trust};
pub use operations::OPERATIONS;
pub use reqwest::StatusCode;

/// How long to go on trying a server that does not answer.
const ATTEMPTS: usize = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No answer of the API takes longer; streams have no limit of their own.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// Who is asked to wait longer than this is told so instead.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A connection is not used again after this: the server ends those that have said nothing for 20
/// seconds, and a request must not cross that.
const IDLE: Duration = Duration::from_secs(10);
/// A file may go this slowly, in bytes a second, before the server gives up on it.
const SLOWEST_UPLOAD: u64 = 1 << 20;

/// How an orchestrator is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// How it proves over TLS that it is the one.
    pub trust: Trust,
    /// Send the token in the clear also where others may listen.
    pub insecure_http: bool,
}

/// An orchestrator, as seen from here.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl Client {
    /// A client of the orchestrator at `url`, which proves itself as this system wants it to.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, ClientError> {
        Self::with(url, token, &Connection::default())
    }

    /// A client of the orchestrator at `url`. A token is sent over TLS, or where it does not leave
    /// this machine, unless that is said not to matter.
    pub fn with(
        url: &str,
        token: Option<String>,
        connection: &Connection,
    ) -> Result<Self, ClientError> {
        let unusable = |why: &str| ClientError::Address {
            url: url.to_owned(),
            why: why.to_owned(),
        };
        let base = Url::parse(url).map_err(|error| unusable(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(unusable("it begins with neither https: nor http:"));
        }
        if base.cannot_be_a_base() || base.host_str().is_none() {
            return Err(unusable("it names no host"));
        }
        if let Some(token) = &token
            && !token.chars().all(|c| c.is_ascii_graphic())
        {
            return Err(ClientError::Token);
        }
        if token.is_some() && !connection.insecure_http && !token_may_travel(&base) {
            return Err(ClientError::Insecure {
                url: url.to_owned(),
            });
        }
        let tls = match base.scheme() {
            "https" => connection.trust.client_config()?,
            _ => Trust::nobody()?,
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("gauntlet/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(ClientError::Setup)?;
        Ok(Self { http, base, token })
    }

    /// Address of the orchestrator, without a slash at its end.
    pub fn url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// `GET /api/v1/{path}`, read as JSON.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ClientError> {
        json(self.send(Method::GET, path, |request| request).await?).await
    }

    /// `GET /api/v1/{path}?{query}`, read as JSON.
    pub async fn get_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, ClientError> {
        let mut url = self.address(&Method::GET, path)?;
        url.query_pairs_mut().extend_pairs(query);
        json(self.send_to(Method::GET, url, |request| request).await?).await
    }

    /// `GET /api/v1/{path}`: the bytes.
    pub async fn get_bytes(&self, path: &[&str]) -> Result<Vec<u8>, ClientError> {
        let response = self.send(Method::GET, path, |request| request).await?;
        let bytes = response.bytes().await.map_err(broken_answer)?;
        Ok(bytes.to_vec())
    }

    /// `POST /api/v1/{path}` without a body.
    pub async fn post<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ClientError> {
        json(self.send(Method::POST, path, |request| request).await?).await
    }

    /// `POST /api/v1/{path}` with a JSON body.
    pub async fn post_json<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &B,
    ) -> Result<T, ClientError> {
        json(
            self.send(Method::POST, path, |request| request.json(body))
                .await?,
        )
        .await
    }

    /// `POST /api/v1/{path}?{query}` with raw bytes.
    pub async fn post_bytes<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<T, ClientError> {
        let mut url = self.address(&Method::POST, path)?;
        url.query_pairs_mut().extend_pairs(query);
        let response = self
            .send_to(Method::POST, url, |request| {
                request
                    .header("content-type", content_type)
                    .body(body.clone())
            })
            .await?;
        json(response).await
    }

    /// `POST /api/v1/{path}` with a file that may be too large for memory.
    pub async fn post_file<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        content_type: &str,
        file: std::fs::File,
    ) -> Result<T, ClientError> {
        let mut url = self.address(&Method::POST, path)?;
        url.query_pairs_mut().extend_pairs(query);
        let bytes = file.metadata().map_err(ClientError::File)?.len();
        let timeout = ANSWER_TIMEOUT + Duration::from_secs(bytes / SLOWEST_UPLOAD);
        // Each try sends it from its beginning; the handles share one position, and there
        // is one try at a time.
        let response = self
            .send_to(Method::POST, url, |request| {
                let again = file.try_clone().and_then(|mut file| {
                    std::io::Seek::rewind(&mut file)?;
                    Ok(file)
                });
                let body = match again {
                    Ok(file) => reqwest::Body::from(tokio::fs::File::from_std(file)),
                    Err(_) => reqwest::Body::default(),
                };
                request
                    .header("content-type", content_type)
                    .header("content-length", bytes)
                    .timeout(timeout)
                    .body(body)
            })
            .await?;
        json(response).await
    }

    /// `PUT /api/v1/{path}` with raw bytes.
    pub async fn put_bytes(&self, path: &[&str], body: &[u8]) -> Result<(), ClientError> {
        self.send(Method::PUT, path, |request| {
            request
                .header("content-type", "application/octet-stream")
                .body(body.to_vec())
        })
        .await?;
        Ok(())
    }

    fn address(&self, method: &Method, path: &[&str]) -> Result<Url, ClientError> {
        if !operations::is_known(method.as_str(), path) {
            return Err(ClientError::Address {
                url: self.url().to_owned(),
                why: format!("the API has no {method} of {}", path.join("/")),
            });
        }
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| ClientError::Address {
                url: self.url().to_owned(),
                why: "it cannot be extended".to_owned(),
            })?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(path);
        Ok(url)
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, ClientError> {
        let url = self.address(&method, path)?;
        self.send_to(method, url, fill).await
    }

    /// Sends until an answer comes. A request is sent again only if it cannot have
    /// been acted on (the connection was refused, the server said it is not ready
    /// or that we ask too often), or if that does not matter: a GET, or a POST, which has a key
    /// by which the server knows it again.
    async fn send_to(
        &self,
        method: Method,
        url: Url,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, ClientError> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .without_max_delay()
            .with_max_times(ATTEMPTS - 1);
        // The same for every try: whatever has been done for one of them is not done again.
        let key = (method == Method::POST).then(|| Uuid::now_v7().to_string());
        let fill = |request: RequestBuilder| {
            let request = match &key {
                Some(key) => request.header("idempotency-key", key),
                None => request,
            };
            fill(request)
        };
        let call = || self.attempt(method.clone(), url.clone(), &fill);
        let answer = call
            .retry(pauses)
            .when(|failed| failed.again)
            .adjust(|failed, pause| pause.map(|pause| pause.max(failed.wait)));
        let answer = answer.await;
        answer.map_err(|failed| failed.error)
    }

    /// One try.
    async fn attempt(
        &self,
        method: Method,
        url: Url,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, FailedAttempt> {
        let is_read = method == Method::GET;
        let has_key = method == Method::POST;
        let mut request = self.http.request(method, url).timeout(ANSWER_TIMEOUT);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match fill(request).send().await {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => {
                let wait = asked_to_wait(&response);
                let again = match response.status() {
                    StatusCode::SERVICE_UNAVAILABLE => true,
                    // Too often, or the same request is still being carried out.
                    StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT => wait.is_some(),
                    _ => false,
                };
                Err(FailedAttempt {
                    again,
                    wait: wait.unwrap_or_default(),
                    error: refusal(response).await,
                })
            }
            Err(error) => Err(FailedAttempt {
                wait: Duration::ZERO,
                again: error.is_connect() || is_read || (has_key && !error.is_timeout()),
                error: self.unreachable(&error),
            }),
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        ClientError::Unreachable {
            url: self.url().to_owned(),
            cause: gauntlet_text::root_cause(error),
        }
    }
}

/// Why one try came to nothing.
struct FailedAttempt {
    error: ClientError,
    /// It is worth another try, and does no harm.
    again: bool,
    /// So long the server asks us to wait.
    wait: Duration,
}

/// How long the server asks us to wait, if that is worth it.
fn asked_to_wait(response: &Response) -> Option<Duration> {
    let header = response.headers().get(reqwest::header::RETRY_AFTER)?;
    let wait = retry_after(header.to_str().ok()?, SystemTime::now());
    wait.filter(|wait| *wait <= LONGEST_WAIT)
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, ClientError> {
    let bytes = response.bytes().await.map_err(broken_answer)?;
    serde_json::from_slice(&bytes).map_err(ClientError::Unreadable)
}

fn broken_answer(error: reqwest::Error) -> ClientError {
    ClientError::BrokenOff {
        cause: gauntlet_text::root_cause(&error),
    }
}

/// What the server said no to, in its own words.
async fn refusal(response: Response) -> ClientError {
    let status = response.status();
    let bytes = response.bytes().await.unwrap_or_default();
    match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) => ClientError::Refused {
            status,
            problem: Box::new(problem),
        },
        Err(_) => ClientError::Foreign(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_the_path() {
        let client = Client::new("http://127.0.0.1:7700/", None).unwrap();
        let url = client
            .address(&Method::GET, &["tournaments", "../x?y#z"])
            .unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:7700/api/v1/tournaments/..%2Fx%3Fy%23z"
        );
    }

    #[test]
    fn an_address_behind_a_prefix_keeps_it() {
        let client = Client::new("http://host/gauntlet", None).unwrap();
        let url = client.address(&Method::GET, &["tasks"]).unwrap();
        assert_eq!(url.as_str(), "http://host/gauntlet/api/v1/tasks");
    }

    #[test]
    fn unusable_addresses_and_tokens_are_refused() {
        for url in ["127.0.0.1:7700", "ftp://host", "nonsense", "file:///x"] {
            let error = Client::new(url, None).unwrap_err();
            assert!(matches!(error, ClientError::Address { .. }), "{url}");
        }
        let error = Client::new("http://localhost", Some("a\nb".into())).unwrap_err();
        assert!(matches!(error, ClientError::Token));
    }

    #[test]
    fn a_token_does_not_go_over_a_network_in_the_clear() {
        let token = || Some("gnt_miner_00".to_owned());
        let error = Client::new("http://host", token()).unwrap_err();
        assert!(matches!(error, ClientError::Insecure { .. }), "{error}");
        Client::new("http://host", None).unwrap();
        let connection = Connection {
            insecure_http: true,
            ..Connection::default()
        };
        Client::with("http://host", token(), &connection).unwrap();
        let fingerprint = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
        let connection = Connection {
            trust: Trust::Certificate(fingerprint),
            insecure_http: false,
        };
        Client::with("https://host", token(), &connection).unwrap();
    }
}
