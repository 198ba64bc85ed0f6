//! How often one may ask: for each token, for each address without one, and for each address how
//! often it may show a token that nobody has seen to be good.
//!
//! Runners and admins are not limited: a runner asks as often as there is work, and what is to
//! protect the platform from its admins is not this. Nor are addresses of this machine, unless that
//! is asked for: all of a proxy's callers come from there, and limiting them is the proxy's.

use std::collections::HashSet;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use gauntlet_domain::{Digest, TokenId};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::connection::Peer;
use crate::connections::origin;
use crate::error::{Error, Result};
use crate::metrics::Metrics;

/// Requests a second that come on and on, and how many may come at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run.
    pub a_second: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

impl Rate {
    /// `a_second` of them in the long run, `burst` at once; of each at least one.
    pub const fn new(a_second: u32, burst: u32) -> Self {
        const fn some(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self {
            a_second: some(a_second),
            burst: some(burst),
        }
    }

    fn quota(self) -> Quota {
        Quota::per_second(self.a_second).allow_burst(self.burst)
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} a second, {} at once", self.a_second, self.burst)
    }
}

/// How often one may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Without a token, from one address or one /64 network of IPv6.
    pub an_address: Rate,
    /// With one token, unless it is a runner's or an admin's.
    pub a_token: Rate,
    /// With tokens that were not good before, from one address.
    pub new_tokens: Rate,
    /// Whether addresses of this machine are limited too.
    pub this_machine: bool,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            an_address: Rate::new(50, 200),
            a_token: Rate::new(100, 500),
            new_tokens: Rate::new(5, 100),
            this_machine: false,
        }
    }
}

/// Beyond this many keys, those that have not asked for long are forgotten.
const KEYS: usize = 10_000;
/// Tokens that are remembered to have been good.
const GOOD: usize = 4096;

struct Keyed<K: Hash + Eq + Clone> {
    rate: Rate,
    limiter: RateLimiter<K, HashMapStateStore<K>, DefaultClock>,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(rate: Rate) -> Self {
        Self {
            rate,
            limiter: RateLimiter::hashmap(rate.quota()),
        }
    }

    /// Takes one, or says how long there is none.
    fn take(&self, key: &K) -> std::result::Result<(), Duration> {
        let taken = self.limiter.check_key(key);
        let wait = taken.err().map(|until| {
            let now = self.limiter.clock().now();
            until.wait_time_from(now)
        });
        if self.limiter.len() > KEYS {
            self.limiter.retain_recent();
        }
        wait.map_or(Ok(()), Err)
    }
}

/// Counts who asks how often.
pub(crate) struct RequestLimiter {
    addresses: Keyed<IpAddr>,
    tokens: Keyed<TokenId>,
    new_tokens: Keyed<IpAddr>,
    this_machine: bool,
    metrics: Metrics,
    good: Mutex<HashSet<Digest>>,
}

impl RequestLimiter {
    pub(crate) fn new(limits: RequestLimits, metrics: Metrics) -> Self {
        Self {
            addresses: Keyed::new(limits.an_address),
            tokens: Keyed::new(limits.a_token),
            new_tokens: Keyed::new(limits.new_tokens),
            this_machine: limits.this_machine,
            metrics,
            good: Mutex::default(),
        }
    }

    /// Before a token is looked up. One that was good before costs nothing.
    pub(crate) fn token_is_shown(&self, parts: &Parts, digest: &Digest) -> Result<()> {
        let Some(address) = self.address(parts.extensions.get::<Peer>()) else {
            return Ok(());
        };
        let good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.contains(digest) {
            return Ok(());
        }
        drop(good);
        self.new_tokens.take(&address).map_err(|wait| {
            self.metrics.limited("new_tokens");
            let limit = format!("{} from one address", self.new_tokens.rate);
            too_often("with tokens that are new here", limit, wait)
        })
    }

    /// A token is good for something.
    pub(crate) fn token_is_good(&self, token: TokenId, scope: &str, digest: Digest) -> Result<()> {
        {
            let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
            if good.len() >= GOOD {
                good.clear();
            }
            good.insert(digest);
        }
        if matches!(scope, "runner" | "admin") {
            return Ok(());
        }
        self.tokens.take(&token).map_err(|wait| {
            self.metrics.limited("token");
            too_often("with this token", self.tokens.rate.to_string(), wait)
        })
    }

    /// A token is good for nothing, or no longer.
    pub(crate) fn token_is_bad(&self, digest: &Digest) {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        good.remove(digest);
    }

    /// Counts a request without a token, and refuses what is too many.
    pub(crate) fn asked(&self, request: &Request) -> Result<()> {
        if request.headers().contains_key(header::AUTHORIZATION) {
            return Ok(());
        }
        let Some(address) = self.address(request.extensions().get::<Peer>()) else {
            return Ok(());
        };
        self.addresses.take(&address).map_err(|wait| {
            self.metrics.limited("address");
            let limit = format!("{} from one address", self.addresses.rate);
            too_often("from this address without a token", limit, wait)
        })
    }

    /// Whom a request without a token is counted for, if for anybody.
    fn address(&self, peer: Option<&Peer>) -> Option<IpAddr> {
        match peer.and_then(|peer| origin(peer.0.ip())) {
            None if self.this_machine => Some(Ipv6Addr::LOCALHOST.into()),
            address => address,
        }
    }
}

fn too_often(how: &str, limit: String, wait: Duration) -> Error {
    // Whole seconds, and never too soon.
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
    Error::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-often",
        "Too many requests",
        format!("more was asked {how} than is answered"),
        format!(
            "ask again in {seconds} s, as the header `retry-after` says; to follow something, use \
             its stream of events instead of asking again and again"
        ),
    )
    .limit(limit)
    .retry_after(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_have_not_asked_for_long_are_forgotten() {
        // Each is as good as new after a millionth of a second.
        let keyed = Keyed::new(Rate::new(1_000_000, 1));
        for key in 0..3 * KEYS {
            keyed.take(&key).unwrap();
        }
        assert!(keyed.limiter.len() <= KEYS + 1, "{}", keyed.limiter.len());
    }

    #[test]
    fn a_burst_is_answered_and_then_one_has_to_wait() {
        let keyed = Keyed::new(Rate::new(1, 3));
        for _ in 0..3 {
            keyed.take(&"one").unwrap();
        }
        let wait = keyed.take(&"one").unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        keyed.take(&"two").unwrap();
    }
}
