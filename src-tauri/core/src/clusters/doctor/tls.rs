//! The handshake, and the certificates a server shows, good or bad.

use std::sync::{Arc, Mutex, PoisonError};

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use kube::{Config, client::ConfigExt};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, DigitallySignedStruct, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};
use tower::ServiceExt;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Finding, STEP};
use crate::clusters::client::proxy;

/// A server certificate that ends within this many seconds is worth a word.
const SOON: i64 = 7 * 24 * 60 * 60;

pub(super) async fn shake_hands(config: &Config, now: i64) -> Finding {
    if config.cluster_url.scheme_str() != Some("https") {
        return Finding::skipped("the address is plain http");
    }
    if config.proxy_url.as_ref().and_then(|p| p.scheme_str()) == Some("https") {
        return Finding::skipped("not looked at through an https proxy");
    }
    let verified = match config.rustls_client_config() {
        Ok(verified) => verified,
        Err(error) => {
            let advice =
                "check certificate-authority, client-certificate and client-key in the kubeconfig";
            return Finding::failed(error.to_string(), advice);
        }
    };
    let host = config
        .cluster_url
        .host()
        .unwrap_or_default()
        .trim_matches(['[', ']']);
    let name = config
        .tls_server_name
        .clone()
        .unwrap_or_else(|| host.to_owned());
    // Seen first by someone who judges nothing, so that a bad chain can be shown.
    let eyes = Arc::new(Eyes {
        provider: Arc::clone(verified.crypto_provider()),
        chain: Mutex::default(),
    });
    let looked = ClientConfig::builder_with_provider(Arc::clone(verified.crypto_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| {
            let verifier = Arc::clone(&eyes);
            builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth()
        });
    if let Ok(looked) = looked {
        // Only the certificates matter; servers that want one from us end the handshake later.
        let _ = shake(config, looked, &name).await;
    }
    let chain = eyes
        .chain
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let shown = described(&chain);
    match shake(config, verified, &name).await {
        Ok(()) if config.accept_invalid_certs => Finding::warning(
            format!("not verified (insecure-skip-tls-verify)\n{shown}"),
            "set certificate-authority-data and drop insecure-skip-tls-verify",
        ),
        Ok(()) => match ends(&chain) {
            Some(ends) if ends - now < SOON => Finding::warning(
                format!("verified for \"{name}\"\n{shown}"),
                "the server's certificate ends soon: renew it",
            ),
            _ => Finding::ok(format!("verified for \"{name}\"\n{shown}")),
        },
        Err(error) => {
            let advice = advice(&error, &name);
            Finding::failed(format!("{error}\n{shown}").trim().to_owned(), advice)
        }
    }
}

async fn shake(config: &Config, tls: ClientConfig, name: &str) -> Result<(), String> {
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| format!("\"{name}\" is no name a certificate could be for"))?;
    let work = async {
        let stream = stream(config).await?;
        let connector = TlsConnector::from(Arc::new(tls));
        connector
            .connect(name, stream)
            .await
            .map_err(|error| error.to_string())
    };
    match timeout(STEP, work).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(format!("silent for {} s in the handshake", STEP.as_secs())),
    }
}

async fn stream(config: &Config) -> Result<TcpStream, String> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    let server = config.cluster_url.clone();
    let stream: TokioIo<TcpStream> = match &config.proxy_url {
        None => tcp.oneshot(server).await.map_err(|e| e.to_string())?,
        Some(url) if url.scheme_str().is_some_and(|s| s.starts_with("socks")) => {
            let socks = proxy::socks(url, tcp);
            socks.oneshot(server).await.map_err(|e| e.to_string())?
        }
        Some(url) => {
            let tunnel = proxy::tunnel(url, tcp);
            tunnel.oneshot(server).await.map_err(|e| e.to_string())?
        }
    };
    Ok(stream.into_inner())
}

/// One line per certificate: subject, issuer, end.
pub(super) fn described(chain: &[Vec<u8>]) -> String {
    let lines = chain.iter().filter_map(|der| {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Some(format!(
            "subject: {}, issuer: {}, not after: {}",
            certificate.subject(),
            certificate.issuer(),
            date(certificate.validity().not_after.timestamp())
        ))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// When the first certificate of a chain ends.
pub(super) fn ends(chain: &[Vec<u8>]) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(chain.first()?).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

/// `2026-11-21T10:00:00Z`.
pub(super) fn date(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.to_string())
}

fn advice(error: &str, name: &str) -> String {
    let says = |word: &str| error.to_ascii_lowercase().contains(word);
    if says("unknownissuer") || says("badsignature") {
        "the kubeconfig's certificate-authority did not sign this certificate: fetch the kubeconfig again, or look for a proxy that breaks TLS open".into()
    } else if says("expired") {
        "the server's certificate has ended, or this machine's clock is wrong".into()
    } else if says("notvalidforname") || says("not valid for name") {
        format!(
            "the certificate is not for \"{name}\": use the name it is for, or set tls-server-name"
        )
    } else if says("notvalidyet") || says("not valid yet") {
        "the certificate is not valid yet: check this machine's clock".into()
    } else if says("invalidcontenttype") || says("corrupt") {
        "the port does not speak TLS: check port and scheme of the server's address".into()
    } else {
        "check the server's certificate and the kubeconfig's certificate-authority".into()
    }
}

/// Keeps what it sees and believes everything; nothing is sent over what it has let pass.
#[derive(Debug)]
struct Eyes {
    provider: Arc<rustls::crypto::CryptoProvider>,
    chain: Mutex<Vec<Vec<u8>>>,
}

impl ServerCertVerifier for Eyes {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|der| der.to_vec()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
