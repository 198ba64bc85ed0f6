//! Keeps a lease by heartbeats, and knows when to let go.
//!
//! The runner's clock and the database's may differ, so nothing is compared between
//! them: a lease lasts a number of seconds from the moment the runner *sent* what
//! extended it, on a clock that never jumps. The runner lets go a margin before the end.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use gauntlet_protocol::Heartbeat;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::client::{AttemptId, Client, ClientError};
use crate::curve::Curve;

/// Points kept for a heartbeat that has not got through.
const UNSENT: usize = 1024;

/// Why a lease is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The orchestrator says so.
    Taken(String),
    /// It could not be extended in time.
    OutOfTouch,
    /// The run can no longer matter, and why. The lease itself goes on.
    Stopped(String),
}

/// A lease as granted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// When the answer came that granted it.
    pub(crate) granted: Instant,
    /// How long it lasts.
    pub(crate) length: Duration,
    /// How often the orchestrator wants to hear.
    pub(crate) interval: Duration,
}

/// A lease is given up so long before its end: time to kill a sandbox on a busy machine,
/// and for the answer that granted it to have travelled.
pub(crate) fn margin(length: Duration) -> Duration {
    (length / 5)
        .clamp(Duration::from_millis(500), Duration::from_secs(10))
        .min(length / 2)
}

/// Sends heartbeats until the lease is lost. Dropping the future stops them.
pub(crate) async fn keep(
    client: &Client,
    attempt: AttemptId,
    terms: Terms,
    curve: &Mutex<Curve>,
) -> Lost {
    let mut fence = terms.granted + terms.length - margin(terms.length);
    // Three chances within a lease, whatever the interval.
    let interval = terms
        .interval
        .min(terms.length / 4)
        .max(Duration::from_millis(100));
    let mut due = terms.granted + interval;
    let mut heartbeat = Heartbeat::default();
    let scored = {
        let curve = curve.lock().unwrap_or_else(PoisonError::into_inner);
        std::sync::Arc::clone(&curve.scored)
    };
    loop {
        tokio::select! {
            () = sleep_until(due.min(fence)) => {}
            () = scored.notified() => {}
        }
        if Instant::now() >= fence {
            return Lost::OutOfTouch;
        }
        {
            let mut curve = curve.lock().unwrap_or_else(PoisonError::into_inner);
            heartbeat.progress = curve.progress;
            heartbeat.curve.extend(curve.take_news());
            heartbeat.probes.extend(curve.take_scores());
        }
        let surplus = heartbeat.curve.len().saturating_sub(UNSENT);
        heartbeat.curve.drain(..surplus);
        let sent = Instant::now();
        let call = client.heartbeat(attempt, &heartbeat, interval.max(Duration::from_secs(1)));
        match timeout_at(fence, call).await {
            Ok(Ok(extended)) => {
                let length = Duration::from_secs(extended.lease_seconds.into());
                fence = sent + length - margin(length);
                due = sent + interval;
                heartbeat.curve.clear();
                heartbeat.probes.clear();
                if let Some(reason) = extended.stop {
                    return Lost::Stopped(reason);
                }
            }
            Ok(Err(ClientError::Conflict(why) | ClientError::NotFound(why))) => {
                return Lost::Taken(why);
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "a heartbeat did not get through");
                if matches!(error, ClientError::Refused(_)) {
                    // Perhaps for what is in it; the report carries the whole curve.
                    heartbeat.curve.clear();
                    heartbeat.probes.clear();
                }
                due = Instant::now() + interval / 4;
            }
            Err(_) => return Lost::OutOfTouch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_a_fifth_within_reason() {
        let margin = |seconds: f64| super::margin(Duration::from_secs_f64(seconds)).as_secs_f64();
        assert_eq!(margin(15.0), 3.0);
        assert_eq!(margin(600.0), 10.0);
        assert_eq!(margin(1.0), 0.5);
        assert_eq!(margin(0.4), 0.2);
    }

    #[tokio::test]
    async fn without_an_orchestrator_the_lease_is_given_up_before_its_end() {
        // Nobody listens on port 1.
        let url = "http://127.0.0.1:1".parse().unwrap();
        let client = Client::new(url, "t".to_owned(), &gauntlet_transport::Trust::System).unwrap();
        let attempt = AttemptId {
            run: uuid::Uuid::nil(),
            attempt: 1,
        };
        let length = Duration::from_secs(2);
        let granted = Instant::now();
        let terms = Terms {
            granted,
            length,
            interval: Duration::from_millis(300),
        };
        let lost = keep(&client, attempt, terms, &Mutex::default()).await;
        assert_eq!(lost, Lost::OutOfTouch);
        let held = granted.elapsed();
        assert!(
            held >= Duration::from_millis(1_400) && held < length,
            "{held:?}"
        );
    }
}
