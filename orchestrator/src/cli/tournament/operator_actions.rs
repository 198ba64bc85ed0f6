//! What an organiser can do to a tournament under way. Each needs a reason, which everybody
//! can read in the record.

use gauntlet_api::{ChangeShare, Disqualify, Retry, Run, Tournament, WithReason};
use gauntlet_client::Client;

use crate::failure::Failure;
use crate::output::Output;

/// A tournament and why something is done to it.
#[derive(Debug, clap::Args)]
pub(super) struct Reasoned {
    /// The tournament.
    name: String,
    /// Why, for everybody to read.
    #[arg(long)]
    reason: String,
}

/// A block, and why something is done to it.
#[derive(Debug, clap::Args)]
pub(super) struct OneBlock {
    /// The tournament.
    name: String,
    /// Number of the round that is played.
    #[arg(long, value_name = "N")]
    round: u32,
    /// Number of the block in the round, from 1.
    #[arg(long, value_name = "N")]
    block: u32,
    /// Why, for everybody to read.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum OperatorAction {
    /// Lease and decide nothing until it is resumed; what is running may end.
    Pause(Reasoned),
    /// Let a paused tournament go on.
    Resume {
        /// The tournament.
        name: String,
    },
    /// Call it off.
    Cancel(Reasoned),
    /// Put a method out; its results do not count.
    Disqualify {
        /// The tournament.
        name: String,
        /// The method.
        method: String,
        /// Why, for everybody to read.
        #[arg(long)]
        reason: String,
    },
    /// Take a block out of the round that is played.
    VoidBlock(OneBlock),
    /// Take a block out and draw another in its place.
    ReplaceBlock(OneBlock),
    /// Give stuck runs further attempts, once what stopped them is mended.
    Retry {
        /// The tournament, or the id of one run.
        name: String,
        /// Only the stuck runs of this round.
        #[arg(long, value_name = "N")]
        round: Option<u32>,
    },
    /// Change its part of the runners' time, from the next lease on.
    Share {
        /// The tournament.
        name: String,
        /// A higher one goes before all of a lower one; -10 to 10.
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        priority: Option<i16>,
        /// Its part beside the other tournaments of its organiser; 1 to 1000.
        #[arg(long, value_name = "N", required_unless_present = "priority")]
        weight: Option<i16>,
        /// Why, for everybody to read.
        #[arg(long)]
        reason: String,
    },
}

impl OperatorAction {
    pub(super) async fn run(
        self,
        client: &Client,
        output: Output,
        page: fn(&Tournament) -> String,
    ) -> Result<(), Failure> {
        let because = |reason| WithReason { reason };
        let now: Tournament = match self {
            Self::Pause(it) => {
                let path = ["tournaments", &it.name, "pause"];
                client.post_json(&path, &because(it.reason)).await?
            }
            Self::Resume { name } => client.post(&["tournaments", &name, "resume"]).await?,
            Self::Cancel(it) => {
                let path = ["tournaments", &it.name, "cancel"];
                client.post_json(&path, &because(it.reason)).await?
            }
            Self::Disqualify {
                name,
                method,
                reason,
            } => {
                let body = Disqualify { method, reason };
                client
                    .post_json(&["tournaments", &name, "disqualify"], &body)
                    .await?
            }
            Self::VoidBlock(it) => block(client, it, "void").await?,
            Self::ReplaceBlock(it) => block(client, it, "replace").await?,
            Self::Retry { name, round } => {
                if round.is_none() && uuid::Uuid::try_parse(&name).is_ok() {
                    let run: Run = client.post(&["runs", &name, "retry"]).await?;
                    return output.answer(&run, |run| {
                        format!("run {} of {} is {}", run.id, run.method, run.state.as_str())
                    });
                }
                let path = ["tournaments", &name, "retry"];
                client.post_json(&path, &Retry { round }).await?
            }
            Self::Share {
                name,
                priority,
                weight,
                reason,
            } => {
                let body = ChangeShare {
                    priority,
                    weight,
                    reason,
                };
                client
                    .post_json(&["tournaments", &name, "share"], &body)
                    .await?
            }
        };
        output.answer(&now, page)
    }
}

async fn block(client: &Client, it: OneBlock, what: &str) -> Result<Tournament, Failure> {
    let (round, block) = (it.round.to_string(), it.block.to_string());
    let path = [
        "tournaments",
        &it.name,
        "rounds",
        &round,
        "blocks",
        &block,
        what,
    ];
    let body = WithReason { reason: it.reason };
    Ok(client.post_json(&path, &body).await?)
}
