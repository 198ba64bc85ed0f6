//! Settings of a runner: the command line, and the environment variables it names.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use gauntlet_container::{ContainerConfig, Engine, Gpus};
use gauntlet_sandbox::{Device, Isolation, SandboxConfig};
use gauntlet_transport::{Fingerprint, Trust, token_may_travel};

/// Leases runs, executes them in sandboxes, reports.
///
/// The token is taken from the environment variable `GAUNTLET_TOKEN` or from
/// `--token-file`, never from the command line, which every user of the machine can read.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "gauntlet-runner", version)]
pub struct Config {
    /// The orchestrator's address.
    #[arg(long, env = "GAUNTLET_URL", default_value = "http://127.0.0.1:7700")]
    pub url: OrchestratorUrl,
    /// File of the authorities that sign the orchestrator's certificate [default: the system's]
    #[arg(long, env = "GAUNTLET_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Fingerprint of the orchestrator's certificate, whoever signed it: sha256:HEX, as `gauntlet
    /// up` prints it
    #[arg(long, env = "GAUNTLET_SERVER_FINGERPRINT", value_name = "SHA256")]
    pub server_fingerprint: Option<Fingerprint>,
    /// Speak http also to another machine: everybody on the way can read token and hidden data.
    #[arg(long, env = "GAUNTLET_INSECURE_HTTP")]
    pub insecure_http: bool,
    /// File that holds a runner token. Without it, GAUNTLET_TOKEN is used.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Name for people [default: the host's name]
    #[arg(long)]
    pub name: Option<String>,
    /// Folder for everything this runner keeps. Two runners must not share one.
    #[arg(long, value_name = "DIR", env = "GAUNTLET_RUNNER_DATA")]
    pub data: PathBuf,
    /// Folder of compiled modules; runners on one machine may share it [default: cache in the data folder]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Where runs get their folders [default: runs in the data folder]
    #[arg(long, value_name = "DIR")]
    pub runs: Option<PathBuf>,
    /// The worker binary [default: gauntlet-worker or gauntlet-worker-cuda beside this program]
    #[arg(long, value_name = "FILE")]
    pub worker: Option<PathBuf>,
    /// What tensor operations run on: cpu, or cuda:N for the N-th NVIDIA GPU.
    #[arg(long, default_value = "cpu")]
    pub device: Device,
    /// Execute container images too, with the engine at --engine.
    #[arg(long)]
    pub containers: bool,
    /// The container engine's socket [default: DOCKER_HOST, or /var/run/docker.sock]
    #[arg(long, value_name = "SOCKET", requires = "containers")]
    pub engine: Option<PathBuf>,
    /// Runtime of the engine that executes containers, such as runsc [default: the engine's]
    #[arg(long, value_name = "NAME", requires = "containers")]
    pub container_runtime: Option<String>,
    /// CDI device that containers get, such as nvidia.com/gpu=0; may be given again.
    #[arg(long, value_name = "DEVICE", requires = "containers")]
    pub container_gpu: Vec<String>,
    /// Runs executed at the same time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub slots: u16,
    /// Threads of each run's tensor backend [default: the machine's cores, shared by the slots]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Run workers as this user even if it is root, who otherwise gives each a user id of its own.
    #[arg(long)]
    pub same_user: bool,
    /// End when standard input ends: whoever started the runner holds it open, and dies with it.
    #[arg(long)]
    pub exit_on_stdin_eof: bool,
    /// End when there is no work left.
    #[arg(long)]
    pub drain: bool,
}

/// Why the settings do not work.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no token.
    #[error("there is no token: set GAUNTLET_TOKEN, or name a file with --token-file")]
    NoToken,
    /// The file with the token cannot be read.
    #[error("failed to read the token file {path}: {source}")]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Token and hidden data would go over a network that others may listen to.
    #[error(
        "{0} is another machine: everybody on the way could read token and hidden data; use https, \
         or a tunnel that ends on this machine (--insecure-http does it all the same)"
    )]
    Insecure(OrchestratorUrl),
    /// The token cannot be sent.
    #[error("the token holds characters that no token has")]
    Token,
}

impl Config {
    /// How the orchestrator proves over TLS that it is the one.
    #[must_use]
    pub fn trust(&self) -> Trust {
        Trust::from_options(self.ca_file.clone(), self.server_fingerprint)
    }

