//! Calls to the orchestrator, and when to try them again.
//!
//! Every call may be repeated: the orchestrator takes the same message twice as once.
//! So the policy is simple: what might work later is tried later, with pauses that
//! double from 0.1 s to 5 s and vary at random, so that a hundred runners do not come
//! back in step, or last as long as the orchestrator asks for, up to a minute; what it has
//! decided is final.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder, Retryable};
use gauntlet_protocol::{
    Assignment, Fault, Heartbeat, LeaseExtended, LeaseRequest, Register, Registered, Report,
};
use gauntlet_transport::{TransportError, Trust, retry_after};
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use crate::config::OrchestratorUrl;

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);
/// A connection is not used again after this: the orchestrator ends those that have said nothing
/// for 20 seconds, and a request must not cross that.
const IDLE: Duration = Duration::from_secs(10);
const BLOB: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Whoever asks for longer pauses than this is asked again all the same: leases would be lost.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers, or something between us and the orchestrator fails. Try again.
    #[error("the orchestrator cannot be reached: {0}")]
    Unreachable(String),
    /// It answers, and asks to be left alone for a while. Try again then.
    #[error("the orchestrator is busy: {what}")]
    Busy {
        /// What it says.
        what: String,
        /// For how long.
        wait: Duration,
    },
    /// 401 or 403.
    #[error("the orchestrator does not accept the token: {0}")]
    Token(String),
    /// 404.
    #[error("the orchestrator does not know it: {0}")]
    NotFound(String),
    /// 409: the attempt is not ours any more, or has another result.
    #[error("the orchestrator refuses it: {0}")]
    Conflict(String),
    /// Another 4xx, or an answer that is not what the protocol says: two releases that
    /// do not fit together.
    #[error("the orchestrator answers {0}")]
    Refused(String),
    /// What TLS needs is not there.
    #[error("{0}; {help}", help = .0.help())]
    Tls(#[from] TransportError),
}

impl ClientError {
    /// Whether the same call might work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }

    /// How long the orchestrator asks to wait, at least.
    pub(crate) fn asked_to_wait(&self) -> Duration {
        match self {
            Self::Busy { wait, .. } => (*wait).min(LONGEST_ASKED),
            _ => Duration::ZERO,
        }
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        // The outermost text is only "error sending request".
        Self::Unreachable(gauntlet_text::root_cause(&error))
    }
}

/// An attempt of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptId {
    /// The run.
    pub run: Uuid,
    /// The fencing token.
    pub attempt: i32,
}

impl AttemptId {
    fn path(self, what: &str) -> String {
        format!("runs/{}/attempts/{}/{what}", self.run, self.attempt)
    }
}

