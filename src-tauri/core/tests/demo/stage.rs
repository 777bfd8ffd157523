//! The app on its own demo cluster, and waiting for what it will show.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use kubegraf_core::{Core, Options, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::cluster::GetStatus;

/// The cluster's id.
pub const DEMO: &str = "demo";
/// Long enough for a rollout on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// A core that is connected to the demo cluster and has seen its nodes.
pub async fn start(data: &Path) -> Core {
    let core = Core::start(Options {
        data_dir: data.into(),
        sources: Sources {
            kubeconfigs: Vec::new(),
            demo: true,
        },
        actor: "tester".into(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap();
    until("a connection", async || {
        let status = core.get_status(GetStatus {}).await.unwrap();
        (status.connected && status.node_count.is_some()).then_some(())
    })
    .await;
    core
}

/// What is looked for, once it is there.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(since.elapsed() < LIMIT, "no {what} within {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
