//! `gauntlet archive`.

use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_api::{ArchiveEntry, List};
use gauntlet_client::Client;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::connection::{Scope, Server};
use crate::failure::Failure;
use crate::output::Output;
use crate::show::archive;
use crate::show::text::printable;

/// The archive.
#[derive(Debug, clap::Args)]
pub(crate) struct ArchiveCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the champions.
    List,
    /// Show one entry with its card.
    Show {
        /// An id, or an alias such as `digits@champion`.
        entry: String,
    },
    /// Fetch code, weights and card into a folder.
    Pull {
        /// An id, or an alias such as `digits@champion`.
        entry: String,
        /// The folder [default: the method's name].
        #[arg(long, short, value_name = "DIR")]
        into: Option<PathBuf>,
        /// Replace files that are there already.
        #[arg(long)]
        force: bool,
        /// Fetch it although it was withdrawn.
        #[arg(long)]
        withdrawn: bool,
    },
}

/// What `pull` wrote.
#[derive(Debug, Serialize)]
struct Pulled {
    entry: ArchiveEntry,
    dir: PathBuf,
    files: Vec<PathBuf>,
}

impl ArchiveCommand {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.server.client(Scope::None)?;
        match self.action {
            Action::List => {
                let entries: List<ArchiveEntry> = client.list(&["archive"]).await?;
                output.answer(&entries, |entries| archive::table(&entries.items))
            }
            Action::Show { entry } => {
                let entry: ArchiveEntry = client.get(&["archive", &entry]).await?;
                output.answer(&entry, |entry| {
                    format!("{}\n\n{}", archive::card(entry), archive::markdown(entry))
                })
            }
            Action::Pull {
                entry,
                into,
                force,
                withdrawn,
            } => {
                let pulled = pull(&client, &entry, into, force, withdrawn).await?;
                output.answer(&pulled, |pulled| {
                    let files = pulled
                        .files
                        .iter()
                        .map(|path| format!("  {}", path.display()))
                        .collect::<Vec<_>>();
                    format!("{}\n{}", archive::card(&pulled.entry), files.join("\n"))
                })
            }
        }
    }
}

async fn pull(
    client: &Client,
    entry: &str,
    into: Option<PathBuf>,
    force: bool,
    withdrawn: bool,
) -> Result<Pulled, Failure> {
    let entry: ArchiveEntry = client.get(&["archive", entry]).await?;
    if let Some(reason) = entry.withdrawn.as_ref().filter(|_| !withdrawn) {
        let reason = printable(reason);
        return Err(
            Failure::input(format!("{} is withdrawn: {reason}", entry.method))
                .field("ENTRY")
                .help("pull it all the same with --withdrawn"),
        );
    }
    let dir = match into {
        Some(dir) => dir,
        None => PathBuf::from(folder_name(&entry.method)?),
    };
    let id = entry.id.to_string();
    let module = client.get_bytes(&["archive", &id, "module"]).await?;
    let model = client.get_bytes(&["archive", &id, "model"]).await?;
    // Nothing is written before everything is here and is what it says it is.
    check(&module, &entry.module, "module")?;
    check(&model, &entry.model, "model")?;
    fs::create_dir_all(&dir).map_err(|error| {
        Failure::input(format!("cannot make {}: {error}", dir.display())).field("--into")
    })?;
    let method = match entry.lane.as_str() {
        "oci" => "method.tar",
        _ => "method.wasm",
    };
    let contents: [(&str, &[u8]); 3] = [
        (method, &module),
        ("model.safetensors", &model),
        ("README.md", entry.card.as_bytes()),
    ];
    let mut files = Vec::new();
    for (name, _) in &contents {
        let path = dir.join(name);
        if path.exists() && !force {
            return Err(
                Failure::input(format!("{} is there already", path.display()))
                    .field("--into")
                    .help("name another folder, or replace the files with --force"),
            );
        }
        files.push(path);
    }
    for (path, (_, bytes)) in files.iter().zip(&contents) {
        write_whole(path, bytes)?;
    }
    Ok(Pulled { entry, dir, files })
}

/// A method's name as a folder's; the server's names are plain, but it is not our place to trust that.
fn folder_name(method: &str) -> Result<&str, Failure> {
    let plain = !method.is_empty()
        && method
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if plain {
        return Ok(method);
    }
    Err(
        Failure::input(format!("the method's name {method:?} cannot name a folder"))
            .field("--into")
            .help("name a folder with --into DIR"),
    )
}

fn check(bytes: &[u8], digest: &str, what: &str) -> Result<(), Failure> {
    let found = hex::encode(Sha256::digest(bytes));
    if found == digest {
        return Ok(());
    }
    Err(Failure::ours(
        format_args!("fetch the {what}"),
        format_args!("its digest is {found}, not {digest}"),
    )
    .help("try again; nothing was written"))
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|error| Failure::file("write", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_does_not_choose_the_folder() {
        assert_eq!(folder_name("adamw-2").unwrap(), "adamw-2");
        for name in ["", "..", "/etc", "a/b", "a b"] {
            assert!(folder_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn bytes_that_are_not_what_they_say_are_refused() {
        let digest = hex::encode(Sha256::digest(b"model"));
        check(b"model", &digest, "model").unwrap();
        assert!(check(b"modem", &digest, "model").is_err());
    }
}
