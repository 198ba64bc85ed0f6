//! A running private server.

use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::binaries::Binaries;
use crate::child_supervisor::ChildSupervisor;
use crate::error::Doing;
use crate::pidfile::PidFile;
use crate::user::{self, ServerUser};
use crate::{Error, Options, cluster, stale};

/// Longest directory that leaves room for `/.s.PGSQL.5432` in a socket address.
const SOCKET_DIR_MAX: usize = 90;
/// Crash recovery of a busy cluster takes a while; a broken one fails at once.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// How long a dead server's number may stay before it counts as another server.
const RIVAL_PATIENCE: Duration = Duration::from_secs(20);

/// A PostgreSQL server that belongs to this process. Dropping it stops it.
#[derive(Debug)]
pub struct PrivateServer {
    supervisor: ChildSupervisor,
    socket: PathBuf,
    socket_is_temporary: bool,
    durable: bool,
    // Held for as long as the server runs: one process per data directory.
    _lock: File,
}

impl PrivateServer {
    /// Starts a server, making the cluster first if `options.data` has none.
    /// Returns when it accepts connections.
    pub async fn start(options: Options) -> Result<Self, Error> {
        tokio::task::spawn_blocking(move || Self::start_blocking(&options))
            .await
            .map_err(|error| Error::Start(error.to_string()))?
    }

    /// The same for callers without a runtime.
    pub fn start_blocking(options: &Options) -> Result<Self, Error> {
        let user = ServerUser::choose()?;
        let user = user.as_ref();
        let data = prepare(&options.data)?;
        let lock = lock(&data)?;
        let cluster = data.join("cluster");
        user::check_reachable(&cluster, user)?;

        stale::stop(&cluster)?;
        let version = std::fs::read_to_string(cluster.join("PG_VERSION")).ok();
        let binaries = Binaries::find(version.as_deref().map(str::trim))?;
        cluster::ensure(&cluster, options, &binaries, user)?;
        user::own_tree(&cluster, user)?;

        let (socket, socket_is_temporary) = socket_dir(&data, user)?;
        let log = data.join("log");
        // Backends of a killed postmaster notice its death within moments, and a killed one
        // keeps its number until its parent has looked; until then a new one is refused the
        // shared memory or the lock file. What is wrong for good is wrong at every try.
        let (began, mut tries) = (Instant::now(), 0);
        let supervisor = loop {
            tries += 1;
            match launch(options, &binaries, user, &cluster, &socket, &log) {
                Err(Error::Start(why))
                    if tries < 5
                        || (why.contains("postmaster.pid") && began.elapsed() < RIVAL_PATIENCE) =>
                {
                    std::thread::sleep(Duration::from_millis(300));
                }
                outcome => break outcome?,
            }
        };
        Ok(Self {
            supervisor,
            socket,
            socket_is_temporary,
            durable: options.durable,
            _lock: lock,
        })
    }

    /// Address of `database` for a client: through the Unix socket, as the superuser.
    /// The database `gauntlet` exists from the start.
    pub fn url(&self, database: &str) -> String {
        self.url_as(cluster::ROLE, database)
    }

    /// The same as another role, whose name is a plain word.
    pub fn url_as(&self, role: &str, database: &str) -> String {
        format!(
            "postgresql://{role}@localhost/{database}?host={host}",
            host = percent_encode(&self.socket)
        )
    }

    /// Process number of the server.
    pub fn pid(&self) -> i32 {
        self.supervisor.pid()
    }

    /// Stops the server in order: clients are cut off, data is flushed.
    pub async fn stop(mut self) -> Result<(), Error> {
        tokio::task::spawn_blocking(move || self.shut_down(Duration::from_secs(30)))
            .await
            .map_err(|error| Error::Start(error.to_string()))
    }

    fn shut_down(&mut self, patience: Duration) {
        let steps = [
            (Signal::SIGINT, patience),
            (Signal::SIGQUIT, Duration::from_secs(5)),
            (Signal::SIGKILL, Duration::from_secs(5)),
        ];
        self.supervisor
            .stop(&steps[usize::from(patience.is_zero())..]);
        if self.socket_is_temporary {
            let _ = std::fs::remove_dir_all(&self.socket);
        }
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        // Data that is thrown away anyway need not be flushed.
        let patience = if self.durable { 5 } else { 0 };
        self.shut_down(Duration::from_secs(patience));
    }
}

/// Makes the data directory and returns its real path: PostgreSQL reports the
/// directory it works in with links resolved.
fn prepare(data: &Path) -> Result<PathBuf, Error> {
    if !data.exists() {
        std::fs::create_dir_all(data).doing("make", data)?;
        // Others may pass through to what is theirs; what is inside is closed by itself.
        std::fs::set_permissions(data, PermissionsExt::from_mode(0o711)).doing("protect", data)?;
    }
    data.canonicalize().doing("resolve", data)
}

fn lock(data: &Path) -> Result<File, Error> {
    let path = data.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .doing("open", &path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(data.to_owned())),
        Err(TryLockError::Error(error)) => Err(error).doing("lock", &path),
    }
}

fn socket_dir(data: &Path, user: Option<&ServerUser>) -> Result<(PathBuf, bool), Error> {
    let beside = data.join("socket");
    if beside.as_os_str().len() <= SOCKET_DIR_MAX {
        user::private_dir(&beside, user)?;
        return Ok((beside, false));
    }
    let short = tempfile::Builder::new()
        .prefix("gauntlet-pg-")
        .tempdir()
        .doing("make a socket directory for", data)?
        .keep();
    user::private_dir(&short, user)?;
    Ok((short, true))
}

fn launch(
    options: &Options,
    binaries: &Binaries,
    user: Option<&ServerUser>,
    cluster: &Path,
    socket: &Path,
    log_path: &Path,
) -> Result<ChildSupervisor, Error> {
    let log = File::create(log_path).doing("make", log_path)?;
    let log_too = log.try_clone().doing("share", log_path)?;
    let mut command = user::command(&binaries.program("postgres"), user, true);
    command.arg("-D").arg(cluster).arg("-k").arg(socket);
    for setting in [
        "listen_addresses=",
        "port=5432",
        "unix_socket_permissions=0700",
        "shared_buffers=64MB",
        "timezone=UTC",
        "log_timezone=UTC",
        "log_min_messages=warning",
        "log_checkpoints=off",
        &format!("max_connections={}", options.max_connections),
    ] {
        command.arg("-c").arg(setting);
    }
    if !options.durable {
        for setting in [
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ] {
            command.arg("-c").arg(setting);
        }
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::from(log_too))
        .stderr(Stdio::from(log));
    let mut supervisor = ChildSupervisor::start(command).doing("start PostgreSQL in", cluster)?;

    let deadline = Instant::now() + START_PATIENCE;
    loop {
        if let Some(how) = supervisor.ended() {
            return Err(Error::Start(format!("{how}; {}", tail(log_path))));
        }
        if PidFile::read(cluster).is_some_and(|file| file.ready && file.pid == supervisor.pid()) {
            return Ok(supervisor);
        }
        if Instant::now() > deadline {
            supervisor.stop(&[(Signal::SIGKILL, Duration::from_secs(5))]);
            return Err(Error::Start(format!(
                "not ready after {} seconds; {}",
                START_PATIENCE.as_secs(),
                tail(log_path)
            )));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The last lines of the log, for an error message.
fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

fn percent_encode(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut encoded = String::new();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}"); // writing to a String cannot fail
        }
    }
    encoded
}
