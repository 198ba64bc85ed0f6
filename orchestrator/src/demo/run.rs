//! Does what the plan says, through the public API: every step looks first at
//! what is there already, so that a demo cut off anywhere can be gone on with.

use std::time::Instant;

use gauntlet_api::{NewTournament, Receipt, Share, Tournament, TournamentState};
use gauntlet_client::Client;

use super::plan::{Plan, TASKS};
use super::report::{Report, TournamentReport};
use crate::failure::Failure;
use crate::watch;

/// Runs both tournaments to their champions.
pub(crate) async fn run(client: &Client, plan: &Plan, started: Instant) -> Result<Report, Failure> {
    if plan.resumed {
        eprintln!("going on with the demo of seed {}", plan.seed());
    }
    for task in TASKS {
        enter(client, plan, task).await?;
    }
    for task in TASKS {
        let now: Tournament = client.get(&["tournaments", task]).await?;
        if now.state == TournamentState::Open {
            let _: Tournament = client.post(&["tournaments", task, "close"]).await?;
        }
    }
    let mut tournaments = Vec::new();
    for ended in watch::to_the_end(client, &TASKS).await? {
        tournaments.push(TournamentReport::gather(client, ended).await?);
    }
    Ok(Report {
        seed: plan.seed(),
        seconds: started.elapsed().as_secs_f64(),
        resumed: plan.resumed,
        url: client.url().to_owned(),
        tournaments,
    })
}

/// Brings a tournament to where every method has been submitted.
async fn enter(client: &Client, plan: &Plan, task: &str) -> Result<(), Failure> {
    let found = client.get::<Tournament>(&["tournaments", task]).await;
    let now = match found {
        Ok(now) => now,
        Err(error) if error.is_not_found() => {
            let new = NewTournament {
                name: task.to_owned(),
                task: task.to_owned(),
                more_tasks: Vec::new(),
                rules: plan.rules(),
                seed: Some(plan.seed()),
                share: Share::default(),
                private: false,
            };
            client.post_json(&["tournaments"], &new).await?
        }
        Err(error) => return Err(error.into()),
    };
    let now = match now.state {
        TournamentState::Draft => client.post(&["tournaments", task, "open"]).await?,
        _ => now,
    };
    if now.state != TournamentState::Open {
        return Ok(());
    }
    for method in &plan.methods {
        if now.methods.iter().any(|there| there.name == method.name) {
            continue;
        }
        let _: Receipt = client
            .post_bytes(
                &["tournaments", task, "submissions"],
                &[("name", &method.name)],
                "application/wasm",
                method.bytes.clone(),
            )
            .await?;
    }
    Ok(())
}
