//! Joins database, orchestrator and local runner into one running instance,
//! and ends them in order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use gauntlet_client::Client;
use gauntlet_http::Limits;
use gauntlet_intake::Intake;
use gauntlet_scheduler::SubmissionLimits;
use gauntlet_storage::Db;
use gauntlet_transport::Fingerprint;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::data_dir::{DataDir, Lock, ServerFile, Tokens};
use crate::database::Database;
use crate::error::ServerError;
use crate::tls::Tls;
use crate::{blob_key, orchestrator, runner, tasks, tls, tokens};

/// How long an orderly end may take before what is left is cut off.
const GRACE: Duration = Duration::from_secs(10);

/// What to start.
#[derive(Debug)]
pub struct Options {
    /// The data folder.
    pub data: DataDir,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Whose certificate is shown there, if TLS is spoken.
    pub tls: Tls,
    /// Speak http there also if other machines can reach it.
    pub insecure_http: bool,
    /// Address of the database [default: that in DATABASE_URL, else a private server's].
    pub database: Option<String>,
    /// Take any port if that one is taken.
    pub any_port: bool,
    /// Runs that the local runner executes at the same time; 0 for no runner.
    pub slots: usize,
    /// Threads of each run.
    pub threads: usize,
    /// The engine with which the local runner executes container images too, if it is to.
    pub containers: Option<PathBuf>,
    /// Files with the keys of the blobs, that for writing first; none for that of the data
    /// folder.
    pub blob_keys: Vec<PathBuf>,
    /// Folder of task folders to register.
    pub tasks: Option<PathBuf>,
    /// The secret of generated tasks, if the folder has none yet; else a random one.
    pub secret: Option<[u8; 32]>,
    /// How much a token may hand in.
    pub submissions: SubmissionLimits,
    /// How many connections there may be, and how often one may ask.
    pub limits: Limits,
    /// Survive a power cut.
    pub durable: bool,
    /// What the local runner logs, such as `info`.
    pub runner_log: &'static str,
}

/// A running instance.
#[derive(Debug)]
pub struct Instance {
    data: DataDir,
    url: String,
    local_url: String,
    fingerprint: Option<Fingerprint>,
    tokens: Tokens,
    tasks: Vec<String>,
    runner: JoinSet<Result<(), ServerError>>,
    stop_runner: CancellationToken,
    orchestrator: JoinSet<Result<(), ServerError>>,
    stop_orchestrator: CancellationToken,
    db: Db,
    database: Database,
    // Last, so that it is let go of last.
    _lock: Lock,
}

impl Instance {
    /// Starts everything; when it returns, the API answers and the runner is on its way.
    ///
    /// # Errors
    /// The first part that does not start. What was started before it is stopped.
    pub async fn start(options: Options) -> Result<Self, ServerError> {
        let data = options.data;
        tls::check(&options.tls, options.listen, options.insecure_http)?;
        // First what can be refused without starting anything.
        let tasks = match &options.tasks {
            Some(dir) => tasks::read(dir)?,
            None => Vec::new(),
        };
        if options.slots > 0 {
            runner::program()?;
        }
        Intake::default().check().map_err(ServerError::Intake)?;
        data.create()?;
        let lock = data.lock()?;
        let blobs = blob_key::open(&data, &options.blob_keys)?;
        orchestrator::tell_of_plain(&blobs, &data.blobs()).await?;
        let listener = listen(options.listen, options.any_port).await?;
        let certificate = tls::certificate(&options.tls, &data, &listener)?;

        let database = Database::start(&data, options.database, options.durable).await?;
        let context = orchestrator::context(blobs, database.url(), options.submissions).await?;
        let tokens = tokens::ensure(&data, &context).await?;

        let db = context.db.clone();
        let stop_orchestrator = CancellationToken::new();
        let reached = tls::open(certificate, listener, stop_orchestrator.clone()).await?;
        let orchestrator = orchestrator::start(
            context,
            reached.doors,
            options.limits,
            stop_orchestrator.clone(),
        );
        data.write_server(&ServerFile {
            url: reached.local_url.clone(),
            pid: std::process::id(),
        })?;

        let admin = Client::new(&reached.local_url, Some(tokens.admin.clone()))?;
        let secret = data.secret(options.secret)?;
        let tasks = tasks::register(&admin, tasks, &secret).await?;

        let stop_runner = CancellationToken::new();
        let mut runner = JoinSet::new();
        if options.slots > 0 {
            let local = runner::Runner::new(
                &data,
                &reached.local_url,
                &tokens.runner,
                options.slots,
                options.threads,
                options.runner_log,
            )?
            .with_containers(options.containers);
            let stop = stop_runner.clone();
            runner.spawn(async move { local.keep_alive(&stop).await });
        }
        Ok(Self {
            data,
            url: reached.url,
            local_url: reached.local_url,
            fingerprint: reached.fingerprint,
            tokens,
            tasks,
            runner,
            stop_runner,
            orchestrator,
            stop_orchestrator,
            db,
            database,
            _lock: lock,
        })
    }

