//! The loop: lease, execute, report, again.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use gauntlet_container::Containers;
use gauntlet_protocol::{Assignment, Fault, FaultCause, Register, Registered, Report};
use gauntlet_sandbox::{Device, Sandbox};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::assignment::{self, AssignmentError, RunnerContext};
use crate::blobs::Blobs;
use crate::class;
use crate::client::{AttemptId, Client, ClientError, Pauses, retry};
use crate::config::{Config, ConfigError};
use crate::curve::Curve;
use crate::device_probe::probe_device;
use crate::heartbeats::Heartbeats;
use crate::lease::{Lost, Terms};
use crate::report;
use crate::self_test;

/// How long a request for work waits for some.
const WAIT: Duration = Duration::from_secs(20);
/// The same when an empty queue is the end.
const DRAIN_WAIT: Duration = Duration::from_secs(1);
/// How long to try to hand in a result: beyond the lease too, since it counts as long as
/// nobody else has been given the run.
const REPORT: Duration = Duration::from_secs(120);
/// How long to try to say that something failed.
const FAULT: Duration = Duration::from_secs(10);
/// The same on the way out.
const LAST_WORD: Duration = Duration::from_secs(2);
/// Bytes of modules and data kept on this machine.
const BLOB_BYTES: u64 = 8 << 30;

