//! Up the owner references: from an object to its top-most controller.

use kubegraf_ipc::object::ObjectRef;

use super::Graph;
use crate::{
    incidents::snapshot::Held,
    objects::{CronJob, DaemonSet, Deployment, Job, Meta, Object, Pod, ReplicaSet, StatefulSet},
};

impl<'a> Graph<'a> {
    /// The top-most controller of a pod, as far as its links are known; the pod itself without one.
    #[must_use]
    pub fn owner(&self, pod: &Pod) -> ObjectRef {
        self.top(pod).unwrap_or_else(|| pod.reference())
    }

    /// The top-most controller of an object, as far as its links are known.
    #[must_use]
    pub fn top<T: Object>(&self, object: &T) -> Option<ObjectRef> {
        let mut meta = object.metadata();
        let mut top = None;
        // Nothing is owned in a circle for long, but a file may say so.
        for _ in 0..4 {
            let Some(owner) = meta.controller() else {
                break;
            };
            let namespace = &*meta.namespace;
            let (known, above) = self.known(&owner.kind, namespace, &owner.name).unzip();
            top = Some(known.unwrap_or_else(|| ObjectRef {
                api_version: owner.api_version.to_string(),
                kind: owner.kind.to_string(),
                namespace: namespace.to_owned(),
                name: owner.name.to_string(),
                uid: Some(owner.uid.to_string()).filter(|uid| !uid.is_empty()),
            }));
            let Some(above) = above else {
                return self.behind(&owner.kind, namespace, &owner.name).or(top);
            };
            meta = above;
        }
        top
    }

    fn known(&self, kind: &str, namespace: &str, name: &str) -> Option<(ObjectRef, &'a Meta)> {
        fn both<'a, T: Held>(
            graph: &Graph<'a>,
            namespace: &str,
            name: &str,
        ) -> Option<(ObjectRef, &'a Meta)> {
            let object = graph.get::<T>(namespace, name)?;
            Some((object.reference(), object.metadata()))
        }
        match kind {
            "ReplicaSet" => both::<ReplicaSet>(self, namespace, name),
            "Deployment" => both::<Deployment>(self, namespace, name),
            "StatefulSet" => both::<StatefulSet>(self, namespace, name),
            "DaemonSet" => both::<DaemonSet>(self, namespace, name),
            "Job" => both::<Job>(self, namespace, name),
            "CronJob" => both::<CronJob>(self, namespace, name),
            _ => None,
        }
    }

    /// The Deployment behind a ReplicaSet that was not read: it gave its name, plus a hash.
    fn behind(&self, kind: &str, namespace: &str, name: &str) -> Option<ObjectRef> {
        let (stem, _) = name.rsplit_once('-').filter(|_| kind == "ReplicaSet")?;
        self.get::<Deployment>(namespace, stem)
            .map(Object::reference)
    }
}
