//! Which orchestrator a command talks to, and with which token.

use gauntlet_client::{Client, Connection, Fingerprint, Trust};
use gauntlet_server::data_dir::DataDir;

use crate::failure::{Failure, Fault};

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

    /// File that holds a token; else GAUNTLET_TOKEN, else the one in the data folder. A token is
    /// no argument: every user of the machine can read those.
    #[arg(long, env = "GAUNTLET_TOKEN_FILE", global = true, value_name = "FILE")]
    pub(crate) token_file: Option<std::path::PathBuf>,

    /// File of the authorities that sign the orchestrator's certificate [default: the system's].
    #[arg(long, env = "GAUNTLET_CA_FILE", global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<std::path::PathBuf>,

    /// Fingerprint of the orchestrator's certificate, whoever signed it: sha256:HEX, as `gauntlet
    /// up` prints it.
    #[arg(
        long,
        env = "GAUNTLET_SERVER_FINGERPRINT",
        global = true,
        value_name = "SHA256"
    )]
    pub(crate) server_fingerprint: Option<Fingerprint>,

    /// Send the token also over http to another machine, for everybody on the way to read.
    #[arg(long, env = "GAUNTLET_INSECURE_HTTP", global = true)]
    pub(crate) insecure_http: bool,

    /// Data folder [default: /var/lib/gauntlet for root, else ~/.local/share/gauntlet].
    #[arg(long, env = "GAUNTLET_DATA", global = true, value_name = "DIR")]
    pub(crate) data: Option<std::path::PathBuf>,
}

impl Server {
    /// The data folder.
    pub(crate) fn data_dir(&self) -> Result<DataDir, Failure> {
        Ok(DataDir::resolve(self.data.clone())?)
    }

    /// The token that was named, if one was.
    fn token(&self) -> Result<Option<String>, Failure> {
        let token = match &self.token_file {
            Some(path) => std::fs::read_to_string(path).map_err(|error| {
                Failure::input(format!("cannot read {}: {error}", path.display()))
                    .field("--token-file")
                    .help("name a file that holds the token and nothing else")
            })?,
            None => std::env::var("GAUNTLET_TOKEN").unwrap_or_default(),
        };
        let token = token.trim();
        Ok((!token.is_empty()).then(|| token.to_owned()))
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
        let token = match (self.token()?, scope) {
            (Some(token), _) => Some(token),
            (None, Scope::None) => None,
            // A token of this folder is for this folder's server only.
            (None, _) if self.url.is_some() && self.data.is_none() => None,
            (None, scope) => self.data_dir()?.tokens()?.map(|tokens| match scope {
                Scope::Miner => tokens.miner,
                Scope::Admin | Scope::None => tokens.admin,
            }),
        };
        let connection = Connection {
            trust: Trust::from_options(self.ca_file.clone(), self.server_fingerprint),
            insecure_http: self.insecure_http,
        };
        Ok(Client::with(&url, token, &connection)?)
    }
}
