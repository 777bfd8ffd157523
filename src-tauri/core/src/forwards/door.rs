//! The port of this machine: on loopback only, both kinds of address, free on demand.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::{TcpListener, TcpStream};

/// Free ports that are tried until both kinds of address have the same.
const TRIES: u32 = 20;

/// The port cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// Somebody else listens there.
    #[error("port {port} of this machine is taken{owner}; 0 asks for a free one")]
    Taken {
        /// The port.
        port: u16,
        /// ` by "nginx" (process 4711)`, or nothing.
        owner: String,
    },
    /// The system says no.
    #[error("port {port} of this machine cannot be opened: {source}")]
    Refused {
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
}

/// An open port.
#[derive(Debug)]
pub(super) struct Door {
    four: TcpListener,
    /// Missing where the machine has no IPv6.
    six: Option<TcpListener>,
    pub(super) port: u16,
}

impl Door {
    /// Opens a port, any free one for 0.
    ///
    /// # Errors
    /// When it is taken or not allowed.
    pub(super) async fn open(asked: u16) -> Result<Self, Error> {
        let mut last = None;
        for _ in 0..TRIES {
            match Self::try_open(asked).await {
                Ok(door) => return Ok(door),
                // Another free port may be free for both.
                Err(Error::Taken { .. }) if asked == 0 => {}
                Err(error) if asked == 0 => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or(Error::Taken {
            port: asked,
            owner: String::new(),
        }))
    }

    async fn try_open(asked: u16) -> Result<Self, Error> {
        let four = bind((Ipv4Addr::LOCALHOST, asked).into()).await?;
        let port = four.local_addr().map_or(asked, |address| address.port());
        let six = match bind((Ipv6Addr::LOCALHOST, port).into()).await {
            Ok(listener) => Some(listener),
            Err(taken @ Error::Taken { .. }) => return Err(taken),
            Err(Error::Refused { .. }) => None,
        };
        Ok(Self { four, six, port })
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        let six = async {
            match &self.six {
                Some(six) => six.accept().await,
                None => std::future::pending().await,
            }
        };
        let (stream, _) = tokio::select! { four = self.four.accept() => four?, six = six => six? };
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    let port = address.port();
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => Error::Taken {
                port,
                owner: owner(port)
                    .map(|owner| format!(" by {owner}"))
                    .unwrap_or_default(),
            },
            _ => Error::Refused { port, source },
        })
}

/// Who listens on a port, as far as this user may know.
#[cfg(target_os = "linux")]
fn owner(port: u16) -> Option<String> {
    use std::fs;
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .find_map(|table| {
            let table = fs::read_to_string(table).ok()?;
            table.lines().skip(1).find_map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let at = u16::from_str_radix(words.get(1)?.rsplit(':').next()?, 16).ok()?;
                // 0A is LISTEN.
                (at == port && *words.get(3)? == "0A")
                    .then(|| words.get(9).map(|w| (*w).to_owned()))?
            })
        })?;
    let socket = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let number = process.file_name().to_str()?.parse::<u32>().ok()?;
        let mut files = fs::read_dir(process.path().join("fd")).ok()?.flatten();
        files
            .find(|file| fs::read_link(file.path()).is_ok_and(|to| to.to_str() == Some(&socket)))?;
        let name = fs::read_to_string(process.path().join("comm")).ok()?;
        Some(format!("\"{}\" (process {number})", name.trim()))
    })
}

#[cfg(not(target_os = "linux"))]
fn owner(_: u16) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Covers: PFW-06
    #[tokio::test]
    async fn a_port_is_open_on_loopback_only() {
        let door = Door::open(0).await.unwrap();
        assert!(door.port > 0);
        assert!(door.four.local_addr().unwrap().ip().is_loopback());
        if let Some(six) = &door.six {
            assert!(six.local_addr().unwrap().ip().is_loopback());
            assert_eq!(six.local_addr().unwrap().port(), door.port);
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_its_owner() {
        let first = Door::open(0).await.unwrap();
        let error = Door::open(first.port).await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("port {} of this machine is taken", first.port)),
            "{error}"
        );
        if cfg!(target_os = "linux") {
            let own = format!("(process {})", std::process::id());
            assert!(error.contains(&own), "{error}");
        }
    }
}
