//! The whole stack above a scripted server, time paused.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use http::Response;
use http_body_util::Full;
use kube::Client;
use tower::{service_fn, util::BoxCloneSyncService};

use super::*;
use crate::{
    clock::SystemClock,
    clusters::client::{Clients, boxed, stack},
};

/// An answer of the scripted server.
#[derive(Clone, Copy)]
enum Say {
    /// A status.
    Status(u16),
    /// 429 with this Retry-After.
    Slow(Option<&'static str>),
    /// The connection breaks.
    Break,
    /// Nothing.
    Nothing,
}

struct Server {
    clients: Clients,
    calls: Arc<Calls>,
    asked: Arc<AtomicU32>,
}

fn server(script: &[Say]) -> Server {
    let script = Arc::new(Mutex::new(VecDeque::from(script.to_vec())));
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let below = service_fn(move |_: Request<Body>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let say = script
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Say::Status(200));
        async move {
            let answer = Response::builder();
            let answer = match say {
                Say::Status(status) => answer.status(status),
                Say::Slow(after) => {
                    let answer = answer.status(429);
                    match after {
                        Some(after) => answer.header(RETRY_AFTER, after),
                        None => answer,
                    }
                }
                Say::Break => return Err(BoxError::from(std::io::Error::other("reset"))),
                Say::Nothing => std::future::pending().await,
            };
            Ok::<_, BoxError>(answer.body(boxed(Full::new("{}".into()))).unwrap())
        }
    });
    let calls = Arc::new(Calls::default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Server {
        clients: stack(BoxCloneSyncService::new(below), "default", &calls, &clock),
        calls,
        asked,
    }
}

impl Server {
    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

/// The status or the error, and the seconds it took.
async fn send(client: &Client, method: Method, uri: &str) -> (Result<u16, String>, u64) {
    let request = Request::builder().method(method).uri(uri);
    let began = tokio::time::Instant::now();
    let answer = client.send(request.body(Body::empty()).unwrap()).await;
    let answer = answer
        .map(|a| a.status().as_u16())
        .map_err(|e| e.to_string());
    (answer, began.elapsed().as_secs())
}

/// Covers: ERR-03
#[tokio::test(start_paused = true)]
async fn a_failed_read_is_repeated_after_one_and_two_seconds_and_then_given_up() {
    let bad = server(&[Say::Break, Say::Status(503), Say::Status(200)]);
    let seen = send(&bad.clients.reading, Method::GET, "/api/v1/pods").await;
    assert_eq!((seen, bad.asked()), ((Ok(200), 3), 3));
    assert_eq!(
        (bad.calls.figures().repeated, bad.calls.figures().failed),
        (2, 2)
    );

    let worse = server(&[Say::Status(500); 5]);
    let seen = send(&worse.clients.reading, Method::GET, "/api/v1/pods").await;
    assert_eq!((seen, worse.asked()), ((Ok(500), 3), 3));

    let refused = server(&[Say::Status(404)]);
    let seen = send(&refused.clients.reading, Method::GET, "/api/v1/pods").await;
    assert_eq!(
        (seen, refused.asked()),
        ((Ok(404), 0), 1),
        "an answer is an answer"
    );
}

/// Covers: ERR-03
#[tokio::test(start_paused = true)]
async fn neither_changes_nor_watches_are_ever_repeated() {
    for (method, uri) in [
        (Method::POST, "/api/v1/namespaces/a/pods"),
        (Method::DELETE, "/api/v1/namespaces/a/pods/b"),
        (Method::PATCH, "/api/v1/namespaces/a/pods/b"),
        (Method::GET, "/api/v1/pods?watch=true&resourceVersion=1"),
        (Method::GET, "/api/v1/pods?allowWatchBookmarks=true&watch=1"),
        (Method::GET, "/api/v1/namespaces/a/pods/b/log?follow=true"),
    ] {
        let bad = server(&[Say::Break, Say::Break, Say::Break]);
        let (seen, _) = send(&bad.clients.reading, method, uri).await;
        assert!(seen.is_err(), "{uri}");
        assert_eq!(bad.asked(), 1, "{uri}");
    }
    let bad = server(&[Say::Status(429), Say::Break]);
    let (seen, _) = send(&bad.clients.changing, Method::GET, "/api/v1/pods").await;
    assert_eq!(
        (seen, bad.asked()),
        (Ok(429), 1),
        "the client for changes repeats nothing at all"
    );
}

#[tokio::test(start_paused = true)]
async fn a_429_is_given_its_time_but_not_any_time() {
    let tired = server(&[Say::Slow(Some("3")), Say::Slow(None), Say::Status(200)]);
    let seen = send(&tired.clients.reading, Method::GET, "/api/v1/pods").await;
    assert_eq!(seen, (Ok(200), 4));
    let figures = tired.calls.figures();
    assert_eq!((figures.throttled, figures.throttled_ms), (2, 4000));
    assert!(figures.throttled_at.is_some());

    for absurd in [
        "86400",
        "18446744073709551615",
        "-1",
        "soon",
        "Wed, 21 Oct 2099 07:28:00 GMT",
    ] {
        let mad = server(&[Say::Slow(Some(absurd)), Say::Status(200)]);
        let (seen, took) = send(&mad.clients.reading, Method::GET, "/api/v1/pods").await;
        assert_eq!(seen, Ok(200), "{absurd}");
        assert!(took <= 10, "{absurd}: {took} s");
    }
    let never = server(&[Say::Slow(Some("9999")); 20]);
    let seen = send(&never.clients.reading, Method::GET, "/api/v1/pods").await;
    assert_eq!(
        seen,
        (Ok(429), 30),
        "the answer, after three waits of ten seconds"
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_ends_a_read_but_not_a_watch() {
    let silent = server(&[Say::Nothing; 4]);
    let (seen, took) = send(&silent.clients.reading, Method::GET, "/api/v1/pods").await;
    assert!(seen.unwrap_err().contains("silent"));
    assert_eq!((took, silent.asked()), (60, 1));
    let watch = send(
        &silent.clients.reading,
        Method::GET,
        "/api/v1/pods?watch=true",
    );
    let waited = tokio::time::timeout(Duration::from_secs(3600), watch).await;
    assert!(waited.is_err(), "its reader decides");
    assert_eq!(
        silent.calls.figures().in_flight,
        0,
        "what is given up is over"
    );
}
