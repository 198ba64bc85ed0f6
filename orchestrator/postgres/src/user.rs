//! The user PostgreSQL runs as, and what that means for files and processes.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid, User};

use crate::Error;
use crate::error::Doing;

/// The server's user when it is not our own.
#[derive(Clone, Debug)]
pub(crate) struct ServerUser {
    name: String,
    uid: Uid,
    gid: Gid,
}

impl ServerUser {
    /// `None` when we are not root and PostgreSQL can simply be us.
    pub(crate) fn choose() -> Result<Option<Self>, Error> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let Ok(Some(user)) = User::from_name(name)
                && !user.uid.is_root()
            {
                return Ok(Some(Self {
                    name: name.to_owned(),
                    uid: user.uid,
                    gid: user.gid,
                }));
            }
        }
        Err(Error::NoUser)
    }
}

/// A command that runs as `user`. With `dies_with_us` it gets SIGINT (fast
/// shutdown) when the thread that started it ends, if the machine has
/// util-linux's `setpriv`; without it, the next start stops what is left.
pub(crate) fn command(program: &Path, user: Option<&ServerUser>, dies_with_us: bool) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    let mut command = if dies_with_us && setpriv.is_file() {
        let mut command = Command::new(setpriv);
        if let Some(user) = user {
            command
                .arg(format!("--reuid={}", user.uid))
                .arg(format!("--regid={}", user.gid))
                .arg("--clear-groups");
        }
        command.arg("--pdeathsig=INT").arg("--").arg(program);
        command
    } else {
        let mut command = Command::new(program);
        if let Some(user) = user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    };
    // A group of its own: Ctrl-C in the terminal is for us, who then stop the server in order.
    command
        .process_group(0)
        .current_dir("/")
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    command
}

/// Makes `dir` (if missing) the server's own, closed to everybody else.
pub(crate) fn private_dir(dir: &Path, user: Option<&ServerUser>) -> Result<(), Error> {
    std::fs::create_dir_all(dir).doing("make", dir)?;
    if let Some(user) = user {
        std::os::unix::fs::chown(dir, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
            .doing("give away", dir)?;
    }
    std::fs::set_permissions(dir, PermissionsExt::from_mode(0o700)).doing("protect", dir)
}

/// Gives everything under `dir` to the server's user: a cluster may come from
/// a copy, or from a machine where the user had another number.
pub(crate) fn own_tree(dir: &Path, user: Option<&ServerUser>) -> Result<(), Error> {
    let Some(user) = user else { return Ok(()) };
    let metadata = std::fs::symlink_metadata(dir).doing("look at", dir)?;
    if metadata.uid() != user.uid.as_raw() || metadata.gid() != user.gid.as_raw() {
        std::os::unix::fs::lchown(dir, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
            .doing("give away", dir)?;
    }
    if metadata.is_dir() {
        for entry in std::fs::read_dir(dir).doing("list", dir)? {
            own_tree(&entry.doing("list", dir)?.path(), Some(user))?;
        }
    }
    Ok(())
}

/// Checks that the server's user can walk to `dir`, so that the refusal names
/// the directory to change rather than PostgreSQL's "permission denied".
pub(crate) fn check_reachable(dir: &Path, user: Option<&ServerUser>) -> Result<(), Error> {
    let Some(user) = user else { return Ok(()) };
    for ancestor in dir.ancestors().skip(1) {
        let metadata = std::fs::metadata(ancestor).doing("look at", ancestor)?;
        let mode = metadata.mode();
        let searchable = mode & 0o001 != 0
            || (metadata.uid() == user.uid.as_raw() && mode & 0o100 != 0)
            || (metadata.gid() == user.gid.as_raw() && mode & 0o010 != 0);
        if !searchable {
            return Err(Error::NotSearchable {
                path: ancestor.to_owned(),
                user: user.name.clone(),
            });
        }
    }
    Ok(())
}
