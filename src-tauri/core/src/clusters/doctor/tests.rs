//! Broken ways to a cluster, each really broken.

use std::{fs, path::Path, sync::Arc};

use rcgen::{CertificateParams, Issuer, KeyPair};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::*;
use crate::{
    clock::SystemClock,
    clusters::{Preferences, Sources},
    store::Store,
};

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority(name: &str) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority {
        pem,
        issuer: Issuer::new(params, key),
    }
}

/// Certificate and key, PEM, that ended in the year given.
fn leaf(of: &Authority, name: &str, until: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let certificate = params.signed_by(&key, &of.issuer).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// A TLS server that answers every request with this.
async fn server(of: &Authority, answer: &'static str) -> u16 {
    let (certificate, key) = leaf(of, "localhost", 2090);
    let parse = |pem: &str| {
        x509_parser::pem::parse_x509_pem(pem.as_bytes())
            .unwrap()
            .1
            .contents
    };
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![parse(&certificate).into()],
            parse(&key).try_into().unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut request = [0; 4096];
                while tokio::io::AsyncReadExt::read(&mut stream, &mut request)
                    .await
                    .is_ok_and(|n| n > 0)
                {
                    let head = "HTTP/1.1 200 OK\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT";
                    let reply =
                        format!("{head}\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
                    if stream.write_all(reply.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

async fn diagnose(server: &str, cluster: serde_json::Value, user: serde_json::Value) -> Vec<Check> {
    let dir = tempfile::tempdir().unwrap();
    let mut cluster = cluster;
    cluster["server"] = json!(server);
    let config = json!({
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    });
    let file = dir.path().join("config");
    fs::write(&file, config.to_string()).unwrap();
    let clock: Arc<dyn crate::clock::Clock> = Arc::new(SystemClock);
    let (store, _) = Store::open(&dir.path().join("db"), clock.now())
        .await
        .unwrap();
    let preferences = Preferences::load(store, Arc::clone(&clock)).await.unwrap();
    let sources = Sources {
        kubeconfigs: vec![file],
        demo: false,
    };
    let clusters = Clusters::new(sources, preferences, clock);
    let checks = clusters.diagnose("context:x").await.unwrap().checks;
    let steps: Vec<_> = checks.iter().map(|check| check.step).collect();
    assert_eq!(steps, STEPS, "every step is told of, once, in order");
    checks
}

/// The first failed step, its detail and its advice.
fn failed(checks: &[Check]) -> (Step, &str, &str) {
    let check = checks
        .iter()
        .find(|check| check.state == CheckState::Failed);
    let check = check.unwrap_or_else(|| panic!("nothing failed: {checks:#?}"));
    (check.step, &check.detail, &check.advice)
}

fn encoded(pem: &str) -> String {
    BASE64_STANDARD.encode(pem)
}

#[tokio::test]
async fn a_refused_port_and_an_unknown_name_are_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let checks = diagnose(&format!("https://127.0.0.1:{free}"), json!({}), json!({})).await;
    let (step, detail, advice) = failed(&checks);
    assert_eq!(step, Step::Tcp);
    assert!(
        detail.contains("refused") && advice.contains(&free.to_string()),
        "{detail} / {advice}"
    );
    assert_eq!(checks[3].state, CheckState::Ok);
    assert_eq!(checks[6].state, CheckState::Skipped);

    let checks = diagnose("https://no-such-host.invalid:6443", json!({}), json!({})).await;
    assert_eq!(failed(&checks).0, Step::Dns);
    assert!(failed(&checks).1.contains("no-such-host.invalid"));
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_shown_with_its_chain() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let port = server(&theirs, "{}").await;
    let cluster = json!({"certificate-authority-data": encoded(&ours.pem)});
    let address = format!("https://localhost:{port}");
    let checks = diagnose(&address, cluster.clone(), json!({})).await;
    let (step, detail, advice) = failed(&checks);
    assert_eq!(step, Step::Tls);
    assert!(
        detail.contains("UnknownIssuer") && detail.contains("issuer: CN=theirs"),
        "{detail}"
    );
    assert!(detail.contains("not after: 2090-01-01"), "{detail}");
    assert!(advice.contains("certificate-authority"), "{advice}");

    let port = server(&ours, r#"{"gitVersion":"v1.36.3"}"#).await;
    let checks = diagnose(&format!("https://127.0.0.1:{port}"), cluster, json!({})).await;
    let (step, _, advice) = failed(&checks);
    assert_eq!(step, Step::Tls);
    assert!(advice.contains("tls-server-name"), "{advice}");
}

#[tokio::test]
async fn a_good_way_is_good_to_its_end_but_for_the_clock() {
    let ours = authority("ours");
    let port = server(&ours, r#"{"gitVersion":"v1.36.3"}"#).await;
    let cluster = json!({
        "certificate-authority-data": encoded(&ours.pem),
        "tls-server-name": "localhost",
    });
    let checks = diagnose(
        &format!("https://127.0.0.1:{port}"),
        cluster,
        json!({"token": "t"}),
    )
    .await;
    let states: Vec<_> = checks.iter().map(|check| check.state).collect();
    use CheckState::{Ok, Skipped, Warning};
    assert_eq!(
        states,
        [Ok, Skipped, Skipped, Ok, Ok, Ok, Ok, Ok, Warning],
        "{checks:#?}"
    );
    assert!(checks[6].detail.contains("v1.36.3"));
    assert!(checks[8].detail.contains("behind"), "{}", checks[8].detail);
}

#[tokio::test]
async fn an_ended_client_certificate_is_named_with_its_end() {
    let ours = authority("ours");
    let port = server(&ours, r#"{"gitVersion":"v1.36.3"}"#).await;
    let (certificate, key) = leaf(&ours, "me", 2020);
    let user = json!({
        "client-certificate-data": encoded(&certificate),
        "client-key-data": encoded(&key),
    });
    let cluster = json!({"certificate-authority-data": encoded(&ours.pem)});
    let checks = diagnose(&format!("https://localhost:{port}"), cluster, user).await;
    let credentials = &checks[7];
    assert!(credentials.detail.contains("2020-01-01"), "{credentials:?}");
    assert!(credentials.detail.contains("CN=me"), "{credentials:?}");
}

#[tokio::test]
async fn a_file_that_is_not_there_and_a_device_fail_the_entry() {
    let cluster = json!({"certificate-authority": "gone.crt"});
    let checks = diagnose("https://localhost:1", cluster, json!({})).await;
    let (step, detail, _) = failed(&checks);
    assert_eq!(step, Step::Kubeconfig);
    assert!(detail.contains("gone.crt"), "{detail}");
    #[cfg(unix)]
    {
        let user = json!({"client-certificate": "/dev/zero", "client-key": "/dev/zero"});
        let checks = diagnose("https://localhost:1", json!({}), user).await;
        assert!(failed(&checks).1.contains("not a regular file"));
    }
}

#[cfg(unix)]
fn plugin(dir: &Path, command: &str, script: &str) -> Plugin {
    use std::os::unix::fs::PermissionsExt;

    use crate::clusters::exec::{ExecCommand, SearchPath};

    let file = dir.join("login");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    Plugin {
        command: ExecCommand {
            command: command.into(),
            args: vec!["get-token".into()],
            env: Vec::new(),
            api_version: "client.authentication.k8s.io/v1".into(),
            provide_cluster_info: false,
            needs_terminal: false,
            install_hint: None,
        },
        allowed: true,
        cluster: None,
        path: SearchPath::of(format!("{}:/usr/bin:/bin", dir.display())),
        timeout: Duration::from_millis(500),
    }
}

#[cfg(unix)]
#[tokio::test]
async fn programs_that_fail_hang_or_are_not_there_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new("https://localhost:1".parse().unwrap());
    let mut look = async |plugin: &Plugin| {
        let (found, source) = exec(plugin, &mut config).await;
        assert_eq!(found.state, CheckState::Failed);
        assert!(source.is_none());
        found
    };
    let binary = dir.path().join("login").display().to_string();
    let found = look(&plugin(
        dir.path(),
        "login",
        "echo 'session ended' >&2; exit 1",
    ))
    .await;
    for fact in [
        binary.as_str(),
        "exited with 1",
        "session ended",
        "PATH: ",
        "login get-token",
    ] {
        assert!(found.detail.contains(fact), "{fact}: {}", found.detail);
    }
    let found = look(&plugin(dir.path(), "login", "echo waiting >&2; sleep 30")).await;
    assert!(
        found.detail.contains("without an answer\nstderr: waiting"),
        "{}",
        found.detail
    );
    let found = look(&plugin(dir.path(), "no-such-login", "")).await;
    assert!(
        found.detail.contains("not found on PATH"),
        "{}",
        found.detail
    );
    let mut unknown = plugin(dir.path(), "login", "");
    unknown.allowed = false;
    assert!(look(&unknown).await.detail.contains("never allowed"));
}

#[test]
fn a_clock_that_is_off_is_worth_a_word() {
    assert_eq!(clock(Some(1000), 1010).state, CheckState::Ok);
    assert_eq!(clock(Some(1000), 1500).state, CheckState::Warning);
    assert_eq!(clock(None, 0).state, CheckState::Skipped);
}
