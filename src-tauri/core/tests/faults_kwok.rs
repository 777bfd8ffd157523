//! What goes wrong with a real API server, and with the network before it: no ghost, no lost pod, a
//! freshness that is honest meanwhile, and the way back.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "faults/relay.rs"]
mod relay;
#[path = "faults/witness.rs"]
mod witness;

use std::{sync::Arc, time::Duration};

use kube::Client;
use kubegraf_core::{
    clusters::{Clusters, Connection},
    kinds::{Pods, Services},
    watch::Subscription,
};
use kubegraf_ipc::object::Freshness;
use kubegraf_testcluster::{Cluster, Options, Tier, User, require};
use relay::{Network, Relay, connection};
use serde_json::json;
use witness::{doubted, held, recovered, truth, until};

const SOON: Duration = Duration::from_secs(60);
/// The issue's limit for a dead connection, and a little for a busy machine.
const NOTICED: Duration = Duration::from_secs(45);

/// A cluster, the network before it, and the app's own connection through that network.
struct Stage {
    relay: Relay,
    connection: Arc<Connection>,
    /// Past the network, for the truth.
    direct: Client,
    /// Holds the connection open.
    _clusters: (Clusters, Clusters),
    cluster: Cluster,
}

impl Stage {
    /// `None` where no cluster can run; it has been said why.
    async fn new(options: Options, user: Option<User>) -> Option<Self> {
        if !require(Tier::Kwok) {
            return None;
        }
        let cluster = Cluster::up(options).await.unwrap();
        let relay = Relay::before(&cluster).await;
        let copy = cluster.dir().join("through-relay");
        let own = user.map_or_else(
            || cluster.kubeconfig().into(),
            |user| cluster.kubeconfig_for(user),
        );
        relay.kubeconfig(&cluster, &own, &copy);
        let (ours, connection) = connection(&copy).await;
        let (theirs, direct) = relay::connection(cluster.kubeconfig()).await;
        Some(Self {
            relay,
            connection,
            direct: direct.client().clone(),
            _clusters: (ours, theirs),
            cluster,
        })
    }

    fn watch(&self) -> Arc<Subscription<Pods>> {
        self.connection.watches().subscribe::<Pods>()
    }

    /// Deletes the first pods of a namespace for good and waits until they are gone.
    async fn delete(&self, namespace: &str, how_many: usize) {
        let names = self
            .cluster
            .run(&["get", "pods", "-n", namespace, "-o", "name"])
            .await
            .unwrap();
        let mut arguments = vec!["delete", "-n", namespace, "--grace-period=0", "--force"];
        arguments.extend(names.lines().take(how_many));
        assert!(arguments.len() > 5, "nothing to delete in {namespace}");
        self.cluster.run(&arguments).await.unwrap();
    }

    async fn answers(&self) {
        self.cluster
            .eventually(
                "the API server is ready again",
                Duration::from_secs(90),
                async || {
                    let ready = self.cluster.run(&["get", "--raw", "/readyz"]).await;
                    ready.map_err(|error| error.to_string())
                },
            )
            .await
            .unwrap();
    }
}

/// Covers: RTU-07, RTU-09
#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_killed_mid_list_leaves_neither_ghost_nor_hole() {
    let Some(stage) = Stage::new(Options::kwok().nodes(5).crowd(1_500), None).await else {
        return;
    };
    // 11 MB at this pace would take ten seconds: the list is under way when the server dies.
    stage.relay.set(Network::Slow(1 << 20));
    let pods = stage.watch();
    until(&pods, "the first pods", SOON, |_| pods.len() > 100).await;
    assert_ne!(
        pods.freshness(),
        Freshness::Live,
        "the list was too quick for this test"
    );
    let outage = stage.cluster.crash("kube-apiserver").unwrap();
    until(&pods, "the break is said", Duration::from_secs(15), doubted).await;
    outage.end().unwrap();
    stage.answers().await;
    // Deleted between the two lists: the first has shown them, the second never will.
    stage.relay.set(Network::Cut);
    stage.delete("checkout", 20).await;
    stage.relay.set(Network::Open);
    until(&pods, "the whole list", SOON, |freshness| {
        *freshness == Freshness::Live
    })
    .await;
    recovered(&pods, &stage.direct, SOON).await;
    stage.cluster.down().await.unwrap();
}

