//! Where a connection without TLS leaves no machine.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether what is spoken to this address in the clear stays on this machine.
#[must_use]
pub fn plain_is_private(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Whether a token may be sent to this address: over TLS, or without leaving this machine.
#[must_use]
pub fn token_may_travel(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Ipv4(address)) => plain_is_private(address.into()),
            Some(Host::Ipv6(address)) => plain_is_private(address.into()),
            // By RFC 6761 it leads nowhere else.
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_clear_a_token_stays_on_the_machine() {
        for (url, may) in [
            ("http://127.0.0.1:7700", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:7700", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://localhost:7700/prefix", true),
            ("https://example.org", true),
            ("https://10.0.0.1", true),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://[::ffff:10.0.0.1]", false),
            ("http://example.org", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false),
        ] {
            assert_eq!(token_may_travel(&url.parse().unwrap()), may, "{url}");
        }
    }
}
