//! Certificates and kubeconfigs of one cluster. Everything is X.509 v3 with subject alternative
//! names, because rustls refuses anything less; keys are P-256 and never leave the cluster's directory.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use crate::Error;

/// A certificate authority and the directory its certificates go to.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    directory: PathBuf,
    certificate: String,
    /// The authority's certificate, PEM.
    pub file: PathBuf,
    /// Its key, PEM; the controller manager signs certificate requests with it.
    pub key_file: PathBuf,
}

/// Certificate and key, as files for components and as text for kubeconfigs.
pub(crate) struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
    certificate_text: String,
    key_text: String,
}

impl Authority {
    pub fn new(name: &str, directory: &Path) -> Result<Self, Error> {
        let mut params = params(name, None, &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages.clear();
        let key = KeyPair::generate().map_err(failed(name))?;
        let certificate = params.self_signed(&key).map_err(failed(name))?.pem();
        let file = write(directory, &format!("{name}.crt"), &certificate)?;
        let key_file = write(directory, &format!("{name}.key"), &key.serialize_pem())?;
        let issuer = Issuer::new(params, key);
        Ok(Self {
            issuer,
            directory: directory.into(),
            certificate,
            file,
            key_file,
        })
    }

    /// A certificate for clients and servers alike: user `name` in the group `organization`,
    /// reachable under `hosts` (names and addresses).
    pub fn sign(
        &self,
        file: &str,
        name: &str,
        organization: Option<&str>,
        hosts: &[&str],
    ) -> Result<Pair, Error> {
        let key = KeyPair::generate().map_err(failed(name))?;
        let params = params(name, organization, hosts)?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(failed(name))?
            .pem();
        let key_text = key.serialize_pem();
        Ok(Pair {
            certificate: write(&self.directory, &format!("{file}.crt"), &certificate)?,
            key: write(&self.directory, &format!("{file}.key"), &key_text)?,
            certificate_text: certificate,
            key_text,
        })
    }

    /// Writes a kubeconfig with everything embedded, so that it can be copied anywhere.
    pub fn kubeconfig(
        &self,
        path: &Path,
        cluster: &str,
        server: &str,
        user: &str,
        pair: &Pair,
    ) -> Result<(), Error> {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {cluster}\n\
             clusters:\n- name: {cluster}\n  cluster:\n    server: {server}\n    \
             certificate-authority-data: {authority}\n\
             contexts:\n- name: {cluster}\n  context:\n    cluster: {cluster}\n    user: {user}\n\
             users:\n- name: {user}\n  user:\n    client-certificate-data: {certificate}\n    \
             client-key-data: {key}\n",
            authority = STANDARD.encode(&self.certificate),
            certificate = STANDARD.encode(&pair.certificate_text),
            key = STANDARD.encode(&pair.key_text),
        );
        private(path, &text)
    }
}

/// A key that signs service account tokens: (private, public) files.
pub(crate) fn token_key(directory: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let key = KeyPair::generate().map_err(failed("service accounts"))?;
    let private = write(directory, "service-account.key", &key.serialize_pem())?;
    let public = write(directory, "service-account.pub", &key.public_key_pem())?;
    Ok((private, public))
}

fn params(
    name: &str,
    organization: Option<&str>,
    hosts: &[&str],
) -> Result<CertificateParams, Error> {
    let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(hosts).map_err(failed(name))?;
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(organization) = organization {
        params
            .distinguished_name
            .push(DnType::OrganizationName, organization);
    }
    // A day back for clocks that disagree; a test cluster is not kept for a year.
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(365);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    Ok(params)
}

fn write(directory: &Path, name: &str, text: &str) -> Result<PathBuf, Error> {
    let path = directory.join(name);
    private(&path, text)?;
    Ok(path)
}

/// Only the user who started the cluster may read its keys.
fn private(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::file("write", path))?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(path, mode).map_err(Error::file("write", path))?;
    }
    Ok(())
}

fn failed(subject: &str) -> impl FnOnce(rcgen::Error) -> Error {
    let subject = subject.to_owned();
    move |source| Error::Certificate { subject, source }
}
