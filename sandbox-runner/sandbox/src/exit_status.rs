//! What the end of a worker says about the method, if anything.
//!
//! A worker that ends without a last word either met a limit of the kernel's,
//! crashed, or was killed. The rule is: **no verdict without evidence, and no
//! endless retries for a method that crashes its worker.**
//!
//! | end | guest started | meaning |
//! |---|---|---|
//! | SIGABRT or exit, "memory allocation of … failed" on stderr | any | `memory_exceeded` (`process`) |
//! | SIGXFSZ | any | `memory_exceeded` (`output`) |
//! | SIGSYS: a system call that the worker's filter refuses | yes | `method_failed` |
//! | SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT | yes | `method_failed` |
//! | the same two | no | fault |
//! | SIGKILL, SIGTERM, … from outside (such as the kernel's OOM killer) | any | fault |
//! | exit status, 0 included | any | fault: our code ended itself without saying why |
//!
//! "Guest started" is the worker's `first_operation` event. After it, only this
//! method's operations drive the process, so a crash is charged to it; before it,
//! no operation of its has run. Faults are tried again, a few times only: the
//! scheduler counts attempts.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use gauntlet_worker_protocol::Outcome;
use nix::sys::signal::Signal;

use crate::fault::Fault;
use crate::process::describe;

/// Judges a worker that ended by itself without finishing.
pub(crate) fn judge(status: ExitStatus, started: bool, stderr: &str) -> Result<Outcome, Fault> {
    if out_of_memory(stderr) {
        return Ok(Outcome::MemoryExceeded {
            limit: "process".to_owned(),
            message: None,
        });
    }
    let signal = status
        .signal()
        .and_then(|number| Signal::try_from(number).ok());
    match signal {
        Some(Signal::SIGXFSZ) => Ok(Outcome::MemoryExceeded {
            limit: "output".to_owned(),
            message: None,
        }),
        Some(Signal::SIGSYS) if started => Ok(Outcome::MethodFailed {
            message: "the worker was stopped at a system call that is not allowed".to_owned(),
        }),
        Some(
            signal @ (Signal::SIGSEGV
            | Signal::SIGBUS
            | Signal::SIGILL
            | Signal::SIGFPE
            | Signal::SIGTRAP
            | Signal::SIGABRT),
        ) if started => Ok(Outcome::MethodFailed {
            message: format!("an operation of the method crashed the worker ({signal})"),
        }),
        _ => Err(Fault::Died(with_stderr(&describe(status), stderr))),
    }
}

/// Rust's standard library says this before it aborts.
pub(crate) fn out_of_memory(stderr: &str) -> bool {
    stderr.contains("memory allocation of ") && stderr.contains(" bytes failed")
}

/// A description with the last line of the error output, if there is one.
pub(crate) fn with_stderr(what: &str, stderr: &str) -> String {
    match stderr.lines().next_back() {
        Some(line) => format!("{what}: {}", line.chars().take(300).collect::<String>()),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_above() {
        let exit = |code: i32| ExitStatus::from_raw(code << 8);
        let signal = |signal: Signal| ExitStatus::from_raw(signal as i32);
        let memory = "x\nmemory allocation of 1099511627776 bytes failed";
        let judged = |status, started, stderr| match judge(status, started, stderr) {
            Ok(Outcome::MemoryExceeded { limit, .. }) => limit,
            Ok(Outcome::MethodFailed { .. }) => "method".to_owned(),
            Ok(other) => panic!("unexpected {other:?}"),
            Err(_) => "fault".to_owned(),
        };
        let table = [
            (signal(Signal::SIGABRT), true, memory, "process"),
            (signal(Signal::SIGABRT), false, memory, "process"),
            (exit(101), true, memory, "process"),
            (signal(Signal::SIGXFSZ), true, "", "output"),
            (signal(Signal::SIGSYS), true, "", "method"),
            (signal(Signal::SIGSYS), false, "", "fault"),
            (signal(Signal::SIGSEGV), true, "", "method"),
            (signal(Signal::SIGABRT), true, "double free", "method"),
            (signal(Signal::SIGILL), true, "", "method"),
            (signal(Signal::SIGSEGV), false, "", "fault"),
            (signal(Signal::SIGKILL), true, "", "fault"),
            (signal(Signal::SIGTERM), true, "", "fault"),
            (exit(0), true, "", "fault"),
            (exit(101), true, "panicked", "fault"),
        ];
        for (status, started, stderr, expected) in table {
            assert_eq!(
                judged(status, started, stderr),
                expected,
                "{status} {started} {stderr}"
            );
        }
    }

    #[test]
    fn a_fault_says_how_the_worker_died() {
        let fault = judge(ExitStatus::from_raw(101 << 8), false, "first\nlast words").unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the worker died: exit status 101: last words"
        );
    }
}
