//! metrics-server behind the API server's aggregator.

use std::fs;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::control_plane::{Credentials, Place};
use crate::{Binary, Cluster, Error};

/// Inside the namespace, where nothing else listens.
const PORT: u16 = 4443;

/// Starts it and waits until `kubectl top nodes` has an answer, some 20 s.
pub(super) async fn raise(
    cluster: &Cluster,
    place: Place,
    credentials: &Credentials,
) -> Result<(), Error> {
    let kubeconfig = credentials.component(cluster, "metrics-server", Some("system:masters"))?;
    let hosts = ["metrics-server.kube-system.svc", "localhost", "127.0.0.1"];
    let authority = &credentials.authority;
    let serving = authority.sign("metrics-serving", "metrics-server", None, &hosts)?;
    let client = authority.sign(
        "metrics-client",
        "metrics-server",
        Some("system:masters"),
        &[],
    )?;
    let mut command = place.command(Binary::MetricsServer.path());
    for flag in [
        "--kubeconfig",
        "--authentication-kubeconfig",
        "--authorization-kubeconfig",
    ] {
        command.arg(flag).arg(&kubeconfig);
    }
    command
        .args([
            "--secure-port",
            &PORT.to_string(),
            "--bind-address",
            "127.0.0.1",
        ])
        .arg("--tls-cert-file")
        .arg(&serving.certificate)
        .arg("--tls-private-key-file")
        .arg(&serving.key)
        .arg("--kubelet-certificate-authority")
        .arg(&authority.file)
        .arg("--kubelet-client-certificate")
        .arg(&client.certificate)
        .arg("--kubelet-client-key")
        .arg(&client.key)
        .args([
            "--kubelet-use-node-status-port",
            "--kubelet-preferred-address-types",
            "InternalIP",
        ])
        // The resolution must exceed the timeout, or it panics.
        .args([
            "--metric-resolution",
            "10s",
            "--kubelet-request-timeout",
            "5s",
        ]);
    cluster.start("metrics-server", command)?;
    // A first refused connection would delay the aggregator by half a minute.
    answers(cluster, place).await?;
    let bundle = fs::read(&authority.file).map_err(Error::file("read", &authority.file))?;
    cluster.apply(&manifests(&STANDARD.encode(bundle))).await?;
    cluster
        .eventually(
            "metrics of the nodes are served",
            Duration::from_secs(90),
            async || {
                cluster
                    .run(&["top", "nodes", "--no-headers"])
                    .await
                    .map_err(|error| error.to_string())
            },
        )
        .await?;
    Ok(())
}

/// Asked from within the namespace, where it listens.
async fn answers(cluster: &Cluster, place: Place) -> Result<(), Error> {
    let server = format!("https://127.0.0.1:{PORT}");
    cluster
        .eventually(
            "metrics-server answers",
            Duration::from_secs(30),
            async || {
                let mut probe = place.command(Binary::Kubectl.path());
                probe.arg("--kubeconfig").arg(cluster.kubeconfig());
                probe.args(["get", "--raw", "/livez", "--server", &server]);
                let answer = tokio::process::Command::from(probe).output().await;
                let answer = answer.map_err(|error| error.to_string())?;
                if answer.status.success() {
                    return Ok(());
                }
                Err(String::from_utf8_lossy(&answer.stderr).into_owned())
            },
        )
        .await
}

/// The aggregator dials the external name itself, so neither endpoints nor a proxy are needed.
fn manifests(bundle: &str) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: metrics-server, namespace: kube-system}}
spec: {{type: ExternalName, externalName: localhost, ports: [{{port: {PORT}}}]}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {{name: v1beta1.metrics.k8s.io}}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  caBundle: {bundle}
  service: {{name: metrics-server, namespace: kube-system, port: {PORT}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: system:aggregated-metrics-reader
  labels: {{rbac.authorization.k8s.io/aggregate-to-view: \"true\"}}
rules: [{{apiGroups: [metrics.k8s.io], resources: [pods, nodes], verbs: [get, list, watch]}}]
"
    )
}
