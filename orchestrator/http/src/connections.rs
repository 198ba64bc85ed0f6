//! Who is connected: bounded in number, for each address and altogether.
//!
//! Where there is no room for one more, the connection that has had no request under way for
//! longest makes it. So whoever opens connections and says nothing takes the place of others like
//! him, and never that of a request; only if all are at work is the new one turned away.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::metrics::{Closed, Metrics};
use crate::proxies::TrustedProxies;

/// How many connections there may be, and how long they may keep us waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Open at the same time.
    pub open: usize,
    /// Of these, from one address, or one /64 network of IPv6. This machine's own are bounded by
    /// `open` alone: a proxy's callers all come from there.
    pub an_address: usize,
    /// For the head of a request to be there, from the connection's begin or the end of the last
    /// answer.
    pub silence: Duration,
    /// For TLS to be agreed on.
    pub handshake: Duration,
    /// For any bytes of an answer to be taken.
    pub stall: Duration,
}

impl ConnectionLimits {
    /// Files that the database, the blobs and other connections may need.
    const OTHER_FILES: usize = 256;
}

impl Default for ConnectionLimits {
    /// As many as suit the files that this process may have open, at most 4,096.
    fn default() -> Self {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let files = files.map_or(usize::MAX, |files| files.try_into().unwrap_or(usize::MAX));
        let open = files.saturating_sub(Self::OTHER_FILES).clamp(64, 4096);
        Self {
            open,
            an_address: 512,
            silence: Duration::from_secs(20),
            handshake: Duration::from_secs(10),
            stall: Duration::from_secs(60),
        }
    }
}

/// See the module. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Shared>);

struct Shared {
    limits: ConnectionLimits,
    proxies: TrustedProxies,
    metrics: Metrics,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// Counts connections and the times that they became idle.
    next: u64,
    all: HashMap<u64, Entry>,
    /// Those without a request, by when they became so.
    idle: BTreeMap<u64, u64>,
    origins: HashMap<IpAddr, Origin>,
}

struct Entry {
    origin: Option<IpAddr>,
    idle_since: Option<u64>,
    close: CancellationToken,
}

#[derive(Default)]
struct Origin {
    open: usize,
    idle: BTreeMap<u64, u64>,
}

/// One of them, until it is dropped.
pub(crate) struct Connection {
    connections: Connections,
    id: u64,
    close: CancellationToken,
}

/// A request of a connection is under way, until this is dropped.
pub(crate) struct Busy(Arc<Connection>);

impl Connections {
    pub(crate) fn new(limits: ConnectionLimits, proxies: TrustedProxies, metrics: Metrics) -> Self {
        Self(Arc::new(Shared {
            limits,
            proxies,
            metrics,
            open: Mutex::default(),
        }))
    }

    pub(crate) fn limits(&self) -> &ConnectionLimits {
        &self.0.limits
    }

    pub(crate) fn proxies(&self) -> &TrustedProxies {
        &self.0.proxies
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Room for one more; `None` if nobody can make any.
    pub(crate) fn enter(&self, address: SocketAddr) -> Option<Connection> {
        // A proxy has as many as it needs: how many its callers have is its to limit.
        let origin = origin(address.ip()).filter(|_| !self.0.proxies.trusts(address.ip()));
        let entered = self.lock().enter(&self.0.limits, origin);
        let metrics = &self.0.metrics;
        if let Some(made_room) = &entered {
            if made_room.by_closing_another {
                metrics.closed(Closed::Idle);
            }
            metrics.connections(1);
        } else {
            metrics.closed(Closed::TooMany);
        }
        let Entered { id, close, .. } = entered?;
        Some(Connection {
            connections: self.clone(),
            id,
            close,
        })
    }

    /// What it guards is whole at any time, so a panic elsewhere does not matter.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Entered {
    id: u64,
    close: CancellationToken,
    by_closing_another: bool,
}

impl Open {
    fn enter(&mut self, limits: &ConnectionLimits, origin: Option<IpAddr>) -> Option<Entered> {
        let of_origin = origin.and_then(|origin| self.origins.get(&origin));
        let mut by_closing_another = false;
        if let Some(of_origin) = of_origin
            && of_origin.open >= limits.an_address
        {
            let (_, longest) = of_origin.idle.first_key_value()?;
            self.close(*longest);
            by_closing_another = true;
        }
        if self.all.len() >= limits.open {
            let (_, longest) = self.idle.first_key_value()?;
            self.close(*longest);
            by_closing_another = true;
        }
        let id = self.next;
        self.next += 1;
        let close = CancellationToken::new();
        if let Some(origin) = origin {
            self.origins.entry(origin).or_default().open += 1;
        }
        let entry = Entry {
            origin,
            idle_since: None,
            close: close.clone(),
        };
        self.all.insert(id, entry);
        self.rests(id);
        Some(Entered {
            id,
            close,
            by_closing_another,
        })
    }

    fn close(&mut self, id: u64) {
        if let Some(entry) = self.leaves(id) {
            entry.close.cancel();
        }
    }

