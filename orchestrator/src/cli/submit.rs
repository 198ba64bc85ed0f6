//! `gauntlet submit`.

use std::path::PathBuf;

use gauntlet_api::Receipt;

use super::files::read_method;
use crate::client::{Scope, Server};
use crate::failure::Failure;
use crate::output::Output;
use crate::show::text::{bytes, printable};

/// Submit a method to an open tournament.
#[derive(Debug, clap::Args)]
pub(crate) struct Submit {
    /// The module, as `gauntlet method build` wrote it.
    file: PathBuf,
    /// The tournament.
    #[arg(long, short, value_name = "NAME")]
    tournament: String,
    /// Name of the method in the tournament [default: the file's name].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    server: Server,
}

impl Submit {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let method = read_method(&self.file)?;
        let name = self.name.unwrap_or(method.name);
        let client = self.server.client(Scope::Miner)?;
        let receipt: Receipt = client
            .post_bytes(
                &["tournaments", &self.tournament, "submissions"],
                &[("name", &name)],
                "application/wasm",
                method.bytes,
            )
            .await?;
        output.answer(&receipt, |receipt| {
            format!(
                "{} takes part in {}\n  digest: {}\n  size: {}\n  submission: {}",
                printable(&receipt.method),
                printable(&receipt.tournament),
                receipt.digest,
                bytes(receipt.bytes),
                receipt.submission
            )
        })
    }
}
