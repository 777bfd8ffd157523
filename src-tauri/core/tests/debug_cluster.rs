//! Debug containers and node shells on real kubelets: entered, left, refused, and taken away.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "streams/screen.rs"]
mod screen;
#[path = "streams/stage.rs"]
mod stage;

use std::time::{Duration, Instant};

use kubegraf_core::{
    Core,
    clock::{Clock, SystemClock},
    store::{AuditPhase, Store},
};
use kubegraf_ipc::{
    Code, Error,
    app::Unwatch,
    debug::{DebugTarget, PreviewDebug},
    execution::{ApplyPlan, Plan},
    terminal::{ContainerKind, ListContainers, PodContainer, TerminalPlace},
};
use kubegraf_testcluster::{Cluster, Options, Tier, User, require};
use screen::Screen;

const LIMIT: Duration = Duration::from_secs(60);

async fn preview(core: &Core, cluster: &str, of: DebugTarget, image: &str) -> Result<Plan, Error> {
    let request = PreviewDebug {
        cluster: cluster.into(),
        of,
        image: image.into(),
    };
    core.preview_debug(request).await
}

fn approved(plan: &Plan) -> TerminalPlace {
    TerminalPlace::Debug {
        approval: ApplyPlan {
            request_id: format!("apply-{}", plan.id),
            plan: plan.id.clone(),
            hash: plan.hash.clone(),
            typed: None,
        },
    }
}

fn pod(uid: &str) -> DebugTarget {
    DebugTarget::Pod {
        namespace: "default".into(),
        pod: "box".into(),
        uid: Some(uid.into()),
        container: Some("shell".into()),
    }
}

async fn ephemeral(core: &Core, cluster: &str) -> Vec<PodContainer> {
    let request = ListContainers {
        cluster: cluster.into(),
        namespace: "default".into(),
        pod: "box".into(),
    };
    let mut all = core.list_containers(request).await.unwrap();
    all.retain(|container| container.kind == ContainerKind::Ephemeral);
    all
}

