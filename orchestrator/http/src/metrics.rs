//! What the orchestrator counts of itself, in the text format that Prometheus reads.
//!
//! Counters are of this process and begin at nothing when it starts; gauges, and what is counted
//! of the time between rounds, are of the database, and the same on every orchestrator over it.

mod round_gaps;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::response::Response;
use gauntlet_storage::gauges::Gauges;
use gauntlet_storage::round_gaps::Counted;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry, Unit};

use round_gaps::RoundGaps;

/// An answered request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

/// A kind of request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// A result that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    verdict: &'static str,
}

/// A request without a token that will do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    why: &'static str,
}

/// A request that came too often.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limited {
    what: &'static str,
}

/// A connection that the server ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    why: &'static str,
}

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// TLS was not agreed on in time.
    Handshake,
    /// The head of a request did not come in time.
    Silent,
    /// It had no request, and another needed its place.
    Idle,
    /// It was new, and all others were at work.
    TooMany,
}

impl Closed {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Silent => "silent",
            Self::Idle => "idle",
            Self::TooMany => "too_many",
        }
    }
}

/// The counters. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Route, Histogram>,
    leases: Counter,
    results: Family<Ended, Counter>,
    faults: Counter,
    refused: Family<Refusal, Counter>,
    limited: Family<Limited, Counter>,
    panics: Counter,
    connections: Gauge,
    closed: Family<Ending, Counter>,
    queued: Gauge,
    leased: Gauge,
    stuck: Gauge,
    runners: Gauge,
    tournaments: Gauge,
    round_gaps: RoundGaps,
}

/// Keeps a metric in the registry, and gives it to whoever counts.
fn kept<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut all = Registry::with_prefix("gauntlet");
        let all = &mut all;
        // From a cached page to a runner that waits for work.
        let buckets: fn() -> Histogram = || Histogram::new(exponential_buckets(0.001, 2.5, 12));
        let seconds = Family::new_with_constructor(buckets);
        all.register_with_unit(
            "http_request_duration",
            "Time until an answer began; runners that wait for work are in it",
            Unit::Seconds,
            seconds.clone(),
        );
        let round_gaps = RoundGaps::default();
        all.register_collector(Box::new(round_gaps.clone()));
        let gauge = |all: &mut Registry, name, help| kept(all, name, help, Gauge::default());
        let counter = |all: &mut Registry, name, help| kept(all, name, help, Counter::default());
        Self(Arc::new(Inner {
            seconds,
            round_gaps,
            requests: kept(all, "http_requests", "Requests answered", Family::default()),
            leases: counter(all, "leases", "Runs given to runners"),
            results: kept(
                all,
                "results",
                "Results accepted, by verdict",
                Family::default(),
            ),
            faults: counter(
                all,
                "faults",
                "Attempts that runners gave up for faults of the platform",
            ),
            refused: kept(
                all,
                "requests_refused",
                "Requests without a token that will do, by what is wrong with it",
                Family::default(),
            ),
            limited: kept(
                all,
                "requests_limited",
                "Requests that came too often, by what was counted",
                Family::default(),
            ),
            panics: counter(all, "panics", "Requests whose handler panicked"),
            connections: gauge(all, "http_connections", "Connections that are open"),
            closed: kept(
                all,
                "http_connections_closed",
                "Connections that the server ended, by what they did not do",
                Family::default(),
            ),
            queued: gauge(all, "runs_queued", "Runs that wait for a runner"),
            leased: gauge(all, "runs_leased", "Runs that a runner has"),
            stuck: gauge(
                all,
                "runs_stuck",
                "Runs that need an operator: `gauntlet tournament retry`",
            ),
            runners: gauge(all, "runners_alive", "Runners heard within the last minute"),
            tournaments: gauge(
                all,
                "tournaments_playing",
                "Tournaments whose rounds are being played",
            ),
            registry: std::mem::take(all),
        }))
    }

    pub(crate) fn leased(&self, runs: usize) {
        self.0.leases.inc_by(runs as u64);
    }

    pub(crate) fn ended(&self, verdict: &'static str) {
        self.0.results.get_or_create(&Ended { verdict }).inc();
    }

    pub(crate) fn gave_up(&self) {
        self.0.faults.inc();
    }

    pub(crate) fn refused(&self, why: &'static str) {
        self.0.refused.get_or_create(&Refusal { why }).inc();
    }

    pub(crate) fn limited(&self, what: &'static str) {
        self.0.limited.get_or_create(&Limited { what }).inc();
    }

    pub(crate) fn panicked(&self) {
        self.0.panics.inc();
    }

    /// So many connections more than before.
    pub(crate) fn connections(&self, more: i64) {
        self.0.connections.inc_by(more);
    }

    pub(crate) fn closed(&self, why: Closed) {
        let why = why.as_str();
        self.0.closed.get_or_create(&Ending { why }).inc();
    }

    /// All of it as text, with what was read from the database.
    pub(crate) fn encode(
        &self,
        gauges: &Gauges,
        gaps: [Counted; 2],
    ) -> Result<String, std::fmt::Error> {
        self.0.queued.set(gauges.queued.into());
        self.0.leased.set(gauges.leased.into());
        self.0.stuck.set(gauges.stuck.into());
        self.0.runners.set(gauges.runners.into());
        self.0.tournaments.set(gauges.tournaments.into());
        self.0.round_gaps.set(gaps);
        let mut encoded = String::new();
        text::encode(&mut encoded, &self.0.registry)?;
        Ok(encoded)
    }
}

/// A request that is being answered: counted by its route, never by its address, which strangers
/// choose.
pub(crate) struct Counting {
    route: String,
    method: String,
    begun: Instant,
}

impl Counting {
    pub(crate) fn begin(route: Option<&MatchedPath>, method: &Method) -> Self {
        Self {
            route: route.map_or("none", MatchedPath::as_str).to_owned(),
            // Strangers choose methods as well.
            method: match method.as_str() {
                known @ ("GET" | "HEAD" | "POST" | "PUT") => known.to_owned(),
                _ => "other".to_owned(),
            },
            begun: Instant::now(),
        }
    }

    pub(crate) fn answered(self, metrics: &Metrics, response: &Response) {
        let of_route = Route {
            route: self.route.clone(),
        };
        let seconds = metrics.0.seconds.get_or_create(&of_route);
        seconds.observe(self.begun.elapsed().as_secs_f64());
        let answered = Answered {
            method: self.method,
            route: self.route,
            status: response.status().as_u16(),
        };
        metrics.0.requests.get_or_create(&answered).inc();
    }
}
