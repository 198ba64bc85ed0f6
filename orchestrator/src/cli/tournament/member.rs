//! `gauntlet tournament member`.

use gauntlet_api::{List, Member, NewMember, Tournament};
use gauntlet_client::Client;

use crate::failure::Failure;
use crate::output::Output;
use crate::show::lists;

/// Members of a private tournament.
#[derive(Debug, clap::Args)]
pub(super) struct MemberCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Let an account see it, and hand methods in.
    Add {
        /// The tournament.
        name: String,
        /// The account, by its name.
        account: String,
    },
    /// Let it see no more of it; what it has handed in stays.
    Remove {
        /// The tournament.
        name: String,
        /// The account, by its name.
        account: String,
    },
    /// List its members.
    List {
        /// The tournament.
        name: String,
    },
}

pub(super) async fn run(
    command: MemberCommand,
    client: &Client,
    output: Output,
) -> Result<(), Failure> {
    let name = match command.action {
        Action::Add { name, account } => {
            let path = ["tournaments", &name, "members"];
            let _: Tournament = client.post_json(&path, &NewMember { account }).await?;
            name
        }
        Action::Remove { name, account } => {
            let path = ["tournaments", &name, "members", &account, "remove"];
            let _: Tournament = client.post(&path).await?;
            name
        }
        Action::List { name } => name,
    };
    let members: List<Member> = client.list(&["tournaments", &name, "members"]).await?;
    output.answer(&members, |members| lists::members(&members.items))
}
