//! The cluster a bench runs against, and what its API server has done for whom.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kubegraf_testcluster::{Binary, Cluster, Options, Progress, Tier, build};

use crate::process;

const API_SERVER: &str = "kube-apiserver";
const NODES: u32 = 50;

/// A kwok cluster whose pods are all there.
pub struct Stage {
    cluster: Cluster,
}

impl Stage {
    /// Builds what is missing, brings the cluster up and fills it.
    pub async fn up(pods: u32) -> Result<Self> {
        kubegraf_testcluster::availability(Tier::Kwok)
            .or_else(|_| prepare(Binary::of(Tier::Kwok)))?;
        prepare(&[Binary::Load])?;
        eprintln!("filling a cluster with {pods} pods");
        let since = Instant::now();
        let options = Options::kwok()
            .nodes(NODES)
            .crowd(pods)
            .deadline(Duration::from_secs(900));
        let cluster = Cluster::up(options).await?;
        eprintln!("it stands after {:.0} s", since.elapsed().as_secs_f64());
        Ok(Self { cluster })
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Ends the cluster.
    pub async fn down(self) -> Result<()> {
        Ok(self.cluster.down().await?)
    }

    /// Ends everything but etcd and the API server, for good, and waits until the API server has nothing
    /// left to do: whatever it spends then, it spends for the one who asks.
    pub async fn quiet(&self) -> Result<()> {
        for part in ["kube-controller-manager", "kube-scheduler", "kwok"] {
            // Dropped, the outage would end and the part come back.
            std::mem::forget(self.cluster.crash(part)?);
        }
        // Filled at the first read after the API server's start, and by nobody's run.
        self.drain("application/json").await?;
        let limit = Instant::now() + Duration::from_secs(120);
        loop {
            let before = self.cpu();
            tokio::time::sleep(Duration::from_secs(2)).await;
            let busy = self.cpu() - before;
            if busy < Duration::from_millis(400) {
                return Ok(());
            }
            if Instant::now() > limit {
                bail!("the API server is still busy after two minutes ({busy:?} of the last 2 s)");
            }
        }
    }

    /// Bytes of pods in the API server's answers and watch events so far, before TLS, lists after compression.
    pub async fn bytes(&self) -> Result<u64> {
        let metrics = self.cluster.run(&["get", "--raw", "/metrics"]).await?;
        Ok(pod_bytes(&metrics))
    }

    /// What the API server's processor time is now.
    pub fn cpu(&self) -> Duration {
        self.cluster
            .pid(API_SERVER)
            .and_then(process::cpu)
            .unwrap_or_default()
    }

    /// curl that throws away every pod there is, as `accept`, and says how many bytes they were.
    pub fn curl(&self, accept: &str) -> Command {
        self.curl_path("/api/v1/pods", accept)
    }

    /// curl that throws away what stands at a path, and says how many bytes it was.
    pub fn curl_path(&self, path: &str, accept: &str) -> Command {
        let pki = |name: &str| -> PathBuf { self.cluster.dir().join("pki").join(name) };
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--fail",
            "--show-error",
            "--output",
            "/dev/null",
        ])
        // For curl's own name the server prints with indentation, twice the bytes.
        .args(["--user-agent", "kubegraf-bench"])
        .args(["--header", &format!("Accept: {accept}")])
        .args(["--write-out", "%{size_download} %{time_starttransfer}"])
        .arg("--cacert")
        .arg(pki("cluster-ca.crt"))
        .arg("--cert")
        .arg(pki("client-admin.crt"))
        .arg("--key")
        .arg(pki("client-admin.key"))
        .arg(format!("{}{path}", self.cluster.server()));
        curl
    }

    /// Reads every pod once.
    pub async fn drain(&self, accept: &str) -> Result<process::Ran> {
        process::measure(self.curl(accept), true).await
    }
}

fn prepare(binaries: &[Binary]) -> Result<()> {
    build(binaries, |progress| match progress {
        Progress::Waiting => eprintln!("another process builds: waiting for it"),
        Progress::Building(binary) => {
            eprintln!("building {} (once; then it is cached)", binary.name())
        }
        Progress::Built(_) => {}
    })
    .context("build what the bench needs")
}

/// Sums what the API server counts of its answers about pods.
fn pod_bytes(metrics: &str) -> u64 {
    let ours = |line: &&str| {
        let list =
            line.starts_with("apiserver_response_sizes_sum{") && line.contains("verb=\"LIST\"");
        let event = line.starts_with("apiserver_watch_events_sizes_sum{");
        (list || event) && line.contains("resource=\"pods\"")
    };
    let value = |line: &str| line.rsplit_once(' ')?.1.parse::<f64>().ok();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of bytes that the server writes as a float"
    )]
    let bytes = metrics.lines().filter(ours).filter_map(value).sum::<f64>() as u64;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_pods_are_summed_over_lists_and_events() {
        let metrics = "apiserver_response_sizes_sum{group=\"\",resource=\"pods\",verb=\"LIST\"} 1.5e+03\n\
            apiserver_response_sizes_sum{group=\"\",resource=\"pods\",verb=\"WATCH\"} 7e+09\n\
            apiserver_response_sizes_sum{group=\"\",resource=\"nodes\",verb=\"LIST\"} 9\n\
            apiserver_watch_events_sizes_sum{group=\"\",resource=\"pods\",version=\"v1\"} 20\n";
        assert_eq!(pod_bytes(metrics), 1_520);
    }
}
