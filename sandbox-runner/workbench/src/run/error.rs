//! Why a run brings no result. What the method does wrong is none of these: it is a verdict.

use std::path::{Path, PathBuf};

use gauntlet_runner::attempt::PlatformError;
use gauntlet_tasks::{ScoreError, TaskError};
use thiserror::Error;

/// Why a run brings no result.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no such task.
    #[error("there is no task {task:?}")]
    NoTask {
        /// What was asked for.
        task: String,
        /// Names of the built-in tasks, as far as they are here.
        known: Vec<String>,
    },
    /// A task's folder holds no task.
    #[error("the task in {} cannot be used: {source}", .folder.display())]
    Task {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: TaskError,
    },
    /// The file with the secret cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file holds no secret.
    #[error("{} holds no 64 hex digits", .path.display())]
    Secret {
        /// The file.
        path: PathBuf,
    },
    /// The sandbox or the container engine failed.
    #[error("failed to run the method: {}", gauntlet_text::error_chain(.0))]
    Platform(#[source] PlatformError),
    /// A program that was said to be built already is not there.
    #[error("{} is not there", .path.display())]
    NoProgram {
        /// Where it was said to be.
        path: PathBuf,
    },
    /// There is no crate to build natively.
    #[error("there is no crate in {}", .dir.display())]
    NoCrate {
        /// The folder.
        dir: PathBuf,
    },
    /// Cargo could not be started.
    #[error("cannot start cargo: {0}")]
    Cargo(#[source] std::io::Error),
    /// The crate does not compile for this machine.
    #[error("the native build of {} failed{}", .dir.display(), said(.message))]
    NativeBuild {
        /// The crate's folder.
        dir: PathBuf,
        /// What cargo said; empty when it was shown as it came.
        message: String,
    },
    /// The crate compiles and makes no program.
    #[error("the crate in {} builds no program", .dir.display())]
    NoBinary {
        /// The crate's folder.
        dir: PathBuf,
    },
    /// The program does not answer what a method's program answers.
    #[error("{} does not say what it is: {source}", .program.display())]
    Description {
        /// The program.
        program: PathBuf,
        /// What is wrong with its answer.
        source: serde_json::Error,
    },
    /// The program refuses its task: it speaks another version of the file contract.
    #[error("{message}")]
    Refused {
        /// What it said.
        message: String,
    },
    /// Our own data cannot be scored against.
    #[error("failed to score: {0}")]
    Labels(#[source] ScoreError),
    /// The task could not be written down for the program.
    #[error("failed to describe the task: {0}")]
    TaskFile(#[source] serde_json::Error),
    /// A file could not be read or written, or a program not started.
    #[error("failed to {doing} {}: {source}", .path.display())]
    File {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl RunError {
    /// For `map_err`: what was being done with which file.
    pub(super) fn file(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            doing,
            path: path.clone(),
            source,
        }
    }
}

fn said(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(" {message}")
    }
}