/// Into a pod's processes, out again, and what is said when that cannot be.
async fn looks_into_a_pod(core: &Core, cluster: &Cluster, id: &str, uid: &str) {
    let image = cluster.image("busybox:1");
    let plan = preview(core, id, pod(uid), &image).await.unwrap();
    assert!(plan.applicable, "{plan:#?}");
    assert!(
        ephemeral(core, id).await.is_empty(),
        "a preview adds nothing"
    );
    let shell = Screen::open(core, 1, approved(&plan)).await.unwrap();
    shell
        .until("prompt", |said| {
            said.text.contains("runs") && said.text.contains('#')
        })
        .await;
    shell.types("echo is-$((6*7)); ps | grep sl''eep\n").await;
    shell
        .until("the pod's own process", |said| {
            said.text.contains("is-42") && said.text.contains("sleep inf")
        })
        .await;
    let added = ephemeral(core, id).await;
    assert!(
        added.len() == 1 && added[0].running && added[0].image == image,
        "{added:?}"
    );
    shell.types("exit 4\n").await;
    shell.until("end", |said| said.end.is_some()).await;
    let since = Instant::now();
    while ephemeral(core, id).await[0].running {
        assert!(since.elapsed() < LIMIT, "it runs on");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let plan = preview(core, id, pod(uid), &cluster.image("no-such:1"))
        .await
        .unwrap();
    let none = Screen::open(core, 2, approved(&plan)).await.unwrap();
    none.until("why it cannot start", |said| {
        let reason = said.end.as_ref().and_then(|end| end.reason.as_deref());
        reason.is_some_and(|why| why.contains("cannot start: ImagePullBackOff"))
    })
    .await;

    // The pod goes while somebody is in it.
    let plan = preview(core, id, pod(uid), &image).await.unwrap();
    let last = Screen::open(core, 3, approved(&plan)).await.unwrap();
    last.until("prompt", |said| said.text.contains('#')).await;
    cluster
        .run(&["delete", "pod", "box", "--grace-period=0", "--force"])
        .await
        .unwrap();
    last.until("end with its pod", |said| said.end.is_some())
        .await;
    let error = preview(core, id, pod(uid), &image).await.unwrap_err();
    assert_eq!(error.code, Code::NotFound, "{error}");
}

/// Onto the machine, and away again with all that was made for it.
async fn looks_at_a_node(core: &Core, cluster: &Cluster, id: &str) {
    let nodes = cluster.get(&["nodes"]).await.unwrap();
    let node = DebugTarget::Node {
        node: nodes["items"][0]["metadata"]["name"]
            .as_str()
            .unwrap()
            .into(),
        namespace: "default".into(),
    };
    let image = cluster.image("busybox:1");
    let is_there = async |name: &str| {
        let pods = cluster.get(&["pods", "-n", "default"]).await.unwrap();
        pods["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|pod| pod["metadata"]["name"] == name)
    };
    for (channel, closes) in [(4, false), (5, true)] {
        let plan = preview(core, id, node.clone(), &image).await.unwrap();
        let name = plan.target.name.clone();
        let shell = Screen::open(core, channel, approved(&plan)).await.unwrap();
        shell
            .until("prompt", |said| {
                said.text.contains("runs") && said.text.ends_with(' ')
            })
            .await;
        // Not in the image any more: its view of the machine's files is gone, the machine's own are there.
        shell.types("test -e /host || echo on-n''ode-$(id -u); test -d /proc/1 && echo all-pr''ocesses\n").await;
        shell
            .until("the node", |said| {
                said.text.contains("on-node-0") && said.text.contains("all-processes")
            })
            .await;
        assert!(is_there(&name).await);
        if closes {
            core.unwatch(Unwatch { watch: channel }, "main")
                .await
                .unwrap();
        } else {
            shell.types("exit 7\n").await;
            let ended = |said: &screen::Said| {
                said.end
                    .as_ref()
                    .is_some_and(|end| end.exit_code == Some(7))
            };
            shell.until("exit code", ended).await;
            assert!(!is_there(&name).await, "it outlives its terminal");
        }
        let since = Instant::now();
        while is_there(&name).await {
            assert!(since.elapsed() < LIMIT, "it outlives its terminal");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Covers: SEC-04, SEC-11
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_and_nodes_are_looked_into_and_left_as_promised() {
    if !require(Tier::Real) {
        return;
    }
    let cluster = Cluster::up(Options::real()).await.unwrap();
    let manifest = format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: box}}
spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: shell, image: {}, command: [sleep, inf]}}]}}
",
        cluster.image("busybox:1")
    );
    let uid = stage::ready(&cluster, &manifest, &["box"]).await;

    // Who may only look is told so, and nothing is sent.
    let data = tempfile::tempdir().unwrap();
    let (viewer, id) = stage::connected(&cluster.kubeconfig_for(User::Viewer), data.path()).await;
    let image = cluster.image("busybox:1");
    let plan = preview(&viewer, &id, pod(&uid), &image).await.unwrap();
    let denied = plan
        .permissions
        .iter()
        .find(|permission| !permission.allowed)
        .unwrap();
    assert_eq!(
        (&*denied.verb, &*denied.resource),
        ("patch", "pods/ephemeralcontainers")
    );
    let Err(error) = Screen::open(&viewer, 1, approved(&plan)).await else {
        panic!("a viewer has added a container")
    };
    assert_eq!(error.code, Code::InvalidArgument, "{error}");
    viewer.stop().await;

    let data = tempfile::tempdir().unwrap();
    let (core, id) = stage::connected(cluster.kubeconfig(), data.path()).await;
    looks_into_a_pod(&core, &cluster, &id, &uid).await;
    looks_at_a_node(&core, &cluster, &id).await;
    core.stop().await;
    let path = data.path().join("kubegraf.db");
    let (store, _) = Store::open(&path, SystemClock.now()).await.unwrap();
    let rows = store.audit(None, 100).await.unwrap();
    let count = |action: &str, phase| {
        let of_it = rows.iter().filter(|row| row.entry.action == action);
        of_it.filter(|row| row.entry.phase == phase).count()
    };
    for phase in [AuditPhase::Before, AuditPhase::After] {
        assert_eq!(count("debug_container", phase), 3, "{rows:?}");
        assert_eq!(count("node_shell", phase), 2, "{rows:?}");
        assert_eq!(count("node_shell_end", phase), 2, "{rows:?}");
        // The one without an image was never entered.
        assert_eq!(count("exec", phase), 4, "{rows:?}");
    }
    cluster.down().await.unwrap();
}
