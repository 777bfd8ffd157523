//! How many volumes a storage driver attaches to a node, and how many its pods use.

use std::collections::BTreeSet;

use super::{super::graph::Graph, claims, room::lives, waits};
use crate::objects::{CSINode, Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass};

/// A storage driver that cannot attach all volumes of a pod to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Full {
    /// `ebs.csi.aws.com`.
    pub driver: String,
    /// How many volumes it attaches to the node.
    pub most: usize,
    /// How many the pods there use.
    pub used: usize,
}

/// A volume of a driver; one that is still to be made goes by its claim.
type Attached<'a> = (&'a str, &'a str, &'a str);

/// The driver that would have to attach more volumes to the node than it can, if there is one.
pub(in super::super) fn full(graph: &Graph<'_>, node: &Node, pod: &Pod) -> Option<Full> {
    let wanted = volumes(graph, pod);
    if wanted.is_empty() {
        return None;
    }
    let drivers = graph.get::<CSINode>("", &node.metadata.name)?;
    let pods = graph.pods_on(&node.metadata.name).into_iter();
    let there: BTreeSet<Attached<'_>> = pods
        .filter(|other| lives(other))
        .flat_map(|other| volumes(graph, other))
        .collect();
    drivers.spec.drivers.iter().find_map(|driver| {
        let most = driver.allocatable.as_ref()?.count?;
        let of_driver = |one: &&Attached<'_>| one.0 == driver.name;
        let used = there.iter().filter(of_driver).count();
        let new = wanted.difference(&there).filter(of_driver).count();
        (new > 0 && used + new > most).then(|| Full {
            driver: driver.name.clone(),
            most,
            used,
        })
    })
}

fn volumes<'p, 'a: 'p>(graph: &Graph<'a>, pod: &'p Pod) -> BTreeSet<Attached<'p>> {
    let namespace = &*pod.metadata.namespace;
    let attached = claims(pod).filter_map(|name| {
        let claim = graph.get::<PersistentVolumeClaim>(namespace, name)?;
        if claim.spec.volume_name.is_empty() {
            // Whoever makes the volume on the pod's arrival attaches it, too.
            let class = claim.spec.storage_class_name.as_deref()?;
            let class = graph.get::<StorageClass>("", class)?;
            return waits(graph, claim).then_some((&*class.provisioner, namespace, name));
        }
        let volume = graph.get::<PersistentVolume>("", &claim.spec.volume_name)?;
        let driver = &volume.spec.csi.as_ref()?.driver;
        Some((&**driver, "", &*volume.metadata.name))
    });
    attached.collect()
}
