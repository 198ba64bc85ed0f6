//! Where histories happen: a database with two orchestrators and three runners. One
//! history after another; each ends its tournament, so none sees the others' runs.

use std::time::Duration;

use bytes::Bytes;
use gauntlet_domain::run::{Direction, Meters, Metric, Outcome, Verdict};
use gauntlet_domain::{Digest, RunnerId, TaskName, TokenId};
use gauntlet_scheduler::commands::create_task::{NewTask, create_task};
use gauntlet_scheduler::commands::report::NewReport;
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token};
use gauntlet_scheduler::{Context, Policy};

use super::model::Leased;
use super::op::What;
use super::truth::truth;
use crate::support::{Platform, register, token};

/// A runner, and what it says it may.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    pub(crate) id: RunnerId,
    pub(crate) name: String,
    pub(crate) token: TokenId,
}

/// See the module.
pub(crate) struct World {
    pub(crate) platform: Platform,
    other: Context,
    pub(crate) runners: Vec<Runner>,
    tasks: u32,
}

impl World {
    pub(crate) async fn new() -> Self {
        let platform = Platform::with(Policy {
            // Time does not pass here; leases end when a history says so.
            lease: Duration::from_secs(3600),
            retry_pause: Duration::ZERO,
            ..Policy::default()
        })
        .await;
        let second = ensure_token(&platform.ctx, &token("runner", 3), Scope::Runner, "")
            .await
            .unwrap();
        // Two share a token, one has its own.
        let mut runners = Vec::new();
        for (name, token) in [
            ("r0", platform.runner_token),
            ("r1", platform.runner_token),
            ("r2", second),
        ] {
            runners.push(Runner {
                id: register(&platform.ctx, token, name).await,
                name: name.to_owned(),
                token,
            });
        }
        Self {
            other: platform.another().await,
            platform,
            runners,
            tasks: 0,
        }
    }

    /// Both orchestrators, allowing so many attempts.
    pub(crate) fn orchestrators(&self, max_attempts: i32) -> [Context; 2] {
        [&self.platform.ctx, &self.other].map(|ctx| {
            let mut ctx = ctx.clone();
            ctx.policy.max_attempts = max_attempts;
            ctx
        })
    }

    /// The token that is not this one.
    pub(crate) fn other_token(&self, token: TokenId) -> TokenId {
        let other = self.runners.iter().find(|runner| runner.token != token);
        other.unwrap().token
    }

    /// A new task without a champion.
    pub(crate) async fn task(&mut self, less_is_better: bool) -> TaskName {
        self.tasks += 1;
        let new = NewTask {
            name: format!("task-{}", self.tasks).parse().unwrap(),
            metric: if less_is_better {
                Metric {
                    name: "loss".to_owned(),
                    unit: None,
                    better: Direction::Lower,
                    best: 0.0,
                    miss: 10.0,
                }
            } else {
                Metric::default()
            },
            ..self.platform.task().await
        };
        let name = new.name.clone();
        create_task(&self.platform.ctx, new).await.unwrap();
        name
    }

    /// What a runner sends about an attempt.
    pub(crate) async fn report(&self, leased: &Leased, what: What) -> NewReport {
        let mut outcome = truth(&leased.method, leased.seed, leased.less_is_better);
        let best = if leased.less_is_better { 0.0 } else { 1.0 };
        match what {
            What::Truth => {}
            What::Better | What::NoBlob => {
                outcome = Outcome::new(Verdict::Completed, Some(best)).unwrap();
            }
            What::Impossible => {
                let score = if leased.less_is_better { -0.5 } else { 1.5 };
                outcome = Outcome::new(Verdict::Completed, Some(score)).unwrap();
            }
        }
        let model = match outcome.is_fault() {
            true => None,
            false if what == What::NoBlob => Some(Digest::of(b"never stored")),
            false => {
                // Few, so that a long series of histories needs no more room than a short one.
                let text = format!("model of {} {}", leased.method, leased.seed.0 % 4);
                let bytes = Bytes::from(text);
                Some(self.platform.ctx.blobs.put(bytes).await.unwrap())
            }
        };
        NewReport {
            verdict: outcome.verdict(),
            score: outcome.score(),
            model,
            predictions: model.map(|_| Digest::of(b"predictions")),
            detail: outcome.is_fault().then(|| "it panicked".to_owned()),
            train: Meters::default(),
            predict: Meters::default(),
            probes: vec![],
            to_target: None,
            curve: vec![],
        }
    }
}
