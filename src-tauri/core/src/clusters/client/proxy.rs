//! Which proxy is between, and how it is spoken to.
//!
//! A kubeconfig's `proxy-url` always wins, as with kubectl; else the environment's variables count,
//! with `NO_PROXY` compared to the server.

use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};

/// Speaks SOCKS 5; names are resolved by the proxy.
pub(crate) fn socks<C>(proxy: &Uri, connector: C) -> SocksV5<C> {
    let socks = SocksV5::new(proxy.clone(), connector);
    match credentials(proxy) {
        Some((user, password)) => socks.with_auth(user, password),
        None => socks,
    }
}

/// Asks an HTTP proxy for a tunnel.
pub(crate) fn tunnel<C>(proxy: &Uri, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), connector);
    let header = credentials(proxy).and_then(|(user, password)| {
        let value = BASE64_STANDARD.encode(format!("{user}:{password}"));
        HeaderValue::try_from(format!("Basic {value}")).ok()
    });
    match header {
        Some(mut header) => {
            header.set_sensitive(true);
            tunnel.with_auth(header)
        }
        None => tunnel,
    }
}

fn credentials(proxy: &Uri) -> Option<(String, String)> {
    let (said, _) = proxy.authority()?.as_str().rsplit_once('@')?;
    let (user, password) = said.split_once(':').unwrap_or((said, ""));
    Some((decoded(user), decoded(password)))
}

/// Undoes `%40` and the like; what is no escape stays.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escape.unwrap_or(bytes[at]));
        at += if escape.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The proxy the environment names for a server; `variable` reads the environment.
pub(crate) fn of_environment(
    server: &Uri,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let either = |upper: &str, lower: &str| {
        let set = variable(upper).filter(|value| !value.is_empty());
        set.or_else(|| variable(lower).filter(|value| !value.is_empty()))
    };
    let proxy = match server.scheme_str() {
        Some("http") => either("HTTP_PROXY", "http_proxy"),
        _ => either("HTTPS_PROXY", "https_proxy"),
    }?;
    let host = server.host()?.trim_matches(['[', ']']).to_ascii_lowercase();
    let loopback = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if host == "localhost" || loopback {
        return None;
    }
    let exceptions = either("NO_PROXY", "no_proxy").unwrap_or_default();
    let direct = exceptions
        .split(',')
        .any(|rule| excepts(rule.trim(), &host));
    // Without a scheme it is an HTTP proxy, as curl and Go read it.
    (!direct).then(|| {
        if proxy.contains("://") {
            proxy
        } else {
            format!("http://{proxy}")
        }
    })
}

fn excepts(rule: &str, host: &str) -> bool {
    let rule = rule.to_ascii_lowercase();
    if rule == "*" {
        return true;
    }
    if let Some((net, bits)) = rule.split_once('/') {
        return in_network(host, net, bits);
    }
    let rule = match rule.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() && !name.contains(':') => name.to_owned(),
        _ => rule,
    };
    let name = rule.trim_start_matches('*').trim_start_matches('.');
    !name.is_empty()
        && (host == name
            || host
                .strip_suffix(name)
                .is_some_and(|front| front.ends_with('.')))
}

fn in_network(host: &str, net: &str, bits: &str) -> bool {
    let prefix = |ip: IpAddr, bits: u32| -> Option<u128> {
        let (value, width) = match ip {
            IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
            IpAddr::V6(ip) => (u128::from(ip), 128),
        };
        (bits <= width).then(|| value.checked_shr(width - bits).unwrap_or(0))
    };
    let parsed = (
        host.parse::<IpAddr>(),
        net.parse::<IpAddr>(),
        bits.parse::<u32>(),
    );
    match parsed {
        (Ok(host), Ok(net), Ok(bits)) if host.is_ipv4() == net.is_ipv4() => {
            prefix(host, bits).is_some_and(|of_host| prefix(net, bits) == Some(of_host))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(server: &str, variables: &[(&str, &str)]) -> Option<String> {
        let read = |name: &str| {
            let set = variables.iter().find(|(n, _)| *n == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        of_environment(&server.parse().unwrap(), read)
    }

    #[test]
    fn the_environments_proxy_is_used_but_for_its_exceptions() {
        let proxy = ("HTTPS_PROXY", "proxy:3128");
        let via = Some("http://proxy:3128".to_owned());
        assert_eq!(chosen("https://api.corp:6443", &[proxy]), via);
        assert_eq!(
            chosen("https://127.0.0.1:6443", &[proxy]),
            None,
            "this machine is near"
        );
        assert_eq!(
            chosen("http://api.corp", &[proxy]),
            None,
            "not for plain HTTP"
        );
        for (rule, server, direct) in [
            ("corp", "https://api.corp:6443", true),
            (".corp", "https://api.corp:6443", true),
            ("*.corp", "https://api.corp:6443", true),
            ("xcorp", "https://api.corp:6443", false),
            ("pi.corp", "https://api.corp:6443", false),
            ("10.0.0.0/8", "https://10.2.3.4:6443", true),
            ("10.0.0.0/8", "https://11.2.3.4:6443", false),
            ("api.corp:6443", "https://api.corp:6443", true),
            ("*", "https://x", true),
            ("a, 0.0.0.0/0", "https://11.2.3.4", true),
            ("fd00::/8", "https://[fd00::1]:6443", true),
        ] {
            let seen = chosen(server, &[proxy, ("NO_PROXY", rule)]);
            assert_eq!(seen.is_none(), direct, "{rule} for {server}");
        }
    }

    #[test]
    fn credentials_of_a_proxy_are_decoded_once() {
        let proxy = "http://user:p%40ss%3Aw%zz@proxy:1".parse::<Uri>();
        // `%zz` is no escape, and some parsers refuse it outright.
        if let Ok(proxy) = proxy {
            assert_eq!(
                credentials(&proxy),
                Some(("user".into(), "p@ss:w%zz".into()))
            );
        }
        let proxy = "http://user@proxy:1".parse().unwrap();
        assert_eq!(credentials(&proxy), Some(("user".into(), String::new())));
    }
}
