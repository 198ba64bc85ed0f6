//! How a caller knows that it is the orchestrator that answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::{Fingerprint, TransportError, provider};

/// How a caller knows that it is the orchestrator that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// By whoever this system trusts.
    #[default]
    System,
    /// By the authorities in this file and no others.
    Authorities(PathBuf),
    /// By its certificate, whoever signed it, whatever name is in it.
    Certificate(Fingerprint),
}

impl Trust {
    /// What was asked for: a certificate before authorities, and these before the system's.
    #[must_use]
    pub fn from_options(ca_file: Option<PathBuf>, pinned: Option<Fingerprint>) -> Self {
        match (pinned, ca_file) {
            (Some(pinned), _) => Self::Certificate(pinned),
            (None, Some(path)) => Self::Authorities(path),
            (None, None) => Self::System,
        }
    }

    /// Settings of a client.
    ///
    /// # Errors
    /// If the file, or the system's certificates, cannot be used.
    pub fn client_config(&self) -> Result<ClientConfig, TransportError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TransportError::Setup(error.to_string()))?;
        let builder =
            match self {
                Self::System => builder
                    .with_platform_verifier()
                    .map_err(TransportError::System)?,
                Self::Authorities(path) => builder.with_root_certificates(authorities(path)?),
                Self::Certificate(fingerprint) => builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(Pinned {
                        fingerprint: *fingerprint,
                        provider: provider(),
                    })),
            };
        Ok(builder.with_no_client_auth())
    }

    /// Settings of a client that speaks no TLS at all, and would trust nobody.
    ///
    /// # Errors
    /// If the library cannot be set up.
    pub fn nobody() -> Result<ClientConfig, TransportError> {
        Ok(ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TransportError::Setup(error.to_string()))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth())
    }
}

/// Certificates of a file in PEM form, at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let unusable = |error: rustls::pki_types::pem::Error| TransportError::File {
        doing: "read",
        path: path.to_owned(),
        why: error.to_string(),
    };
    let found = CertificateDer::pem_file_iter(path)
        .map_err(unusable)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(unusable)?;
    if found.is_empty() {
        return Err(TransportError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(found)
}

fn authorities(path: &Path) -> Result<RootCertStore, TransportError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| TransportError::File {
                doing: "use a certificate of",
                path: path.to_owned(),
                why: error.to_string(),
            })?;
    }
    Ok(roots)
}

/// Takes one certificate and no other. That the server has its key is checked as ever.
#[derive(Debug)]
struct Pinned {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if Fingerprint::of(end_entity) == self.fingerprint {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
