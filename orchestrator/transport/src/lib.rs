//! How an orchestrator, its clients and its runners speak with each other over a network that
//! others share: TLS by rustls, with one cryptography (ring) for all of them.
//!
//! - [`Trust`]: how the caller knows that it is the orchestrator that answers;
//! - [`ServerTls`]: an orchestrator's certificate, read anew when its files change;
//! - [`plain_is_private`]: where a connection without TLS stays on the machine;
//! - [`retry_after`]: how long a server that has no time asks to wait.

mod error;
mod fingerprint;
mod place;
mod retry_after;
mod server;
mod trust;

pub use error::TransportError;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use place::{plain_is_private, token_may_travel};
pub use retry_after::retry_after;
pub use server::ServerTls;
pub use trust::Trust;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The one cryptography.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
