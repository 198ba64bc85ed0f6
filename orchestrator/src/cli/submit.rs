//! `gauntlet submit`.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use gauntlet_api::Receipt;
use gauntlet_client::Client;
use gauntlet_container::Engine;

use super::connection::{Scope, Server};
use crate::failure::Failure;
use crate::method_file::{check_archive, read_method};
use crate::output::Output;
use crate::show::text::{bytes, printable};

/// Submit a method to an open tournament.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("method").required(true))]
pub(crate) struct Submit {
    /// The module, as `gauntlet method build` wrote it.
    #[arg(group = "method")]
    file: Option<PathBuf>,
    /// A container image's archive instead: `docker save`, an OCI layout, `gauntlet method pack`.
    #[arg(long, value_name = "FILE", group = "method")]
    archive: Option<PathBuf>,
    /// An image of this machine's container engine instead.
    #[arg(long, value_name = "NAME[:TAG]", group = "method")]
    image: Option<String>,
    /// An image by its digest instead: pulled by this machine's engine.
    #[arg(long, value_name = "REGISTRY/NAME@sha256:DIGEST", group = "method")]
    digest: Option<String>,
    /// The tournament.
    #[arg(long, short, value_name = "NAME")]
    tournament: String,
    /// Name of the method in the tournament [default: the file's or the image's name].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The container engine's socket [default: DOCKER_HOST, or /var/run/docker.sock].
    #[arg(long, value_name = "SOCKET")]
    engine: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

impl Submit {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let receipt = if let Some(file) = &self.file {
            let method = read_method(file)?;
            let name = self.name.clone().unwrap_or(method.name);
            self.server
                .client(Scope::Miner)?
                .post_bytes::<Receipt>(
                    &["tournaments", &self.tournament, "submissions"],
                    &[("name", &name)],
                    "application/wasm",
                    method.bytes,
                )
                .await?
        } else if let Some(archive) = &self.archive {
            let file = std::fs::File::open(archive).map_err(|error| {
                Failure::input(format!("cannot read {}: {error}", archive.display()))
                    .field("--archive")
            })?;
            let name = archive.file_name().unwrap_or_default().to_string_lossy();
            let name = name.split('.').next().unwrap_or_default().to_owned();
            self.archive(file, archive, &name, "--archive").await?
        } else {
            self.of_the_engine().await?
        };
        output.answer(&receipt, |receipt| {
            let mut lines = format!(
                "{} takes part in {}\n  digest: {}\n  size: {}\n  submission: {}",
                printable(&receipt.method),
                printable(&receipt.tournament),
                receipt.digest,
                bytes(receipt.bytes),
                receipt.submission
            );
            for note in &receipt.notes {
                lines.push_str("\n  note: ");
                lines.push_str(&printable(note));
            }
            lines
        })
    }

    /// Has this machine's engine export an image, pulled before if it is named by a digest.
    async fn of_the_engine(&self) -> Result<Receipt, Failure> {
        let (reference, field) = match (&self.digest, &self.image) {
            (Some(digest), _) => (digest, "--digest"),
            (None, Some(image)) => (image, "--image"),
            (None, None) => return Err(Failure::input("there is nothing to submit").field("FILE")),
        };
        let refused = |error: gauntlet_container::Fault| {
            Failure::input(error.to_string()).field(field).help(
                "name an image that the engine here has or may pull, or save it with `docker save` \
                 and submit the file with --archive",
            )
        };
        let socket = self.engine.clone().unwrap_or_else(Engine::usual_socket);
        let engine = Engine::connect(&socket).await.map_err(refused)?;
        if self.digest.is_some() {
            engine.pull(reference).await.map_err(refused)?;
        }
        let file = tempfile::NamedTempFile::new()
            .map_err(|error| Failure::ours("make a temporary file", error))?;
        engine
            .export(reference, std::io::BufWriter::new(file.as_file()))
            .await
            .map_err(refused)?;
        let mut opened = file
            .reopen()
            .map_err(|error| Failure::ours("read a temporary file", error))?;
        opened
            .rewind()
            .and_then(|()| opened.flush())
            .map_err(|error| Failure::ours("read a temporary file", error))?;
        // registry:5000/team/method:tag@sha256:… is called `method`.
        let last = reference.rsplit('/').next().unwrap_or(reference);
        let name = last.split(['@', ':']).next().unwrap_or(last);
        self.archive(opened, Path::new(reference), name, field)
            .await
    }

    /// Checks an archive as the server will, then sends it.
    async fn archive(
        &self,
        file: std::fs::File,
        shown: &Path,
        name: &str,
        field: &'static str,
    ) -> Result<Receipt, Failure> {
        check_archive(&file, shown, field)?;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => name.replace('_', "-").to_lowercase(),
        };
        let client: Client = self.server.client(Scope::Miner)?;
        let receipt = client
            .post_file(
                &["tournaments", &self.tournament, "submissions"],
                &[("name", &name)],
                "application/x-tar",
                file,
            )
            .await?;
        Ok(receipt)
    }
}
