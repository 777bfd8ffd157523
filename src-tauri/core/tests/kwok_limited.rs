//! A user who may read some namespaces only, on a real API server: he sees those, live, and the
//! rest is marked; what is granted and taken away while he looks is followed.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{sync::Arc, time::Duration};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use kubegraf_core::{
    clock::SystemClock,
    kinds::{Kind, Nodes, Pods},
    objects::Object,
    watch::{Mirror, Watches},
};
use kubegraf_ipc::object::Freshness;
use kubegraf_testcluster::{Cluster, Options, Tier, User, require};
use tokio::sync::watch;

async fn client(cluster: &Cluster, user: User) -> Client {
    let config = Kubeconfig::read_from(cluster.kubeconfig_for(user)).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(config, &options)
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

/// The names, once the mirror says what is expected of it.
async fn until<K: Kind>(mirror: &Mirror<K>, expected: &[&str], fresh: fn(&Freshness) -> bool) {
    let mut changes = mirror.changes();
    let seen = || -> Vec<String> {
        let objects = mirror.objects();
        objects
            .iter()
            .map(|object| object.metadata().name.to_string())
            .collect()
    };
    let wait = async {
        while seen() != expected || !fresh(&mirror.freshness()) {
            changes.changed().await.unwrap();
        }
    };
    let arrived = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(
        arrived.is_ok(),
        "{:?} {:?}, expected {expected:?}",
        seen(),
        mirror.freshness()
    );
}

const fn live(freshness: &Freshness) -> bool {
    matches!(freshness, Freshness::Live)
}

const fn forbidden(freshness: &Freshness) -> bool {
    matches!(freshness, Freshness::Forbidden { .. })
}

/// Covers: CLU-23, RTU-11
#[tokio::test(flavor = "multi_thread")]
async fn a_limited_user_sees_his_namespaces() {
    if !require(Tier::Kwok) {
        return;
    }
    let cluster = Cluster::up(Options::kwok().nodes(1)).await.unwrap();
    for namespace in ["mine", "yours"] {
        cluster
            .run(&["create", "namespace", namespace])
            .await
            .unwrap();
        let name = format!("in-{namespace}");
        cluster
            .eventually("a service account", Duration::from_secs(30), async || {
                cluster
                    .run(&["-n", namespace, "run", &name, "--image", "app:v1"])
                    .await
                    .map_err(|error| error.to_string())
            })
            .await
            .unwrap();
        let bind = [
            "-n",
            namespace,
            "create",
            "rolebinding",
            "see",
            "--clusterrole=view",
            "--user=nobody",
        ];
        if namespace == "mine" {
            cluster.run(&bind).await.unwrap();
        }
    }

    let (known, namespaces) = watch::channel(vec!["mine".to_owned()]);
    let nobody = client(&cluster, User::Nobody).await;
    let watches = Watches::new(nobody, Arc::new(SystemClock)).with_namespaces(namespaces);
    let (pods, nodes) = (watches.subscribe::<Pods>(), watches.subscribe::<Nodes>());
    until(&pods, &["in-mine"], live).await;
    until(&nodes, &[], forbidden).await;

    // A namespace he chooses and may not read is marked; the other goes on.
    known.send(vec!["mine".into(), "yours".into()]).unwrap();
    until(&pods, &["in-mine"], forbidden).await;
    cluster
        .run(&["-n", "mine", "run", "second", "--image", "app:v1"])
        .await
        .unwrap();
    until(&pods, &["in-mine", "second"], forbidden).await;

    known.send(vec!["yours".into()]).unwrap();
    until(&pods, &[], forbidden).await;
    known.send(vec!["mine".into()]).unwrap();
    until(&pods, &["in-mine", "second"], live).await;
    cluster.down().await.unwrap();
}
