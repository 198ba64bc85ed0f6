//! Why an instance does not start, or does not go on.

use std::env::VarError;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gauntlet_client::ClientError;
use gauntlet_intake::IntakeError;
use gauntlet_scheduler::Refusal;
use gauntlet_tasks::TaskError;
use gauntlet_transport::TransportError;
use thiserror::Error;

use crate::blob_key_error::BlobKeyError;
use crate::records::ServerFile;

/// What a library of another layer said.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why an instance does not start, or does not go on.
#[derive(Debug, Error)]
pub enum ServerError {
    /// No data folder was named, and this user has no home to keep one in.
    #[error("there is no home folder to keep data in")]
    NoHome,
    /// The data folder cannot be made.
    #[error("cannot make the folder {}: {source}", .path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The folder for blobs cannot be made.
    #[error("cannot make the folder {}: {source}", .path.display())]
    BlobFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Every user of the machine may look into the folder for blobs, among which are hidden labels.
    #[error("{} is open to every user of this machine (mode {mode:o}), and hidden labels are in it", .path.display())]
    OpenBlobs {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The blobs cannot be sealed and opened.
    #[error(transparent)]
    BlobKey(#[from] BlobKeyError),
    /// Another orchestrator holds the data folder's lock.
    #[error("another gauntlet is using {}{}", .root.display(), holder(.by.as_ref()))]
    InUse {
        /// The data folder.
        root: PathBuf,
        /// Who, as far as the folder says.
        by: Option<ServerFile>,
    },
    /// The settings file that was named cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    SettingsFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The settings file says something that is no setting.
    #[error("{}: {message}", .path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        message: String,
    },
    /// The address is not this machine's, or taken.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Other machines would be spoken with in the clear.
    #[error("on {address} tokens and hidden data would go over the network for everybody to read")]
    Insecure {
        /// The address asked for.
        address: SocketAddr,
    },
    /// Certificate and key are named together, and nothing else with them.
    #[error("a certificate and its key are needed, or `self-signed`, not one without the other")]
    TlsFiles,
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TransportError),
    /// The local runner's program is not beside this one.
    #[error("{} is not there", .path.display())]
    NoRunner {
        /// Where it should be.
        path: PathBuf,
    },
    /// Nothing that is handed in could be checked.
    #[error("nothing that is handed in could be checked: {0}")]
    Intake(#[source] IntakeError),
    /// The folder of task folders cannot be read.
    #[error("cannot read {}: {source}", .dir.display())]
    TaskFolders {
        /// The folder.
        dir: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A task folder holds no task.
    #[error("the task in {} cannot be used: {source}", .folder.display())]
    TaskFolder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: TaskError,
    },
    /// No data can be made of a task's definition.
    #[error("the task {name} cannot be used: {source}")]
    TaskData {
        /// Name of the task.
        name: String,
        /// What is wrong with it.
        source: TaskError,
    },
    /// The task is there already and is not the same, so results on it could not be compared.
    #[error("the task {name} is registered already with other data or another budget")]
    TaskDiffers {
        /// Name of the task.
        name: String,
    },
    /// `DATABASE_URL` is no text.
    #[error("DATABASE_URL: {0}")]
    DatabaseUrl(#[source] VarError),
    /// The database does not take the connection.
    #[error("failed to connect to the database: {0}")]
    Connect(#[source] gauntlet_storage::Error),
    /// The database, its server or the role cannot be worked with.
    #[error("{}: {}", .0.setting, .0.what)]
    UnfitDatabase(gauntlet_storage::Unfit),
    /// The database's schema is not this release's, or not open to the role that is to serve.
    #[error("{}: {}", .0.setting, .0.what)]
    UnfitSchema(gauntlet_storage::Unfit),
    /// The role that is to serve is not one to serve.
    #[error("{}: {}", .0.setting, .0.what)]
    UnfitRole(gauntlet_storage::Unfit),
    /// A token of the data folder cannot be made known to the database.
    #[error("failed to use the {scope} token of tokens.json: {source}")]
    Token {
        /// What the token is for.
        scope: &'static str,
        /// Why not.
        source: Refusal,
    },
    /// The local runner dies again and again.
    #[error("failed to keep a runner alive: {last}")]
    Runner {
        /// How it ended the last time.
        last: String,
    },
    /// A part ended that should not, without saying why.
    #[error("failed to go on: a part of the orchestrator ended by itself")]
    Ended,
    /// The instance's own API did not do what it was asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A file could not be read or written.
    #[error("failed to {doing} {}: {source}", .path.display())]
    File {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: Cause,
    },
    /// Something else of ours broke.
    #[error("failed to {doing}: {source}")]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// Why.
        source: Cause,
    },
}

impl ServerError {
    /// Something of ours broke while `doing` something.
    pub(crate) fn failed(doing: &'static str, source: impl Into<Cause>) -> Self {
        Self::Failed {
            doing,
            source: source.into(),
        }
    }

    /// A file of ours could not be read or written.
    pub(crate) fn file(doing: &'static str, path: &Path, source: impl Into<Cause>) -> Self {
        Self::File {
            doing,
            path: path.to_owned(),
            source: source.into(),
        }
    }
}

fn holder(by: Option<&ServerFile>) -> String {
    by.map_or_else(String::new, |server| {
        format!(" (process {}, {})", server.pid, server.url)
    })
}
