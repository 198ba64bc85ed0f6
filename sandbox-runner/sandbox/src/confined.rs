//! A program of ours that reads what a stranger wrote: started isolated as workers are,
//! given one open file, heard out, and gone.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::config::Isolation;
use crate::exit_status::{out_of_memory, with_stderr};
use crate::fault::Fault;
use crate::launch::{self, IsolationLayers};
use crate::process::{Launcher, Process, ProcessLimits, describe};
use crate::users::{User, Users};

/// How long what it said may take to arrive once it has ended.
const REST: Duration = Duration::from_secs(5);

/// Bytes of what it complains of.
const COMPLAINT: usize = 16 << 10;

/// What one hearing may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfinedLimits {
    /// Memory of the process.
    pub memory_bytes: u64,
    /// Processor time.
    pub cpu_seconds: u64,
    /// Wall time; a backstop.
    pub wall: Duration,
    /// Bytes of what it says.
    pub answer_bytes: usize,
    /// Bytes of what it writes, where there is a file for that.
    pub written_bytes: u64,
}

/// How a hearing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With its last word: what it wrote to standard output, and that is all it wrote. Empty if
    /// that was a file.
    Answer(Vec<u8>),
    /// At a limit.
    Exceeded {
        /// The limit.
        limit: u64,
        /// What it counts, such as `seconds of processor time`.
        unit: &'static str,
    },
    /// By a crash, a panic or a kill, without a last word; how, in words for the log.
    Crashed(String),
}

/// A program that is started anew for each file.
#[derive(Debug)]
pub struct Confined {
    launcher: Launcher,
    program: PathBuf,
    users: Option<Users>,
}

impl Confined {
    /// The program at a place of ours, with the launcher beside it or beside us.
    ///
    /// # Errors
    /// If one of them is missing, or user ids cannot be had.
    pub fn new(program: &Path, isolation: Isolation) -> Result<Self, Fault> {
        let program = program
            .canonicalize()
            .map_err(Fault::file("find", program))?;
        let launcher = Launcher::new(launch::find(&program)?, IsolationLayers::all(), true);
        let users = match isolation {
            Isolation::SameUser => None,
            Isolation::OwnUser { first, count } => Some(Users::open(first, count)?),
        };
        Ok(Self {
            launcher,
            program,
            users,
        })
    }

    /// Starts the program with `file` as its standard input, from the file's beginning and
    /// read-only, and waits for its end. Whoever drops the future kills it.
    ///
    /// # Errors
    /// If it could not be started: nothing is known about the file then.
    pub async fn hear(
        &self,
        arguments: &[&str],
        file: &File,
        limits: ConfinedLimits,
    ) -> Result<End, Fault> {
        self.listen(arguments, file, None, limits).await
    }

    /// The same with `into` as its standard output: all that it can write to, opened by us, at
    /// the place where we are in it.
    ///
    /// # Errors
    /// If it could not be started: nothing is known about the file then.
    pub async fn hear_into(
        &self,
        arguments: &[&str],
        file: &File,
        into: &File,
        limits: ConfinedLimits,
    ) -> Result<End, Fault> {
        let into = into
            .try_clone()
            .map_err(Fault::file("open once more", Path::new("a file")))?;
        self.listen(arguments, file, Some(into), limits).await
    }

    async fn listen(
        &self,
        arguments: &[&str],
        file: &File,
        into: Option<File>,
        limits: ConfinedLimits,
    ) -> Result<End, Fault> {
        let file = read_only(file)?;
        let user = self.users.as_ref().map(Users::take).transpose()?;
        let (mut process, stdout, stderr) = Process::spawn_reader(
            &self.launcher,
            &self.program,
            arguments,
            user.as_ref().map(User::id),
            file,
            into,
            ProcessLimits {
                data_bytes: limits.memory_bytes,
                file_bytes: limits.written_bytes,
                threads: 1,
                cpu_seconds: Some(limits.cpu_seconds),
            },
        )?;
        let complaint = tokio::spawn(start_of(stderr, COMPLAINT));
        // One byte more, so that too much is seen to be too much.
        let most = limits.answer_bytes.saturating_add(1);
        let answer = tokio::spawn(async move {
            match stdout {
                Some(stdout) => start_of(stdout, most).await,
                None => Vec::new(),
            }
        });
        let Ok(status) = timeout(limits.wall, process.wait()).await else {
            process.kill().await;
            return Ok(End::Exceeded {
                limit: limits.wall.as_secs(),
                unit: "seconds",
            });
        };
        let status = status.map_err(|error| Fault::Died(error.to_string()))?;
        process.kill_others();
        let arrived = async |said: JoinHandle<Vec<u8>>| {
            let said = timeout(REST, said).await;
            said.ok().and_then(Result::ok).unwrap_or_default()
        };
        let answer = arrived(answer).await;
        if answer.len() > limits.answer_bytes {
            return Ok(End::Crashed("it said more than it may".to_owned()));
        }
        if status.success() {
            return Ok(End::Answer(answer));
        }
        let complaint = arrived(complaint).await;
        end(status, String::from_utf8_lossy(&complaint).trim(), limits)
    }
}

