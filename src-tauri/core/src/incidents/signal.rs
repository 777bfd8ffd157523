//! One detected symptom on one object, as the engine passes it on.

use kubegraf_ipc::{incident::Evidence, object::ObjectRef};

use crate::objects::{Deployment, Node, Pod};

/// A symptom at its threshold.
#[derive(Clone, Debug)]
pub struct Signal<'a> {
    /// Type id.
    pub r#type: &'static str,
    /// The object that shows it.
    pub object: ObjectRef,
    /// The top-most controller of that object; the object itself without one.
    pub owner: ObjectRef,
    /// The container that shows it.
    pub container: Option<&'a str>,
    /// When it began, cluster time.
    pub first_seen: i64,
    /// What was observed, the deciding field first.
    pub evidence: Vec<Evidence>,
    /// The object itself.
    pub place: Place<'a>,
}

/// The object that shows a symptom.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// A pod.
    Pod(&'a Pod),
    /// A Deployment.
    Deployment(&'a Deployment),
    /// A node.
    Node(&'a Node),
    /// Something the engine has no type for.
    Other,
}

impl<'a> Signal<'a> {
    /// A symptom of an object other than a pod, which is its own owner.
    pub(super) fn of(
        r#type: &'static str,
        object: ObjectRef,
        first_seen: i64,
        evidence: Vec<Evidence>,
    ) -> Self {
        Self {
            r#type,
            owner: object.clone(),
            object,
            container: None,
            first_seen,
            evidence,
            place: Place::Other,
        }
    }

    /// The pod that shows it.
    #[must_use]
    pub fn pod(&self) -> Option<&'a Pod> {
        match self.place {
            Place::Pod(pod) => Some(pod),
            _ => None,
        }
    }

    /// Orders signals, and tells two sightings of one symptom to be the same.
    pub(super) fn key(&self) -> (&'static str, &ObjectRef, Option<&'a str>) {
        (self.r#type, &self.object, self.container)
    }
}
