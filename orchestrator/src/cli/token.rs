//! `gauntlet token`.

use std::time::Duration;

use gauntlet_api::{List, NewToken, Token, TokenInfo, TokenScope};

use super::connection::{Scope, Server};
use crate::failure::Failure;
use crate::output::Output;
use crate::show::lists;
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
    /// List all tokens, without their secrets.
    List,
    /// Make a token; it is shown once and kept nowhere.
    Create {
        /// What its bearer may do.
        #[arg(long, value_enum)]
        scope: TokenFor,
        /// What it is called, so that it can be told from others.
        #[arg(long, default_value = "")]
        note: String,
        /// Account it belongs to, made if there is none of that name [default: one of its own].
        /// How much may be handed in, whose a tournament is and whose a method's name goes by
        /// account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// For how long it is good, such as 90d [default: until it is revoked].
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        expires_in: Option<Duration>,
    },
    /// Make a token good for nothing, within a second and also where it is in use.
    Revoke {
        /// Its id, as `gauntlet token list` shows it.
        id: String,
    },
    /// Put another secret in the place of a token's, and show it once. Account, scope and expiry
    /// stay; the secret before it is good for nothing any more.
    Rotate {
        /// Its id, as `gauntlet token list` shows it.
        id: String,
    },
}

/// Scopes as arguments.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum TokenFor {
    /// Everything.
    Admin,
    /// Make tournaments and series, and do with these what an admin may; submit methods.
    Organiser,
    /// Submit methods.
    Miner,
    /// Lease runs, report them, read the hidden data of those.
    Runner,
    /// See of tournaments what an admin sees, and change nothing.
    Reader,
}

impl From<TokenFor> for TokenScope {
    fn from(scope: TokenFor) -> Self {
        match scope {
            TokenFor::Admin => Self::Admin,
            TokenFor::Organiser => Self::Organiser,
            TokenFor::Miner => Self::Miner,
            TokenFor::Runner => Self::Runner,
            TokenFor::Reader => Self::Reader,
        }
    }
}

impl TokenCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.server.client(Scope::Admin)?;
        match self.action {
            Action::List => {
                let tokens: List<TokenInfo> = client.list(&["tokens"]).await?;
                output.answer(&tokens, |tokens| lists::tokens(&tokens.items))
            }
            Action::Create {
                scope,
                note,
                account,
                expires_in,
            } => {
                let new = NewToken {
                    scope: scope.into(),
                    note,
                    account,
                    // What does not fit is more than ten years, and refused as such.
                    lifetime_seconds: expires_in
                        .map(|time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX)),
                };
                let token: Token = client.post_json(&["tokens"], &new).await?;
                secret(output, &token)
            }
            Action::Revoke { id } => {
                let token: TokenInfo = client.post(&["tokens", &id, "revoke"]).await?;
                output.answer(&token, |token| lists::tokens(std::slice::from_ref(token)))
            }
            Action::Rotate { id } => {
                let token: Token = client.post(&["tokens", &id, "rotate"]).await?;
                secret(output, &token)
            }
        }
    }
}

/// The token alone, so that a script can take it as it is.
fn secret(output: Output, token: &Token) -> Result<(), Failure> {
    output.answer(token, |token| printable(&token.token))
}
