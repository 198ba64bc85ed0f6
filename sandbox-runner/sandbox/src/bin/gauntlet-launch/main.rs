//! `gauntlet-launch`: isolates itself, then becomes a worker.
//!
//! It has one thread, knows nothing of the method, and reads nothing that a method wrote.
//! The isolation is inherited: by the worker, by whatever takes a worker over, and by whatever
//! that starts.

mod calls;
mod files;
mod limits;
mod namespaces;
mod signals;

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use calls::Sockets;
use gauntlet_sandbox::launch::{AvailableIsolation, LaunchSpec, PROGRAM};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, fexecve, setgid, setgroups, setuid};

fn main() -> ExitCode {
    match launch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{PROGRAM}: {message}");
            ExitCode::FAILURE
        }
    }
}

fn launch() -> Result<(), String> {
    let mut arguments = std::env::args_os().skip(1);
    let spec = arguments.next().ok_or("it is started by the supervisor")?;
    let spec: LaunchSpec = serde_json::from_slice(spec.as_encoded_bytes())
        .map_err(|error| format!("the launch spec cannot be read: {error}"))?;
    // Opened while that is sure to be possible: it may lie where only who we are now can go.
    let worker = File::open(&spec.worker).ok();
    let available = isolate(&spec, worker.as_ref())?;
    let Some(program) = arguments.next() else {
        let available = serde_json::to_string(&available).map_err(|error| error.to_string())?;
        println!("{available}");
        return Ok(());
    };
    let arguments: Vec<_> = arguments.collect();
    let mut error = Command::new(&program).args(&arguments).exec();
    if error.kind() == ErrorKind::PermissionDenied
        && program == spec.worker
        && let Some(worker) = worker
    {
        error = execute(&worker, &program, &arguments);
    }
    Err(format!(
        "failed to start {}: {error}",
        program.to_string_lossy()
    ))
}

/// Becomes a program that is open, wherever it lies.
fn execute(open: &File, name: &OsStr, arguments: &[OsString]) -> std::io::Error {
    let text = |text: &[u8]| CString::new(text).unwrap_or_default();
    let arguments: Vec<_> = std::iter::once(name)
        .chain(arguments.iter().map(OsString::as_os_str))
        .map(|argument| text(argument.as_bytes()))
        .collect();
    let environment: Vec<_> = std::env::vars_os()
        .map(|(name, value)| text(&[name.as_bytes(), b"=", value.as_bytes()].concat()))
        .collect();
    match fexecve(open, &arguments, &environment) {
        Err(error) => error.into(),
        Ok(never) => match never {},
    }
}

/// Each step needs rights that a later one gives up.
fn isolate(spec: &LaunchSpec, worker: Option<&File>) -> Result<AvailableIsolation, String> {
    signals::reset()?;
    limits::set(spec)?;
    let namespaces = spec.layers.network && namespaces::enter();
    if let Some(user) = spec.user {
        become_user(user).map_err(|error| format!("failed to become user {user}: {error}"))?;
    }
    prctl::set_no_new_privs()
        // After the change of user, which would undo it: a supervisor that dies must not
        // leave workers computing.
        .and_then(|()| prctl::set_pdeathsig(Signal::SIGKILL))
        .map_err(|error| format!("failed to give up privileges: {error}"))?;
    let landlock = spec.layers.files && files::restrict(spec, worker)?;
    if spec.layers.calls {
        let sockets = if spec.layers.network && !namespaces {
            // There is one way left to have no network.
            Sockets::None
        } else if spec.restrict_files {
            Sockets::Contained
        } else {
            Sockets::Local
        };
        calls::filter(sockets).map_err(|error| format!("failed to filter calls: {error}"))?;
    }
    Ok(AvailableIsolation {
        namespaces,
        landlock,
    })
}

fn become_user(user: u32) -> nix::Result<()> {
    setgroups(&[])?;
    setgid(Gid::from_raw(user))?;
    // From root this sets the real, the effective and the saved id, and drops every capability.
    setuid(Uid::from_raw(user))
}
