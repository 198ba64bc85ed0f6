//! A platform with a task, tokens, a runner, and fake scores.

use std::time::Duration;

use bytes::Bytes;
use gauntlet_domain::record::Event;
use gauntlet_domain::run::{Budget, CurvePoint, Lane, Meters, Metric, Outcome, Verdict};
use gauntlet_domain::tournament::{Audience, Halving, Play, Rules, Tournament};
use gauntlet_domain::{Digest, MethodName, RunId, RunnerId, TokenId, TournamentName};
use gauntlet_scheduler::commands::claim::{Claim, claim};
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_task::{NewTask, create_task};
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::register_runner::{NewRunner, register_runner};
use gauntlet_scheduler::commands::report::{NewReport, report};
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, Submission, submit};
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token};
use gauntlet_scheduler::loops::advance_rounds;
use gauntlet_scheduler::{Context, HealthPolicy, Policy, Reason, Refusal, SubmissionLimits};
use gauntlet_storage::Access;
use gauntlet_storage::leases::Holder;
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::views::{self, RunView, TournamentView};
use gauntlet_storage::{Blobs, Db, events};
use gauntlet_test_support::TestDatabase;

/// See the module.
pub(crate) struct Platform {
    pub(crate) ctx: Context,
    pub(crate) miner: TokenId,
    pub(crate) runner_token: TokenId,
    pub(crate) runner: RunnerId,
    pub(crate) database: TestDatabase,
    pub(crate) blobs: tempfile::TempDir,
}

pub(crate) const BUDGET: Budget = Budget {
    work: 1_000_000,
    predict_share_percent: 20,
    wall_seconds: 60,
    tensor_bytes: 1 << 28,
    guest_bytes: 1 << 26,
    output_bytes: 1 << 22,
};

pub(crate) fn name(text: &str) -> TournamentName {
    text.parse().unwrap()
}

pub(crate) fn method(text: &str) -> MethodName {
    text.parse().unwrap()
}

/// A scope's token ending in `nth`.
pub(crate) fn token(scope: &str, nth: u8) -> String {
    format!("gnt_{scope}_{:064x}", nth)
}

impl Platform {
    pub(crate) async fn new() -> Self {
        Self::with(Policy {
            retry_pause: Duration::ZERO,
            ..Policy::default()
        })
        .await
    }

    /// With one token that hands everything in, in whatever number, and runners that are
    /// leased to whatever they do.
    pub(crate) async fn with(policy: Policy) -> Self {
        Self::with_health(Policy {
            health: HealthPolicy::NONE,
            ..policy
        })
        .await
    }

    /// With runners that can be set aside.
    pub(crate) async fn with_health(policy: Policy) -> Self {
        let policy = Policy {
            submissions: SubmissionLimits::NONE,
            ..policy
        };
        let database = gauntlet_test_support::database().await;
        let url = database.url().to_owned();
        Self::over(database, &url, policy).await
    }

    /// Over the (migrated) database at `url`, on the server of `database`.
    pub(crate) async fn over(database: TestDatabase, url: &str, policy: Policy) -> Self {
        let blobs = scratch();
        let ctx = Context::new(
            Db::connect(url).await.unwrap(),
            Blobs::local(blobs.path(), [7; 32].into()).unwrap(),
            policy,
        );
        let miner = ensure_token(&ctx, &token("miner", 1), Scope::Miner, "")
            .await
            .unwrap();
        let runner_token = ensure_token(&ctx, &token("runner", 2), Scope::Runner, "")
            .await
            .unwrap();
        let platform = Self {
            runner: register(&ctx, runner_token, "local").await,
            ctx,
            miner,
            runner_token,
            database,
            blobs,
        };
        create_task(&platform.ctx, platform.task().await)
            .await
            .unwrap();
        platform
    }

    /// Another orchestrator over the same database and blobs.
    pub(crate) async fn another(&self) -> Context {
        Context::new(
            Db::connect(self.database.url()).await.unwrap(),
            Blobs::local(self.blobs.path(), [7; 32].into()).unwrap(),
            self.ctx.policy,
        )
    }

    pub(crate) async fn task(&self) -> NewTask {
        new_task(&self.ctx.blobs).await
    }

    pub(crate) async fn draft(&self, tournament: &str) {
        self.draft_by(tournament, halving()).await;
    }

