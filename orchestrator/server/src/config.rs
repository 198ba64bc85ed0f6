//! Settings of `gauntlet up`: what was typed, else the settings file, else defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gauntlet_http::{ConnectionLimits, Limits, Network, Rate, RequestLimits};
use gauntlet_scheduler::SubmissionLimits;
use serde::Deserialize;

use crate::error::ServerError;
use crate::tls::Tls;

/// Where an orchestrator listens if nobody says otherwise.
pub const LISTEN: &str = "127.0.0.1:7700";
/// What was not asked for in so many seconds may be asked for at once.
const BURST_SECONDS: u32 = 4;
/// More runs at the same time than this must be asked for.
const MOST_SLOTS: usize = 4;

/// The settings file, `gauntlet.toml`. Unknown keys are refused: a misspelt one
/// would be a limit that does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Address to listen on.
    pub listen: Option<SocketAddr>,
    /// `self-signed`, for a certificate that nobody signed.
    pub tls: Option<TlsMode>,
    /// File of the certificate to show, in PEM form, then those that signed it.
    pub tls_cert: Option<PathBuf>,
    /// File of its key.
    pub tls_key: Option<PathBuf>,
    /// Speak http also if other machines can reach it.
    pub insecure_http: Option<bool>,
    /// Runs that the local runner executes at the same time; 0 for no runner.
    pub slots: Option<usize>,
    /// Threads of each run's tensor backend.
    pub threads: Option<usize>,
    /// Folder of task folders to register.
    pub tasks: Option<PathBuf>,
    /// Folder of modules, models and data that all orchestrators of the database share.
    pub blobs: Option<PathBuf>,
    /// Files with the keys of the blobs, that for writing first.
    #[serde(default)]
    pub blob_key_files: Vec<PathBuf>,
    /// How many methods a submitter's account may hand in within 24 hours.
    pub submissions_a_day: Option<u32>,
    /// How many of them to one tournament.
    pub submissions_a_tournament: Option<u32>,
    /// How many connections may be open at the same time.
    pub connections: Option<u32>,
    /// How many of them from one address.
    pub connections_an_address: Option<u32>,
    /// How many requests a second an address may make without a token, in the long run.
    pub requests_an_address: Option<u32>,
    /// How many requests a second may be made with one token of a miner, organiser or reader.
    pub requests_a_token: Option<u32>,
    /// Whether addresses of this machine are limited as others are.
    pub limit_this_machine: Option<bool>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub trusted_proxies: Vec<Network>,
}

impl File {
    /// Reads the file at `path`; without a path, that in the data folder, if there is one.
    ///
    /// # Errors
    /// If the named file cannot be read, or has a key or value that is no setting.
    pub fn load(path: Option<&Path>, data: &Path) -> Result<Self, ServerError> {
        let default = data.join("gauntlet.toml");
        let (path, named) = match path {
            Some(path) => (path, true),
            None => (default.as_path(), false),
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if !named && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => {
                return Err(ServerError::SettingsFile {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        toml::from_str(&text).map_err(|error| ServerError::Settings {
            path: path.to_owned(),
            message: error.message().to_owned(),
        })
    }
}

/// How TLS is spoken without files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// With a certificate that nobody signed.
    SelfSigned,
}

impl File {
    /// Whose certificate is shown.
    ///
    /// # Errors
    /// If only one of the two files is named, or these and a mode.
    pub fn tls(&self) -> Result<Tls, ServerError> {
        match (self.tls, &self.tls_cert, &self.tls_key) {
            (None, None, None) => Ok(Tls::None),
            (Some(TlsMode::SelfSigned), None, None) => Ok(Tls::SelfSigned),
            (None, Some(certificate), Some(key)) => Ok(Tls::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            _ => Err(ServerError::TlsFiles),
        }
    }
}

impl File {
    /// How much an account may hand in: as set, else the defaults.
    pub fn submissions(&self) -> SubmissionLimits {
        let default = SubmissionLimits::default();
        SubmissionLimits {
            a_day: self.submissions_a_day.unwrap_or(default.a_day),
            a_tournament: self
                .submissions_a_tournament
                .unwrap_or(default.a_tournament),
        }
    }
}

impl File {
    /// How many connections there may be, and how often one may ask: as set, else the defaults.
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        let size = |value: Option<u32>, default: usize| {
            let value = value.map(|value| usize::try_from(value).unwrap_or(usize::MAX));
            value.map_or(default, |value| value.max(1))
        };
        let rate = |value: Option<u32>, default: Rate| {
            value.map_or(default, |a_second| {
                Rate::new(a_second, a_second.saturating_mul(BURST_SECONDS))
            })
        };
        let (connections, requests) = (default.connections, default.requests);
        Limits {
            connections: ConnectionLimits {
                open: size(self.connections, connections.open),
                an_address: size(self.connections_an_address, connections.an_address),
                ..connections
            },
            requests: RequestLimits {
                an_address: rate(self.requests_an_address, requests.an_address),
                a_token: rate(self.requests_a_token, requests.a_token),
                this_machine: self.limit_this_machine.unwrap_or(requests.this_machine),
                ..requests
            },
            proxies: self.trusted_proxies.iter().copied().collect(),
        }
    }
}

/// How many runs at the same time, and with how many threads each: as asked, else
/// one single-threaded run a core. Models of this size gain nothing from threads,
/// while runs side by side share nothing.
pub fn slots(asked: Option<usize>, threads: Option<usize>) -> (usize, usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.unwrap_or(1).max(1);
    let slots = asked.unwrap_or_else(|| (cores / threads).clamp(1, MOST_SLOTS));
    (slots, threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gauntlet.toml");
        std::fs::write(&path, "slot = 2\n").unwrap();
        let error = File::load(None, folder.path()).unwrap_err();
        assert!(error.to_string().contains("slot"), "{error}");
        std::fs::write(&path, "slots = 2\nlisten = \"127.0.0.1:1\"\n").unwrap();
        let file = File::load(None, folder.path()).unwrap();
        assert_eq!(file.slots, Some(2));
        assert_eq!(file.submissions(), SubmissionLimits::default());
        std::fs::write(&path, "submissions_a_day = 3\n").unwrap();
        let file = File::load(None, folder.path()).unwrap();
        assert_eq!(file.submissions().a_day, 3);
        assert_eq!(file.submissions().a_tournament, 5);
        assert_eq!(file.limits(), Limits::default());
        std::fs::write(&path, "connections = 700\nrequests_a_token = 9\n").unwrap();
        let limits = File::load(None, folder.path()).unwrap().limits();
        assert_eq!(limits.connections.open, 700);
        assert_eq!(limits.requests.a_token, Rate::new(9, 36));
    }

    #[test]
    fn a_named_file_must_be_there_an_unnamed_one_need_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(File::load(None, folder.path()).unwrap(), File::default());
        let absent = folder.path().join("absent.toml");
        assert!(File::load(Some(&absent), folder.path()).is_err());
    }

    #[test]
    fn what_is_asked_for_is_what_one_gets() {
        assert_eq!(slots(Some(0), None), (0, 1));
        assert_eq!(slots(Some(7), Some(3)), (7, 3));
        assert!(slots(None, None).0 >= 1);
    }
}
