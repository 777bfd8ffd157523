//! Volumes that do not come to their node, into their pod, or to their size.

use serde_json::{Value, json};

use super::{
    super::fixtures::{
        Object, PodText, Scene, deployment, event, node, pod, replica_set, text, types,
    },
    check,
};

fn claim(mode: &str, asked: &str) -> Object {
    Object(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "shop", "uid": "data"},
        "spec": {"accessModes": [mode], "volumeName": "vol", "storageClassName": "fast",
            "resources": {"requests": {"storage": asked}}},
        "status": {"phase": "Bound", "capacity": {"storage": "10Gi"}}}))
}

fn volume(extra: Value) -> Object {
    let mut volume = json!({"apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": "vol", "uid": "vol"},
        "spec": {"capacity": {"storage": "10Gi"}, "storageClassName": "fast", "accessModes": ["ReadWriteOnce"],
            "csi": {"driver": "disk.example.com"}},
        "status": {"phase": "Bound"}});
    for (key, value) in extra.as_object().unwrap() {
        volume["metadata"][key] = value.clone();
    }
    Object(volume)
}

fn class(grows: bool) -> Object {
    Object(
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": "fast", "uid": "fast"}, "provisioner": "disk.example.com", "allowVolumeExpansion": grows}),
    )
}

fn uses(pod: PodText) -> PodText {
    pod.set(
        "/spec/volumes",
        json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]),
    )
}

fn creating(reason: &str, message: &str) -> Vec<Object> {
    let waits = uses(pod("web-2-a"))
        .phase("Pending")
        .waiting("ContainerCreating", "")
        .of("web", 2);
    vec![
        deployment("web", 1).into(),
        replica_set("web", 2).pods(1).into(),
        waits.into(),
        event("web-2-a", reason, message).seen(300, 5, 6).into(),
        node("n1").ready("True", "KubeletReady", 9_000).into(),
        node("n2").ready("True", "KubeletReady", 9_000).into(),
        claim("ReadWriteOnce", "10Gi"),
        volume(json!({})),
        class(true),
    ]
}

fn attached(node: &str) -> Object {
    Object(
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment",
        "metadata": {"name": "att", "uid": "att"},
        "spec": {"attacher": "disk.example.com", "nodeName": node, "source": {"persistentVolumeName": "vol"}},
        "status": {"attached": true}}),
    )
}

fn drivers(names: Value) -> Object {
    Object(json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode",
        "metadata": {"name": "n1", "uid": "c"}, "spec": {"drivers": names}}))
}

/// Covers: INC-05, INC-07, INC-12
#[test]
fn a_volume_that_another_node_has_is_told_with_who_uses_it_there() {
    let said = "Multi-Attach error for volume \"vol\" Volume is already used by pod(s) web-1-a";
    let mut all = creating("FailedAttachVolume", said);
    all.push(attached("n2"));
    all.push(
        uses(pod("web-1-a"))
            .set("/spec/nodeName", "n2")
            .ready()
            .of("web", 1)
            .into(),
    );
    all.push(drivers(json!([{"name": "disk.example.com"}])));
    let found = check(
        &Scene::of(all.clone()),
        "volume_attach_failed",
        "volume_attach_conflict",
        "Deployment/web",
        &["set_strategy_recreate", "plan"],
    );
    assert!(
        found.root_cause.explanation.contains("\"web-1-a\""),
        "{found:#?}"
    );
    // Once it is here, the next try will do.
    let here = creating("FailedAttachVolume", "it takes time");
    let found = Scene::of(here).evaluate();
    assert_ne!(found[0].root_cause.cause, "volume_attach_conflict");
}

/// Covers: INC-05, INC-07
#[test]
fn drivers_paths_and_servers_that_are_not_there_are_told_apart() {
    let cause = |all: Vec<Object>| {
        let found = Scene::of(all).evaluate();
        assert_eq!(found.len(), 1, "{found:#?}");
        let target = &found[0].root_cause.target;
        format!(
            "{} {}/{}",
            found[0].root_cause.cause, target.kind, target.name
        )
    };
    let mut all = creating(
        "FailedMount",
        "MountVolume.MountDevice failed for volume \"vol\"",
    );
    all.push(drivers(json!([])));
    assert_eq!(cause(all), "csi_driver_missing Node/n1");
    let all = creating(
        "FailedMount",
        "MountVolume.SetUp failed for volume \"logs\" : hostPath type check failed: /var/x is not a directory",
    );
    assert_eq!(cause(all), "host_path_missing Deployment/web");
    let all = creating(
        "FailedMount",
        "MountVolume.SetUp failed for volume \"nfs\" : mount failed: exit status 32 Output: mount.nfs: Connection timed out",
    );
    assert_eq!(cause(all), "volume_mount_backend Deployment/web");
}

/// Covers: INC-05, INC-07
#[test]
fn a_claim_of_one_pod_that_another_has_and_a_volume_of_another_zone_are_told() {
    let waiting = uses(pod("web-1-b"))
        .unschedulable("0/1 nodes are available", 300)
        .of("web", 1);
    let scene = |mode: &str, volume: Object, taken: bool| {
        let mut all: Vec<Object> = vec![
            deployment("web", 2).into(),
            replica_set("web", 1).pods(2).into(),
            waiting.clone().into(),
            node("n1")
                .ready("True", "KubeletReady", 9_000)
                .set(
                    "/metadata/labels",
                    json!({"topology.kubernetes.io/zone": "a"}),
                )
                .into(),
            claim(mode, "10Gi"),
            volume,
            class(true),
        ];
        if taken {
            all.push(uses(pod("web-1-a")).ready().of("web", 1).into());
        }
        Scene::of(all).evaluate()
    };
    let found = scene("ReadWriteOncePod", volume(json!({})), true);
    assert_eq!(
        found[0].root_cause.cause, "volume_rwop_in_use",
        "{found:#?}"
    );
    let found = scene("ReadWriteOncePod", volume(json!({})), false);
    assert_ne!(found[0].root_cause.cause, "volume_rwop_in_use");
    let zoned = volume(json!({"labels": {"topology.kubernetes.io/zone": "b"}}));
    let found = scene("ReadWriteOnce", zoned, false);
    assert_eq!(
        found[0].root_cause.cause, "volume_zone_conflict",
        "{found:#?}"
    );
}

