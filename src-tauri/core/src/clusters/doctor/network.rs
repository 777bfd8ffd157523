//! Proxy, name, port and the first answer.

use std::net::SocketAddr;

use http::{Request, Uri, header::DATE};
use kube::{Config, client::Body};
use tokio::{net::TcpStream, time::timeout};

use super::{Finding, STEP};
use crate::clusters::{
    Connection,
    connection::{http_date, reason, refusal},
    kubeconfig::without_credentials,
};

/// Whom a connection is made to: the proxy, or the server.
pub(super) fn peer(config: &Config) -> (String, u16) {
    let of = |uri: &Uri| {
        let host = uri
            .host()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("http") => 80,
            Some("socks5" | "socks5h") => 1080,
            _ => 443,
        });
        (host, port)
    };
    of(config.proxy_url.as_ref().unwrap_or(&config.cluster_url))
}

pub(super) fn proxy(config: &Config) -> Finding {
    match &config.proxy_url {
        Some(proxy) => Finding::ok(format!(
            "through {}",
            without_credentials(&proxy.to_string())
        )),
        None => Finding::skipped("none: neither proxy-url nor HTTPS_PROXY applies"),
    }
}

pub(super) async fn resolve(config: &Config) -> (Finding, Vec<SocketAddr>) {
    let (host, port) = peer(config);
    let found = timeout(STEP, tokio::net::lookup_host((host.as_str(), port))).await;
    let why = match found {
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.collect();
            if !addresses.is_empty() {
                let shown: Vec<_> = addresses.iter().map(|a| a.ip().to_string()).collect();
                let detail = format!("{host}: {}", shown.join(", "));
                return (Finding::ok(detail), addresses);
            }
            "no address".to_owned()
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the resolver was silent for {} s", STEP.as_secs()),
    };
    let advice =
        "check the server's name in the kubeconfig, the VPN and the DNS servers of this machine";
    (
        Finding::failed(format!("{host}: {why}"), advice),
        Vec::new(),
    )
}

pub(super) async fn connect(config: &Config, addresses: &[SocketAddr]) -> Finding {
    let mut lines = Vec::new();
    let mut refused = false;
    for address in addresses {
        match timeout(STEP, TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                lines.push(format!("{address}: connected"));
                return Finding::ok(lines.join("\n"));
            }
            Ok(Err(error)) => {
                refused |= error.kind() == std::io::ErrorKind::ConnectionRefused;
                lines.push(format!("{address}: {error}"));
            }
            Err(_) => lines.push(format!("{address}: silent for {} s", STEP.as_secs())),
        }
    }
    let (host, port) = peer(config);
    let advice = if refused {
        format!(
            "nobody listens on port {port} of \"{host}\": is the cluster running, is the port right"
        )
    } else {
        "a firewall or a missing VPN swallows the packets: check the way to this address".into()
    };
    Finding::failed(lines.join("\n"), advice)
}

/// `GET /version`, and the server's time.
pub(super) async fn version(connection: &Connection) -> (Finding, Option<i64>) {
    let request = Request::get("/version").body(Body::empty());
    let request = request.expect("a constant path is well-formed");
    let sent = timeout(STEP * 2, connection.mutating_client().send(request)).await;
    let answer = match sent {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let advice = "something answers at this address, but not as an API server: check address, port and proxy";
            return (Finding::failed(reason(&error), advice), None);
        }
        Err(_) => {
            let advice = "the API server takes connections but does not answer: it may be starting or overloaded";
            return (
                Finding::failed(format!("silent for {} s", (STEP * 2).as_secs()), advice),
                None,
            );
        }
    };
    let date = answer
        .headers()
        .get(DATE)
        .and_then(|date| http_date(date.to_str().ok()?));
    let status = answer.status();
    let body = answer.into_body().collect_bytes().await.unwrap_or_default();
    if matches!(status.as_u16(), 401 | 403) {
        return (
            Finding::ok(format!("it answers: {}", refusal(status, &body))),
            date,
        );
    }
    let said: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let found = match said["gitVersion"].as_str() {
        Some(version) if status.is_success() => Finding::ok(format!("Kubernetes {version}")),
        _ if status.is_success() => Finding::failed(
            "it answers, but not as an API server",
            "check the address: a proxy or a log-in page may answer in its place",
        ),
        _ => Finding::failed(
            refusal(status, &body),
            "the API server, or what stands before it, is not well: try again in a while",
        ),
    };
    (found, date)
}
