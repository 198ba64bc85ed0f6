//! `gauntlet demo`.

use std::net::SocketAddr;
use std::path::PathBuf;

use gauntlet_server::data_dir::DataDir;
use gauntlet_server::{Instance, Options, Tls, config};
use gauntlet_workbench::source_tree;

use super::rules::Rules;
use super::up::Stop;
use crate::demo;
use crate::failure::Failure;
use crate::method_file::wasm_files;
use crate::output::{Output, print};

/// Run two real tournaments of the example methods, from submission to champion.
///
/// Starts a database, an orchestrator and a local runner on data of its own,
/// submits ten methods that fit and three that misbehave to a tournament on each of
/// two built-in tasks, and shows what comes of it. The same seed gives the same standings and models.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Where all randomness of the demo comes from [default: 1].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Data folder of the demo [default: the folder `demo` in the data folder].
    /// Replaced if it holds a finished demo.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder of the methods to submit, all of them [default: the default members of the
    /// workspace examples/methods, as built].
    #[arg(long, env = "GAUNTLET_METHODS", value_name = "DIR")]
    methods: Option<PathBuf>,
    /// Folder of task folders, among them digits and modular-addition [default: examples/tasks].
    #[arg(long, value_name = "DIR")]
    tasks: Option<PathBuf>,
    /// Go on with the demo that is in the data folder; refuse to start another.
    #[arg(long)]
    resume: bool,
    /// Stay up afterwards, so that the pages can be read, until asked to end.
    #[arg(long)]
    keep: bool,
    /// Address to listen on [default: 127.0.0.1:7700, or any port if that is taken].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Listen also on an address that other machines can reach, though http can be read on the way.
    #[arg(long, env = "GAUNTLET_INSECURE_HTTP")]
    insecure_http: bool,
    /// Runs executed at the same time [default: one a core, at most 4].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    slots: Option<u16>,
    /// Threads of each run's tensor backend [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    #[command(flatten)]
    rules: Rules,
}

impl Demo {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let files = match &self.methods {
            Some(dir) => wasm_files(dir)?,
            None => demo::modules()?,
        };
        let data = match &self.data {
            Some(dir) => DataDir::resolve(Some(dir.clone()))?,
            None => DataDir::resolve(std::env::var_os("GAUNTLET_DATA").map(PathBuf::from))?
                .nested("demo"),
        };
        let wish = demo::Wish {
            seed: self.seed,
            resume: self.resume,
            rules: self.rules.to_json()?,
            files,
        };
        let plan = demo::prepare(&data, wish).await?;
        let (slots, threads) =
            config::slots(self.slots.map(usize::from), self.threads.map(usize::from));
        let listen = match self.listen {
            Some(listen) => listen,
            None => config::LISTEN
                .parse()
                .map_err(|error| Failure::ours("read the default address", error))?,
        };
        let mut stop = Stop::new()?;
        let started = std::time::Instant::now();
        let starting = Instance::start(Options {
            data: data.clone(),
            listen,
            tls: Tls::None,
            insecure_http: self.insecure_http,
            database: None,
            any_port: self.listen.is_none(),
            slots,
            threads,
            containers: None,
            blob_keys: Vec::new(),
            tasks: self.tasks.clone().or_else(source_tree::builtin_tasks),
            secret: Some(plan.secret()),
            limits: config::File::default().limits(),
            durable: false,
            submissions: gauntlet_server::SubmissionLimits::default(),
            runner_log: "warn",
        });
        let mut instance = tokio::select! {
            instance = starting => instance?,
            () = stop.asked() => return Err(interrupted(&data)),
        };
        eprintln!(
            "Gauntlet is up at {} (data in {})",
            instance.url(),
            data.root().display()
        );
        let client = instance.admin()?;
        let outcome = tokio::select! {
            report = demo::run(&client, &plan, started) => report,
            error = instance.failed() => Err(error.into()),
            () = stop.asked() => Err(interrupted(&data)),
        };
        let outcome = match outcome {
            Ok(report) => {
                demo::finish(&data, &plan).and_then(|()| output.answer(&report, demo::Report::text))
            }
            Err(failure) => Err(failure),
        };
        if self.keep && outcome.is_ok() {
            eprintln!("Still up at {}; stop it with Ctrl-C.", instance.url());
            tokio::select! {
                error = instance.failed() => {
                    // What was asked for is done and shown.
                    tracing::warn!(%error, "a part of the orchestrator ended");
                }
                () = stop.asked() => {}
            }
        }
        let drained = tokio::select! {
            drained = instance.drain() => drained.map_err(Failure::from),
            () = stop.asked() => Err(Failure::ours("stop in order", "asked to stop at once")),
        };
        outcome.and(drained)?;
        if !output.json {
            print(&format!(
                "\nLook at it again with: gauntlet up --data {}",
                data.root().display()
            ))?;
        }
        Ok(())
    }
}

fn interrupted(data: &DataDir) -> Failure {
    Failure::input("interrupted").help(format!(
        "go on with `gauntlet demo --resume --data {}`",
        data.root().display()
    ))
}
