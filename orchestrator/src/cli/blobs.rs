//! `gauntlet blobs`.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Subcommand;
use gauntlet_server::blob_key::{self, Resealed};
use gauntlet_server::config;
use gauntlet_server::data_dir::DataDir;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::{Failure, Fault};
use crate::output::Output;

/// So many blobs that cannot be read are named.
const NAMED: usize = 5;

/// Look after the files that hold modules, models and data.
#[derive(Debug, clap::Args)]
pub(crate) struct BlobsCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Seal with the key of now what lies unsealed or under a key of before.
    Reseal(Reseal),
}

/// Works on the files themselves, also while orchestrators use them. It may be broken off
/// and done again.
///
/// To change the key: put a new one (`openssl rand -hex 32`) on a line before the old one in
/// `blob-key`, start every orchestrator of these blobs anew, run this, and take the old line
/// away.
#[derive(Debug, clap::Args)]
struct Reseal {
    /// Data folder [default: /var/lib/gauntlet for root, else ~/.local/share/gauntlet].
    #[arg(long, env = "GAUNTLET_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder of modules, models and data [default: blobs in the data folder].
    #[arg(long, env = "GAUNTLET_BLOBS", value_name = "DIR")]
    blobs: Option<PathBuf>,
    /// File with the key under which blobs are sealed. Given several times, the first is for
    /// writing, all for reading [default: blob-key in the data folder].
    #[arg(long, env = "GAUNTLET_BLOB_KEY_FILE", value_name = "FILE")]
    blob_key_file: Vec<PathBuf>,
    /// Settings file [default: gauntlet.toml in the data folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What was sealed.
#[derive(Debug, Serialize)]
struct Answer {
    /// Blobs that are sealed with the key of now, and were not.
    resealed: u64,
    /// Blobs that were already.
    already: u64,
    /// Keys that are needed no more.
    keys_done: Vec<String>,
    unreadable: Vec<Unreadable>,
}

/// A blob that lies as it lay.
#[derive(Debug, Serialize)]
struct Unreadable {
    blob: String,
    because: String,
}

/// The files that were typed, else those of the settings file.
pub(super) fn key_files(typed: Vec<PathBuf>, settings: Vec<PathBuf>) -> Vec<PathBuf> {
    // An empty variable says nothing.
    let mut typed = typed;
    typed.retain(|file| !file.as_os_str().is_empty());
    if typed.is_empty() { settings } else { typed }
}

impl BlobsCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.command {
            Command::Reseal(reseal) => reseal.run(output).await,
        }
    }
}

impl Reseal {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let data = DataDir::resolve(self.data)?;
        let file = config::File::load(self.config.as_deref(), data.root())?;
        let blobs = self.blobs.filter(|blobs| !blobs.as_os_str().is_empty());
        let data = data.with_blobs(blobs.or(file.blobs).as_deref())?;
        let keys = key_files(self.blob_key_file, file.blob_key_files);
        let bar = bar(output);
        let resealed = blob_key::reseal(&data, &keys, |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        let resealed = resealed.await;
        bar.finish_and_clear();
        let answer = Answer::from(resealed?);
        output.answer(&answer, page)?;
        if answer.unreadable.is_empty() {
            return Ok(());
        }
        let named = answer.unreadable.iter().take(NAMED);
        let named: Vec<&str> = named.map(|one| one.because.as_str()).collect();
        let what = format!(
            "{} blobs cannot be read: {}",
            answer.unreadable.len(),
            named.join("; ")
        );
        Err(Failure::new(Fault::Ours, what).help(
            "they lie as they lay; bring them back from a backup, or remove the files if nothing \
             needs them",
        ))
    }
}

impl From<Resealed> for Answer {
    fn from(resealed: Resealed) -> Self {
        let unreadable = resealed.unreadable.into_iter();
        Self {
            resealed: resealed.sealed,
            already: resealed.already,
            keys_done: resealed.keys_done.iter().map(ToString::to_string).collect(),
            unreadable: unreadable
                .map(|(blob, because)| Unreadable {
                    blob: blob.to_string(),
                    because,
                })
                .collect(),
        }
    }
}

fn page(answer: &Answer) -> String {
    let mut text = format!(
        "{} blobs sealed, {} were sealed with this key already.",
        answer.resealed, answer.already
    );
    if !answer.keys_done.is_empty() {
        let done = answer.keys_done.join(", ");
        text += &format!("\nNeeded no more: the key {done}.");
    }
    text
}

fn bar(output: Output) -> ProgressBar {
    if output.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(1);
    match ProgressStyle::with_template("sealing {wide_bar} {bytes}/{total_bytes} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
