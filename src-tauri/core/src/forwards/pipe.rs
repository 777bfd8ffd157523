//! One connection through a cluster: bytes of a socket in a WebSocket of its own to one pod.
//!
//! The protocol (`v4.channel.k8s.io`) has no way to say that one side will send no more. A client
//! that shuts its side still gets its answer here: only its silence afterwards ends the connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use http::Request;
use kube::Client;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::target::Place;

/// Bytes of one message.
const PIECE: usize = 32 << 10;
/// A quiet connection is asked for a sign of life this often, so that no proxy forgets it.
const PING: Duration = Duration::from_secs(25);
/// A client that has shut its side waits at most this long for the next byte.
const PATIENCE: Duration = Duration::from_secs(60);
/// For the server to open the way to the pod.
const OPEN: Duration = Duration::from_secs(15);
/// The longest message that is believed of the server's explanation, bytes.
const EXPLANATION: usize = 4 << 10;

/// The bytes of a forward.
#[derive(Debug, Default)]
pub(super) struct Bytecount {
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
}

/// A connection that failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The way to the pod cannot be opened: nothing has been sent.
    #[error("the way to pod \"{pod}\" cannot be opened: {reason}")]
    Open {
        /// The pod.
        pod: String,
        /// Why.
        reason: String,
        /// Whether it may work in a moment.
        again: bool,
    },
    /// The pod or its node says why it cannot go on.
    #[error("{0}")]
    Refused(String),
    /// It broke in the middle.
    #[error("the connection to pod \"{pod}\" broke: {reason}")]
    Broken {
        /// The pod.
        pod: String,
        /// Why.
        reason: String,
    },
}

/// The way to a pod.
pub(super) type Tunnel =
    tokio_tungstenite::WebSocketStream<hyper_util::rt::TokioIo<hyper::upgrade::Upgraded>>;

/// Opens the way to a pod.
pub(super) async fn open(client: &Client, place: &Place) -> Result<Tunnel, Error> {
    let failed = |reason: String, again: bool| Error::Open {
        pod: place.pod.clone(),
        reason,
        again,
    };
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/portforward?ports={}",
        place.namespace, place.pod, place.port
    );
    let request = Request::get(path)
        .body(Vec::new())
        .map_err(|error| failed(error.to_string(), false))?;
    match tokio::time::timeout(OPEN, client.connect(request)).await {
        Ok(Ok(connection)) => Ok(connection.into_stream()),
        Ok(Err(kube::Error::Api(status))) => {
            let again = status.code >= 500 || status.code == 429;
            Err(failed(status.message, again))
        }
        Ok(Err(error)) => {
            let mut innermost: &dyn std::error::Error = &error;
            while let Some(source) = innermost.source() {
                innermost = source;
            }
            Err(failed(innermost.to_string(), true))
        }
        Err(_) => Err(failed(
            format!("no answer within {} s", OPEN.as_secs()),
            true,
        )),
    }
}

/// Carries bytes both ways until one side is done.
pub(super) async fn carry(
    mut local: TcpStream,
    tunnel: Tunnel,
    place: &Place,
    count: &Arc<Bytecount>,
) -> Result<(), Error> {
    let broken = |reason: String| Error::Broken {
        pod: place.pod.clone(),
        reason,
    };
    let heard = AtomicU64::new(0);
    let (mut from_client, mut to_client) = local.split();
    let (mut to_pod, mut from_pod) = tunnel.split();

    let up = async {
        let mut buffer = BytesMut::with_capacity(PIECE + 1);
        loop {
            buffer.reserve(PIECE + 1);
            // The first byte names the channel: 0 carries data.
            buffer.extend_from_slice(&[0]);
            let read = tokio::time::timeout(PING, from_client.read_buf(&mut buffer)).await;
            match read {
                Err(_) => {
                    buffer.clear();
                    to_pod.send(Message::Ping(Bytes::new())).await?;
                }
                Ok(Ok(0)) => break,
                Ok(Ok(read)) => {
                    to_pod
                        .send(Message::Binary(buffer.split().freeze()))
                        .await?;
                    count.sent.fetch_add(read as u64, Relaxed);
                }
                // The client is gone for good.
                Ok(Err(_)) => return Ok(Ended::Client),
            }
        }
        // It will send no more; the answer may still be on its way.
        let mut before = heard.load(Relaxed);
        loop {
            tokio::time::sleep(PATIENCE).await;
            let now = heard.load(Relaxed);
            if now == before {
                return Ok::<_, WsError>(Ended::Client);
            }
            before = now;
        }
    };
    let down = async {
        let mut explained = Vec::new();
        let mut announced = [false; 2];
        while let Some(message) = from_pod.next().await {
            let bytes = match message {
                Ok(Message::Binary(bytes)) => bytes,
                Ok(Message::Close(_)) => break,
                Ok(_) => continue,
                Err(WsError::ConnectionClosed | WsError::AlreadyClosed) => break,
                Err(WsError::Protocol(
                    tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
                )) => break,
                Err(error) => return Err(error),
            };
            let Some((channel, mut data)) =
                bytes.split_first().map(|(c, _)| (*c, bytes.slice(1..)))
            else {
                continue;
            };
            let Some(told) = announced.get_mut(usize::from(channel)) else {
                continue;
            };
            if !std::mem::replace(told, true) {
                // The first message of a channel begins with the port's number.
                data = data.slice(data.len().min(2)..);
            }
            if data.is_empty() {
                continue;
            }
            if channel == 1 {
                let room = EXPLANATION.saturating_sub(explained.len());
                explained.extend_from_slice(&data[..data.len().min(room)]);
                break;
            }
            if to_client.write_all(&data).await.is_err() {
                return Ok(Ended::Client);
            }
            heard.fetch_add(data.len() as u64, Relaxed);
            count.received.fetch_add(data.len() as u64, Relaxed);
        }
        let _ = to_client.shutdown().await;
        Ok(Ended::Pod(
            String::from_utf8_lossy(&explained).trim().to_owned(),
        ))
    };
    let ended = tokio::select! { up = up => up, down = down => down };
    match ended.map_err(|error| broken(error.to_string()))? {
        Ended::Pod(reason) if !reason.is_empty() => Err(Error::Refused(reason)),
        Ended::Pod(_) | Ended::Client => Ok(()),
    }
}

enum Ended {
    Client,
    /// With the server's explanation, empty when it went well.
    Pod(String),
}
