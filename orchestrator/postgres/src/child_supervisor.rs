//! The thread that owns the server process.

use std::process::Command;
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A child process, started and awaited by one thread.
///
/// The kernel sends the parent-death signal when the *thread* that made the
/// child ends, and threads of a pool come and go: hence a thread that lives
/// exactly as long as the child.
#[derive(Debug)]
pub(crate) struct ChildSupervisor {
    pid: Pid,
    ended: Arc<OnceLock<String>>,
    thread: Option<JoinHandle<()>>,
}

impl ChildSupervisor {
    pub(crate) fn start(mut command: Command) -> std::io::Result<Self> {
        let (started_tx, started_rx) = mpsc::channel();
        let ended = Arc::new(OnceLock::new());
        let end = Arc::clone(&ended);
        let thread = std::thread::Builder::new()
            .name("postgres-child".to_owned())
            .spawn(move || match command.spawn() {
                Ok(mut child) => {
                    let _ = started_tx.send(Ok(child.id()));
                    let how = match child.wait() {
                        Ok(status) => status.to_string(),
                        Err(error) => error.to_string(),
                    };
                    let _ = end.set(how); // set once: nobody else does
                }
                Err(error) => {
                    let _ = started_tx.send(Err(error));
                }
            })?;
        let pid = started_rx
            .recv()
            .map_err(|_| std::io::Error::other("the supervisor thread died"))??;
        Ok(Self {
            pid: Pid::from_raw(pid.cast_signed()),
            ended,
            thread: Some(thread),
        })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// How the process ended, if it has.
    pub(crate) fn ended(&self) -> Option<String> {
        self.ended.get().cloned()
    }

    /// Sends each signal in turn and waits that long for the end.
    pub(crate) fn stop(&mut self, steps: &[(Signal, Duration)]) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        for (signal, patience) in steps {
            if thread.is_finished() {
                break;
            }
            let _ = kill(self.pid, *signal);
            let deadline = Instant::now() + *patience;
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}