/// Why a runner ends other than by request.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The settings do not work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A folder does not work.
    #[error("failed to use the folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The sandbox cannot be set up.
    #[error("failed to set up the sandbox: {0}")]
    Sandbox(#[from] gauntlet_sandbox::Fault),
    /// There is no container engine, or it does not fit.
    #[error("failed to set up containers: {0}")]
    Containers(#[from] gauntlet_container::Fault),
    /// There is no such device, or no worker for it.
    #[error("cannot execute on {0}: {1}")]
    Device(Device, String),
    /// The orchestrator does not want this runner.
    #[error("failed to register: {0}")]
    Register(ClientError),
    /// There can be no thread for heartbeats.
    #[error("failed to start the thread for heartbeats: {0}")]
    Heartbeats(io::Error),
}

/// Runs until `stop` fires, or until there is no work if it should only drain. Attempts
/// that run when `stop` fires are handed back.
///
/// # Errors
/// If the runner cannot start, or the orchestrator turns it away for good. That an
/// orchestrator cannot be reached is no error: it will be.
pub async fn run(config: &Config, stop: CancellationToken) -> Result<(), AgentError> {
    let token = config.token()?;
    let client = || {
        Client::new(config.url.clone(), token.clone(), &config.trust())
            .map_err(AgentError::Register)
    };
    let heartbeats = Heartbeats::start(client()?).map_err(AgentError::Heartbeats)?;
    let client = client()?;
    let device = config.device;
    let probed = probe_device(config).await;
    probed.map_err(|reason| AgentError::Device(device, reason))?;
    let folder = |path: &Path| {
        let path = path.to_owned();
        move |source| AgentError::Folder { path, source }
    };
    let scratch = config.data.join("scratch");
    // What a killed runner left there is of no use to anybody.
    match std::fs::remove_dir_all(&scratch) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(folder(&scratch)(error));
        }
        _ => {}
    }
    let blobs = config.data.join("blobs");
    let blobs = Blobs::open(&blobs, BLOB_BYTES).map_err(folder(&blobs))?;
    make_private(&scratch).map_err(folder(&scratch))?;
    let sandbox = config.sandbox();
    let containers = match config.containers() {
        Some(containers) => Some(Containers::open(containers).await?),
        None => None,
    };
    let mut class = class::of_this_machine(config.device, &sandbox.worker);
    if let Some(containers) = &containers {
        class = format!("{class}; {}", containers.description());
    }
    let agent = Agent {
        runner: RunnerContext {
            client,
            sandbox: Sandbox::new(sandbox)?,
            containers,
            blobs,
            scratch,
            threads: config.threads(),
        },
        me: Register {
            name: config.name(),
            class,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        heartbeats,
        registered: tokio::sync::Mutex::new(None),
        drain: config.drain,
        stop: stop.child_token(),
    };
    tracing::info!(
        name = agent.me.name,
        class = agent.me.class,
        "runner starts"
    );
    let agent = Arc::new(agent);
    let mut slots = JoinSet::new();
    for _ in 0..config.slots {
        let agent = Arc::clone(&agent);
        slots.spawn(async move {
            let ended = agent.work().await;
            if ended.is_err() {
                // The others would meet the same; let them hand back what they have.
                agent.stop.cancel();
            }
            ended
        });
    }
    let mut outcome = Ok(());
    while let Some(ended) = slots.join_next().await {
        match ended {
            Ok(ended) => outcome = outcome.and(ended),
            // Nobody cancels a slot.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    outcome
}

fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

struct Agent {
    runner: RunnerContext,
    heartbeats: Heartbeats,
    me: Register,
    registered: tokio::sync::Mutex<Option<Registered>>,
    drain: bool,
    stop: CancellationToken,
}

impl Agent {
    /// One slot: one attempt after the other.
    async fn work(&self) -> Result<(), AgentError> {
        let mut pauses = Pauses::default();
        let mut suspect = false;
        loop {
            let wait = if self.drain { DRAIN_WAIT } else { WAIT };
            let asked = Instant::now();
            let step = async {
                if suspect {
                    self_test::until_passed(&self.runner.sandbox, &self.runner.scratch).await;
                }
                self.runner.blobs.room().await;
                let registered = self.registered().await?;
                let containers = self.runner.containers.is_some();
                let client = &self.runner.client;
                let leased = client.lease(registered.runner, wait, containers).await;
                Ok::<_, AgentError>((registered, leased))
            };
            // A lease that is granted while we turn away ends by itself.
            let step = tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                step = step => step?,
            };
            suspect = false;
            let pause = match step {
                (registered, Ok(Some(assignment))) => {
                    if self.attempt(&registered, &assignment).await {
                        pauses = Pauses::default();
                        continue;
                    }
                    // Something may be wrong with this machine: do not eat up every attempt.
                    suspect = true;
                    Some(Duration::ZERO)
                }
                (_, Ok(None)) if self.drain => return Ok(()),
                // Whoever says so at once, such as an orchestrator that ends or a proxy, would
                // be asked again and again.
                (_, Ok(None)) if asked.elapsed() < wait / 2 => Some(Duration::ZERO),
                (_, Ok(None)) => {
                    pauses = Pauses::default();
                    None
                }
                (registered, Err(ClientError::NotFound(_) | ClientError::Token(_))) => {
                    // The orchestrator has another database now, or a token was renewed.
                    self.forget(&registered).await;
                    Some(Duration::ZERO)
                }
                (_, Err(error)) => {
                    tracing::warn!(%error, "failed to ask for work");
                    Some(error.asked_to_wait())
                }
            };
            if let Some(at_least) = pause {
                tokio::select! {
                    () = self.stop.cancelled() => return Ok(()),
                    () = pauses.wait(at_least) => {}
                }
            }
        }
    }

    /// Our registration, made if there is none. Slots that need it wait for one another.
    async fn registered(&self) -> Result<Registered, AgentError> {
        let mut registered = self.registered.lock().await;
        if let Some(registered) = &*registered {
            return Ok(registered.clone());
        }
        let mut pauses = Pauses::default();
        loop {
            match self.runner.client.register(&self.me).await {
                Ok(fresh) => {
                    tracing::info!(runner = %fresh.runner, "registered");
                    return Ok(registered.insert(fresh).clone());
                }
                Err(error) if error.is_transient() => {
                    tracing::warn!(%error, "failed to register, trying again");
                    pauses.wait(error.asked_to_wait()).await;
                }
                Err(error) => return Err(AgentError::Register(error)),
            }
        }
    }

    async fn forget(&self, old: &Registered) {
        let mut registered = self.registered.lock().await;
        if registered.as_ref() == Some(old) {
            tracing::info!("the orchestrator does not know this runner any more");
            *registered = None;
        }
    }

    /// Executes one attempt under its lease and says what came of it. Returns whether this
    /// machine did its part.
    async fn attempt(&self, registered: &Registered, assignment: &Assignment) -> bool {
        let id = AttemptId {
            run: assignment.run,
            attempt: assignment.attempt,
        };
        let terms = Terms {
            granted: Instant::now(),
            length: Duration::from_secs(assignment.lease_seconds.into()),
            interval: Duration::from_secs(registered.heartbeat_seconds.into()),
        };
        tracing::info!(
            run = %id.run,
            attempt = id.attempt,
            tournament = assignment.tournament,
            method = assignment.method,
            "attempt starts"
        );
        let curve = Arc::new(Mutex::new(Curve::default()));
        let lease = self.heartbeats.keep(id, terms, Arc::clone(&curve));
        let lease = lease.map(|lost| match lost {
            Ok(lost) => lost,
            Err(error) => {
                // Without heartbeats it will be lost.
                tracing::error!(run = %id.run, %error, "the heartbeats of a run ended");
                Lost::OutOfTouch
            }
        });
        let mut lease = pin!(lease.fuse());
        let mut stopped = None;
        let mut result = {
            let work = pin!(assignment::perform(&self.runner, assignment, &curve));
            tokio::select! {
                biased;
                () = self.stop.cancelled() => None,
                lost = &mut lease => {
                    match lost {
                        Lost::Taken(why) => tracing::warn!(run = %id.run, why, "lease lost, sandbox killed"),
                        Lost::OutOfTouch => tracing::warn!(run = %id.run, "out of touch, sandbox killed before the lease ends"),
                        Lost::Stopped(why) => {
                            tracing::info!(run = %id.run, why, "told to stop, sandbox killed");
                            stopped = Some(why);
                        }
                    }
                    if stopped.is_none() {
                        return true;
                    }
                    None
                }
                result = work => Some(result),
            }
            // Here `work` is dropped: whatever ran is dead.
        };
        if let Some(why) = &stopped {
            let report = assignment::stopped(&curve, why);
            result = Some(report.ok_or_else(|| {
                AssignmentError::Assignment(
                    "a run without a scored checkpoint was told to stop".to_owned(),
                )
            }));
        }
        let deliver = async {
            match result {
                Some(Ok(report)) => {
                    self.deliver(id, &report).await;
                    true
                }
                Some(Err(error)) => {
                    // The log has the causes too; what is handed on has not.
                    let causes = gauntlet_text::error_chain(&error);
                    tracing::warn!(run = %id.run, attempt = id.attempt, causes, "the attempt failed");
                    self.fault(id, error.to_string(), error.fault_cause(), FAULT)
                        .await;
                    false
                }
                None => {
                    let why = "the runner is stopping".to_owned();
                    self.fault(id, why, FaultCause::Stopping, LAST_WORD).await;
                    true
                }
            }
        };
        let mut deliver = pin!(deliver);
        tokio::select! {
            healthy = &mut deliver => healthy,
            // Nothing runs any more, so a lost lease costs nothing here: the orchestrator
            // decides whether the message still counts.
            _ = lease => deliver.await,
        }
    }

    async fn deliver(&self, id: AttemptId, report: &Report) {
        let sent = retry(REPORT, || self.runner.client.report(id, report));
        let sent = tokio::select! {
            sent = sent => sent,
            () = self.last_moment() => Err(ClientError::Unreachable("the runner is stopping".to_owned())),
        };
        match sent {
            Ok(()) => {
                tracing::info!(run = %id.run, attempt = id.attempt, verdict = ?report.verdict, score = report.score, "reported")
            }
            Err(error) => {
                tracing::warn!(run = %id.run, attempt = id.attempt, %error, "the result does not count")
            }
        }
    }

    async fn fault(&self, id: AttemptId, reason: String, cause: FaultCause, patience: Duration) {
        tracing::warn!(run = %id.run, attempt = id.attempt, reason, "handing the run back");
        let fault = Fault {
            reason: report::one_line(&reason),
            cause,
        };
        let sent = retry(patience, || self.runner.client.fault(id, &fault));
        let sent = tokio::time::timeout(patience, sent).await;
        if let Ok(Err(error)) = sent {
            tracing::warn!(run = %id.run, attempt = id.attempt, %error, "failed to hand it back; its lease will end");
        }
    }

    /// Some time after the request to stop.
    async fn last_moment(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(LAST_WORD).await;
    }
}
