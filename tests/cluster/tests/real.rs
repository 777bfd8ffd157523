//! The real tier, brought up for real: pods that run, fail, heal and restart under a kubelet.

mod traces;

use std::process::Command;
use std::time::Duration;

use kubegraf_testcluster::{Cluster, Error, Options, Tier, require};
use serde_json::Value;
use traces::Traces;

const SOON: Duration = Duration::from_secs(120);

#[tokio::test]
async fn pods_run_fail_heal_and_restart() -> Result<(), Error> {
    if !require(Tier::Real) {
        return Ok(());
    }
    let cluster = Cluster::up(Options::real()).await?;
    let traces = Traces::of(&cluster);
    cluster.apply(&manifests(&cluster)).await?;

    available(&cluster, "v1").await?;
    reached(&cluster, "app v1").await?;
    streams_work(&cluster).await?;

    set_image(&cluster, "app:missing").await?;
    waits_for(&cluster, &["ErrImagePull", "ImagePullBackOff"], "not found").await?;
    set_image(&cluster, "app:v2").await?;
    available(&cluster, "v2").await?;
    reached(&cluster, "app v2").await?;

    set_image(&cluster, "private/app:v1").await?;
    waits_for(&cluster, &["ErrImagePull", "ImagePullBackOff"], "401").await?;

    let crashed = cluster.crash("kubelet-0")?;
    assert!(
        cluster.run(&["logs", "client"]).await.is_err(),
        "a crashed kubelet serves logs"
    );
    crashed.end()?;
    restarts(&cluster).await?;
    out_of_memory(&cluster).await?;
    cluster.down().await?;
    traces.assert_none();
    Ok(())
}

#[tokio::test]
async fn two_nodes_serve_metrics_and_a_dropped_cluster_leaves_nothing() -> Result<(), Error> {
    if !require(Tier::Real) {
        return Ok(());
    }
    let settings = kernel_settings();
    let cluster = Cluster::up(Options::real().nodes(2).pods(4).metrics(true)).await?;
    let traces = Traces::of(&cluster);
    let top = cluster.run(&["top", "nodes", "--no-headers"]).await?;
    assert!(top.contains("node-0"), "{top}");
    let pods = cluster.get(&["pods", "-n", "fill"]).await?;
    let pods = pods["items"].as_array().cloned().unwrap_or_default();
    let on = |node: &str| {
        pods.iter()
            .filter(|pod| pod["spec"]["nodeName"] == node)
            .count()
    };
    assert_eq!((pods.len(), on("node-0") + on("node-1")), (4, 4));
    assert!(
        on("node-0") > 0 && on("node-1") > 0,
        "one node runs all pods"
    );
    drop(cluster);
    traces.assert_none();
    assert_eq!(
        kernel_settings(),
        settings,
        "settings of the machine changed"
    );
    Ok(())
}

#[tokio::test]
async fn what_a_killed_owner_leaves_is_swept() -> Result<(), Error> {
    if !require(Tier::Real) {
        return Ok(());
    }
    traces::killed_owner(Options::real(), "what_a_killed_owner_leaves_is_swept").await
}

fn manifests(cluster: &Cluster) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: {app}
        readinessProbe: {{httpGet: {{path: /, port: 8080}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{clusterIP: 10.0.0.80, selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: client}}
spec:
  containers: [{{name: shell, image: {busybox}, command: [sleep, inf]}}]
  terminationGracePeriodSeconds: 0
---
apiVersion: v1
kind: Pod
metadata: {{name: crash}}
spec:
  containers: [{{name: app, image: {busybox}, command: [sh, -c, 'echo dying; exit 3']}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: hungry}}
spec:
  containers:
  - name: app
    image: {busybox}
    command: [sh, -c, 'x=0123456789abcdef; while :; do x=$x$x; done']
    resources: {{limits: {{memory: 24Mi}}}}
",
        app = cluster.image("app:v1"),
        busybox = cluster.image("busybox:1"),
    )
}