/// Covers: RTU-07, RTU-09
#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_killed_mid_watch_is_doubted_at_once_and_deletions_are_not_missed() {
    let Some(stage) = Stage::new(Options::kwok().nodes(3).pods(150), None).await else {
        return;
    };
    let pods = stage.watch();
    recovered(&pods, &stage.direct, SOON).await;
    for round in 0..2 {
        let before = held(&pods);
        let outage = stage.cluster.crash("kube-apiserver").unwrap();
        let noticed = until(&pods, "the break is said", Duration::from_secs(5), doubted).await;
        println!("round {round}: noticed after {noticed:?}");
        assert_eq!(held(&pods), before, "what was shown is gone");
        outage.end().unwrap();
        stage.relay.set(Network::Cut);
        stage.answers().await;
        stage.delete("fill", 25).await;
        assert!(doubted(&pods.freshness()), "live without a connection");
        stage.relay.set(Network::Open);
        recovered(&pods, &stage.direct, SOON).await;
    }
    stage.cluster.down().await.unwrap();
}

/// Covers: RTU-07, RTU-09
#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_connection_is_noticed_within_45_seconds() {
    let Some(stage) = Stage::new(Options::kwok().nodes(2).pods(600), None).await else {
        return;
    };
    let pods = stage.watch();
    recovered(&pods, &stage.direct, SOON).await;
    stage.relay.set(Network::Silent);
    stage.delete("fill", 10).await;
    let noticed = until(&pods, "the silence is said", NOTICED, doubted).await;
    println!("noticed after {noticed:?}");
    stage.relay.reset().await;
    recovered(&pods, &stage.direct, SOON).await;

    // And in the middle of a list.
    drop(pods);
    // Quick enough for the handshake, too slow for the list.
    stage.relay.set(Network::Slow(4_000));
    let pods = stage.watch();
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_ne!(
        pods.freshness(),
        Freshness::Live,
        "the list was too quick for this test"
    );
    stage.relay.set(Network::Silent);
    let noticed = until(&pods, "the silence is said", NOTICED, doubted).await;
    println!("mid-list noticed after {noticed:?}");
    stage.relay.reset().await;
    recovered(&pods, &stage.direct, SOON).await;
    stage.cluster.down().await.unwrap();
}

/// Covers: RTU-09
#[tokio::test(flavor = "multi_thread")]
async fn permissions_taken_away_mark_that_kind_and_come_back() {
    let Some(stage) = Stage::new(Options::kwok().nodes(1).pods(10), Some(User::Nobody)).await
    else {
        return;
    };
    let grant = |resource: &str| {
        json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
             "metadata": {"name": format!("read-{resource}")},
             "rules": [{"apiGroups": [""], "resources": [resource], "verbs": ["list", "watch"]}]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
             "metadata": {"name": format!("read-{resource}")},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": format!("read-{resource}")},
             "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": User::Nobody.name()}]}]})
        .to_string()
    };
    for resource in ["pods", "services"] {
        stage.cluster.apply(&grant(resource)).await.unwrap();
    }
    // The authorizer learns of it by a watch of its own.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let pods = stage.watch();
    let services = stage.connection.watches().subscribe::<Services>();
    recovered(&pods, &stage.direct, SOON).await;

    stage
        .cluster
        .run(&["delete", "clusterrolebinding", "read-pods"])
        .await
        .unwrap();
    // A watch that runs is not ended by the server; the next one is refused.
    until(&pods, "the refusal is said", SOON, |freshness| {
        matches!(freshness, Freshness::Forbidden { resource, .. } if resource == "pods")
    })
    .await;
    assert_eq!(
        services.freshness(),
        Freshness::Live,
        "another kind suffered"
    );
    stage.delete("fill", 3).await;
    stage.cluster.apply(&grant("pods")).await.unwrap();
    // Asked for again once a minute.
    recovered(&pods, &stage.direct, Duration::from_secs(100)).await;
    stage.cluster.down().await.unwrap();
}

