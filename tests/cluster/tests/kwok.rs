//! The kwok tier, brought up for real: what a test gets, and that nothing of it stays.

mod traces;

use std::time::{Duration, Instant};

use kubegraf_testcluster::{
    Cluster, Error, FAULT, Fault, Options, State, Tier, User, down, list, require, sweep,
};
use serde_json::Value;
use traces::Traces;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn nodes_and_pods_are_ready_and_users_are_held_to_their_rights() -> Result<(), Error> {
    if !require(Tier::Kwok) {
        return Ok(());
    }
    let cluster = Cluster::up(Options::kwok().nodes(5).pods(120)).await?;
    let traces = Traces::of(&cluster);

    let nodes = cluster.get(&["nodes"]).await?;
    assert_eq!(nodes["items"].as_array().map(Vec::len), Some(5));
    let pods = cluster.get(&["pods", "-n", "fill"]).await?;
    let pods = pods["items"].as_array().cloned().unwrap_or_default();
    assert_eq!(pods.len(), 120);
    assert!(pods.iter().all(|pod| pod["status"]["phase"] == "Running"));
    assert!(pods.iter().all(|pod| pod["status"]["podIP"].is_string()));

    let may = |user, arguments: &[&str]| allowed(&cluster, user, arguments);
    assert_eq!(may(User::Viewer, &["get", "pods", "-n", "fill"]), Ok(()));
    forbidden(may(User::Viewer, &["get", "secrets", "-n", "fill"]));
    forbidden(may(
        User::Viewer,
        &["delete", "deployment", "fill-0", "-n", "fill"],
    ));
    forbidden(may(User::Nobody, &["get", "pods", "-n", "fill"]));

    streams_work(&cluster).await?;
    faults_show(&cluster).await?;
    cluster.down().await?;
    traces.assert_none();
    Ok(())
}

/// The API server reaches into nodes over its own client certificate, as with a real kubelet.
async fn streams_work(cluster: &Cluster) -> Result<(), Error> {
    let logs = cluster
        .run(&["logs", "-n", "fill", "deployment/fill-0", "--tail=1"])
        .await?;
    assert_eq!(logs, "a line on stderr\n");
    let echoed = cluster
        .run(&[
            "exec",
            "-n",
            "fill",
            "deployment/fill-0",
            "--",
            "echo",
            "hello",
        ])
        .await?;
    assert_eq!(echoed, "hello\n");
    Ok(())
}

async fn faults_show(cluster: &Cluster) -> Result<(), Error> {
    let mut manifests = String::new();
    for fault in Fault::ALL {
        manifests.push_str(&format!(
            "---
apiVersion: v1
kind: Pod
metadata:
  name: {}
  annotations: {{{FAULT}: {}}}
spec: {{containers: [{{name: app, image: registry.example/app:v1}}]}}
",
            fault.name().to_lowercase(),
            fault.name()
        ));
    }
    cluster.apply(&manifests).await?;
    for fault in Fault::ALL {
        let shown = match fault {
            Fault::OomKilled => "CrashLoopBackOff",
            Fault::NotReady => "0/1",
            fault => fault.name(),
        };
        let name = fault.name().to_lowercase();
        cluster
            .eventually(&format!("pod {name} shows {shown}"), SOON, async || {
                let line = cluster.run(&["get", "pod", &name, "--no-headers"]).await;
                let line = line.map_err(|error| error.to_string())?;
                if line.contains(shown) {
                    Ok(())
                } else {
                    Err(line)
                }
            })
            .await?;
    }
    let heal = format!("{FAULT}-");
    cluster
        .run(&[
            "annotate",
            "pod",
            "imagepullbackoff",
            "crashloopbackoff",
            "notready",
            &heal,
        ])
        .await?;
    let healed =
        ["imagepullbackoff", "crashloopbackoff", "notready"].map(|name| format!("pod/{name}"));
    let mut wait = vec!["wait", "--for=condition=Ready", "--timeout=20s"];
    wait.extend(healed.iter().map(String::as_str));
    cluster.run(&wait).await?;
    let events = cluster
        .run(&["get", "events", "--field-selector", "type=Warning"])
        .await?;
    for part in ["ImagePullBackOff", "Back-off restarting", "low on resource"] {
        assert!(events.contains(part), "no event says {part:?}:\n{events}");
    }
    Ok(())
}

