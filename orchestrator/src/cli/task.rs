//! `gauntlet task`.

use gauntlet_api::{List, Task};

use super::connection::{Scope, Server};
use super::task_create::Create;
use crate::failure::Failure;
use crate::output::Output;
use crate::show::{lists, ratings};

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
    /// Show how strong its methods are, over all tournaments on it.
    Ratings {
        /// The task.
        name: String,
    },
    /// Make a task of data of your own: a table with a column to predict, a text, or images.
    Create(Box<Create>),
}

impl TaskCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.action {
            Action::Create(create) => create.run(&self.server, output).await,
            Action::Ratings { name } => {
                let client = self.server.client(Scope::None)?;
                let ratings = client.ratings(&name).await?;
                output.answer(&ratings, ratings::table)
            }
            Action::List => {
                let client = self.server.client(Scope::None)?;
                let tasks: List<Task> = client.list(&["tasks"]).await?;
                output.answer(&tasks, |tasks| lists::tasks(&tasks.items))
            }
        }
    }
}