    /// A connection is without a request from now on.
    fn rests(&mut self, id: u64) {
        let now = self.next;
        let Some(entry) = self.all.get_mut(&id) else {
            return;
        };
        self.next += 1;
        entry.idle_since = Some(now);
        self.idle.insert(now, id);
        let origin = entry
            .origin
            .and_then(|origin| self.origins.get_mut(&origin));
        if let Some(origin) = origin {
            origin.idle.insert(now, id);
        }
    }

    /// A connection has a request.
    fn works(&mut self, id: u64) {
        let Some(entry) = self.all.get_mut(&id) else {
            return;
        };
        let Some(since) = entry.idle_since.take() else {
            return;
        };
        self.idle.remove(&since);
        let origin = entry
            .origin
            .and_then(|origin| self.origins.get_mut(&origin));
        if let Some(origin) = origin {
            origin.idle.remove(&since);
        }
    }

    fn leaves(&mut self, id: u64) -> Option<Entry> {
        self.works(id);
        let entry = self.all.remove(&id)?;
        if let Some(origin) = entry.origin
            && let Some(of_origin) = self.origins.get_mut(&origin)
        {
            of_origin.open -= 1;
            if of_origin.open == 0 {
                self.origins.remove(&origin);
            }
        }
        Some(entry)
    }
}

impl Connection {
    /// Resolves when it has to make room for another.
    pub(crate) async fn closed(&self) {
        self.close.cancelled().await;
    }

    /// A request begins. (HTTP/1 has one at a time.)
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.connections.lock().works(self.id);
        Busy(Arc::clone(self))
    }

    /// Whether no request is under way.
    pub(crate) fn is_idle(&self) -> bool {
        let open = self.connections.lock();
        open.all
            .get(&self.id)
            .is_none_or(|entry| entry.idle_since.is_some())
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.connections.lock().rests(self.0.id);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.lock().leaves(self.id);
        self.connections.metrics().connections(-1);
    }
}

/// Whom connections from an address are counted for; nobody, if it is this machine's own.
pub(crate) fn origin(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    if address.is_loopback() {
        return None;
    }
    Some(match address {
        IpAddr::V4(_) => address,
        // Whoever has one address of a /64 has all of them.
        IpAddr::V6(whole) => {
            let [a, b, c, d, ..] = whole.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(open: usize, an_address: usize) -> Connections {
        let limits = ConnectionLimits {
            open,
            an_address,
            ..ConnectionLimits::default()
        };
        Connections::new(limits, TrustedProxies::default(), Metrics::new())
    }

    fn enter(connections: &Connections, address: &str) -> Option<Arc<Connection>> {
        let address = SocketAddr::new(address.parse().unwrap(), 1);
        connections.enter(address).map(Arc::new)
    }

    #[test]
    fn whoever_has_said_nothing_for_longest_makes_room() {
        let all = connections(3, 3);
        let first = enter(&all, "10.0.0.1").unwrap();
        let second = enter(&all, "10.0.0.2").unwrap();
        let third = enter(&all, "10.0.0.3").unwrap();
        // The first has asked for something since, and rests again.
        drop(first.busy());
        let working = third.busy();
        let fourth = enter(&all, "10.0.0.4").unwrap();
        assert!(second.close.is_cancelled());
        let fifth = enter(&all, "10.0.0.5").unwrap();
        assert!(first.close.is_cancelled());
        assert!(!third.close.is_cancelled() && !third.is_idle());
        let (at_work, too) = (fourth.busy(), fifth.busy());
        assert!(enter(&all, "10.0.0.6").is_none(), "all are at work");
        drop((working, at_work, too));
        assert!(enter(&all, "10.0.0.6").is_some());
    }

    #[test]
    fn an_address_takes_the_places_of_its_own() {
        let all = connections(100, 2);
        let other = enter(&all, "10.0.0.1").unwrap();
        // One network of IPv6 is one address.
        let first = enter(&all, "2001:db8::1").unwrap();
        let second = enter(&all, "2001:db8::2").unwrap();
        let third = enter(&all, "2001:db8::3").unwrap();
        assert!(first.close.is_cancelled() && !other.close.is_cancelled());
        let _at_work = (second.busy(), third.busy());
        assert!(enter(&all, "2001:db8::4").is_none());
        assert!(enter(&all, "2001:db8:0:1::4").is_some());
        // This machine's own are as many as there is room for.
        let own: Vec<_> = (0..50).map(|_| enter(&all, "::ffff:127.0.0.1")).collect();
        assert!(own.iter().flatten().all(|one| !one.close.is_cancelled()));
    }

    #[test]
    fn nothing_is_left_of_those_that_went() {
        let all = connections(10, 10);
        let one = enter(&all, "10.0.0.1").unwrap();
        let busy = one.busy();
        drop(one);
        drop(busy);
        let evicted: Vec<_> = (0..40).map(|_| enter(&all, "10.0.0.1")).collect();
        drop(evicted);
        let open = all.lock();
        assert!(open.all.is_empty() && open.idle.is_empty() && open.origins.is_empty());
    }
}
