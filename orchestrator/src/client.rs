//! Talks to an orchestrator: addresses, tokens, retries, and refusals as [`Failure`]s.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use gauntlet_api::Problem;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::{Serialize, de::DeserializeOwned};

use crate::data_dir::DataDir;
use crate::failure::{Failure, Fault};

/// How long to go on trying a server that does not answer.
const ATTEMPTS: usize = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No answer of the API takes longer; streams have no limit of their own.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// A file may go this slowly, in bytes a second, before the server gives up on it.
const SLOWEST_UPLOAD: u64 = 1 << 20;

/// Which token of the data folder a command wants, where none is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Reads need none.
    None,
    /// To submit.
    Miner,
    /// To change tasks and tournaments.
    Admin,
}

/// How a person names the server.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Server {
    /// Address of the orchestrator; else the one the data folder knows.
    #[arg(long, env = "GAUNTLET_URL", global = true, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// Token; else the one in the data folder.
    #[arg(
        long,
        env = "GAUNTLET_TOKEN",
        global = true,
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,

    /// Data folder [default: /var/lib/gauntlet for root, else ~/.local/share/gauntlet].
    #[arg(long, env = "GAUNTLET_DATA", global = true, value_name = "DIR")]
    pub(crate) data: Option<std::path::PathBuf>,
}

impl Server {
    /// The data folder.
    pub(crate) fn data_dir(&self) -> Result<DataDir, Failure> {
        DataDir::resolve(self.data.clone())
    }

    /// A client with a token of this scope.
    pub(crate) fn client(&self, scope: Scope) -> Result<Client, Failure> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => {
                let data = self.data_dir()?;
                match data.server()? {
                    Some(server) => server.url,
                    None => {
                        return Err(Failure::new(
                            Fault::Unreachable,
                            format!("no orchestrator is known in {}", data.root().display()),
                        )
                        .field("--url")
                        .help("start one with `gauntlet up`, or name one with --url URL or GAUNTLET_URL"));
                    }
                }
            }
        };
        let token = match (&self.token, scope) {
            (Some(token), _) => Some(token.clone()),
            (None, Scope::None) => None,
            // A token of this folder is for this folder's server only.
            (None, _) if self.url.is_some() && self.data.is_none() => None,
            (None, scope) => self.data_dir()?.tokens()?.map(|tokens| match scope {
                Scope::Miner => tokens.miner,
                Scope::Admin | Scope::None => tokens.admin,
            }),
        };
        Client::new(&url, token)
    }
}