/// The orchestrator, as a runner sees it. Every method makes one call.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: OrchestratorUrl,
    token: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the orchestrator at `url`.
    ///
    /// # Errors
    /// If the HTTP library cannot be set up, or what TLS needs is not there.
    pub fn new(url: OrchestratorUrl, token: String, trust: &Trust) -> Result<Self, ClientError> {
        let tls = if url.is_secure() {
            trust.client_config()?
        } else {
            Trust::nobody()?
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .no_proxy()
            .build()?;
        Ok(Self { http, url, token })
    }

    /// Introduces the runner.
    ///
    /// # Errors
    /// See [`ClientError`]; so for all the others.
    pub async fn register(&self, register: &Register) -> Result<Registered, ClientError> {
        let request = self.request(Method::POST, "runners", ANSWER).json(register);
        json(send(request).await?).await
    }

    /// Asks for work, of containers too if there is an engine, and waits for it up to `wait`.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] if the orchestrator does not know the runner.
    pub async fn lease(
        &self,
        runner: Uuid,
        wait: Duration,
        containers: bool,
    ) -> Result<Option<Assignment>, ClientError> {
        let wait_seconds = u32::try_from(wait.as_secs()).unwrap_or(30).min(30);
        let path = format!("runners/{runner}/lease");
        let request = self
            .request(
                Method::POST,
                &path,
                ANSWER + Duration::from_secs(wait_seconds.into()),
            )
            .json(&LeaseRequest {
                wait_seconds,
                containers,
            });
        let response = send(request).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(None),
            _ => json(response).await.map(Some),
        }
    }

    /// Keeps the lease.
    ///
    /// # Errors
    /// [`ClientError::Conflict`] if it is lost.
    pub async fn heartbeat(
        &self,
        attempt: AttemptId,
        heartbeat: &Heartbeat,
        timeout: Duration,
    ) -> Result<LeaseExtended, ClientError> {
        let path = attempt.path("heartbeat");
        json(send(self.request(Method::POST, &path, timeout).json(heartbeat)).await?).await
    }

    /// Hands in the result.
    ///
    /// # Errors
    /// [`ClientError::Conflict`] if the attempt is not ours any more.
    pub async fn report(&self, attempt: AttemptId, report: &Report) -> Result<(), ClientError> {
        self.post(&attempt.path("report"), report).await
    }

    /// Hands the run back: the platform failed.
    ///
    /// # Errors
    /// [`ClientError::Conflict`] if the attempt is not ours any more.
    pub async fn fault(&self, attempt: AttemptId, fault: &Fault) -> Result<(), ClientError> {
        self.post(&attempt.path("fault"), fault).await
    }

    /// Fetches a blob. The caller checks the digest.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] if there is no such blob.
    pub async fn blob(&self, digest: &str) -> Result<Response, ClientError> {
        send(self.request(Method::GET, &format!("blobs/{digest}"), BLOB)).await
    }

    /// Puts a blob.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put_blob(&self, digest: &str, bytes: Vec<u8>) -> Result<(), ClientError> {
        let request = self.request(Method::PUT, &format!("blobs/{digest}"), BLOB);
        send(
            request
                .header("content-type", "application/octet-stream")
                .body(bytes),
        )
        .await?;
        Ok(())
    }

    async fn post<T: Serialize + Sync>(&self, path: &str, body: &T) -> Result<(), ClientError> {
        send(self.request(Method::POST, path, ANSWER).json(body)).await?;
        Ok(())
    }

    fn request(&self, method: Method, path: &str, timeout: Duration) -> RequestBuilder {
        self.http
            .request(method, self.url.api(path))
            .bearer_auth(&self.token)
            .timeout(timeout)
    }
}

async fn send(request: RequestBuilder) -> Result<Response, ClientError> {
    let response = request.send().await?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let wait = response.headers().get(RETRY_AFTER);
    let wait = wait.and_then(|wait| retry_after(wait.to_str().ok()?, SystemTime::now()));
    // The body says more, if it is a problem document; what it says is only shown.
    let body = response.bytes().await.unwrap_or_default();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let detail = problem["detail"]
        .as_str()
        .or_else(|| problem["title"].as_str());
    let detail: String = detail.unwrap_or_default().chars().take(300).collect();
    let text = format!("{status} {detail}").trim_end().to_owned();
    Err(match (status, wait) {
        (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(wait)) => {
            ClientError::Busy { what: text, wait }
        }
        _ => decided(status, text),
    })
}

/// What an answer means that asks for no pause.
fn decided(status: StatusCode, text: String) -> ClientError {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ClientError::Token(text),
        StatusCode::NOT_FOUND => ClientError::NotFound(text),
        StatusCode::CONFLICT => ClientError::Conflict(text),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            ClientError::Unreachable(text)
        }
        _ if status.is_server_error() => ClientError::Unreachable(text),
        _ => ClientError::Refused(text),
    }
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, ClientError> {
    let body = response.bytes().await?;
    serde_json::from_slice(&body)
        .map_err(|error| ClientError::Refused(format!("what the protocol does not know: {error}")))
}

