//! What the orchestrator counts of itself, in the text format that Prometheus reads.
//!
//! Counters are of this process and begin at nothing when it starts; gauges are of the
//! database, and the same on every orchestrator over it.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use gauntlet_storage::gauges::Gauges;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

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
    queued: Gauge,
    leased: Gauge,
    stuck: Gauge,
    runners: Gauge,
    tournaments: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("gauntlet");
        let inner = Inner {
            requests: Family::default(),
            // From a cached page to a runner that waits for work.
            seconds: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.001, 2.5, 12))
            }),
            leases: Counter::default(),
            results: Family::default(),
            faults: Counter::default(),
            refused: Family::default(),
            queued: Gauge::default(),
            leased: Gauge::default(),
            stuck: Gauge::default(),
            runners: Gauge::default(),
            tournaments: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("http_requests", "Requests answered", inner.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time until an answer began; runners that wait for work are in it",
            Unit::Seconds,
            inner.seconds.clone(),
        );
        registry.register("leases", "Runs given to runners", inner.leases.clone());
        registry.register(
            "results",
            "Results accepted, by verdict",
            inner.results.clone(),
        );
        registry.register(
            "faults",
            "Attempts that runners gave up for faults of the platform",
            inner.faults.clone(),
        );
        registry.register(
            "requests_refused",
            "Requests without a token that will do, by what is wrong with it",
            inner.refused.clone(),
        );
        registry.register(
            "runs_queued",
            "Runs that wait for a runner",
            inner.queued.clone(),
        );
        registry.register(
            "runs_leased",
            "Runs that a runner has",
            inner.leased.clone(),
        );
        registry.register(
            "runs_stuck",
            "Runs that need an operator: `gauntlet tournament retry`",
            inner.stuck.clone(),
        );
        registry.register(
            "runners_alive",
            "Runners heard within the last minute",
            inner.runners.clone(),
        );
        registry.register(
            "tournaments_playing",
            "Tournaments whose rounds are being played",
            inner.tournaments.clone(),
        );
        Self(Arc::new(Inner { registry, ..inner }))
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

    /// All of it as text, with these gauges.
    pub(crate) fn encode(&self, gauges: &Gauges) -> Result<String, std::fmt::Error> {
        self.0.queued.set(gauges.queued.into());
        self.0.leased.set(gauges.leased.into());
        self.0.stuck.set(gauges.stuck.into());
        self.0.runners.set(gauges.runners.into());
        self.0.tournaments.set(gauges.tournaments.into());
        let mut encoded = String::new();
        text::encode(&mut encoded, &self.0.registry)?;
        Ok(encoded)
    }
}

/// Counts every request by its route, never by its address: strangers choose those.
pub(crate) async fn count(
    State(metrics): State<Metrics>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let route = path.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    // Strangers choose methods as well.
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let begun = Instant::now();
    let response = next.run(request).await;
    let inner = &metrics.0;
    let of_route = Route {
        route: route.clone(),
    };
    inner
        .seconds
        .get_or_create(&of_route)
        .observe(begun.elapsed().as_secs_f64());
    let answered = Answered {
        method,
        route,
        status: response.status().as_u16(),
    };
    inner.requests.get_or_create(&answered).inc();
    response
}
