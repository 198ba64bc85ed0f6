//! `gauntlet method`.

use std::path::PathBuf;

use serde::Serialize;

use crate::failure::Failure;
use crate::method_build::{self, Built};
use crate::output::Output;
use crate::show::text::{bytes, printable};

/// Methods.
#[derive(Debug, clap::Args)]
pub(crate) struct MethodCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Build a method, or a workspace of them, for the sandbox.
    Build {
        /// The crate or workspace.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
}

/// What was built.
#[derive(Debug, Serialize)]
struct Modules {
    methods: Vec<Module>,
}

/// A module ready to be submitted.
#[derive(Debug, Serialize)]
struct Module {
    name: String,
    path: PathBuf,
    bytes: u64,
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
            fresh: built.fresh,
            trapped: built.trapped,
        }
    }
}

impl MethodCommand {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        match self.action {
            Action::Build { dir } => {
                let options = method_build::Options { quiet: output.json };
                let built = method_build::build(&dir, options).map_err(|error| {
                    if error.is_input() {
                        Failure::input(error.to_string()).field("DIR")
                    } else {
                        Failure::ours("build", error)
                    }
                })?;
                let modules = Modules {
                    methods: built.into_iter().map(Module::from).collect(),
                };
                output.answer(&modules, |modules| {
                    modules
                        .methods
                        .iter()
                        .map(line)
                        .collect::<Vec<_>>()
                        .join("\n")
                })
            }
        }
    }
}

fn line(module: &Module) -> String {
    let mut text = format!(
        "{}  {}{}",
        module.path.display(),
        bytes(module.bytes),
        if module.fresh { "  unchanged" } else { "" }
    );
    if !module.trapped.is_empty() {
        text.push_str(&format!(
            "\n  these are not there in the sandbox and end the run if called: {}",
            printable(&module.trapped.join(", "))
        ));
    }
    text
}
