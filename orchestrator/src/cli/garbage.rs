//! `gauntlet gc`.

use gauntlet_api::{CollectGarbage, Swept};

use super::connection::{Scope, Server};
use crate::failure::Failure;
use crate::output::Output;
use crate::show::lists;

/// Removes what lies in the blob store and is named by nothing.
///
/// The orchestrator does so by itself once an hour. What is unnamed for a day is set aside,
/// and removed when it has been aside for another day.
#[derive(Debug, clap::Args)]
pub(crate) struct GarbageCommand {
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: Server,
}

impl GarbageCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.server.client(Scope::Admin)?;
        let body = CollectGarbage {
            dry_run: self.dry_run,
        };
        let swept: Swept = client.post_json(&["gc"], &body).await?;
        output.answer(&swept, lists::swept)
    }
}
