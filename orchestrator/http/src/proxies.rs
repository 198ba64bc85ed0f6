//! Proxies in front of the server: whom they say they speak for is believed of those alone that
//! the operator named, for anybody can write the header.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// Whom a proxy speaks for: addresses from the caller's own, as the first proxy saw it, to the
/// last proxy's caller. Anything left of what a trusted proxy added is the caller's own invention.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// An address, or a network of them such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = text.parse::<IpNet>();
        let network = network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| {
            format!("`{text}` is no address such as 10.0.0.1 and no network such as 10.0.0.0/8")
        })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Addresses of the proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl FromIterator<Network> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().map(|network| network.0).collect())
    }
}

impl TrustedProxies {
    /// Whether connections from there are a proxy's.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who asks, over a connection from `peer`: the last address of the header that is no proxy's.
    /// Where that is no address, it is the proxy which passed it on.
    pub(crate) fn caller(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let mut caller = peer;
        let said = headers.get_all(FORWARDED_FOR).iter().rev();
        let said = said.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        for said in said {
            if !self.trusts(caller.ip()) {
                break;
            }
            let Some(address) = std::str::from_utf8(said).ok().and_then(address) else {
                break;
            };
            caller = address;
        }
        caller
    }
}

/// An address as proxies write it: bare, in brackets, with a port or without.
fn address(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let ip = bare.unwrap_or(text).parse::<IpAddr>();
    ip.map(|ip| SocketAddr::new(ip, 0))
        .or_else(|_| text.parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn caller(peer: &str, said: &[&str]) -> String {
        let proxies: TrustedProxies = ["10.0.0.0/8", "fd00::/8", "127.0.0.1"]
            .iter()
            .map(|network| network.parse::<Network>().unwrap())
            .collect();
        let mut headers = HeaderMap::new();
        for said in said {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(said).unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        proxies.caller(peer, &headers).ip().to_string()
    }

    #[test]
    fn a_trusted_proxy_is_believed() {
        assert_eq!(caller("10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(caller("127.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(caller("fd00::1", &["203.0.113.7:80"]), "203.0.113.7");
        // An address of the fourth version in the dress of the sixth is the same.
        assert_eq!(caller("::ffff:10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        // Through two proxies, in one header or two.
        assert_eq!(
            caller("10.0.0.1", &["203.0.113.7, 10.0.0.2"]),
            "203.0.113.7"
        );
        assert_eq!(
            caller("10.0.0.1", &["203.0.113.7", "10.0.0.2"]),
            "203.0.113.7"
        );
    }

    #[test]
    fn what_a_caller_writes_is_not() {
        // Nobody's proxy.
        assert_eq!(caller("198.51.100.9", &["203.0.113.7"]), "198.51.100.9");
        // Written before the proxy added whom it saw.
        assert_eq!(
            caller("10.0.0.1", &["10.0.0.3, 203.0.113.7"]),
            "203.0.113.7"
        );
        assert_eq!(
            caller("10.0.0.1", &["192.0.2.1, 203.0.113.7, 10.0.0.2"]),
            "203.0.113.7"
        );
        // No address at all: the proxy itself is counted.
        assert_eq!(caller("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(caller("10.0.0.1", &["203.0.113.7, ,"]), "10.0.0.1");
        assert_eq!(caller("10.0.0.1", &[]), "10.0.0.1");
    }
}
