//! Addresses that are opened in the browser: only those of the web, and only when a person asks.

use std::process::Stdio;

use kubegraf_ipc::{Code, Error, Reply, terminal::OpenLink};

use super::Core;

/// The longest address that is opened, bytes.
const LONGEST: usize = 2_048;

impl Core {
    /// [`OpenLink`].
    pub async fn open_link(&self, request: OpenLink) -> Reply<OpenLink> {
        open(checked(&request.url)?)
    }
}

/// Lets the desktop open an address.
pub(super) fn open(url: &str) -> Result<(), Error> {
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = tokio::process::Command::new(program);
    command.args(before).arg(url);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let opened = command.spawn().map(drop);
    opened.map_err(|error| {
        let message = format!("no browser can be opened for {url}: \"{program}\": {error}");
        Error::new(Code::Internal, message)
    })
}

/// The address, if it is one of the web that hides nothing: a program in a container wrote it.
fn checked(url: &str) -> Result<&str, Error> {
    let refused = |why: &str| {
        Err(Error::new(
            Code::InvalidArgument,
            format!("the address {why}"),
        ))
    };
    if url.len() > LONGEST {
        return refused("is too long to be opened");
    }
    if url.chars().any(|c| !c.is_ascii_graphic()) {
        return refused("holds characters that no address has");
    }
    let begins = |scheme: &str| {
        let start = url.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if !begins("http://") && !begins("https://") {
        return refused("is not one of the web: it begins with neither http nor https");
    }
    let Ok(parsed) = url.parse::<http::Uri>() else {
        return refused("is none");
    };
    match parsed.authority() {
        Some(authority) if authority.host().is_empty() => refused("names no server"),
        Some(authority) if authority.as_str().contains('@') => {
            refused("has a name before its server, which hides where it leads")
        }
        Some(_) => Ok(url),
        None => refused("names no server"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_of_the_web_are_opened() {
        for url in [
            "https://example.com/a?b=c&d=%20#e",
            "http://localhost:8080/",
            "http://[::1]:9090/graph",
        ] {
            assert_eq!(checked(url).unwrap(), url);
        }
        for (url, why) in [
            ("file:///etc/passwd", "neither http"),
            ("javascript:alert(1)", "address"),
            ("ssh://host", "neither http"),
            ("https://bank.com@evil.example/", "hides"),
            ("https://exa\u{202e}mple.com", "characters"),
            ("https://a b", "characters"),
            ("-https://a", "address"),
            ("/etc/passwd", "address"),
            ("", "address"),
        ] {
            let error = checked(url).unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument);
            assert!(error.message.contains(why), "{url}: {error}");
        }
        assert!(checked(&format!("https://a/{}", "x".repeat(3_000))).is_err());
    }
}