/// Covers: RTU-09
#[tokio::test(flavor = "multi_thread")]
async fn the_largest_objects_there_can_be_pass_in_lists_and_watches() {
    let Some(stage) = Stage::new(Options::kwok().nodes(1).pods(5), None).await else {
        return;
    };
    // etcd takes 1.5 MiB a request; the rest of the pod and its managed fields need room.
    let large = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
            "spec": {"nodeName": "node-0", "containers": [{"name": "app", "image": "registry.example/app:v1",
                "env": [{"name": "LARGE", "value": "x".repeat(1_450_000)}]}]}})
        .to_string()
    };
    stage.cluster.create(&large("listed")).await.unwrap();
    let pods = stage.watch();
    recovered(&pods, &stage.direct, SOON).await;
    stage.cluster.create(&large("watched")).await.unwrap();
    recovered(&pods, &stage.direct, SOON).await;
    let named = |name: &str| pods.objects().iter().any(|pod| &*pod.metadata.name == name);
    assert!(named("listed") && named("watched"));
    stage.cluster.down().await.unwrap();
}

/// Covers: RTU-09
#[tokio::test(flavor = "multi_thread")]
async fn a_namesake_is_another_pod_seen_or_missed() {
    let Some(stage) = Stage::new(Options::kwok().nodes(1).pods(5), None).await else {
        return;
    };
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "twin", "namespace": "default"},
        "spec": {"nodeName": "node-0", "containers": [{"name": "app", "image": "registry.example/app:v1"}]}}"#;
    let twins = |pods: &Subscription<Pods>| -> Vec<String> {
        let objects = pods.objects();
        let twins = objects.iter().filter(|pod| &*pod.metadata.name == "twin");
        twins.map(|pod| pod.metadata.uid.to_string()).collect()
    };
    stage.cluster.create(pod).await.unwrap();
    let pods = stage.watch();
    recovered(&pods, &stage.direct, SOON).await;
    let mut last = twins(&pods);
    for round in 0..6 {
        // Every other time while nobody looks.
        if round % 2 == 1 {
            stage.relay.set(Network::Cut);
        }
        stage
            .cluster
            .run(&["delete", "pod", "twin", "--grace-period=0", "--force"])
            .await
            .unwrap();
        stage.cluster.create(pod).await.unwrap();
        stage.relay.set(Network::Open);
        recovered(&pods, &stage.direct, SOON).await;
        let now = twins(&pods);
        assert_eq!(now.len(), 1, "{now:?}");
        assert_ne!(now, last, "the namesake passes for the one before");
        last = now;
    }
    stage.cluster.down().await.unwrap();
}

/// Covers: RTU-09
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_events_a_minute_are_all_there_afterwards() {
    let Some(stage) = Stage::new(Options::kwok().nodes(5).crowd(1_000), None).await else {
        return;
    };
    // What else would change the pods answers to the churn, too.
    for part in ["kube-controller-manager", "kube-scheduler", "kwok"] {
        std::mem::forget(stage.cluster.crash(part).unwrap());
    }
    let pods = stage.watch();
    recovered(&pods, &stage.direct, SOON).await;
    let churn = [
        "--events",
        "30000",
        "--rate",
        "1700",
        "--pods",
        "600",
        "--replace",
        "10",
    ];
    let churned = stage.cluster.load("churn", &churn).await.unwrap();
    assert!(churned["events"] == 30_000, "{churned}");
    // Losing nothing is asked here; how soon is measured by the bench.
    recovered(&pods, &stage.direct, Duration::from_secs(240)).await;
    assert_eq!(held(&pods).len(), truth(&stage.direct).await.len());
    stage.cluster.down().await.unwrap();
}

/// Covers: RTU-09
#[tokio::test(flavor = "multi_thread")]
async fn two_kilobytes_a_second_are_waited_for() {
    let Some(stage) = Stage::new(Options::kwok().nodes(1).pods(20), None).await else {
        return;
    };
    stage.relay.set(Network::Slow(2_000));
    let pods = stage.watch();
    until(
        &pods,
        "the slow list",
        Duration::from_secs(120),
        |freshness| {
            if *freshness == Freshness::Live {
                assert_eq!(pods.len(), 20, "half a list passed for the whole");
            }
            *freshness == Freshness::Live
        },
    )
    .await;
    stage.relay.set(Network::Open);
    recovered(&pods, &stage.direct, SOON).await;
    stage.cluster.down().await.unwrap();
}
