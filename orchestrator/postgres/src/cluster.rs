//! Makes a database cluster, all or nothing.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::binaries::Binaries;
use crate::error::Doing;
use crate::user::{self, ServerUser};
use crate::{Error, Options};

/// The superuser of the cluster, and the only one who can reach its socket.
pub(crate) const ROLE: &str = "gauntlet";
/// The database made with the cluster.
pub(crate) const DATABASE: &str = "gauntlet";

/// Makes `cluster` if it is not there. It is built beside its place and moved
/// there complete, so that a crash in between leaves nothing half made.
pub(crate) fn ensure(
    cluster: &Path,
    options: &Options,
    binaries: &Binaries,
    user: Option<&ServerUser>,
) -> Result<(), Error> {
    if cluster.join("PG_VERSION").is_file() {
        return Ok(());
    }
    let new = cluster.with_extension("new");
    if new.exists() {
        std::fs::remove_dir_all(&new).doing("remove", &new)?;
    }
    user::private_dir(&new, user)?;

    let mut initdb = user::command(&binaries.program("initdb"), user, false);
    initdb
        .arg("--pgdata")
        .arg(&new)
        .args(["--username", ROLE, "--auth=trust"]) // the socket's directory is the lock on the door
        .args(["--encoding=UTF8", "--no-locale", "--no-instructions"]);
    if options.durable {
        initdb.arg("--data-checksums");
    } else {
        initdb.args(["--no-sync", "--wal-segsize=1"]);
    }
    let output = initdb.output().doing("run initdb for", &new)?;
    if !output.status.success() {
        return Err(Error::Initialise(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }

    create_database(&new, binaries, user)?;
    std::fs::rename(&new, cluster).doing("put in place", cluster)
}

/// Single-user mode needs neither a running server nor client programs.
fn create_database(
    cluster: &Path,
    binaries: &Binaries,
    user: Option<&ServerUser>,
) -> Result<(), Error> {
    let mut session = user::command(&binaries.program("postgres"), user, false)
        .arg("--single")
        .arg("-D")
        .arg(cluster)
        .args(["-c", "exit_on_error=on", "postgres"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .doing("start postgres in", cluster)?;
    if let Some(mut input) = session.stdin.take() {
        input
            .write_all(format!("CREATE DATABASE {DATABASE};\n").as_bytes())
            .doing("create a database in", cluster)?;
    }
    let output = session
        .wait_with_output()
        .doing("create a database in", cluster)?;
    if output.status.success() {
        Ok(())
    } else {
        Err(Error::Initialise(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}
