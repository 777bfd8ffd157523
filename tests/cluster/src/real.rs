//! The real tier: kubelets, containerd and runc in namespaces of their own. Needs root on Linux.
//! The machine's own network, mounts and kernel settings are not touched; ending the first process
//! of the namespaces ends everything in them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::availability::BUSYBOX;
use crate::control_plane::{self, Credentials, Place};
use crate::{Binary, Cluster, Error, Options, fill};

mod metrics;
mod namespace;
mod node;

/// Where images come from, as pods name it; containerd is told to ask the local registry instead.
pub(crate) const REGISTRY: &str = "registry.kubegraf.test";

/// The registry's address inside the namespace.
const REGISTRY_ADDRESS: &str = "127.0.0.1:5000";

pub(crate) async fn raise(cluster: &mut Cluster, options: &Options) -> Result<(), Error> {
    let place = namespace::enter(cluster, options.nodes).await?;
    let mut registry = place.command(Binary::Node.path());
    registry.args(["registry", &format!("tcp:{REGISTRY_ADDRESS}"), BUSYBOX]);
    cluster.start("registry", registry)?;
    let mut resolver = place.command(Binary::Node.path());
    resolver.args(["resolver", "127.0.0.1:53"]);
    cluster.start("resolver", resolver)?;

    let port = namespace::relay(cluster, place).await?;
    let address = node::address(0);
    let credentials = Credentials::new(cluster, &address, port)?;
    // Images are unpacked while the control plane starts.
    for index in 0..options.nodes {
        node::runtime(cluster, place, index)?;
    }
    printed(cluster, "registry").await?;
    control_plane::raise(cluster, place, &credentials, &address, port).await?;
    for index in 0..options.nodes {
        node::kubelet(cluster, place, &credentials, index).await?;
    }
    proxy(cluster, place, &credentials)?;
    control_plane::nodes_ready(cluster, options).await?;
    if options.metrics {
        metrics::raise(cluster, place, &credentials).await?;
    }
    fill::raise(cluster, options, &cluster.image("app:v1")).await
}

/// One process serves all nodes, because they share a network namespace. The connection tracking
/// settings it would like to change belong to the machine.
fn proxy(cluster: &Cluster, place: Place, credentials: &Credentials) -> Result<(), Error> {
    let kubeconfig = credentials.component(cluster, "system:kube-proxy", None)?;
    let mut command = place.command(Binary::KubeProxy.path());
    command
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args([
            "--proxy-mode",
            "iptables",
            "--hostname-override",
            &node::name(0),
        ])
        .args(["--cluster-cidr", "10.244.0.0/16"])
        // A sync that failed on a busy machine is otherwise tried again after half a minute.
        .args([
            "--iptables-sync-period",
            "5s",
            "--iptables-min-sync-period",
            "200ms",
        ])
        .args(["--conntrack-max-per-core", "0"])
        .args(["--conntrack-tcp-timeout-established", "0"])
        .args(["--conntrack-tcp-timeout-close-wait", "0"]);
    cluster.start("kube-proxy", command)
}

/// The first line of a part's log: our own program prints the address it listens on.
async fn printed(cluster: &Cluster, part: &str) -> Result<String, Error> {
    let log = cluster.log_file(part);
    cluster
        .eventually(
            &format!("{part} listens"),
            Duration::from_secs(20),
            async || {
                let text = fs::read_to_string(&log).map_err(|error| error.to_string())?;
                text.split_once('\n')
                    .map(|(line, _)| line.to_owned())
                    .ok_or(text)
            },
        )
        .await
}

async fn appears(cluster: &Cluster, what: &str, path: &Path) -> Result<(), Error> {
    cluster
        .eventually(what, Duration::from_secs(30), async || {
            if path.exists() {
                Ok(())
            } else {
                Err(format!("no \"{}\"", path.display()))
            }
        })
        .await
}
