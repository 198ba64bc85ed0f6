//! `gauntlet tournament`.

mod audit;
mod member;
mod operator_actions;
mod plan;
mod rejudge;

use std::collections::BTreeMap;

use gauntlet_api::{List, NewTournament, Share, Tournament, TournamentSummary};

use super::connection::{Scope, Server};
use super::rules::Rules;
use crate::failure::Failure;
use crate::output::Output;
use crate::show::{lists, tournament};
use crate::watch;

/// Tournaments.
#[derive(Debug, clap::Args)]
pub(crate) struct TournamentCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the tournaments.
    List,
    /// Make a tournament on a task, as a draft.
    Create {
        /// Its name: 1 to 40 of a-z, 0-9 and dashes.
        name: String,
        /// The task; given several times, blocks are dealt over them in turn.
        #[arg(long, required = true)]
        task: Vec<String>,
        #[command(flatten)]
        rules: Rules,
        /// Derive the nonce from this number, so that the tournament can be repeated. For
        /// demonstrations and tests: whoever knows it knows the blocks beforehand.
        #[arg(long)]
        seed: Option<u64>,
        /// Before all tournaments of a lower priority, as long as it has runs; -10 to 10.
        #[arg(
            long,
            value_name = "N",
            default_value_t = 0,
            allow_negative_numbers = true
        )]
        priority: i16,
        /// Its part of the runners' time beside the organiser's other tournaments; 1 to 1000.
        #[arg(long, value_name = "N", default_value_t = 1)]
        weight: i16,
        /// Let nobody see it but its members; see `gauntlet tournament member`.
        #[arg(long, conflicts_with = "defend")]
        private: bool,
    },
    /// Freeze the rules and take submissions.
    Open {
        /// The tournament.
        name: String,
    },
    /// End submissions, fix field and seed, start the rounds.
    Close {
        /// The tournament.
        name: String,
    },
    /// Show rounds, standings, cuts and verdicts.
    Show {
        /// The tournament.
        name: String,
    },
    /// Follow a tournament until it ends, then show it.
    Watch {
        /// The tournament.
        name: String,
    },
    /// Compute field, blocks, pairings, cuts and champion again from the record alone.
    Audit(audit::AuditCommand),
    /// Judge a completed tournament again, in the shadow or for good.
    Rejudge(rejudge::RejudgeCommand),
    /// Simulate every format: what it would find, and what it would cost.
    Plan(plan::PlanCommand),
    /// Say for which accounts a private tournament is there.
    Member(member::MemberCommand),
    #[command(flatten)]
    Operator(operator_actions::OperatorAction),
}

impl TournamentCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let scope = match self.action {
            Action::Create { .. }
            | Action::Open { .. }
            | Action::Close { .. }
            | Action::Rejudge(_)
            | Action::Member(_)
            | Action::Operator(_) => Scope::Admin,
            Action::List
            | Action::Show { .. }
            | Action::Watch { .. }
            | Action::Audit(_)
            | Action::Plan(_) => Scope::None,
        };
        // Neither a saved record nor a simulation needs a server.
        match self.action {
            Action::Audit(it) if it.is_offline() => return audit::run(it, None, output).await,
            Action::Plan(it) if it.is_offline() => return plan::run(it, None, output).await,
            _ => {}
        }
        let client = self.server.client(scope)?;
        match self.action {
            Action::List => {
                let all: List<TournamentSummary> = client.list(&["tournaments"]).await?;
                output.answer(&all, |all| lists::tournaments(&all.items))
            }
            Action::Create {
                name,
                task,
                rules,
                seed,
                priority,
                weight,
                private,
            } => {
                let mut tasks = task.into_iter();
                let new = NewTournament {
                    name,
                    task: tasks.next().unwrap_or_default(),
                    more_tasks: tasks.collect(),
                    rules: rules.to_json()?,
                    seed,
                    share: Share { priority, weight },
                    private,
                };
                let made: Tournament = client.post_json(&["tournaments"], &new).await?;
                output.answer(&made, page)
            }
            Action::Audit(it) => audit::run(it, Some(&client), output).await,
            Action::Plan(it) => plan::run(it, Some(&client), output).await,
            Action::Rejudge(it) => rejudge::run(it, &client, output).await,
            Action::Member(it) => member::run(it, &client, output).await,
            Action::Operator(action) => action.run(&client, output, page).await,
            Action::Open { name } => {
                let now: Tournament = client.post(&["tournaments", &name, "open"]).await?;
                output.answer(&now, page)
            }
            Action::Close { name } => {
                let now: Tournament = client.post(&["tournaments", &name, "close"]).await?;
                output.answer(&now, page)
            }
            Action::Show { name } => {
                let now: Tournament = client.get(&["tournaments", &name]).await?;
                let details = watch::fault_details(&client, &now).await?;
                output.answer(&now, |now| tournament::page(now, &details))
            }
            Action::Watch { name } => {
                let ended = watch::to_the_end(&client, &[&name]).await?;
                let Some(ended) = ended.into_iter().next() else {
                    return Err(Failure::ours("follow the tournament", "it has no end"));
                };
                let details = watch::fault_details(&client, &ended).await?;
                output.answer(&ended, |ended| tournament::page(ended, &details))
            }
        }
    }
}

fn page(now: &Tournament) -> String {
    tournament::page(now, &BTreeMap::new())
}