#[tokio::test]
async fn two_coexist_and_end_apart() -> Result<(), Error> {
    if !require(Tier::Kwok) {
        return Ok(());
    }
    let (first, second) = tokio::join!(
        Cluster::up(Options::kwok().nodes(1)),
        Cluster::up(Options::kwok().nodes(2))
    );
    let (first, second) = (first?, second?);
    assert_ne!(first.name(), second.name());
    assert_ne!(first.server(), second.server());
    let traces = Traces::of(&first);
    first.run(&["create", "namespace", "mine"]).await?;
    assert!(second.run(&["get", "namespace", "mine"]).await.is_err());

    let taken = Cluster::up(Options::kwok().name(second.name())).await;
    assert!(matches!(taken, Err(Error::Exists(name)) if name == second.name()));

    drop(first);
    traces.assert_none();
    assert_eq!(
        second.get(&["nodes"]).await?["items"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    second.down().await
}

#[tokio::test]
async fn a_detached_cluster_runs_on_until_it_is_taken_down() -> Result<(), Error> {
    if !require(Tier::Kwok) {
        return Ok(());
    }
    let cluster = Cluster::up(Options::kwok().nodes(1)).await?;
    let (name, kubeconfig) = (cluster.name().to_owned(), cluster.kubeconfig().to_owned());
    let traces = Traces::of(&cluster);
    cluster.detach()?;
    let _taken_down = TakenDown(name.clone());

    assert!(!sweep()?.contains(&name), "a detached cluster was swept");
    let found = list().into_iter().find(|running| running.name == name);
    let found = found.expect("a detached cluster is listed");
    assert_eq!(
        (found.state, found.nodes, found.ready),
        (State::Detached, 1, true)
    );
    assert_eq!(found.kubeconfig, kubeconfig);

    traces.kill("kube-scheduler");
    let state = || {
        let found = list().into_iter().find(|running| running.name == name);
        found.map(|running| running.state)
    };
    let limit = Instant::now() + SOON;
    while state() == Some(State::Detached) && Instant::now() < limit {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(state(), Some(State::Broken("kube-scheduler".into())));
    assert!(!sweep()?.contains(&name), "what still runs was swept");

    assert!(down(&name)?, "it was there");
    assert!(!down(&name)?, "taking it down twice is fine");
    traces.assert_none();
    Ok(())
}

#[tokio::test]
async fn what_a_killed_owner_leaves_is_swept() -> Result<(), Error> {
    if !require(Tier::Kwok) {
        return Ok(());
    }
    traces::killed_owner(
        Options::kwok().nodes(1),
        "what_a_killed_owner_leaves_is_swept",
    )
    .await
}

#[tokio::test]
async fn one_that_does_not_come_up_in_time_says_so_and_leaves_nothing() -> Result<(), Error> {
    if !require(Tier::Kwok) {
        return Ok(());
    }
    let name = format!("late-{}", std::process::id());
    let options = Options::kwok()
        .name(&name)
        .deadline(Duration::from_millis(700));
    let late = Cluster::up(options)
        .await
        .expect_err("nothing is that quick")
        .to_string();
    assert!(late.contains(&name) && late.contains("--- etcd"), "{late}");
    traces::assert_nothing_names(&kubegraf_testcluster::root().join(&name));
    assert!(!list().iter().any(|running| running.name == name));
    Ok(())
}

#[tokio::test]
async fn a_frozen_or_crashed_api_server_comes_back_with_its_data() -> Result<(), Error> {
    if !require(Tier::Kwok) {
        return Ok(());
    }
    let cluster = Cluster::up(Options::kwok().nodes(1)).await?;
    let traces = Traces::of(&cluster);
    cluster.run(&["create", "namespace", "kept"]).await?;
    let ask = [
        "get",
        "namespace",
        "kept",
        "-o",
        "name",
        "--request-timeout=1s",
    ];

    let frozen = cluster.freeze("kube-apiserver")?;
    let silence = cluster
        .run(&ask)
        .await
        .expect_err("a frozen server answered")
        .to_string();
    assert!(
        !silence.contains("refused"),
        "frozen must not mean gone: {silence}"
    );
    frozen.end()?;
    answers(&cluster, &ask).await?;

    let crashed = cluster.crash("kube-apiserver")?;
    let refusal = cluster
        .run(&ask)
        .await
        .expect_err("a crashed server answered")
        .to_string();
    assert!(refusal.contains("refused"), "{refusal}");
    crashed.end()?;
    answers(&cluster, &ask).await?;

    let unknown = cluster
        .freeze("kube-api")
        .expect_err("there is no such part")
        .to_string();
    assert!(
        unknown.contains("\"kube-api\"") && unknown.contains("kwok"),
        "{unknown}"
    );
    cluster.down().await?;
    traces.assert_none();
    Ok(())
}

async fn answers(cluster: &Cluster, ask: &[&str]) -> Result<(), Error> {
    cluster
        .eventually("the API server answers again", SOON, async || {
            cluster
                .run(ask)
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        })
        .await
}

#[tokio::test]
async fn a_part_that_dies_is_named_with_its_log() -> Result<(), Error> {
    if !require(Tier::Kwok) {
        return Ok(());
    }
    let cluster = Cluster::up(Options::kwok().nodes(1)).await?;
    let traces = Traces::of(&cluster);
    traces.kill("kube-scheduler");
    let never = async || Err::<(), _>("nothing yet".to_owned());
    match cluster.eventually("the impossible", SOON, never).await {
        Err(Error::Ended {
            component, what, ..
        }) => {
            assert_eq!(
                (component.as_str(), what.as_str()),
                ("kube-scheduler", "the impossible")
            );
        }
        other => panic!("expected the dead part to be named, got {other:?}"),
    }
    drop(cluster);
    traces.assert_none();
    Ok(())
}

/// A detached cluster would survive a failed assertion.
struct TakenDown(String);

impl Drop for TakenDown {
    fn drop(&mut self) {
        let _ = down(&self.0);
    }
}

fn allowed(cluster: &Cluster, user: User, arguments: &[&str]) -> Result<(), String> {
    let output = cluster
        .kubectl_as(user)
        .args(arguments)
        .output()
        .expect("kubectl runs");
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[track_caller]
fn forbidden(answer: Result<(), String>) {
    let refusal = answer.expect_err("this should be forbidden");
    assert!(
        refusal.contains("Forbidden"),
        "refused for another reason: {refusal}"
    );
}

/// What the benches stand on: as many pods as asked for, as large as real ones, which the real
/// controllers take for their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_is_what_its_controllers_would_have_made() -> Result<(), Error> {
    if !require(Tier::Kwok) {
        return Ok(());
    }
    let cluster = Cluster::up(Options::kwok().nodes(5).crowd(700)).await?;
    let pods = cluster
        .get(&["pods", "-A", "--show-managed-fields"])
        .await?;
    let pods = pods["items"].as_array().expect("a list has items").clone();
    assert_eq!(pods.len(), 700);
    let uids: std::collections::BTreeSet<_> = pods
        .iter()
        .map(|pod| pod["metadata"]["uid"].to_string())
        .collect();
    assert_eq!(uids.len(), 700, "two pods share an identity");
    let size = |value: &Value| value.to_string().len();
    let bytes = pods.iter().map(size).sum::<usize>() / pods.len();
    let managed = pods
        .iter()
        .map(|pod| size(&pod["metadata"]["managedFields"]))
        .sum::<usize>()
        / pods.len();
    assert!((9_000..12_000).contains(&bytes), "{bytes} bytes a pod");
    assert!(
        (3_500..6_000).contains(&managed),
        "{managed} bytes of managedFields"
    );
    let failing = pods
        .iter()
        .filter(|pod| pod["status"]["containerStatuses"][0]["ready"] == false)
        .count();
    assert!((20..200).contains(&failing), "{failing} of 700 fail");

    // The controllers run again; what they do not recognise they would delete or make anew.
    let wanted = |list: &Value| -> u64 {
        let items = list["items"].as_array().expect("a list has items");
        items
            .iter()
            .filter_map(|item| item["spec"]["replicas"].as_u64())
            .sum()
    };
    assert_eq!(wanted(&cluster.get(&["deployments", "-A"]).await?), 700);
    assert_eq!(wanted(&cluster.get(&["replicasets", "-A"]).await?), 700);
    cluster
        .run(&[
            "scale",
            "deployment/checkout-api",
            "-n",
            "checkout",
            "--replicas=2",
        ])
        .await?;
    let own = [
        "pods",
        "-n",
        "checkout",
        "-l",
        "app.kubernetes.io/name=checkout-api",
    ];
    cluster
        .eventually(
            "the controllers act on a copy",
            Duration::from_secs(60),
            async || {
                let left = cluster.get(&own).await.map_err(|error| error.to_string())?;
                match left["items"].as_array().map(Vec::len) {
                    Some(2) => Ok(()),
                    seen => Err(format!("{seen:?} pods")),
                }
            },
        )
        .await?;
    let all = cluster.get(&["pods", "-A"]).await?;
    let checkout = pods
        .iter()
        .filter(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == "checkout-api");
    let left = all["items"].as_array().expect("a list has items").len();
    assert_eq!(
        left,
        700 - checkout.count() + 2,
        "other workloads were touched"
    );
    cluster.down().await
}
