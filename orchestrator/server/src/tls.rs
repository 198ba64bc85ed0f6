//! Where an instance is reached, and how: in the clear by this machine, over TLS by others.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use gauntlet_http::TlsListener;
use gauntlet_transport::{Fingerprint, ServerTls, plain_is_private};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::data_dir::DataDir;
use crate::error::ServerError;

/// Whose certificate an instance shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// None: it speaks http alone.
    #[default]
    None,
    /// One that nobody signed, kept in the data folder; callers pin its fingerprint.
    SelfSigned,
    /// That in these files, in PEM form; read anew when they change.
    Files {
        /// The certificate, then those that signed it.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// Where requests come in.
pub(crate) enum Doors {
    /// One listener, in the clear.
    Plain(TcpListener),
    /// Others over TLS, this machine in the clear: its runner and its commands need to trust no
    /// certificate, and go on when that is replaced.
    Tls(TlsListener, TcpListener),
}

/// Where and how an instance is reached.
pub(crate) struct Reached {
    pub(crate) doors: Doors,
    /// Address for people and other machines.
    pub(crate) url: String,
    /// Address for this machine.
    pub(crate) local_url: String,
    pub(crate) fingerprint: Option<Fingerprint>,
}

/// Refuses to speak with other machines in the clear.
pub(crate) fn check(tls: &Tls, listen: SocketAddr, insecure_http: bool) -> Result<(), ServerError> {
    if *tls == Tls::None && !insecure_http && !plain_is_private(listen.ip()) {
        return Err(ServerError::Insecure { address: listen });
    }
    Ok(())
}

/// The certificate, if there is to be one.
pub(crate) fn certificate(
    tls: &Tls,
    data: &DataDir,
    listener: &TcpListener,
) -> Result<Option<ServerTls>, ServerError> {
    Ok(match tls {
        Tls::None => None,
        Tls::SelfSigned => {
            let names = names(address_of(listener)?);
            Some(ServerTls::self_signed(data.root(), &names)?)
        }
        Tls::Files { certificate, key } => Some(ServerTls::load(certificate, key)?),
    })
}

/// Lets requests in, over TLS if there is a certificate.
pub(crate) async fn open(
    certificate: Option<ServerTls>,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<Reached, ServerError> {
    let address = address_of(&listener)?;
    let Some(tls) = certificate else {
        let url = format!("http://{}", reachable(address));
        return Ok(Reached {
            doors: Doors::Plain(listener),
            local_url: url.clone(),
            url,
            fingerprint: None,
        });
    };
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let local = TcpListener::bind(here)
        .await
        .map_err(|source| ServerError::Listen {
            address: here,
            source,
        })?;
    let local_url = format!("http://{}", address_of(&local)?);
    let fingerprint = tls.fingerprint();
    let listener = TlsListener::start(listener, tls, stop)?;
    Ok(Reached {
        doors: Doors::Tls(listener, local),
        url: format!("https://{}", reachable(address)),
        local_url,
        fingerprint,
    })
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, ServerError> {
    listener
        .local_addr()
        .map_err(|error| ServerError::failed("read the listener's address", error))
}

/// What a certificate that nobody signed is made for: whoever pins it does not ask.
fn names(address: SocketAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    if !host.is_empty() && host.is_ascii() {
        names.push(host.to_owned());
    }
    if !address.ip().is_unspecified() {
        names.push(address.ip().to_string());
    }
    names
}

/// The address clients on this machine use: a listener on all addresses is
/// reached through the loopback one.
fn reachable(address: SocketAddr) -> SocketAddr {
    use std::net::{IpAddr, Ipv6Addr};
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_through_loopback() {
        let at = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(at("[::]:80"), "[::1]:80");
        assert_eq!(at("10.0.0.1:80"), "10.0.0.1:80");
    }

    #[test]
    fn other_machines_are_not_spoken_with_in_the_clear() {
        let checked = |tls: &Tls, listen: &str, insecure| {
            check(tls, listen.parse().unwrap(), insecure).is_ok()
        };
        for (listen, private) in [
            ("127.0.0.1:0", true),
            ("[::1]:7700", true),
            ("0.0.0.0:7700", false),
            ("[::]:7700", false),
            ("10.0.0.1:7700", false),
        ] {
            assert_eq!(checked(&Tls::None, listen, false), private, "{listen}");
            assert!(checked(&Tls::None, listen, true), "{listen}");
            assert!(checked(&Tls::SelfSigned, listen, false), "{listen}");
        }
    }
}