/// An orchestrator, as seen from here.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl Client {
    /// A client of the orchestrator at `url`.
    pub(crate) fn new(url: &str, token: Option<String>) -> Result<Self, Failure> {
        let unusable = |why: &str| {
            Failure::input(format!("{url} is not an address of an orchestrator: {why}"))
                .field("--url")
                .help("give it as http://HOST:PORT")
        };
        let base = Url::parse(url).map_err(|error| unusable(&error.to_string()))?;
        if base.scheme() != "http" {
            // Built without TLS: an orchestrator elsewhere is reached through a tunnel.
            return Err(unusable("only http is spoken"));
        }
        if base.cannot_be_a_base() || base.host_str().is_none() {
            return Err(unusable("it names no host"));
        }
        if let Some(token) = &token
            && !token.chars().all(|c| c.is_ascii_graphic())
        {
            return Err(Failure::input("the token has characters no token has")
                .field("--token")
                .help("copy it again; a token is made of letters, digits and underscores"));
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("gauntlet/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(|error| Failure::ours("make an HTTP client", error))?;
        Ok(Self { http, base, token })
    }

    /// Address of the orchestrator, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// `GET /api/v1/{path}`, read as JSON.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        json(self.send(Method::GET, path, |request| request).await?).await
    }

    /// `GET /api/v1/{path}?{query}`, read as JSON.
    pub(crate) async fn get_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, Failure> {
        let mut url = self.address(path)?;
        url.query_pairs_mut().extend_pairs(query);
        json(self.send_to(Method::GET, url, |request| request).await?).await
    }

    /// `GET /api/v1/{path}`: the bytes.
    pub(crate) async fn get_bytes(&self, path: &[&str]) -> Result<Vec<u8>, Failure> {
        let response = self.send(Method::GET, path, |request| request).await?;
        let bytes = response.bytes().await.map_err(broken_answer)?;
        Ok(bytes.to_vec())
    }

    /// `POST /api/v1/{path}` without a body.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        json(self.send(Method::POST, path, |request| request).await?).await
    }

    /// `POST /api/v1/{path}` with a JSON body.
    pub(crate) async fn post_json<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &B,
    ) -> Result<T, Failure> {
        json(
            self.send(Method::POST, path, |request| request.json(body))
                .await?,
        )
        .await
    }

    /// `POST /api/v1/{path}?{query}` with raw bytes.
    pub(crate) async fn post_bytes<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<T, Failure> {
        let mut url = self.address(path)?;
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
    pub(crate) async fn post_file<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        content_type: &str,
        file: std::fs::File,
    ) -> Result<T, Failure> {
        let mut url = self.address(path)?;
        url.query_pairs_mut().extend_pairs(query);
        let unreadable = |error| Failure::ours("read the archive", error);
        let bytes = file.metadata().map_err(unreadable)?.len();
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
    pub(crate) async fn put_bytes(&self, path: &[&str], body: &[u8]) -> Result<(), Failure> {
        self.send(Method::PUT, path, |request| {
            request
                .header("content-type", "application/octet-stream")
                .body(body.to_vec())
        })
        .await?;
        Ok(())
    }

    fn address(&self, path: &[&str]) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::input("the address cannot be extended").field("--url"))?
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
    ) -> Result<Response, Failure> {
        let url = self.address(path)?;
        self.send_to(method, url, fill).await
    }

    /// Sends until an answer comes. A request is sent again only if it cannot have
    /// been acted on: the connection was refused, the server said it is not ready,
    /// or it was a GET.
    async fn send_to(
        &self,
        method: Method,
        url: Url,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .without_max_delay()
            .with_max_times(ATTEMPTS - 1);
        let call = || self.attempt(method.clone(), url.clone(), &fill);
        let answer = call.retry(pauses).when(|failed| failed.again).await;
        answer.map_err(|failed| failed.failure)
    }

    /// One try.
    async fn attempt(
        &self,
        method: Method,
        url: Url,
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, FailedAttempt> {
        let is_read = method == Method::GET;
        let mut request = self.http.request(method, url).timeout(ANSWER_TIMEOUT);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        match fill(request).send().await {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => Err(FailedAttempt {
                again: response.status() == StatusCode::SERVICE_UNAVAILABLE,
                failure: refusal(response).await,
            }),
            Err(error) => Err(FailedAttempt {
                again: error.is_connect() || is_read,
                failure: self.unreachable(&error),
            }),
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        Failure::new(
            Fault::Unreachable,
            format!(
                "no orchestrator answers at {}: {}",
                self.url(),
                gauntlet_text::root_cause(error)
            ),
        )
        .field("--url")
        .help("start one with `gauntlet up`, or name another with --url URL or GAUNTLET_URL")
    }
}

/// Why one try came to nothing.
struct FailedAttempt {
    failure: Failure,
    /// The request cannot have been acted on.
    again: bool,
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let bytes = response.bytes().await.map_err(broken_answer)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::ours("read the orchestrator's answer", error)
            .help("use a gauntlet of the same release as the orchestrator's")
    })
}

fn broken_answer(error: reqwest::Error) -> Failure {
    Failure::new(
        Fault::Unreachable,
        format!(
            "the orchestrator's answer broke off: {}",
            gauntlet_text::root_cause(&error)
        ),
    )
    .help("try again")
}

/// What the server said no to, in its own words.
async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let bytes = response.bytes().await.unwrap_or_default();
    let fault = if status.is_server_error() {
        Fault::Ours
    } else {
        Fault::Refused
    };
    let mut failure = match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) => {
            let mut failure = Failure::new(fault, format!("{}: {}", problem.title, problem.detail))
                .help(problem.help);
            failure.field = problem.field;
            failure.limit = match (problem.limit, problem.found) {
                (Some(limit), Some(found)) => Some(format!("{limit}, found {found}")),
                (limit, _) => limit,
            };
            failure
        }
        // Not ours: a proxy's page, for one.
        Err(_) => Failure::new(fault, format!("the server answered {status}"))
            .field("--url")
            .help("check that this is the address of an orchestrator"),
    };
    failure.status = Some(status.as_u16());
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_the_path() {
        let client = Client::new("http://127.0.0.1:7700/", None).unwrap();
        let url = client.address(&["tournaments", "../x?y#z"]).unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:7700/api/v1/tournaments/..%2Fx%3Fy%23z"
        );
    }

    #[test]
    fn an_address_behind_a_prefix_keeps_it() {
        let client = Client::new("http://host/gauntlet", None).unwrap();
        let url = client.address(&["tasks"]).unwrap();
        assert_eq!(url.as_str(), "http://host/gauntlet/api/v1/tasks");
    }

    #[test]
    fn unusable_addresses_and_tokens_are_refused() {
        for url in ["127.0.0.1:7700", "https://host", "nonsense", "file:///x"] {
            let failure = Client::new(url, None).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some("--url"), "{url}");
        }
        let failure = Client::new("http://host", Some("a\nb".into())).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("--token"));
    }
}
