//! Volumes that nobody could take back.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    evidence::{self, masked, seen},
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{Object, PersistentVolume};

detector!(
    PvFailed,
    "pv_failed",
    Medium,
    [Volumes],
    0,
    "a PersistentVolume has failed, or VolumeFailedDelete or VolumeFailedRecycle events tell twice within 15 minutes that it could not be taken back",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<PersistentVolume>()
        .filter_map(|volume| {
            let object = volume.reference();
            let told = look.told(&object, &["VolumeFailedDelete", "VolumeFailedRecycle"]);
            if volume.status.phase != "Failed" && told.times < 2 {
                return None;
            }
            let status = |field: &str, value: &str| {
                seen(object.clone(), field, value, EvidenceSource::Status, None)
            };
            let mut evidence = vec![status("status.phase", &volume.status.phase)];
            if !volume.status.message.is_empty() {
                let message = masked(&volume.status.message);
                evidence.push(status("status.message", &message));
            }
            evidence.extend(told.last.map(evidence::event));
            Some(look.object(object, told.first, evidence))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::{
        evaluate,
        fixtures::{Object, Scene, text, types},
    };

    fn volume(phase: &str) -> Object {
        Object(json!({"apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": "vol", "uid": "vol", "creationTimestamp": text(9_000)},
            "spec": {"storageClassName": "fast", "persistentVolumeReclaimPolicy": "Delete"},
            "status": {"phase": phase}}))
    }

    fn refused(times: u32, seconds: i64) -> Object {
        Object(
            json!({"apiVersion": "v1", "kind": "Event", "type": "Warning",
            "metadata": {"name": "vol.1", "namespace": "default"},
            "involvedObject": {"apiVersion": "v1", "kind": "PersistentVolume", "name": "vol"},
            "reason": "VolumeFailedDelete", "message": "rpc error: disk is in use", "count": times,
            "firstTimestamp": text(seconds), "lastTimestamp": text(seconds)}),
        )
    }

    fn class() -> Object {
        Object(
            json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": "fast", "uid": "fast"}, "provisioner": "disk.example.com"}),
        )
    }

    /// Covers: INC-05, INC-07
    #[test]
    fn a_volume_that_cannot_be_taken_back_names_its_provisioner() {
        let scene = Scene::of([volume("Failed"), refused(1, 60), class()]);
        let found = evaluate(&scene.snapshot());
        assert_eq!(found.len(), 1, "{found:#?}");
        let root = &found[0].root_cause;
        assert_eq!(
            (found[0].r#type, &*root.cause),
            ("pv_failed", "provisioner_failed")
        );
        assert_eq!(
            (&*root.target.kind, &*root.target.name),
            ("StorageClass", "fast")
        );
        assert!(root.explanation.contains("disk is in use"), "{root:#?}");
        assert_eq!(
            types(&Scene::of([volume("Released"), refused(3, 60), class()])),
            ["pv_failed"]
        );
        // Without a word of the cluster the cause is not known.
        let silent = evaluate(&Scene::of([volume("Failed"), class()]).snapshot());
        assert_eq!(silent[0].root_cause.cause, "unknown");
    }

    /// Covers: INC-07
    #[test]
    fn volumes_that_wait_or_were_refused_once_or_long_ago_stay_quiet() {
        let quiet = |all: Vec<Object>| assert_eq!(types(&Scene::of(all)), [""; 0]);
        for phase in ["Available", "Bound", "Released"] {
            quiet(vec![volume(phase), class()]);
        }
        quiet(vec![volume("Released"), refused(1, 60)]);
        quiet(vec![volume("Released"), refused(5, 1_000)]);
        let mut going = volume("Failed");
        going.0["metadata"]["deletionTimestamp"] = Value::from(text(5));
        quiet(vec![going]);
    }
}
