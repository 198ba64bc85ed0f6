//! A champion to be challenged.

use bytes::Bytes;
use gauntlet_domain::TaskName;
use gauntlet_domain::run::Lane;
use gauntlet_domain::tournament::{Play, RoundRobin, Rules};
use gauntlet_scheduler::commands::claim::claim;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::report::report;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_storage::leases::Holder;

use super::world::World;
use crate::support::{completed, method, name};

/// Plays a tournament of one run, so that the task has a champion.
pub(crate) async fn play_for_champion(world: &World, task: &TaskName, nth: u64) {
    let ctx = &world.platform.ctx;
    let new = NewTournament {
        name: name(&format!("before-{nth}")),
        task: task.clone(),
        more_tasks: vec![],
        rules: Rules::from(Play::RoundRobin(RoundRobin { blocks: 1 })),
        phrase: Some("before".to_owned()),
        share: gauntlet_domain::tournament::Share::default(),
        organiser: None,
        private: false,
    };
    let tournament = new.name.clone();
    create_tournament(ctx, new).await.unwrap();
    open_tournament(ctx, &tournament).await.unwrap();
    let new = NewSubmission {
        tournament: tournament.clone(),
        name: method("champion"),
        artifact: Artifact::Module(Bytes::from("module of champion")),
        token: world.platform.miner,
    };
    submit(ctx, new).await.unwrap();
    close_tournament(ctx, &tournament).await.unwrap();
    advance_rounds::once(ctx).await.unwrap();
    let runner = &world.runners[0];
    let leased = claim(ctx, runner.id, runner.token, &[Lane::Wasm]).await;
    let leased = leased.unwrap().unwrap();
    let holder = Holder {
        run: leased.run,
        attempt: leased.attempt,
        token: runner.token,
    };
    let won = world.platform.result(&leased, completed(0.5)).await;
    report(ctx, &holder, won).await.unwrap();
    advance_rounds::once(ctx).await.unwrap();
}
