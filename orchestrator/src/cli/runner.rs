//! `gauntlet runner`.

use gauntlet_api::{List, Runner};

use super::connection::{Scope, Server};
use crate::failure::Failure;
use crate::output::Output;
use crate::show::lists;

/// Runners.
#[derive(Debug, clap::Args)]
pub(crate) struct RunnerCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the runners that have registered.
    List,
}

impl RunnerCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        // An admin is told what runners say of their faults.
        let admin = self.server.client(Scope::Admin);
        let client = admin.or_else(|_| self.server.client(Scope::None))?;
        match self.action {
            Action::List => {
                let runners: List<Runner> = client.list(&["runners"]).await?;
                output.answer(&runners, |runners| lists::runners(&runners.items))
            }
        }
    }
}
