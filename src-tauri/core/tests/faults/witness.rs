//! What every fault test asks: the mirror against the truth, and how long it takes.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::ListParams, core::PartialObjectMeta};
use kubegraf_core::{kinds::Pods, objects::Object, watch::Mirror};
use kubegraf_ipc::object::Freshness;
use tokio::time::Instant;

/// Uid to version, of every pod.
pub type Held = BTreeMap<String, String>;

/// The pods as the core holds them.
pub fn held(pods: &Mirror<Pods>) -> Held {
    pods.objects()
        .iter()
        .map(|pod| {
            let meta = pod.metadata();
            (meta.uid.to_string(), meta.resource_version.to_string())
        })
        .collect()
}

/// The pods as the cluster holds them: a list without a version is a quorum read.
pub async fn truth(client: &Client) -> Held {
    let api: Api<PartialObjectMeta<Pod>> = Api::all(client.clone());
    let list = api.list_metadata(&ListParams::default()).await.unwrap();
    list.items
        .into_iter()
        .map(|pod| {
            (
                pod.metadata.uid.unwrap(),
                pod.metadata.resource_version.unwrap(),
            )
        })
        .collect()
}

/// Waits until `seen` says yes, and tells how long it took.
#[track_caller]
pub fn until<'a>(
    pods: &'a Mirror<Pods>,
    what: &'a str,
    limit: Duration,
    mut seen: impl FnMut(&Freshness) -> bool + 'a,
) -> impl Future<Output = Duration> + 'a {
    let place = std::panic::Location::caller();
    async move {
        let since = Instant::now();
        loop {
            let freshness = pods.freshness();
            if seen(&freshness) {
                return since.elapsed();
            }
            assert!(
                since.elapsed() < limit,
                "{place}: {what} did not happen within {limit:?}; {freshness:?}, {} pods",
                pods.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Waits until the mirror is live and holds exactly what the cluster holds.
#[track_caller]
pub fn recovered<'a>(
    pods: &'a Mirror<Pods>,
    client: &'a Client,
    limit: Duration,
) -> impl Future<Output = ()> + 'a {
    let place = std::panic::Location::caller();
    async move {
        let since = Instant::now();
        loop {
            let (truth, held) = (truth(client).await, held(pods));
            let live = pods.freshness() == Freshness::Live;
            if live && truth == held {
                return;
            }
            let ghosts: Vec<_> = held
                .keys()
                .filter(|uid| !truth.contains_key(*uid))
                .collect();
            let lost: Vec<_> = truth
                .keys()
                .filter(|uid| !held.contains_key(*uid))
                .collect();
            assert!(
                since.elapsed() < limit,
                "{place}: not recovered after {limit:?}: {:?}, {} ghosts, {} lost, {} of {} pods",
                pods.freshness(),
                ghosts.len(),
                lost.len(),
                held.len(),
                truth.len()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Whether it is said that what is shown may be old.
pub fn doubted(freshness: &Freshness) -> bool {
    matches!(freshness, Freshness::Reconnecting { .. })
}