/// The first `bytes` bytes of a pipe. Then it is closed: whoever says more than is heard gets
/// an error for it, and costs us nothing.
async fn start_of(pipe: impl AsyncRead + Unpin, bytes: usize) -> Vec<u8> {
    let mut said = Vec::new();
    // What came before an error was said all the same.
    let _cut_off = pipe.take(bytes as u64).read_to_end(&mut said).await;
    said
}

/// What a bad end says.
fn end(status: ExitStatus, stderr: &str, limits: ConfinedLimits) -> Result<End, Fault> {
    // The launcher's own complaint: the program was never there.
    let begun = format!("{}: ", launch::PROGRAM);
    if let Some(complaint) = stderr
        .lines()
        .find_map(|line| line.strip_prefix(begun.as_str()))
    {
        return Err(Fault::Died(complaint.to_owned()));
    }
    if out_of_memory(stderr) {
        return Ok(End::Exceeded {
            limit: limits.memory_bytes,
            unit: "bytes of memory",
        });
    }
    let signal = status
        .signal()
        .and_then(|number| Signal::try_from(number).ok());
    Ok(match signal {
        Some(Signal::SIGXCPU) => End::Exceeded {
            limit: limits.cpu_seconds,
            unit: "seconds of processor time",
        },
        Some(Signal::SIGXFSZ) => End::Exceeded {
            limit: limits.written_bytes,
            unit: "bytes written",
        },
        _ => End::Crashed(with_stderr(&describe(status), stderr)),
    })
}

/// The same file, opened once more: from its beginning, and to be read alone.
fn read_only(file: &File) -> Result<File, Fault> {
    let again = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    File::open(&again).map_err(Fault::file("open once more", &again))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    const LIMITS: ConfinedLimits = ConfinedLimits {
        memory_bytes: 1 << 20,
        cpu_seconds: 7,
        wall: Duration::from_secs(60),
        answer_bytes: 10,
        written_bytes: 99,
    };

    #[test]
    fn every_bad_end_is_what_it_is() {
        let signal = |signal: Signal| ExitStatus::from_raw(signal as i32);
        let exit = |code: i32| ExitStatus::from_raw(code << 8);
        let exceeded = |end: Result<End, Fault>| match end.unwrap() {
            End::Exceeded { limit, unit } => format!("{limit} {unit}"),
            other => panic!("{other:?}"),
        };
        let no_memory = "memory allocation of 99 bytes failed";
        assert_eq!(
            exceeded(end(signal(Signal::SIGABRT), no_memory, LIMITS)),
            "1048576 bytes of memory"
        );
        assert_eq!(
            exceeded(end(signal(Signal::SIGXCPU), "", LIMITS)),
            "7 seconds of processor time"
        );
        assert_eq!(
            exceeded(end(signal(Signal::SIGXFSZ), "", LIMITS)),
            "99 bytes written"
        );
        for status in [
            signal(Signal::SIGKILL),
            signal(Signal::SIGSEGV),
            signal(Signal::SIGSYS),
            exit(101),
        ] {
            let ended = end(status, "some words", LIMITS).unwrap();
            assert!(matches!(&ended, End::Crashed(how) if how.contains("some words")));
        }
        let complaint = "gauntlet-launch: failed to start /x: no such file";
        assert!(matches!(
            end(exit(1), complaint, LIMITS),
            Err(Fault::Died(_))
        ));
    }

    #[test]
    fn the_file_is_read_from_its_beginning_and_cannot_be_written() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"12345").unwrap();
        let mut again = read_only(&file).unwrap();
        assert_eq!(std::io::read_to_string(&again).unwrap(), "12345");
        again.rewind().unwrap();
        again.write_all(b"x").unwrap_err();
        assert_eq!(file.stream_position().unwrap(), 5);
    }
}
