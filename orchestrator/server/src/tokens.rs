//! The tokens of the data folder: made once, and known to whichever database is used.

use gauntlet_domain::AccountName;
use gauntlet_scheduler::Context;
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token_of};

use crate::data_dir::{DataDir, Tokens, random};
use crate::error::ServerError;

/// What tokens made here are called in the database.
const NOTE: &str = "made by `gauntlet up`";

/// The tokens in the data folder, made if there are none, and registered if the
/// database does not know them.
pub(crate) async fn ensure(data: &DataDir, context: &Context) -> Result<Tokens, ServerError> {
    let tokens = match data.tokens()? {
        Some(tokens) => tokens,
        None => {
            let tokens = Tokens {
                admin: fresh(Scope::Admin)?,
                miner: fresh(Scope::Miner)?,
                runner: fresh(Scope::Runner)?,
            };
            // The file first: a crash leaves tokens that are registered next time,
            // not registered tokens that nobody has.
            data.write_tokens(&tokens)?;
            tokens
        }
    };
    for (token, scope, account) in [
        (&tokens.admin, Scope::Admin, "local-admin"),
        (&tokens.miner, Scope::Miner, "local-submitter"),
        (&tokens.runner, Scope::Runner, "local-runner"),
    ] {
        // Made anew, the tokens are the same accounts' as before.
        let account: Option<AccountName> = account.parse().ok();
        ensure_token_of(context, token, scope, NOTE, account)
            .await
            .map_err(|source| ServerError::Token {
                scope: scope.as_str(),
                source,
            })?;
    }
    Ok(tokens)
}

fn fresh(scope: Scope) -> Result<String, ServerError> {
    Ok(format!("gnt_{}_{}", scope.as_str(), hex::encode(random()?)))
}
