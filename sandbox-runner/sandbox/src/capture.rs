//! Reads what a worker says without ever holding much of it.

use std::collections::VecDeque;
use std::time::Duration;

use gauntlet_worker_protocol::Event;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How a worker broke its contract on standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// More than allowed of something; only the method's own output grows without end.
    Flood(String),
    /// A line that is no event: the worker's bug.
    Garbage(String),
}

/// Events of a worker, read by a task of its own until end of file or a breach.
pub(crate) fn events(
    stdout: impl AsyncRead + Send + Unpin + 'static,
    line_bytes: usize,
    total_bytes: u64,
) -> (mpsc::Receiver<Result<Event, Breach>>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(64);
    let task = tokio::spawn(async move {
        let mut reader = BufReader::new(stdout);
        let mut total = 0_u64;
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = (&mut reader).take(line_bytes as u64 + 1);
            let read = bounded.read_until(b'\n', &mut line).await.unwrap_or(0);
            if read == 0 {
                return;
            }
            total += read as u64;
            let event = if read > line_bytes {
                Err(Breach::Flood(format!(
                    "a line of more than {line_bytes} bytes"
                )))
            } else if total > total_bytes {
                Err(Breach::Flood(format!(
                    "more than {total_bytes} bytes of events"
                )))
            } else {
                serde_json::from_slice(&line).map_err(|error| {
                    let start = String::from_utf8_lossy(&line[..line.len().min(80)]);
                    Breach::Garbage(format!("{:?} is not an event: {error}", start.trim_end()))
                })
            };
            let last = event.is_err();
            if sender.send(event).await.is_err() || last {
                return;
            }
        }
    });
    (receiver, task)
}

/// The end of what a worker writes to standard error, read by a task of its own.
#[derive(Debug)]
pub(crate) struct Tail(JoinHandle<VecDeque<u8>>);

impl Tail {
    /// Keeps the last `bytes` bytes and reads the others away.
    pub(crate) fn of(mut pipe: impl AsyncRead + Send + Unpin + 'static, bytes: usize) -> Self {
        Self(tokio::spawn(async move {
            let mut kept = VecDeque::with_capacity(bytes);
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
                kept.extend(&buffer[..read]);
                kept.drain(..kept.len().saturating_sub(bytes));
            }
            kept
        }))
    }

    /// What was kept, once the pipe is closed; it is when the worker is dead.
    pub(crate) async fn text(self) -> String {
        let task = self.0;
        let abort = task.abort_handle();
        match tokio::time::timeout(Duration::from_secs(1), task).await {
            Ok(Ok(kept)) => String::from_utf8_lossy(&Vec::from(kept)).trim().to_owned(),
            Ok(Err(_)) | Err(_) => {
                abort.abort();
                String::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &'static [u8], line: usize, total: u64) -> Vec<Result<Event, Breach>> {
        let (mut receiver, _task) = events(bytes, line, total);
        let mut seen = Vec::new();
        while let Some(event) = receiver.recv().await {
            seen.push(event);
        }
        seen
    }

    #[tokio::test]
    async fn events_are_parsed_until_the_end() {
        let seen = all(
            b"{\"event\":\"progress\",\"used\":0.5}\n{\"event\":\"log\",\"line\":\"x\"}",
            100,
            100,
        )
        .await;
        assert_eq!(
            seen,
            [
                Ok(Event::Progress { used: 0.5 }),
                Ok(Event::Log {
                    line: "x".to_owned()
                })
            ]
        );
    }

    #[tokio::test]
    async fn floods_and_garbage_end_it() {
        let line = b"{\"event\":\"progress\",\"used\":0.5}\n{\"event\":\"progress\",\"used\":0.5}\nno\n{}\n";
        assert!(matches!(
            all(line, 10, 100).await.as_slice(),
            [Err(Breach::Flood(_))]
        ));
        assert!(matches!(
            all(line, 100, 40).await.as_slice(),
            [Ok(_), Err(Breach::Flood(_))]
        ));
        assert!(matches!(
            all(line, 100, 100).await.as_slice(),
            [Ok(_), Ok(_), Err(Breach::Garbage(_))]
        ));
    }

    #[tokio::test]
    async fn only_the_end_of_the_error_output_is_kept() {
        assert_eq!(Tail::of(&b"abcdefgh\n"[..], 4).text().await, "fgh");
    }
}
