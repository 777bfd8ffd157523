//! Kept forwards: they are there again when the app starts, on the same port, and only they are.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[allow(dead_code, reason = "the tests of connections use the rest")]
#[path = "connections/servers.rs"]
mod servers;

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use kubegraf_core::{Core, Options, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::{
    cluster::GetStatus,
    forward::{Forward, ForwardState, KeepForward, ListForwards, StartForward, StopForward},
    object::ObjectRef,
};
use serde_json::json;
use servers::{Server, kubeconfig};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(60);

async fn start(dir: &Path) -> Core {
    Core::start(Options {
        data_dir: dir.join("data"),
        sources: Sources {
            kubeconfigs: vec![dir.join("config")],
            demo: false,
        },
        actor: "ada".into(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap()
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(since.elapsed() < LIMIT, "no {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn list(core: &Core) -> Vec<Forward> {
    core.list_forwards(ListForwards {}).await.unwrap()
}

const fn is_open(forward: &Forward) -> bool {
    matches!(
        forward.state,
        ForwardState::Active { .. } | ForwardState::Waiting { .. }
    )
}

async fn keep(core: &Core, id: &str, kept: bool) {
    let request = KeepForward {
        request_id: format!("keep-{id}-{kept}"),
        id: id.into(),
        kept,
    };
    core.keep_forward(request).await.unwrap();
}

/// Covers: PFW-05, PFW-08
#[tokio::test(flavor = "multi_thread")]
async fn kept_forwards_begin_with_the_app() {
    let server = Server::start("a").await;
    server.create(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web", "namespace": "home-a" },
        "spec": { "containers": [{ "name": "app", "image": "nginx:1.27", "ports": [{ "containerPort": 80 }] }] },
    }));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("config"), kubeconfig(&[&server])).unwrap();

    let core = start(dir.path()).await;
    until("a connection", async || {
        let status = core.get_status(GetStatus {}).await.unwrap();
        status.connected.then_some(())
    })
    .await;
    let mut made = Vec::new();
    for n in 0..2 {
        let request = StartForward {
            request_id: format!("start-{n}"),
            cluster: "context:a".into(),
            object: ObjectRef {
                api_version: "v1".into(),
                kind: "Pod".into(),
                namespace: "home-a".into(),
                name: "web".into(),
                uid: None,
            },
            port: "80".into(),
            local_port: 0,
        };
        made.push(core.start_forward(request).await.unwrap());
    }
    keep(&core, &made[0].id, true).await;
    let port = made[0].local_port;
    core.stop().await;
    assert!(
        TcpStream::connect(("127.0.0.1", port)).await.is_err(),
        "it ends with the app"
    );

    // The next start: the kept one alone, on its port, without a word of anybody.
    let core = start(dir.path()).await;
    let again = until("an open forward", async || {
        let all = list(&core).await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().find(is_open)
    })
    .await;
    assert_eq!(
        (&again.id, again.local_port, again.kept),
        (&made[0].id, port, true)
    );
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();

    // One that is stopped is not forgotten; one that is no longer kept is.
    let stop = StopForward {
        request_id: "stop".into(),
        id: again.id.clone(),
        forget: false,
    };
    core.stop_forward(stop).await.unwrap();
    core.stop().await;
    let core = start(dir.path()).await;
    until("an open forward", async || {
        list(&core).await.into_iter().find(is_open)
    })
    .await;
    keep(&core, &again.id, false).await;
    core.stop().await;
    let core = start(dir.path()).await;
    assert!(list(&core).await.is_empty());
    core.stop().await;
}
