//! Which orchestrator a command talks to, and with which token.

use gauntlet_client::Client;
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
        Ok(DataDir::resolve(self.data.clone())?)
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
        Ok(Client::new(&url, token)?)
    }
}