async fn available(cluster: &Cluster, version: &str) -> Result<(), Error> {
    let what = format!("the Deployment is available with {version}");
    cluster
        .eventually(&what, SOON, async || {
            let web = get(cluster, &["deployment", "web"]).await?;
            let status = &web["status"];
            let current = status["observedGeneration"] == web["metadata"]["generation"];
            let all = status["updatedReplicas"] == 2 && status["availableReplicas"] == 2;
            if current && all && status["replicas"] == 2 {
                return Ok(());
            }
            Err(status.to_string())
        })
        .await
}

/// From a pod, by the Service's address: images, network and kube-proxy in one.
async fn reached(cluster: &Cluster, expect: &str) -> Result<(), Error> {
    // A connection to a pod that has just gone hangs for two minutes unless it is cut short.
    let fetch = [
        "exec",
        "client",
        "--",
        "timeout",
        "4",
        "wget",
        "-qO-",
        "http://10.0.0.80/",
    ];
    cluster
        .eventually(
            &format!("the Service answers {expect:?}"),
            SOON,
            async || {
                let answer = cluster
                    .run(&fetch)
                    .await
                    .map_err(|error| error.to_string())?;
                if answer.trim() == expect {
                    Ok(())
                } else {
                    Err(answer)
                }
            },
        )
        .await
}

async fn streams_work(cluster: &Cluster) -> Result<(), Error> {
    let logs = cluster.run(&["logs", "deployment/web"]).await?;
    assert_eq!(logs.lines().next(), Some("app v1 listens on 8080"));
    let who = cluster.run(&["exec", "client", "--", "hostname"]).await?;
    assert_eq!(who, "client\n");
    Ok(())
}

async fn set_image(cluster: &Cluster, image: &str) -> Result<(), Error> {
    let image = format!("app={}", cluster.image(image));
    cluster
        .run(&["set", "image", "deployment/web", &image])
        .await
        .map(drop)
}

/// A pod of the Deployment waits for one of `reasons`, and an event says why.
async fn waits_for(cluster: &Cluster, reasons: &[&str], why: &str) -> Result<(), Error> {
    cluster
        .eventually(
            &format!("a pod shows one of {reasons:?}: {why}"),
            SOON,
            async || {
                let pods = get(cluster, &["pods", "-l", "app=web"]).await?.to_string();
                let events = cluster
                    .run(&["get", "events"])
                    .await
                    .map_err(|error| error.to_string())?;
                let shown = reasons
                    .iter()
                    .any(|reason| pods.contains(&format!("\"reason\":\"{reason}\"")));
                if shown && events.contains(why) {
                    Ok(())
                } else {
                    Err(events)
                }
            },
        )
        .await
}

async fn restarts(cluster: &Cluster) -> Result<(), Error> {
    cluster
        .eventually("the failing pod restarts twice", SOON, async || {
            let status =
                get(cluster, &["pod", "crash"]).await?["status"]["containerStatuses"][0].clone();
            let code = &status["lastState"]["terminated"]["exitCode"];
            if status["restartCount"].as_u64() >= Some(2) && *code == 3 {
                return Ok(());
            }
            Err(status.to_string())
        })
        .await
}

async fn out_of_memory(cluster: &Cluster) -> Result<(), Error> {
    cluster
        .eventually("the hungry pod is killed for memory", SOON, async || {
            let status = get(cluster, &["pod", "hungry"]).await?["status"].to_string();
            if status.contains("OOMKilled") {
                Ok(())
            } else {
                Err(status)
            }
        })
        .await
}

async fn get(cluster: &Cluster, what: &[&str]) -> Result<Value, String> {
    cluster.get(what).await.map_err(|error| error.to_string())
}

/// What a kubelet would change if it could.
fn kernel_settings() -> String {
    let names = [
        "vm.overcommit_memory",
        "vm.panic_on_oom",
        "kernel.panic",
        "kernel.panic_on_oops",
    ];
    let output = Command::new("sysctl")
        .args(names)
        .output()
        .expect("sysctl runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
