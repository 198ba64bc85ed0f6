//! `gauntlet method build`.

use std::path::PathBuf;

use gauntlet_workbench::build::{self, Built};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::show::text::{bytes, printable};

/// Build a method, or a workspace of them, for the sandbox.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Writes target/gauntlet/<crate>.wasm. The first build compiles the tensor library \
                  and takes minutes; later ones take seconds. Finds a compiler that can build for \
                  wasm32-unknown-unknown, or says what to install."
)]
pub(crate) struct Build {
    /// The crate or workspace.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Build every method of the workspace, not only its default members or this one crate.
    #[arg(long)]
    workspace: bool,
}

/// What was built.
#[derive(Debug, Serialize)]
struct Modules {
    /// Version of the interface between method and host.
    interface: u32,
    /// Release of Burn.
    burn: &'static str,
    methods: Vec<Module>,
}

/// A module ready to be submitted.
#[derive(Debug, Serialize)]
struct Module {
    name: String,
    path: PathBuf,
    bytes: u64,
    /// SHA-256 in hex: the name of the submission.
    digest: String,
    /// It was there already, made of the same code.
    fresh: bool,
    /// Imports that the sandbox doesn't have, and that trap when called.
    trapped: Vec<String>,
}

impl From<Built> for Module {
    fn from(built: Built) -> Self {
        Self {
            name: built.name,
            path: built.path,
            bytes: built.bytes,
            digest: built.digest,
            fresh: built.fresh,
            trapped: built.trapped,
        }
    }
}

impl Build {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let options = build::Options {
            quiet: output.json,
            workspace: self.workspace,
        };
        let built =
            build::build(&self.dir, options).map_err(|error| Failure::build(&error, "DIR"))?;
        let modules = Modules {
            interface: gauntlet_wire::VERSION,
            burn: gauntlet_wire::BURN_VERSION,
            methods: built.into_iter().map(Module::from).collect(),
        };
        output.answer(&modules, |modules| {
            modules
                .methods
                .iter()
                .map(|module| line(module, modules))
                .collect::<Vec<_>>()
                .join("\n")
        })
    }
}

fn line(module: &Module, all: &Modules) -> String {
    let mut text = format!(
        "{}  {}{}\n  digest: {}\n  interface version {}, Burn {}",
        module.path.display(),
        bytes(module.bytes),
        if module.fresh { "  unchanged" } else { "" },
        module.digest,
        all.interface,
        all.burn,
    );
    if !module.trapped.is_empty() {
        text.push_str(&format!(
            "\n  these are not there in the sandbox and end the run if called: {}",
            printable(&module.trapped.join(", "))
        ));
    }
    text
}