/// Pauses without end: each between half and the whole of a time that doubles from
/// [`FIRST_PAUSE`] to [`LONGEST_PAUSE`].
#[derive(Debug)]
pub(crate) struct Pauses(ExponentialBackoff);

impl Default for Pauses {
    fn default() -> Self {
        // The jitter adds up to as much again.
        let half = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE / 2)
            .with_max_delay(LONGEST_PAUSE / 2)
            .without_max_times()
            .with_jitter();
        Self(half.build())
    }
}

impl Pauses {
    /// Waits for the next one, or as long as was asked for.
    pub(crate) async fn wait(&mut self, at_least: Duration) {
        if let Some(pause) = self.next() {
            tokio::time::sleep(pause.max(at_least)).await;
        }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.0.next()
    }
}

/// Calls until it works, until the orchestrator has decided, or until `patience` is over.
///
/// # Errors
/// The last failure.
pub async fn retry<T, F: Future<Output = Result<T, ClientError>>>(
    patience: Duration,
    call: impl FnMut() -> F,
) -> Result<T, ClientError> {
    let deadline = Instant::now() + patience;
    call.retry(Pauses::default())
        .when(ClientError::is_transient)
        // Calls take their time too, so it is the clock that ends it, not the sum of pauses.
        .adjust(|error, pause| {
            let pause = pause?.max(error.asked_to_wait());
            Some(pause).filter(|pause| Instant::now() + *pause <= deadline)
        })
        .notify(|error, pause| tracing::debug!(%error, ?pause, "trying again"))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable<T>() -> Result<T, ClientError> {
        Err(ClientError::Unreachable("nobody".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn what_might_work_later_is_tried_until_patience_ends() {
        let mut calls = 0;
        let result = retry(Duration::from_secs(20), || {
            calls += 1;
            std::future::ready(if calls < 4 { unreachable() } else { Ok(calls) })
        })
        .await;
        assert_eq!(result.unwrap(), 4);

        let begin = Instant::now();
        let result = retry(Duration::from_secs(20), || {
            std::future::ready(unreachable::<()>())
        })
        .await;
        assert!(matches!(result, Err(ClientError::Unreachable(_))));
        assert!(
            (10..=20).contains(&begin.elapsed().as_secs()),
            "{:?}",
            begin.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_is_asked_for_is_kept() {
        let busy = |seconds| {
            Err(ClientError::Busy {
                what: String::new(),
                wait: Duration::from_secs(seconds),
            })
        };
        let begin = Instant::now();
        let mut calls = 0;
        let result = retry(Duration::from_secs(50), || {
            calls += 1;
            std::future::ready(if calls < 3 { busy(17) } else { Ok(calls) })
        })
        .await;
        assert_eq!(result.unwrap(), 3);
        assert_eq!(begin.elapsed().as_secs(), 34);
        // Longer than anybody has patience for.
        let result = retry(Duration::from_secs(50), || {
            std::future::ready(busy(3600).map(|_: u8| ()))
        })
        .await;
        assert!(matches!(result, Err(ClientError::Busy { .. })));
        assert_eq!(begin.elapsed().as_secs(), 34);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_decided_is_final() {
        let mut calls = 0;
        let result = retry(Duration::from_secs(20), || {
            calls += 1;
            std::future::ready(Err::<(), _>(ClientError::Conflict(String::new())))
        })
        .await;
        assert!(matches!(result, Err(ClientError::Conflict(_))));
        assert_eq!(calls, 1);
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let pauses: Vec<Duration> = Pauses::default().take(10).collect();
        assert!(pauses[0] <= FIRST_PAUSE && pauses[0] >= FIRST_PAUSE / 2);
        for pair in pauses[..6].windows(2) {
            assert!(pair[1] <= 4 * pair[0], "{pauses:?}");
        }
        for pause in &pauses[6..] {
            assert!(
                *pause <= LONGEST_PAUSE && *pause >= LONGEST_PAUSE / 2,
                "{pauses:?}"
            );
        }
    }
}
