//! The ends of the logs of containers that ended badly: read off the engine's path, once per run of a
//! container, and kept for as long as an incident is about it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use http_body_util::BodyExt;
use kube::Client;
use tokio::sync::{Notify, Semaphore};

use crate::{
    TaskGuard,
    incidents::{Found, LogRef, Logs},
};

/// Lines asked for.
const LINES: u32 = 80;
/// Bytes read; a log may be one line without an end.
const MOST: usize = 64 << 10;
/// How long a log may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Logs read at once.
const AT_ONCE: usize = 4;
/// Logs kept; more incidents at once have one cause that no log tells.
const KEPT: usize = 200;

/// The logs of one cluster.
pub(super) struct Tails {
    client: Client,
    read: Arc<Mutex<BTreeMap<LogRef, Slot>>>,
    turns: Arc<Semaphore>,
    news: Arc<Notify>,
}

/// What is known of one log.
enum Slot {
    /// It is being read; dropping it ends that.
    Reading(#[expect(dead_code, reason = "held for its drop")] TaskGuard),
    /// It was read; empty when it could not be.
    Read(Arc<str>),
}

impl Tails {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            read: Arc::default(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            news: Arc::default(),
        }
    }

    /// What was read so far.
    pub(super) fn read(&self) -> Logs {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.iter()
            .filter_map(|(log, slot)| match slot {
                Slot::Read(text) => Some((log.clone(), Arc::clone(text))),
                Slot::Reading(_) => None,
            })
            .collect()
    }

    /// Ends when another log has been read.
    pub(super) async fn changed(&self) {
        self.news.notified().await;
    }

    /// Begins to read what these incidents want to know, and forgets what none does any more.
    pub(super) fn want(&self, found: &[LogRef]) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.retain(|log, _| found.contains(log));
        for log in found.iter().take(KEPT) {
            if read.contains_key(log) {
                continue;
            }
            let (client, log_of, turns) =
                (self.client.clone(), log.clone(), Arc::clone(&self.turns));
            let (slots, news) = (Arc::clone(&self.read), Arc::clone(&self.news));
            let task = TaskGuard::spawn(async move {
                let Ok(_turn) = turns.acquire().await else {
                    return;
                };
                let text = tail(&client, &log_of).await.unwrap_or_else(|error| {
                    tracing::debug!(pod = %log_of.pod, %error, "a log cannot be read");
                    String::new()
                });
                let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(slot) = slots.get_mut(&log_of) {
                    *slot = Slot::Read(text.into());
                    news.notify_one();
                }
            });
            read.insert(log.clone(), Slot::Reading(task));
        }
    }
}

/// The logs that would tell more of these incidents.
pub(crate) fn wanted(found: &[Found]) -> Vec<LogRef> {
    found.iter().filter_map(|one| one.log.clone()).collect()
}

/// The end of one log, at most [`MOST`] bytes of it.
///
/// # Errors
/// When the server refuses, or takes too long.
pub(crate) async fn tail(client: &Client, log: &LogRef) -> Result<String, kube::Error> {
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/log?container={}&previous={}&tailLines={LINES}&limitBytes={MOST}",
        log.namespace, log.pod, log.container, log.previous
    );
    let request = http::Request::get(path)
        .body(kube::client::Body::empty())
        .map_err(kube::Error::HttpError)?;
    let late = |_| kube::Error::Service("the log did not arrive in time".into());
    let reading = async {
        let response = client.send(request).await?;
        if !response.status().is_success() {
            let refused = format!("the server answers {}", response.status());
            return Err(kube::Error::Service(refused.into()));
        }
        let mut body = response.into_body().into_data_stream();
        let mut bytes = Vec::new();
        while let Some(part) = body.next().await {
            let part = part.map_err(|error| kube::Error::Service(error.to_string().into()))?;
            let room = MOST - bytes.len();
            bytes.extend_from_slice(&part[..part.len().min(room)]);
            if bytes.len() == MOST {
                break;
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    tokio::time::timeout(PATIENCE, reading)
        .await
        .map_err(late)?
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use bytes::Bytes;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    fn log() -> LogRef {
        LogRef {
            namespace: "shop".into(),
            pod: "web".into(),
            container: "app".into(),
            restarts: 1,
            previous: true,
        }
    }

    /// Covers: INC-07
    #[tokio::test]
    async fn of_a_gigabyte_without_a_newline_only_the_first_part_is_read() {
        const PART: usize = 16 << 10;
        let told = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&told);
        // A server that does not keep to the limit it was given.
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            let query = request.uri().query().unwrap_or_default().to_owned();
            assert!(query.contains("limitBytes=65536"), "{query}");
            let counted = Arc::clone(&counted);
            let parts = futures::stream::iter(0..(1 << 30) / PART).map(move |_| {
                counted.fetch_add(PART, Ordering::Relaxed);
                Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; PART])))
            });
            let body = http::Response::new(StreamBody::new(parts));
            std::future::ready(Ok::<_, Infallible>(body))
        });
        let text = tail(&Client::new(service, "default"), &log())
            .await
            .unwrap();
        assert_eq!(text.len(), MOST);
        assert!(text.bytes().all(|byte| byte == b'x'));
        assert!(
            told.load(Ordering::Relaxed) <= 4 * MOST,
            "the rest is not asked for"
        );
    }
}
