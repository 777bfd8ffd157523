//! The core as the app starts it, on the one cluster of a kubeconfig, for the benches of what flows.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use kubegraf_core::{Core, Options, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::cluster::GetStatus;

/// How long the first connection may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running core and the cluster it is connected to. Its data go with it.
pub struct App {
    /// The core.
    pub core: Core,
    /// The cluster's id.
    pub cluster: String,
    data: PathBuf,
}

impl App {
    /// Starts the core and waits until it is connected.
    pub async fn start(kubeconfig: &str) -> Result<Self> {
        let data = std::env::temp_dir().join(format!("kubegraf-bench-{}", std::process::id()));
        let options = Options {
            data_dir: data.clone(),
            sources: Sources {
                kubeconfigs: vec![PathBuf::from(kubeconfig)],
                ..Sources::default()
            },
            actor: "bench".into(),
            clock: Arc::new(SystemClock),
        };
        let core = Core::start(options).await?;
        let since = Instant::now();
        loop {
            let status = core.get_status(GetStatus {}).await.map_err(told)?;
            if let Some(cluster) = status.cluster.filter(|_| status.connected) {
                return Ok(Self {
                    core,
                    cluster,
                    data,
                });
            }
            if since.elapsed() > PATIENCE {
                bail!("the core never connected: {:?}", status.error);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends the core.
    pub async fn stop(self) {
        self.core.stop().await;
        // What stays behind is in the temporary folder.
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// An error of the core as one of ours.
#[allow(clippy::needless_pass_by_value, reason = "what \"map_err\" wants")]
pub fn told(error: kubegraf_ipc::Error) -> anyhow::Error {
    anyhow!("{error}")
}