    /// Base address, for people and for clients anywhere.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Fingerprint of the certificate that is shown there, if there is one.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// Names of the tasks that were registered.
    pub fn tasks(&self) -> &[String] {
        &self.tasks
    }

    /// A client that may do everything.
    pub fn admin(&self) -> Result<Client, ServerError> {
        Ok(Client::new(
            &self.local_url,
            Some(self.tokens.admin.clone()),
        )?)
    }

    /// Resolves when a part ends that should not: then all must end.
    pub async fn failed(&mut self) -> ServerError {
        let ended = tokio::select! {
            Some(ended) = self.orchestrator.join_next() => ended,
            Some(ended) = self.runner.join_next(), if !self.runner.is_empty() => ended,
        };
        match ended {
            Ok(Ok(())) => ServerError::Ended,
            Ok(Err(error)) => error,
            Err(error) => ServerError::failed("go on", error),
        }
    }

    /// Ends everything in order: the runner gives its runs back while somebody is
    /// there to take them, then requests are answered, then the database closes.
    pub async fn drain(mut self) -> Result<(), ServerError> {
        self.stop_runner.cancel();
        let mut outcome = join(&mut self.runner, "the local runner").await;
        self.stop_orchestrator.cancel();
        outcome = outcome.and(join(&mut self.orchestrator, "the orchestrator").await);
        self.data.remove_server();
        self.db.close().await;
        outcome.and(self.database.stop().await)
    }
}

/// Waits for the parts of a set; cuts off those that take too long.
async fn join(set: &mut JoinSet<Result<(), ServerError>>, what: &str) -> Result<(), ServerError> {
    let ended = tokio::time::timeout(GRACE, async {
        let mut outcome = Ok(());
        while let Some(ended) = set.join_next().await {
            let ended =
                ended.unwrap_or_else(|error| Err(ServerError::failed("stop in order", error)));
            outcome = outcome.and(ended);
        }
        outcome
    })
    .await;
    match ended {
        Ok(outcome) => outcome,
        Err(_) => {
            // Live pages hold their connections open; that is no failure.
            tracing::debug!("{what} did not end within {} s", GRACE.as_secs());
            set.shutdown().await;
            Ok(())
        }
    }
}

async fn listen(address: SocketAddr, any_port: bool) -> Result<TcpListener, ServerError> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if any_port && error.kind() == std::io::ErrorKind::AddrInUse => {
            TcpListener::bind(SocketAddr::new(address.ip(), 0))
                .await
                .map_err(|error| refused(address, error))
        }
        Err(error) => Err(refused(address, error)),
    }
}

fn refused(address: SocketAddr, source: std::io::Error) -> ServerError {
    ServerError::Listen { address, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_address_is_refused_by_name_or_replaced() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = listen(address, false).await.unwrap_err();
        assert!(matches!(error, ServerError::Listen { .. }), "{error}");
        let other = listen(address, true).await.unwrap();
        assert_ne!(other.local_addr().unwrap(), address);
    }
}
