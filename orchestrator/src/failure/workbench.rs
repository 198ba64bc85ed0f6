//! What an author does without a server and does not come off, as failures of a command.

use gauntlet_workbench::build::BuildError;
use gauntlet_workbench::check::image::Unreadable;
use gauntlet_workbench::check::module::CheckError;
use gauntlet_workbench::local::LocalError;
use gauntlet_workbench::run::RunError;
use gauntlet_workbench::scaffold::ScaffoldError;

use super::{Failure, Fault};

impl Failure {
    /// A build's failure; `field` is the argument that named the folder.
    pub(crate) fn build(error: &BuildError, field: &str) -> Self {
        if !error.is_input() {
            return Self::ours("build", error);
        }
        let failure = Self::input(error.to_string()).field(field);
        match error {
            BuildError::Several { .. } => failure.help("name one of its crates, or a .wasm file"),
            _ => failure,
        }
    }
}

impl From<ScaffoldError> for Failure {
    fn from(error: ScaffoldError) -> Self {
        use ScaffoldError as E;
        let what = error.to_string();
        match error {
            E::Name(error) => Self {
                limit: Some(error.limit().into()),
                ..Self::input(what)
                    .field("NAME")
                    .help("take a name such as my-method")
            },
            E::Taken { .. } => Self::input(what).field("NAME").help(
                "choose another name, or another place with --in DIR; nothing is ever overwritten",
            ),
            E::Parent { .. } => Self::input(what)
                .field("--in")
                .help("name a folder that exists and that you may write to"),
            E::NoSdk { .. } => Self::input(what).field("--sdk").help(
                "name the folder method-sdk of Gauntlet's source tree, or take the copy that this \
                 program carries with --vendor",
            ),
            E::File { .. } | E::Carried(_) | E::CarriedPart(_) => Self::new(Fault::Ours, what),
        }
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        let what = error.to_string();
        match error {
            CheckError::Unreadable { .. } | CheckError::NotAFile { .. } => {
                Self::input(what).field("PATH").help(
                    "name the .wasm file that `gauntlet method build` wrote, or the crate's folder",
                )
            }
            CheckError::Compiler(_) => Self::new(Fault::Ours, what),
        }
    }
}

impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Self {
        Self::new(Fault::Ours, error.to_string())
    }
}

impl From<LocalError> for Failure {
    fn from(error: LocalError) -> Self {
        let what = error.to_string();
        match error {
            LocalError::NoWorker { .. } => Self::input(what).field("--worker").help(
                "it belongs beside `gauntlet`; in the source tree, `scripts/build host` builds both, \
                 elsewhere name it with --worker FILE or GAUNTLET_WORKER",
            ),
            LocalError::Engine(_) => Self::input(what)
                .field("--engine")
                .help("an image needs a container engine: `scripts/setup --containers` starts one"),
            LocalError::OwnPlace(_) | LocalError::Scratch { .. } | LocalError::Sandbox(_) => {
                Self::new(Fault::Ours, what)
            }
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        use RunError as E;
        let what = error.to_string();
        let input = |field| Self::input(what.clone()).field(field);
        match error {
            E::NoTask { known, .. } if known.is_empty() => input("--task").help(
                "name a folder with a task.toml; the built-in tasks are in examples/tasks of \
                 Gauntlet's source tree, which is not here",
            ),
            E::NoTask { known, .. } => input("--task").help(format!(
                "name a folder with a task.toml, or one of the built-in tasks: {}",
                known.join(", ")
            )),
            E::Task { .. } => input("--task"),
            E::SecretFile { .. } | E::Secret { .. } => input("--secret").help(
                "name a file with 64 hex digits, such as `secret` in an orchestrator's data folder",
            ),
            E::NoProgram { .. } => input("--program")
                .help("name the program of a method that was built with the feature `native`"),
            E::NoCrate { .. } => input("PATH")
                .help("--native builds from source: name the folder of a method's crate"),
            E::Cargo(_) => input("--native").help("install Rust from https://rustup.rs"),
            E::NativeBuild { .. } => input("PATH").help(
                "the crate needs the feature `native`, a src/main.rs with gauntlet_method::main!, \
                 and code that compiles for this machine too; see what `gauntlet method new` writes",
            ),
            E::NoBinary { .. } => input("PATH").help(
                "add a src/main.rs with gauntlet_method::main!; see what `gauntlet method new` writes",
            ),
            E::Description { .. } => Self::input(what)
                .help("a method's program answers `describe`; gauntlet_method::main! makes one"),
            E::Refused { .. } => Self::new(Fault::Ours, what)
                .help("the program and this `gauntlet` are of different releases; build it again"),
            E::Platform(_) | E::Labels(_) | E::TaskFile(_) | E::File { .. } => {
                Self::new(Fault::Ours, what)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use gauntlet_workbench::run::{LocalTask, NativeCrate, Program};
    use gauntlet_workbench::scaffold::{self, CrateSpec, Sdk};

    use super::*;

    #[test]
    fn an_unknown_task_is_answered_with_the_known_ones() {
        for wrong in ["digit", "", "..", "/nowhere"] {
            let failure = Failure::from(LocalTask::open(wrong, None).unwrap_err());
            assert_eq!(failure.field.as_deref(), Some("--task"));
            assert!(failure.help.unwrap().contains("digits"), "{wrong}");
        }
    }

    #[test]
    fn a_name_that_will_not_do_comes_with_those_that_will() {
        let folder = tempfile::tempdir().unwrap();
        let failure = Failure::from(
            scaffold::write(&CrateSpec {
                name: "My_method".into(),
                parent: folder.path().to_path_buf(),
                sdk: Sdk::Vendored,
            })
            .unwrap_err(),
        );
        assert_eq!(failure.field.as_deref(), Some("NAME"));
        assert!(failure.limit.is_some() && failure.help.is_some());
        assert_eq!(failure.exit_code(), 2);
    }

    #[test]
    fn what_is_not_there_is_answered_with_the_argument_that_named_it() {
        let folder = tempfile::tempdir().unwrap();
        let failure = Failure::from(NativeCrate::find(folder.path()).unwrap_err());
        assert_eq!(failure.field.as_deref(), Some("PATH"));
        let absent = folder.path().join("absent");
        let failure = Failure::from(Program::built(&absent).unwrap_err());
        assert_eq!(failure.field.as_deref(), Some("--program"));
        let failure = Failure::from(Sdk::choose(Some(&absent), false).unwrap_err());
        assert_eq!(failure.field.as_deref(), Some("--sdk"));
    }
}
