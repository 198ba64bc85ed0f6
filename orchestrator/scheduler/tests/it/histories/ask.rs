//! What is asked of an orchestrator: an operation with its operands found.

use bytes::Bytes;
use gauntlet_domain::run::Lane;
use gauntlet_domain::{MethodName, RunId, TokenId, TournamentName};
use gauntlet_scheduler::commands::cancel_tournament::cancel_tournament;
use gauntlet_scheduler::commands::claim::{Claim, claim};
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::disqualify::disqualify;
use gauntlet_scheduler::commands::fault::fault;
use gauntlet_scheduler::commands::heartbeat::heartbeat;
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::pause::{pause, resume};
use gauntlet_scheduler::commands::report::{NewReport, report};
use gauntlet_scheduler::commands::retry::retry_run;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::commands::void_block::{Which, replace_block, void_block};
use gauntlet_scheduler::loops::{advance_rounds, expire_leases};
use gauntlet_scheduler::{Context, Refusal};
use gauntlet_storage::leases::Holder;

use super::model::{FAULT, Leased, Model};
use super::op::{Op, What};
use super::world::{Runner, World};
use crate::support::{method, register};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Open,
    Submit(MethodName, Bytes),
    Close,
    Claim(Runner, TokenId, Lane),
    Report(Holder, Box<NewReport>),
    Fault(Holder),
    Beat(Holder),
    Register(Runner),
    Expire(Vec<RunId>),
    Sweep,
    Advance,
    Retry(RunId),
    Pause,
    Resume,
    Cancel,
    Disqualify(MethodName),
    Void(Which),
    Replace(Which),
    Nothing,
}

/// What came back.
#[derive(Debug)]
pub(crate) enum Answer {
    Done,
    Claimed(Box<Option<Claim>>),
    Count(usize),
}

impl Ask {
    /// Finds the operands. Without any that fit nothing is asked.
    pub(crate) async fn find(op: &Op, world: &World, model: &Model) -> Self {
        let runner = |nth: &u32| world.runners[*nth as usize % world.runners.len()].clone();
        let holder = |leased: &Leased, forged: &bool| Holder {
            run: leased.run,
            attempt: leased.attempt,
            token: if *forged {
                world.other_token(leased.token)
            } else {
                leased.token
            },
        };
        match op {
            Op::Open => Self::Open,
            Op::Submit { nth } => {
                let name = method(&format!("m{nth}"));
                // The champion's own module under another name.
                let copies = *nth == 9 && model.tournament.rules().terms.defend;
                let module = if copies {
                    "module of champion".to_owned()
                } else {
                    format!("module of {name}")
                };
                Self::Submit(name, Bytes::from(module))
            }
            Op::Close => Self::Close,
            Op::Claim {
                runner: nth,
                stolen,
            } => {
                let runner = runner(nth);
                let token = if *stolen {
                    world.other_token(runner.token)
                } else {
                    runner.token
                };
                Self::Claim(runner, token, Lane::Wasm)
            }
            Op::ClaimOtherLane { runner: nth } => {
                let runner = runner(nth);
                let token = runner.token;
                Self::Claim(runner, token, Lane::Oci)
            }
            Op::Report { back, what, forged } => {
                let Some(leased) = model.back(*back) else {
                    return Self::Nothing;
                };
                // A lie of the holder would count, being all that the platform hears.
                let lie_would_count = !forged
                    && matches!(what, What::Better)
                    && !model.accepted.contains_key(&leased.run);
                let what = if lie_would_count { What::Truth } else { *what };
                let report = world.report(&leased, what).await;
                Self::Report(holder(&leased, forged), Box::new(report))
            }
            Op::Fault { back, forged } => match model.back(*back) {
                Some(leased) => Self::Fault(holder(&leased, forged)),
                None => Self::Nothing,
            },
            Op::Beat { back, forged } => match model.back(*back) {
                Some(leased) => Self::Beat(holder(&leased, forged)),
                None => Self::Nothing,
            },
            Op::Register { runner: nth } => Self::Register(runner(nth)),
            Op::Expire { back } => match model.back(*back) {
                Some(leased) => Self::Expire(vec![leased.run]),
                None => Self::Nothing,
            },
            Op::ExpireAll => Self::Expire(model.runs()),
            Op::Sweep => Self::Sweep,
            Op::Advance => Self::Advance,
            Op::Retry { nth } => {
                let runs = model.runs();
                match (*nth as usize).checked_rem(runs.len()) {
                    Some(at) => Self::Retry(runs[at]),
                    None => Self::Nothing,
                }
            }
            Op::Pause => Self::Pause,
            Op::Resume => Self::Resume,
            Op::Cancel => Self::Cancel,
            // Number 9 is the defending champion here too.
            Op::Disqualify { nth: 9 } => Self::Disqualify(method("champion")),
            Op::Disqualify { nth } => Self::Disqualify(method(&format!("m{nth}"))),
            Op::Void { round, block } => Self::Void(which(model, *round, *block)),
            Op::Replace { round, block } => Self::Replace(which(model, *round, *block)),
        }
    }

    /// Asks.
    pub(crate) async fn carry_out(
        self,
        ctx: &Context,
        world: &World,
        name: &TournamentName,
    ) -> Result<Answer, Refusal> {
        match self {
            Self::Open => open_tournament(ctx, name).await?,
            Self::Submit(method, module) => {
                let new = NewSubmission {
                    tournament: name.clone(),
                    name: method,
                    artifact: Artifact::Module(module),
                    token: world.platform.miner,
                };
                submit(ctx, new).await?;
            }
            Self::Close => close_tournament(ctx, name).await?,
            Self::Claim(runner, token, lane) => {
                let claimed = claim(ctx, runner.id, token, &[lane]).await?;
                return Ok(Answer::Claimed(Box::new(claimed)));
            }
            Self::Report(holder, new) => report(ctx, &holder, *new).await?,
            Self::Fault(holder) => fault(ctx, &holder, FAULT).await?,
            Self::Beat(holder) => {
                heartbeat(ctx, &holder, 0.5, vec![]).await?;
            }
            Self::Register(runner) => {
                let id = register(ctx, runner.token, &runner.name).await;
                assert_eq!(id, runner.id, "a runner that starts again keeps its id");
            }
            Self::Expire(runs) => {
                let runs: Vec<_> = runs.into_iter().map(|run| run.0).collect();
                world.platform.database.let_expire(&runs).await;
            }
            Self::Sweep => return Ok(Answer::Count(expire_leases::once(ctx).await?)),
            Self::Advance => return Ok(Answer::Count(advance_rounds::once(ctx).await?)),
            Self::Retry(run) => retry_run(ctx, run).await?,
            Self::Pause => pause(ctx, name, "a pause").await?,
            Self::Resume => resume(ctx, name).await?,
            Self::Cancel => cancel_tournament(ctx, name, "enough").await?,
            Self::Disqualify(method) => disqualify(ctx, name, &method, "a rule").await?,
            Self::Void(which) => void_block(ctx, name, which, "a broken block").await?,
            Self::Replace(which) => replace_block(ctx, name, which, "a broken block").await?,
            Self::Nothing => {}
        }
        Ok(Answer::Done)
    }
}

/// Round 0 is the one that is played.
fn which(model: &Model, round: u32, block: u32) -> Which {
    let last = model.tournament.rounds().len() as u32;
    Which {
        round: if round == 0 { last.max(1) } else { round },
        block,
    }
}
