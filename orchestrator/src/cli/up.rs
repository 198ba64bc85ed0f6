//! `gauntlet up`.

use std::net::SocketAddr;
use std::path::PathBuf;

use gauntlet_container::Engine;
use gauntlet_server::data_dir::DataDir;
use gauntlet_server::{Instance, Network, Options, Tls, config};
use gauntlet_workbench::source_tree;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;
use crate::output::Output;

/// Start everything on this machine and stay until asked to end (SIGINT or SIGTERM).
///
/// Uses the PostgreSQL server that DATABASE_URL names; without it, starts a
/// private one in the data folder. A role that owns the database's tables brings its schema up to
/// date first; for another one its owner has to (`gauntlet migrate`). Several orchestrators may
/// share that server, each with a data folder of its own and the same `secret` and `blob-key` in
/// it, and all with the same --blobs.
#[derive(Debug, clap::Args)]
pub(crate) struct Up {
    /// Data folder [default: /var/lib/gauntlet for root, else ~/.local/share/gauntlet].
    #[arg(long, env = "GAUNTLET_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:7700].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Speak TLS with a certificate that nobody signed, for a lab: clients and runners pin the
    /// fingerprint that is printed.
    #[arg(long, value_name = "HOW", value_enum)]
    tls: Option<TlsHow>,
    /// Speak TLS with the certificate in this file, in PEM form, then those that signed it. It and
    /// its key are read anew when they change.
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_key",
        conflicts_with = "tls"
    )]
    tls_cert: Option<PathBuf>,
    /// The certificate's key.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Speak http also on an address that other machines can reach: for a network of which you
    /// know everybody.
    #[arg(long, env = "GAUNTLET_INSECURE_HTTP")]
    insecure_http: bool,
    /// Start no local runner.
    #[arg(long, conflicts_with = "slots")]
    no_runner: bool,
    /// Runs that the local runner executes at the same time [default: one a core, at most 4].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    slots: Option<u16>,
    /// Threads of each run's tensor backend [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Have the local runner execute container images too.
    #[arg(long, conflicts_with = "no_runner")]
    containers: bool,
    /// The container engine's socket [default: DOCKER_HOST, or /var/run/docker.sock].
    #[arg(long, value_name = "SOCKET", requires = "containers")]
    engine: Option<PathBuf>,
    /// Folder of task folders to register [default: examples/tasks].
    #[arg(long, value_name = "DIR")]
    tasks: Option<PathBuf>,
    /// The database's address [default: DATABASE_URL]. Arguments are seen by every user of the
    /// machine: a password belongs into the variable, or into a file that PGPASSFILE names.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Folder of modules, models and data [default: blobs in the data folder].
    #[arg(long, env = "GAUNTLET_BLOBS", value_name = "DIR")]
    blobs: Option<PathBuf>,
    /// File with the key under which blobs are sealed: 64 hex digits. Given several times, the
    /// first is for writing, all for reading [default: blob-key in the data folder, made at the
    /// first start].
    #[arg(long, env = "GAUNTLET_BLOB_KEY_FILE", value_name = "FILE")]
    blob_key_file: Vec<PathBuf>,
    /// Address of a proxy in front, or a network of them, whose X-Forwarded-For is believed:
    /// callers are then counted and limited by the address that it says. May be given several
    /// times [default: none, and the header is ignored].
    #[arg(long, value_name = "ADDRESS")]
    trusted_proxy: Vec<Network>,
    /// Settings file [default: gauntlet.toml in the data folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How TLS is spoken without files.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum TlsHow {
    /// With a certificate that nobody signed.
    SelfSigned,
}

/// What `up` says when everything runs.
#[derive(Debug, Serialize)]
struct Started {
    url: String,
    /// Fingerprint of the certificate, if TLS is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    data: PathBuf,
    /// Runs executed here at the same time.
    slots: usize,
    tasks: Vec<String>,
}

impl Up {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let data = DataDir::resolve(self.data)?;
        let mut file = config::File::load(self.config.as_deref(), data.root())?;
        if !self.trusted_proxy.is_empty() {
            file.trusted_proxies = self.trusted_proxy;
        }
        let submissions = file.submissions();
        let limits = file.limits();
        let tls = match (self.tls, self.tls_cert, self.tls_key) {
            (Some(TlsHow::SelfSigned), ..) => Tls::SelfSigned,
            (None, Some(certificate), Some(key)) => Tls::Files { certificate, key },
            // One of them alone is refused by the arguments.
            _ => file.tls()?,
        };
        let blobs = self.blobs.filter(|blobs| !blobs.as_os_str().is_empty());
        let data = data.with_blobs(blobs.or(file.blobs).as_deref())?;
        let blob_keys = super::blobs::key_files(self.blob_key_file, file.blob_key_files);
        let asked = if self.no_runner {
            Some(0)
        } else {
            self.slots.map(usize::from)
        };
        let (slots, threads) = config::slots(
            asked.or(file.slots),
            self.threads.map(usize::from).or(file.threads),
        );
        let listen = match self.listen.or(file.listen) {
            Some(listen) => listen,
            None => config::LISTEN
                .parse()
                .map_err(|error| Failure::ours("read the default address", error))?,
        };
        let instance = Instance::start(Options {
            data: data.clone(),
            listen,
            tls,
            insecure_http: self.insecure_http || file.insecure_http.unwrap_or(false),
            database: self.database_url,
            any_port: false,
            slots,
            threads,
            containers: self
                .containers
                .then(|| self.engine.unwrap_or_else(Engine::usual_socket)),
            blob_keys,
            tasks: self
                .tasks
                .or(file.tasks)
                .or_else(source_tree::builtin_tasks),
            secret: None,
            submissions,
            limits,
            durable: true,
            runner_log: "info",
        });
        let mut stop = Stop::new()?;
        let mut instance = tokio::select! {
            instance = instance => instance?,
            () = stop.asked() => return Ok(()),
        };
        let started = Started {
            url: instance.url().to_owned(),
            fingerprint: instance.fingerprint().map(|of| of.to_string()),
            data: data.root().to_path_buf(),
            slots,
            tasks: instance.tasks().to_vec(),
        };
        output.answer(&started, |started| {
            format!(
                "Gauntlet is up at {}{}\n  data: {}\n  tasks: {}\n  runs here at the same time: {}\n\
                 Stop it with Ctrl-C; runs under way are given back and run again later.",
                started.url,
                started.fingerprint.as_ref().map_or_else(String::new, |of| format!(
                    "\n  certificate: {of} (runners and clients pin it with --server-fingerprint)"
                )),
                started.data.display(),
                if started.tasks.is_empty() {
                    "none".to_owned()
                } else {
                    started.tasks.join(", ")
                },
                started.slots,
            )
        })?;
        let failed = tokio::select! {
            error = instance.failed() => Some(Failure::from(error)),
            () = stop.asked() => None,
        };
        tracing::info!("stopping");
        // A second signal does not wait for an orderly end.
        let drained = tokio::select! {
            drained = instance.drain() => drained.map_err(Failure::from),
            () = stop.asked() => Err(Failure::ours("stop in order", "asked to stop at once")),
        };
        match failed {
            Some(failure) => Err(failure),
            None => drained,
        }
    }
}

/// The signals that ask a process to end.
#[derive(Debug)]
pub(crate) struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    /// From here on these signals no longer end the process by themselves.
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::ours("listen to signals", error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Resolves when one arrives.
    pub(crate) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