    pub(crate) async fn draft_by(&self, tournament: &str, rules: Rules) {
        let new = NewTournament {
            name: name(tournament),
            task: "digits".parse().unwrap(),
            more_tasks: vec![],
            rules,
            phrase: Some("7".to_owned()),
            share: gauntlet_domain::tournament::Share::default(),
            organiser: None,
            private: false,
        };
        create_tournament(&self.ctx, new).await.unwrap();
    }

    pub(crate) async fn open(&self, tournament: &str) {
        self.draft(tournament).await;
        open_tournament(&self.ctx, &name(tournament)).await.unwrap();
    }

    pub(crate) async fn enter(
        &self,
        tournament: &str,
        method_name: &str,
    ) -> Result<Submission, Refusal> {
        let new = NewSubmission {
            tournament: name(tournament),
            name: method(method_name),
            artifact: Artifact::Module(Bytes::from(format!("module of {method_name}"))),
            token: self.miner,
        };
        submit(&self.ctx, new).await
    }

    /// A closed tournament with methods m0, m1, … and its first round open.
    pub(crate) async fn started(&self, tournament: &str, field: usize) {
        self.started_by(tournament, halving(), field).await;
    }

    pub(crate) async fn started_by(&self, tournament: &str, rules: Rules, field: usize) {
        self.draft_by(tournament, rules).await;
        open_tournament(&self.ctx, &name(tournament)).await.unwrap();
        for nth in 0..field {
            self.enter(tournament, &format!("m{nth}")).await.unwrap();
        }
        close_tournament(&self.ctx, &name(tournament))
            .await
            .unwrap();
        advance_rounds::once(&self.ctx).await.unwrap();
    }

    pub(crate) async fn claim(&self) -> Option<Claim> {
        claim(&self.ctx, self.runner, self.runner_token, &[Lane::Wasm])
            .await
            .unwrap()
    }

    pub(crate) fn holder(&self, claim: &Claim) -> Holder {
        Holder {
            run: claim.run,
            attempt: claim.attempt,
            token: self.runner_token,
        }
    }

    pub(crate) async fn report(&self, claim: &Claim, outcome: Outcome) -> Result<(), Refusal> {
        let new = self.result(claim, outcome).await;
        report(&self.ctx, &self.holder(claim), new).await
    }

    /// What a runner would report.
    pub(crate) async fn result(&self, claim: &Claim, outcome: Outcome) -> NewReport {
        model_report(&self.ctx.blobs, claim, outcome).await
    }

    /// Plays the tournaments on until nothing is left to do.
    pub(crate) async fn play(&self, score: impl Fn(&Claim) -> Outcome) -> usize {
        let mut runs = 0;
        loop {
            advance_rounds::once(&self.ctx).await.unwrap();
            let Some(claim) = self.claim().await else {
                return runs;
            };
            self.report(&claim, score(&claim)).await.unwrap();
            runs += 1;
        }
    }

    pub(crate) async fn view(&self, tournament: &str) -> TournamentView {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        views::tournament(
            &mut conn,
            &name(tournament),
            Audience::Organiser,
            Access::Everything,
        )
        .await
        .unwrap()
        .unwrap()
    }

    pub(crate) async fn archive(&self) -> Vec<views::ArchiveView> {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        views::entries(
            &mut conn,
            &gauntlet_storage::Page::first(100),
            Access::Everything,
        )
        .await
        .unwrap()
    }

    pub(crate) async fn run(&self, run: RunId) -> RunView {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let run = views::run(&mut conn, run, Audience::Organiser, Access::Everything).await;
        run.unwrap().unwrap()
    }

    /// The tournament as the tables have it.
    pub(crate) async fn loaded(&self, tournament: &str) -> Loaded {
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let id = tournaments::id(&mut conn, &name(tournament))
            .await
            .unwrap()
            .unwrap();
        play::load(&mut conn, id, Lock::None)
            .await
            .unwrap()
            .unwrap()
    }

    /// Its record, checked as a chain.
    pub(crate) async fn record(&self, tournament: &str) -> Vec<Event> {
        let id = self.loaded(tournament).await.row.id.to_string();
        let mut conn = self.ctx.db.acquire().await.unwrap();
        let links = events::list(&mut conn, &id, 0, 100_000).await.unwrap();
        let (length, head) = events::head(&mut conn, &id).await.unwrap().unwrap();
        assert_eq!(links.len() as i64, length);
        gauntlet_domain::record::verify(&id, &links, Some(&head)).unwrap();
        links
            .iter()
            .map(|link| serde_json::from_str(&link.body).unwrap())
            .collect()
    }