/// Covers: INC-05, INC-07
#[test]
fn a_driver_that_attaches_no_more_volumes_is_told_with_its_limit() {
    let held = |name: &str| {
        let mut claim = claim("ReadWriteOnce", "10Gi");
        claim.0["metadata"] = json!({"name": name, "namespace": "shop", "uid": name});
        claim.0["spec"]["volumeName"] = name.into();
        let mut volume = volume(json!({}));
        volume.0["metadata"] = json!({"name": name, "uid": name});
        [claim, volume]
    };
    let with = |pod: PodText, claim: &str| {
        pod.set(
            "/spec/volumes",
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]),
        )
    };
    let scene = |limit: Value| {
        let mut all: Vec<Object> = vec![
            deployment("web", 2).into(),
            replica_set("web", 1).pods(2).into(),
            node("n1").ready("True", "KubeletReady", 9_000).into(),
            drivers(json!([{"name": "disk.example.com", "allocatable": limit}])),
            with(pod("web-1-a"), "one").ready().of("web", 1).into(),
            with(pod("web-1-b"), "two")
                .unschedulable("0/1 nodes are available", 300)
                .of("web", 1)
                .into(),
        ];
        all.extend(held("one").into_iter().chain(held("two")));
        Scene::of(all).evaluate()
    };
    let found = scene(json!({"count": 1}));
    let root = &found[0].root_cause;
    assert_eq!(root.cause, "volume_count_exceeded", "{found:#?}");
    assert_eq!(root.target.kind, "Deployment");
    let field = "spec.drivers[name=disk.example.com].allocatable.count";
    assert!(
        root.evidence.iter().any(|seen| seen.field == field),
        "{root:#?}"
    );
    for room in [json!({"count": 2}), json!({}), json!(null)] {
        let found = scene(room);
        assert_ne!(found[0].root_cause.cause, "volume_count_exceeded");
    }
}

/// Covers: INC-05, INC-07
#[test]
fn a_claim_that_cannot_grow_is_told_and_one_that_grows_is_not() {
    let found = check(
        &Scene::of([
            claim("ReadWriteOnce", "20Gi"),
            volume(json!({})),
            class(false),
        ]),
        "volume_expand_failed",
        "volume_expansion_unsupported",
        "PersistentVolumeClaim/data",
        &["plan"],
    );
    assert!(found.root_cause.explanation.contains("20Gi"));
    let growing = Scene::of([
        claim("ReadWriteOnce", "20Gi"),
        volume(json!({})),
        class(true),
    ]);
    assert_eq!(types(&growing), [""; 0]);
    let fits = Scene::of([
        claim("ReadWriteOnce", "10Gi"),
        volume(json!({})),
        class(false),
    ]);
    assert_eq!(types(&fits), [""; 0]);
    let resizing = |seconds| {
        let mut claim = claim("ReadWriteOnce", "20Gi");
        claim.0["status"]["conditions"] = json!([{"type": "ControllerResizeError", "status": "True",
            "message": "quota", "lastTransitionTime": text(seconds)}]);
        types(&Scene::of([claim, volume(json!({})), class(true)]))
    };
    assert_eq!(resizing(400), ["volume_expand_failed"]);
    assert_eq!(resizing(200), [""; 0]);
}

/// Covers: INC-05, INC-07, INC-12
#[test]
fn a_rollout_without_room_for_one_pod_more_is_told_by_its_own_bounds() {
    let scene = |unavailable: Value, request: &str| {
        let wants = |pod: PodText| {
            pod.set(
                "/spec/containers/0/resources",
                json!({"requests": {"cpu": request}}),
            )
        };
        Scene::of([
            deployment("web", 1)
                .set(
                    "/spec/strategy",
                    json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": 1}}),
                )
                .revision(2)
                .into(),
            replica_set("web", 1).ready(1).into(),
            replica_set("web", 2).pods(1).into(),
            wants(pod("web-1-a")).ready().of("web", 1).into(),
            wants(pod("web-2-a"))
                .unschedulable("0/1 nodes are available: 1 Insufficient cpu.", 300)
                .of("web", 2)
                .into(),
            node("n1")
                .ready("True", "KubeletReady", 9_000)
                .set("/status/allocatable", json!({"cpu": "2", "memory": "8Gi", "pods": "110"}))
                .into(),
        ])
        .evaluate()
    };
    let found = scene(json!(0), "1500m");
    assert_eq!(
        found[0].root_cause.cause, "rollout_no_surge_room",
        "{found:#?}"
    );
    assert_eq!(found[0].fixes[0].action, "set_strategy_recreate");
    assert_eq!(
        scene(json!(1), "1500m")[0].root_cause.cause,
        "insufficient_cpu"
    );
    // Even alone it would not fit.
    assert_eq!(scene(json!(0), "3")[0].root_cause.cause, "insufficient_cpu");
}
