//! The app on a real cluster, and a pod in it: what tests of logs, terminals and forwards begin with.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use kubegraf_core::{Core, Options, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::cluster::GetStatus;
use kubegraf_testcluster::Cluster;

const LIMIT: Duration = Duration::from_secs(60);

/// A core of "ada" that is connected by a kubeconfig, and its cluster's id.
pub async fn connected(kubeconfig: &Path, data: &Path) -> (Core, String) {
    let core = Core::start(Options {
        data_dir: data.into(),
        sources: Sources {
            kubeconfigs: vec![kubeconfig.into()],
            demo: false,
        },
        actor: "ada".into(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap();
    let since = Instant::now();
    loop {
        let status = core.get_status(GetStatus {}).await.unwrap();
        if let Some(id) = status.cluster.filter(|_| status.connected) {
            return (core, id);
        }
        assert!(since.elapsed() < LIMIT, "never connected");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Makes pods and waits until they are ready; gives the uid of the first.
#[allow(dead_code, reason = "not every test needs pods of its own")]
pub async fn ready(cluster: &Cluster, manifest: &str, names: &[&str]) -> String {
    cluster.apply(manifest).await.unwrap();
    for name in names {
        let pod = format!("pod/{name}");
        let wait = ["wait", &pod, "--for=condition=Ready", "--timeout=90s"];
        cluster.run(&wait).await.unwrap();
    }
    let found = cluster.get(&["pod", names[0]]).await.unwrap();
    found["metadata"]["uid"].as_str().unwrap().to_owned()
}
