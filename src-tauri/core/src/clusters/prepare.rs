//! From a context to what a client is built of: files read, credentials sorted, proxy chosen.
//!
//! Nothing is sent and no program runs here.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use kube::{
    Config,
    config::{
        AuthInfo, Cluster, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Context, Contexts, Error,
    client::proxy,
    credentials::{self, Source},
    exec::{self, Plugin, SearchPath},
    files,
};

/// kubectl's key for what a cluster tells its program for credentials.
const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";

/// What a client is built of.
pub(super) struct Prepared {
    pub(super) config: Config,
    pub(super) source: Source,
    /// Changes whenever the kubeconfig's words about this context do.
    pub(super) definition: String,
}

/// Prepares a context.
pub(super) async fn prepare(
    contexts: &Contexts,
    context: &Context,
    allowed: bool,
    path: &SearchPath,
) -> Result<Prepared, Error> {
    let refuse = |reason: String| Error::Context {
        context: context.name.clone(),
        reason,
    };
    if let Some(broken) = &context.broken {
        return Err(refuse(broken.clone()));
    }
    let (parts, mut cluster, mut user) = contexts.parts(&context.name);
    let definition = definition(context, &cluster, &user);
    let read = tokio::task::spawn_blocking(move || {
        inline(&mut cluster, &mut user)?;
        Ok((cluster, user))
    });
    let (cluster, mut user) = read
        .await
        .map_err(|error| refuse(error.to_string()))?
        .map_err(refuse)?;
    let source = source(context, &cluster, &mut user, allowed, path).map_err(refuse)?;

    let environment = cluster.proxy_url.clone().filter(|url| !url.is_empty());
    let single = Kubeconfig {
        clusters: vec![NamedCluster {
            name: "c".into(),
            cluster: Some(Cluster {
                // kube would look at the environment again, and compare the proxy with NO_PROXY.
                proxy_url: Some("http://unused".into()),
                ..cluster
            }),
            ..Default::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: "u".into(),
            auth_info: Some(user),
            ..Default::default()
        }],
        contexts: vec![NamedContext {
            name: "x".into(),
            context: Some(kube::config::Context {
                cluster: "c".into(),
                user: Some("u".into()),
                ..parts
            }),
            ..Default::default()
        }],
        current_context: Some("x".into()),
        ..Default::default()
    };
    let mut config = Config::from_custom_kubeconfig(single, &KubeConfigOptions::default())
        .await
        .map_err(|error| refuse(error.to_string()))?;
    let chosen = environment
        .or_else(|| proxy::of_environment(&config.cluster_url, |name| std::env::var(name).ok()));
    config.proxy_url = chosen
        .map(|url| proxy_url(&url))
        .transpose()
        .map_err(refuse)?;
    if !matches!(config.cluster_url.scheme_str(), Some("https" | "http")) {
        let reason = format!(
            "the server \"{}\" is no http or https address",
            context.server
        );
        return Err(refuse(reason));
    }
    Ok(Prepared {
        config,
        source,
        definition,
    })
}

fn proxy_url(url: &str) -> Result<http::Uri, String> {
    let shown = super::kubeconfig::without_credentials(url);
    let parsed: http::Uri = url
        .parse()
        .map_err(|error| format!("the proxy \"{shown}\" is no address: {error}"))?;
    match parsed.scheme_str() {
        Some("http" | "https" | "socks5" | "socks5h") if parsed.host().is_some() => Ok(parsed),
        _ => Err(format!(
            "the proxy \"{shown}\" is none of http, https and socks5"
        )),
    }
}

/// A hash, since the words hold secrets.
fn definition(context: &Context, cluster: &Cluster, user: &AuthInfo) -> String {
    let words = serde_json::to_vec(&(&context.namespace, cluster, user)).unwrap_or_default();
    let hash = Sha256::digest(&words);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the files named, within bounds, so that kube reads none.
fn inline(cluster: &mut Cluster, user: &mut AuthInfo) -> Result<(), String> {
    fn read(what: &str, path: &str) -> Result<String, String> {
        let bytes = files::bytes(Path::new(path))
            .map_err(|error| format!("the {what} \"{path}\" cannot be read: {error}"))?;
        Ok(BASE64_STANDARD.encode(bytes))
    }
    fn named(path: &mut Option<String>) -> Option<String> {
        path.take().filter(|path| !path.is_empty())
    }
    let has = |data: &Option<String>| data.as_ref().is_some_and(|data| !data.is_empty());
    if let Some(path) = named(&mut cluster.certificate_authority)
        && !has(&cluster.certificate_authority_data)
    {
        cluster.certificate_authority_data = Some(read("certificate authority", &path)?);
    }
    if let Some(path) = named(&mut user.client_certificate)
        && !has(&user.client_certificate_data)
    {
        user.client_certificate_data = Some(read("client certificate", &path)?);
    }
    if let Some(path) = named(&mut user.client_key)
        && user.client_key_data.is_none()
    {
        user.client_key_data = Some(read("client key", &path)?.into());
    }
    // kube takes an empty text for data.
    cluster
        .certificate_authority_data
        .take_if(|data| data.is_empty());
    user.client_certificate_data.take_if(|data| data.is_empty());
    Ok(())
}

/// Takes from the user what requests are to carry, in the order kubectl prefers.
fn source(
    context: &Context,
    cluster: &Cluster,
    user: &mut AuthInfo,
    allowed: bool,
    path: &SearchPath,
) -> Result<Source, String> {
    let exec = user.exec.take();
    if let Some(provider) = &user.auth_provider {
        // The others run programs nobody was asked about, or were retired by kubectl.
        return if provider.name == "oidc" {
            Ok(Source::None)
        } else {
            Err(format!(
                "the auth-provider \"{}\" was retired by kubectl; its exec plugin takes its place",
                provider.name
            ))
        };
    }
    let token_file = user.token_file.take().filter(|path| !path.is_empty());
    if let Some(token) = user.token.take().filter(|t| !t.expose_secret().is_empty()) {
        return credentials::bearer(token.expose_secret())
            .map(Source::Fixed)
            .map_err(|e| e.to_string());
    }
    if let Some(path) = token_file {
        return Ok(Source::File(path.into()));
    }
    if let (Some(name), Some(password)) = (user.username.take(), user.password.take()) {
        let header = credentials::basic(&name, password.expose_secret());
        return header.map(Source::Fixed).map_err(|e| e.to_string());
    }
    if exec.is_none() {
        return Ok(Source::None);
    }
    let command = context.exec().cloned().ok_or("its exec entry is empty")?;
    Ok(Source::Exec(Plugin {
        command,
        allowed,
        cluster: Some(told(cluster)),
        path: path.clone(),
        timeout: exec::TIMEOUT,
    }))
}

fn told(cluster: &Cluster) -> Value {
    let mut told = json!({"server": cluster.server});
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            told[name] = value;
        }
    };
    set(
        "tls-server-name",
        cluster.tls_server_name.clone().map(Value::from),
    );
    set(
        "insecure-skip-tls-verify",
        cluster.insecure_skip_tls_verify.map(Value::from),
    );
    set(
        "certificate-authority-data",
        cluster.certificate_authority_data.clone().map(Value::from),
    );
    set("proxy-url", cluster.proxy_url.clone().map(Value::from));
    set(
        "disable-compression",
        cluster.disable_compression.map(Value::from),
    );
    let extensions = cluster.extensions.iter().flatten();
    let config = extensions.filter(|named| named.name == EXEC_EXTENSION);
    set("config", config.map(|named| named.extension.clone()).next());
    told
}
