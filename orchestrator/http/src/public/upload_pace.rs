//! How fast those who have a place send, and which of them has to make room.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// Nobody has to make room before having had this long.
const AT_LEAST: Duration = Duration::from_secs(20);
/// Nor at this pace: a gigabyte in four minutes.
const FAST: u64 = 4 << 20;

/// Those who send now.
#[derive(Debug, Default)]
pub(crate) struct Senders(Mutex<Vec<Weak<Progress>>>);

/// One who sends.
#[derive(Debug)]
pub(crate) struct Sender(Arc<Progress>);

#[derive(Debug)]
struct Progress {
    since: Instant,
    bytes: AtomicU64,
    arrived: AtomicBool,
    gives_way: CancellationToken,
}

impl Progress {
    fn bytes_a_second(&self) -> u64 {
        self.bytes.load(Relaxed) / self.since.elapsed().as_secs().max(1)
    }

    fn may_be_asked(&self) -> bool {
        self.since.elapsed() >= AT_LEAST
            && self.bytes_a_second() < FAST
            && !self.arrived.load(Relaxed)
            && !self.gives_way.is_cancelled()
    }
}

impl Senders {
    /// Another one begins.
    pub(crate) fn begin(&self) -> Sender {
        let progress = Arc::new(Progress {
            since: Instant::now(),
            bytes: AtomicU64::new(0),
            arrived: AtomicBool::new(false),
            gives_way: CancellationToken::new(),
        });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|sender| sender.strong_count() > 0);
        all.push(Arc::downgrade(&progress));
        Sender(progress)
    }

    /// Has the slowest make room, unless all are fast.
    pub(crate) fn make_room(&self, what: &str) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slowest = all
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|sender| sender.may_be_asked())
            .min_by_key(|sender| sender.bytes_a_second());
        if let Some(slowest) = slowest {
            tracing::info!(
                bytes_a_second = slowest.bytes_a_second(),
                "all places for {what} are taken and somebody waits: the slowest upload is ended"
            );
            slowest.gives_way.cancel();
        }
    }
}

impl Sender {
    /// So many bytes more have come.
    pub(crate) fn received(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Relaxed);
    }

    /// Everything has come.
    pub(crate) fn arrived(&self) {
        self.0.arrived.store(true, Relaxed);
    }

    /// Waits until it has to make room.
    pub(crate) async fn gives_way(&self) -> Error {
        self.0.gives_way.cancelled().await;
        Error::new(
            StatusCode::REQUEST_TIMEOUT,
            "gave-way",
            "The body came too slowly for others to wait",
            format!(
                "all places are taken, somebody waits for one, and of those who have one this \
                 upload was the slowest, at {} bytes a second",
                self.0.bytes_a_second()
            ),
            "send it again, over a better connection or when there is less to do",
        )
        .field("body")
        .limit(format!(
            "{FAST} bytes a second, where others wait, after {} seconds",
            AT_LEAST.as_secs()
        ))
        .retry_after(Duration::from_secs(60))
    }
}