    /// The token, from the file or the environment.
    ///
    /// # Errors
    /// If there is none, it cannot be one, or it would go over a network in the clear.
    pub fn token(&self) -> Result<String, ConfigError> {
        if !self.insecure_http && !self.url.is_private() {
            return Err(ConfigError::Insecure(self.url.clone()));
        }
        let token = match &self.token_file {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|source| ConfigError::TokenFile {
                    path: path.clone(),
                    source,
                })?
            }
            None => std::env::var("GAUNTLET_TOKEN").map_err(|_| ConfigError::NoToken)?,
        };
        let token = token.trim();
        match token {
            "" => Err(ConfigError::NoToken),
            _ if token.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(token.to_owned()),
            _ => Err(ConfigError::Token),
        }
    }

    /// Name for people.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            match name.trim() {
                "" => "runner".to_owned(),
                name => name.to_owned(),
            }
        })
    }

    /// Threads of each run's tensor backend.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(
            || {
                let cores = std::thread::available_parallelism().map_or(1, usize::from);
                (cores / usize::from(self.slots)).max(1)
            },
            usize::from,
        )
    }

    /// Settings of the containers, if there are to be any.
    #[must_use]
    pub fn containers(&self) -> Option<ContainerConfig> {
        if !self.containers {
            return None;
        }
        let socket = self.engine.clone().unwrap_or_else(Engine::usual_socket);
        let mut config = ContainerConfig::new(socket, self.data.join("containers"));
        config.runtime.clone_from(&self.container_runtime);
        if !self.container_gpu.is_empty() {
            config.gpus = Gpus::Cdi(self.container_gpu.clone());
        }
        if self.same_user {
            config.isolation = Isolation::SameUser;
        }
        Some(config)
    }

    /// Settings of the sandbox.
    #[must_use]
    pub fn sandbox(&self) -> SandboxConfig {
        let worker = self.worker.clone().unwrap_or_else(|| {
            let own = std::env::current_exe().unwrap_or_default();
            own.parent()
                .unwrap_or(Path::new("."))
                .join(self.device.worker())
        });
        let cache = self
            .cache
            .clone()
            .unwrap_or_else(|| self.data.join("cache"));
        let runs = self.runs.clone().unwrap_or_else(|| self.data.join("runs"));
        let mut config = SandboxConfig::new(worker, cache, runs);
        config.device = self.device;
        if self.same_user {
            config.isolation = Isolation::SameUser;
        }
        config
    }
}

/// Address of an orchestrator, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrchestratorUrl {
    text: String,
    secure: bool,
    private: bool,
}

impl std::fmt::Display for OrchestratorUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl OrchestratorUrl {
    /// Whether TLS is spoken.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether nobody on the way can read what is sent.
    fn is_private(&self) -> bool {
        self.private
    }

    /// The address of a path below the API's root.
    #[must_use]
    pub fn api(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.text)
    }
}

impl FromStr for OrchestratorUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = reqwest::Url::parse(text).map_err(|error| error.to_string())?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Self {
                text: text.trim_end_matches('/').to_owned(),
                secure: url.scheme() == "https",
                private: token_may_travel(&url),
            }),
            _ => Err("an address such as https://gauntlet.example.org is needed".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Config, clap::Error> {
        let fixed = ["gauntlet-runner", "--data", "/d"];
        Config::try_parse_from(fixed.iter().chain(arguments))
    }

    #[test]
    fn defaults_are_below_the_data_folder() {
        let config = parse(&["--threads", "3"]).unwrap();
        let sandbox = config.sandbox();
        assert_eq!(sandbox.cache, Path::new("/d/cache"));
        assert_eq!(sandbox.runs, Path::new("/d/runs"));
        assert!(sandbox.worker.ends_with("gauntlet-worker"));
        assert_eq!(config.threads(), 3);
        let config = parse(&["--device", "cuda:1"]).unwrap();
        assert!(config.sandbox().worker.ends_with("gauntlet-worker-cuda"));
        assert_eq!(config.sandbox().device, Device::Cuda(1));
        assert!(!config.name().is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (wrong, words) in [
            (["--url", "ftp://example.org"], "https://"),
            (["--server-fingerprint", "sha256:00"], "64 hex digits"),
            (["--url", "nonsense"], "invalid value"),
            (["--device", "cuda:x"], "not the number of a GPU"),
            (["--device", "abacus"], "no such device"),
            (["--slots", "0"], "1..=64"),
            (["--unknown", "x"], "unexpected argument"),
        ] {
            let error = parse(&wrong).unwrap_err().to_string();
            assert!(error.contains(words), "{wrong:?}: {error}");
        }
    }

    #[test]
    fn a_token_does_not_go_over_a_network_in_the_clear() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "gnt_runner_00").unwrap();
        let token = |url: &str, more: &[&str]| {
            let path = file.path().to_str().unwrap();
            let arguments = [&["--url", url, "--token-file", path], more].concat();
            parse(&arguments).unwrap().token()
        };
        for url in ["http://127.0.0.1:7700", "http://localhost", "https://host"] {
            token(url, &[]).unwrap();
        }
        let refused = token("http://host:7700", &[]);
        assert!(matches!(refused, Err(ConfigError::Insecure(_))));
        token("http://host:7700", &["--insecure-http"]).unwrap();
    }

    #[test]
    fn the_token_comes_from_a_file_without_its_line_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        std::fs::write(path, "gnt_runner_00\n").unwrap();
        let config = parse(&["--token-file", path]).unwrap();
        assert_eq!(config.token().unwrap(), "gnt_runner_00");
        std::fs::write(path, "a b").unwrap();
        assert!(matches!(config.token(), Err(ConfigError::Token)));
        std::fs::write(path, "").unwrap();
        assert!(matches!(config.token(), Err(ConfigError::NoToken)));
    }
}
