//! The kwok tier: nodes and containers are played, everything else is real. Needs no root.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use crate::control_plane::{self, Credentials, Place, configuration};
use crate::{Binary, Cluster, Error, Options, crowd, fill};

mod fault;
mod stages;

pub use fault::{FAULT, Fault};

pub(crate) async fn raise(cluster: &mut Cluster, options: &Options) -> Result<(), Error> {
    let [api_port, kwok_port] = free_ports()?;
    let credentials = Credentials::new(cluster, "127.0.0.1", api_port)?;
    control_plane::raise(cluster, Place::Machine, &credentials, "127.0.0.1", api_port).await?;
    kwok(cluster, &credentials, kwok_port).await?;
    create_nodes(cluster, options.nodes, kwok_port).await?;
    control_plane::nodes_ready(cluster, options).await?;
    fill::raise(cluster, options, "registry.example/app:v1").await?;
    crowd::raise(cluster, options).await
}

async fn kwok(cluster: &Cluster, credentials: &Credentials, port: u16) -> Result<(), Error> {
    let kubeconfig = credentials.component(cluster, "kwok", Some("system:masters"))?;
    let hosts = ["127.0.0.1", "localhost"];
    let serving = credentials
        .authority
        .sign("kwok-serving", "kwok", None, &hosts)?;
    let logs = configuration(cluster, "data/container.log", LOG)?;
    let text = format!(
        "{}{}{}",
        server(port, &serving.certificate, &serving.key),
        stages::text(),
        streams(&logs)
    );
    let file = configuration(cluster, "kwok.yaml", &text)?;
    let mut command = Place::Machine.command(Binary::Kwok.path());
    command
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .arg("--config")
        .arg(file);
    cluster.start("kwok", command)?;
    let address = format!("https://127.0.0.1:{port}");
    cluster
        .eventually("kwok answers", Duration::from_secs(30), async || {
            let probe = ["get", "--raw", "/healthz", "--server", &address];
            cluster.run(&probe).await.map_err(|error| error.to_string())
        })
        .await?;
    Ok(())
}

/// Nothing here has a default: a parallelism left out is zero, and kwok ends at once.
fn server(port: u16, certificate: &Path, key: &Path) -> String {
    format!(
        "apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokConfiguration
options:
  cidr: 10.64.0.1/10
  nodeIP: 127.0.0.1
  nodePort: {port}
  serverAddress: 127.0.0.1:{port}
  tlsCertFile: {}
  tlsPrivateKeyFile: {}
  manageAllNodes: true
  enableDebuggingHandlers: true
  podPlayStageParallelism: 16
  nodePlayStageParallelism: 8
  nodeLeaseParallelism: 8
  podsOnNodeSyncParallelism: 8
  nodeLeaseDurationSeconds: 40
",
        certificate.display(),
        key.display()
    )
}

/// What `kubectl logs` and `exec` meet: a file, and a command run on this machine.
fn streams(logs: &Path) -> String {
    format!(
        "---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterLogs
metadata: {{name: logs}}
spec:
  logs:
  - {{logsFile: {}, follow: true}}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterExec
metadata: {{name: exec}}
spec:
  execs:
  - {{local: {{}}}}
",
        logs.display()
    )
}

/// In the format of a container runtime, which kwok parses.
const LOG: &str = "2026-01-01T00:00:00.000000000Z stdout F app v1 listens on 8080
2026-01-01T00:00:01.000000000Z stdout F GET / 200
2026-01-01T00:00:02.000000000Z stderr F a line on stderr
";

async fn create_nodes(cluster: &Cluster, nodes: u32, port: u16) -> Result<(), Error> {
    let mut manifests = String::new();
    for index in 0..nodes {
        let zone = ["a", "b", "c"][index as usize % 3];
        let _ = write!(
            manifests,
            "---
apiVersion: v1
kind: Node
metadata:
  name: node-{index}
  annotations: {{kwok.x-k8s.io/node: fake}}
  labels:
    kubernetes.io/arch: amd64
    kubernetes.io/os: linux
    kubernetes.io/hostname: node-{index}
    topology.kubernetes.io/region: test
    topology.kubernetes.io/zone: test-{zone}
    node.kubernetes.io/instance-type: fake
status:
  capacity: &resources {{cpu: \"64\", memory: 256Gi, ephemeral-storage: 1Ti, pods: \"5000\"}}
  allocatable: *resources
  addresses:
  - {{type: InternalIP, address: 127.0.0.1}}
  - {{type: Hostname, address: node-{index}}}
  daemonEndpoints: {{kubeletEndpoint: {{Port: {port}}}}}
"
        );
    }
    cluster.create(&manifests).await.map(drop)
}

/// Different ports that nobody listens on. All are held until the last is found.
fn free_ports<const N: usize>() -> Result<[u16; N], Error> {
    let mut listeners = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let bound = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
        let (found, listener) =
            bound.map_err(Error::file("listen on", Path::new("127.0.0.1:0")))?;
        *port = found;
        listeners.push(listener);
    }
    Ok(ports)
}
