//! What is measured: a private PostgreSQL that survives power cuts, and the real
//! `gauntlet up` as a process of its own, to which runners speak HTTP.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use gauntlet_domain::run::{Budget, Metric};
use gauntlet_domain::{TaskName, TokenId, TournamentId, TournamentName};
use gauntlet_postgres::{Options, PrivateServer};
use gauntlet_scheduler::commands::cancel_tournament::cancel_tournament;
use gauntlet_scheduler::commands::close_tournament::close_tournament;
use gauntlet_scheduler::commands::create_task::{NewTask, create_task};
use gauntlet_scheduler::commands::create_tournament::{NewTournament, create_tournament};
use gauntlet_scheduler::commands::open_tournament::open_tournament;
use gauntlet_scheduler::commands::submit::{Artifact, NewSubmission, submit};
use gauntlet_scheduler::commands::tokens::{Scope, ensure_token};
use gauntlet_scheduler::{Context, Policy, SubmissionLimits};
use gauntlet_storage::{Blobs, Db, tournaments, uploads};

use crate::error::Result;

const TASK: &str = "digits";
const DATABASE: &str = "gauntlet";
const SERVING: &str = "gauntlet_serving";

/// See the module. Dropping it ends both.
pub(crate) struct Platform {
    orchestrator: Orchestrator,
    /// The organiser works on the database with the same commands as the API.
    pub(crate) context: Context,
    pub(crate) address: String,
    pub(crate) token: String,
    /// A model that every run is said to have trained.
    pub(crate) model: String,
    miner: TokenId,
    pub(crate) server: PrivateServer,
    _folder: tempfile::TempDir,
}

/// The process; killed when dropped.
struct Orchestrator(Child);

impl Drop for Orchestrator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Platform {
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("gauntlet-bench-engine-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o711))
            .tempdir()?;
        let server = PrivateServer::start(Options::new(folder.path().join("postgres"))).await?;
        // As `gauntlet up` does with a server of its own.
        let owner = Db::connect(&server.url(DATABASE)).await?;
        owner.migrate().await?;
        owner.let_serve(SERVING).await??;
        owner.close().await;
        let url = server.url_as(SERVING, DATABASE);
        let (orchestrator, address) = launch(folder.path(), &url).await?;
        let data = folder.path().join("data");
        let context = Context::new(
            Db::connect(&url).await?,
            Blobs::local(
                &data.join("blobs"),
                std::fs::read_to_string(data.join("blob-key"))?.parse()?,
            )?,
            Policy {
                submissions: SubmissionLimits::NONE,
                ..Policy::default()
            },
        );
        let token = format!("gnt_runner_{:064x}", 7);
        let runner = ensure_token(&context, &token, Scope::Runner, "bench").await?;
        let miner = format!("gnt_miner_{:064x}", 8);
        let miner = ensure_token(&context, &miner, Scope::Miner, "bench").await?;
        let model = context.blobs.put(Bytes::from_static(b"a model")).await?;
        // As if its runners had put it there.
        let mut conn = context.db.acquire().await?;
        uploads::note(&mut conn, runner, &model).await?;
        drop(conn);
        create_task(&context, task(&context).await?).await?;
        Ok(Self {
            orchestrator,
            context,
            address,
            token,
            model: model.to_string(),
            miner,
            server,
            _folder: folder,
        })
    }

    /// Address of the database for other programs.
    pub(crate) fn database(&self) -> String {
        self.server.url(DATABASE)
    }

    /// A tournament with its field, still open.
    pub(crate) async fn tournament(
        &self,
        name: &str,
        methods: usize,
        blocks_per_rung: &[u32],
        submitted: impl Fn(),
    ) -> Result<TournamentId> {
        let parsed: TournamentName = name.parse()?;
        let rules = serde_json::json!({
            "format": "halving", "rungs": blocks_per_rung.len(), "eta": 2,
            "blocks_per_rung": blocks_per_rung,
        });
        let new = NewTournament {
            name: parsed.clone(),
            task: TASK.parse()?,
            more_tasks: Vec::new(),
            rules: serde_json::from_value(rules)?,
            phrase: None,
            share: gauntlet_domain::tournament::Share::default(),
            organiser: None,
            private: false,
        };
        create_tournament(&self.context, new).await?;
        open_tournament(&self.context, &parsed).await?;
        let mut entering = stream::iter(0..methods)
            .map(|nth| self.enter(&parsed, nth))
            .buffer_unordered(12);
        while let Some(entered) = entering.next().await {
            entered?;
            submitted();
        }
        let mut conn = self.context.db.acquire().await?;
        let id = tournaments::id(&mut conn, &parsed).await?;
        id.ok_or_else(|| format!("the tournament {name} is not there").into())
    }

