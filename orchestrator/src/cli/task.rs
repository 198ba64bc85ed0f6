//! `gauntlet task`.

use gauntlet_api::{List, Task};

use crate::client::{Scope, Server};
use crate::failure::Failure;
use crate::output::Output;
use crate::show::lists;

/// Tasks.
#[derive(Debug, clap::Args)]
pub(crate) struct TaskCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the tasks.
    List,
}

impl TaskCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.server.client(Scope::None)?;
        match self.action {
            Action::List => {
                let tasks: List<Task> = client.get(&["tasks"]).await?;
                output.answer(&tasks, |tasks| lists::tasks(&tasks.items))
            }
        }
    }
}
