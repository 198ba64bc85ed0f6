//! `gauntlet token`.

use gauntlet_api::{NewToken, Token, TokenScope};

use super::connection::{Scope, Server};
use crate::failure::Failure;
use crate::output::Output;
use crate::show::text::printable;

/// Tokens.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a token; it is shown once and kept nowhere.
    Create {
        /// What its bearer may do.
        #[arg(long, value_enum)]
        scope: TokenFor,
        /// Who it is for, so that it can be told from others.
        #[arg(long, default_value = "")]
        note: String,
    },
}

/// Scopes as arguments.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum TokenFor {
    /// Everything.
    Admin,
    /// Submit methods.
    Miner,
    /// Lease runs, report them, read hidden data.
    Runner,
}

impl TokenCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.server.client(Scope::Admin)?;
        match self.action {
            Action::Create { scope, note } => {
                let new = NewToken {
                    scope: match scope {
                        TokenFor::Admin => TokenScope::Admin,
                        TokenFor::Miner => TokenScope::Miner,
                        TokenFor::Runner => TokenScope::Runner,
                    },
                    note,
                };
                let token: Token = client.post_json(&["tokens"], &new).await?;
                // The token alone, so that a script can take it as it is.
                output.answer(&token, |token| printable(&token.token))
            }
        }
    }
}