    /// The invariants that hold at any time: the record is a chain, replaying
    /// it gives what the tables have, standings can be computed again, and what is kept for
    /// ratings follows from it.
    pub(crate) async fn check(&self, tournament: &str) {
        let record = self.record(tournament).await;
        let replayed = Tournament::replay(&record).unwrap();
        let loaded = self.loaded(tournament).await.tournament;
        assert_eq!(replayed, loaded, "the record and the tables differ");
        for round in loaded.rounds() {
            if let Some(decision) = &round.decision {
                assert_eq!(
                    serde_json::to_string(decision).unwrap(),
                    serde_json::to_string(&loaded.decide(round)).unwrap(),
                    "a decision made again differs"
                );
            }
        }
        let id = self.loaded(tournament).await.row.id;
        let mut conn = self.ctx.db.acquire().await.unwrap();
        crate::kept::check(&mut conn, id, &record).await.unwrap();
    }
}

/// Three rungs on 1, 2 and 3 blocks, without an early cut.
pub(crate) fn halving() -> Rules {
    Rules::from(Play::Halving(Halving {
        race: None,
        ..Halving::default()
    }))
}

/// The task of these tests, with its blobs stored.
pub(crate) async fn new_task(blobs: &Blobs) -> NewTask {
    let blob = async |text: &'static str| {
        blobs
            .put(Bytes::from_static(text.as_bytes()))
            .await
            .unwrap()
    };
    NewTask {
        name: "digits".parse().unwrap(),
        title: "Digits".to_owned(),
        description: "Handwritten digits.".to_owned(),
        licence: "CC-BY-4.0".to_owned(),
        info: serde_json::json!({ "classes": 10 }),
        budget: BUDGET,
        train: blob("train").await,
        hidden_inputs: blob("inputs").await,
        hidden_labels: blob("labels").await,
        base: None,
        metric: Metric::default(),
        target: None,
        private: false,
    }
}

/// What a runner would report; the model is stored.
pub(crate) async fn model_report(blobs: &Blobs, claim: &Claim, outcome: Outcome) -> NewReport {
    let model = if outcome.score().is_none() {
        None
    } else {
        // As in life: the same method on the same seed gives the same model.
        let bytes = format!("model of {} {}", claim.work.method, claim.work.seed);
        Some(blobs.put(Bytes::from(bytes)).await.unwrap())
    };
    NewReport {
        verdict: outcome.verdict(),
        score: outcome.score().or(outcome.probe()),
        model,
        predictions: model.map(|_| Digest::of(b"predictions")),
        detail: outcome.is_fault().then(|| "it panicked".to_owned()),
        train: Meters {
            work: 1000,
            ..Meters::default()
        },
        predict: Meters::default(),
        curve: vec![CurvePoint {
            step: 1,
            name: "loss".to_owned(),
            value: Some(0.5),
        }],
        probes: Vec::new(),
        to_target: None,
    }
}

/// A folder for blobs; in memory where there is such a place, because they are synced.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

pub(crate) async fn register(ctx: &Context, token: TokenId, name: &str) -> RunnerId {
    try_register(ctx, token, name).await.unwrap()
}

pub(crate) async fn try_register(
    ctx: &Context,
    token: TokenId,
    name: &str,
) -> Result<RunnerId, Refusal> {
    let new = NewRunner {
        token,
        name: name.to_owned(),
        class: "test".to_owned(),
        version: "0".to_owned(),
    };
    register_runner(ctx, new).await
}

pub(crate) fn completed(score: f64) -> Outcome {
    Outcome::new(Verdict::Completed, Some(score)).unwrap()
}

pub(crate) fn failed() -> Outcome {
    Outcome::new(Verdict::MethodFailed, None).unwrap()
}

/// The number in a method's name.
pub(crate) fn nth(claim: &Claim) -> f64 {
    claim.work.method.as_str()[1..].parse().unwrap()
}

/// A refusal's code and field.
pub(crate) fn reason<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Reason {
    result.unwrap_err().reason().unwrap().clone()
}