    async fn enter(&self, tournament: &TournamentName, nth: usize) -> Result<()> {
        let new = NewSubmission {
            tournament: tournament.clone(),
            name: format!("m{nth}").parse()?,
            // The orchestrator does not look into a module that it has accepted.
            artifact: Artifact::Module(Bytes::from(format!("module {nth}"))),
            token: self.miner,
        };
        submit(&self.context, new).await?;
        Ok(())
    }

    /// Closes a tournament; the orchestrator opens its first round.
    pub(crate) async fn close(&self, name: &str) -> Result<()> {
        Ok(close_tournament(&self.context, &name.parse()?).await?)
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<()> {
        Ok(cancel_tournament(&self.context, &name.parse()?, "measured").await?)
    }

    /// Memory of the orchestrator in MiB: now, and the most so far.
    pub(crate) fn memory_mib(&self) -> Result<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.orchestrator.0.id()))?;
        let field = |name: &str| -> Result<f64> {
            let line = status.lines().find(|line| line.starts_with(name));
            let kib = line.and_then(|line| line.split_whitespace().nth(1));
            Ok(kib.ok_or("the orchestrator has ended")?.parse::<f64>()? / 1024.0)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Processor time that orchestrator and database have used.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let own = ticks(self.orchestrator.0.id(), false)?;
        let database = ticks(self.server.pid().unsigned_abs(), true)?;
        let per_second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK)?.unwrap_or(100);
        Ok(Duration::from_secs_f64(
            (own + database) as f64 / per_second as f64,
        ))
    }
}

async fn task(context: &Context) -> Result<NewTask> {
    let blob =
        async |text: &'static str| context.blobs.put(Bytes::from_static(text.as_bytes())).await;
    Ok(NewTask {
        name: TASK.parse::<TaskName>()?,
        title: "Digits".to_owned(),
        description: "What a run would be trained on.".to_owned(),
        licence: "CC-BY-4.0".to_owned(),
        info: serde_json::json!({
            "name": TASK, "kind": { "classification": { "classes": 10 } },
            "input": [1, 28, 28], "train_examples": 60_000,
        }),
        budget: Budget {
            work: 1_000_000_000,
            predict_share_percent: 20,
            wall_seconds: 60,
            tensor_bytes: 1 << 28,
            guest_bytes: 1 << 26,
            output_bytes: 1 << 22,
        },
        train: blob("train").await?,
        hidden_inputs: blob("inputs").await?,
        hidden_labels: blob("labels").await?,
        base: None,
        target: None,
        metric: Metric::default(),
        private: false,
    })
}

async fn launch(folder: &Path, database: &str) -> Result<(Orchestrator, String)> {
    let program = beside("gauntlet")?;
    let tasks = folder.join("no-tasks");
    std::fs::create_dir(&tasks)?;
    // Free a moment ago; nobody else on this machine picks ports this way at this moment.
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let log = File::create(folder.join("orchestrator.log"))?;
    let child = Command::new(&program)
        .args([
            "up",
            "--no-runner",
            "--listen",
            &address.to_string(),
            "--data",
        ])
        .arg(folder.join("data"))
        .arg("--tasks")
        .arg(&tasks)
        .env("DATABASE_URL", database)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .map_err(|error| format!("failed to start {}: {error}", program.display()))?;
    let mut orchestrator = Orchestrator(child);
    let start = Instant::now();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        if orchestrator.0.try_wait()?.is_some() || start.elapsed() > Duration::from_secs(60) {
            let log = std::fs::read_to_string(folder.join("orchestrator.log"))?;
            return Err(format!("the orchestrator does not start: {log}").into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The address answers before the rest of the start is done.
    while !folder.join("data/server.json").exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok((orchestrator, address.to_string()))
}

fn beside(program: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(program);
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!(
            "{} is missing: run `cargo build --release --workspace`",
            path.display()
        )
        .into())
    }
}

/// Clock ticks of a process; with its children, those that have ended included.
fn ticks(pid: u32, children: bool) -> Result<u64> {
    let numbers = |pid: u32| -> Result<Vec<u64>> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // After the name, which may hold anything: state, parent, …
        let rest = stat.rsplit_once(')').ok_or("an odd process")?.1;
        Ok(rest
            .split_whitespace()
            .skip(1)
            .map(|field| field.parse().unwrap_or_default())
            .collect())
    };
    // Field 4 of the manual, the parent, comes first here; 14 to 17 are the times.
    let own = numbers(pid)?;
    let mut sum: u64 = own[10] + own[11];
    if children {
        sum += own[12] + own[13];
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let Some(child) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            // It may have ended between the two looks.
            if let Ok(fields) = numbers(child)
                && fields[0] == u64::from(pid)
            {
                sum += fields[10] + fields[11];
            }
        }
    }
    Ok(sum)
}
