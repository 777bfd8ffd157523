//! Snapshots as "kubectl get -o yaml" prints them, one file per cause: each names its type, cause and
//! target in exactly one incident, and what works gives none.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{collections::BTreeSet, ffi::OsString, fs, path::PathBuf};

use kubegraf_core::{
    clock::SystemClock,
    scan::{self, End},
};
use serde_json::Value;

const NOW: &str = "2026-11-21T10:00:00Z";

/// File, type, cause, target.
const BROKEN: &[[&str; 4]] = &[
    [
        "address_mismatch",
        "address_mismatch",
        "env_address_mismatch",
        "Deployment/web",
    ],
    [
        "as_list",
        "image_pull_error",
        "image_tag_not_found",
        "Deployment/web",
    ],
    [
        "configmap_key_missing",
        "dangling_reference",
        "config_map_key_missing",
        "Deployment/web",
    ],
    [
        "configmap_missing",
        "dangling_reference",
        "config_map_missing",
        "Deployment/web",
    ],
    [
        "configmap_volume_missing",
        "dangling_reference",
        "config_map_missing",
        "Deployment/web",
    ],
    [
        "configmap_volume_missing_pod_and_event_only",
        "volume_mount_failed",
        "config_map_missing",
        "ReplicaSet/web-6f7d9",
    ],
    [
        "crash_application",
        "pod_crash_loop",
        "application_error",
        "Deployment/web",
    ],
    [
        "crash_beside_borne_address",
        "pod_crash_loop",
        "application_error",
        "Deployment/web",
    ],
    [
        "crash_segfault",
        "pod_crash_loop",
        "segmentation_fault",
        "Deployment/web",
    ],
    [
        "daemonset_crash",
        "pod_crash_loop",
        "application_error",
        "DaemonSet/agent",
    ],
    [
        "dependency_down",
        "oom_killed",
        "memory_limit_too_low",
        "Deployment/db",
    ],
    [
        "high_restarts",
        "high_restart_count",
        "application_error",
        "Deployment/web",
    ],
    [
        "image_auth_by_event",
        "image_pull_error",
        "image_registry_auth",
        "Deployment/web",
    ],
    [
        "image_dns",
        "image_pull_error",
        "image_registry_unreachable",
        "Deployment/web",
    ],
    [
        "image_invalid_name",
        "image_pull_error",
        "image_name_invalid",
        "Deployment/web",
    ],
    [
        "image_never",
        "image_pull_error",
        "image_never_pulled",
        "Deployment/web",
    ],
    [
        "image_pull_secret_missing",
        "image_pull_error",
        "image_pull_secret_missing",
        "Deployment/web",
    ],
    [
        "image_tag",
        "image_pull_error",
        "image_tag_not_found",
        "Deployment/web",
    ],
    [
        "ingress_backend_missing",
        "ingress_misconfigured",
        "ingress_backend_missing",
        "Ingress/web",
    ],
    [
        "ingress_port_mismatch",
        "ingress_misconfigured",
        "ingress_port_mismatch",
        "Ingress/web",
    ],
    [
        "init_crash",
        "init_container_failed",
        "application_error",
        "Deployment/web",
    ],
    [
        "job_backoff",
        "job_failed",
        "job_backoff_exhausted",
        "Job/migrate",
    ],
    [
        "job_command_not_found",
        "container_start_error",
        "command_not_found",
        "Job/migrate",
    ],
    [
        "job_deadline",
        "job_failed",
        "deadline_too_short",
        "Job/migrate",
    ],
    [
        "job_oom",
        "oom_killed",
        "memory_limit_too_low",
        "Job/migrate",
    ],
    [
        "limit_range",
        "replica_creation_failed",
        "limit_range_violation",
        "Deployment/web",
    ],
    [
        "liveness_too_aggressive",
        "liveness_probe_failing",
        "liveness_probe_too_aggressive",
        "Deployment/web",
    ],
    [
        "liveness_wrong_path",
        "liveness_probe_failing",
        "liveness_probe_wrong_path",
        "Deployment/web",
    ],
    [
        "liveness_wrong_port",
        "liveness_probe_failing",
        "liveness_probe_wrong_port",
        "Deployment/web",
    ],
    [
        "node_cni",
        "node_not_ready",
        "network_plugin_down",
        "Node/node-b",
    ],
    [
        "node_disk_pressure",
        "node_pressure",
        "node_disk_pressure",
        "Node/node-b",
    ],
    [
        "node_kubelet_down_with_pods",
        "node_not_ready",
        "kubelet_down",
        "Node/node-b",
    ],
    [
        "node_runtime_down",
        "node_not_ready",
        "container_runtime_down",
        "Node/node-b",
    ],
    [
        "oom_limit",
        "oom_killed",
        "memory_limit_too_low",
        "Deployment/web",
    ],
    [
        "oom_running_again",
        "oom_killed",
        "memory_limit_too_low",
        "Deployment/web",
    ],
    [
        "persistent_bare_pod",
        "persistent_failure",
        "application_error",
        "Pod/once",
    ],
    [
        "pod_security",
        "replica_creation_failed",
        "pod_security_violation",
        "Deployment/web",
    ],
    [
        "pvc_capacity",
        "pvc_pending",
        "volume_capacity_mismatch",
        "PersistentVolumeClaim/data",
    ],
    [
        "pvc_class_missing",
        "pvc_pending",
        "storage_class_missing",
        "PersistentVolumeClaim/data",
    ],
    [
        "pvc_lost",
        "pvc_lost",
        "volume_lost",
        "PersistentVolumeClaim/data",
    ],
    [
        "pvc_no_default_class",
        "pvc_pending",
        "storage_class_default_absent",
        "PersistentVolumeClaim/data",
    ],
    [
        "pvc_provisioner_failed",
        "pvc_pending",
        "provisioner_failed",
        "StorageClass/fast",
    ],
    [
        "quota_cpu",
        "quota_exhausted",
        "quota_cpu_exceeded",
        "ResourceQuota/compute",
    ],
    [
        "quota_needs_requests",
        "replica_creation_failed",
        "quota_requires_requests",
        "Deployment/web",
    ],
    [
        "quota_not_in_input",
        "replica_creation_failed",
        "quota_pods_exceeded",
        "ResourceQuota/compute",
    ],
    [
        "quota_pods",
        "quota_exhausted",
        "quota_pods_exceeded",
        "ResourceQuota/compute",
    ],
    [
        "readiness_exec",
        "readiness_probe_failing",
        "probe_command_failed",
        "Deployment/web",
    ],
    [
        "readiness_wrong_path",
        "readiness_probe_failing",
        "readiness_probe_wrong_path",
        "Deployment/web",
    ],
    [
        "readiness_wrong_port",
        "readiness_probe_failing",
        "readiness_probe_wrong_port",
        "Deployment/web",
    ],
    [
        "rollout_bad_image",
        "image_pull_error",
        "image_tag_not_found",
        "Deployment/web",
    ],
    [
        "run_as_non_root",
        "container_config_error",
        "run_as_non_root_conflict",
        "Deployment/web",
    ],
    [
        "secret_key_missing",
        "dangling_reference",
        "secret_key_missing",
        "Deployment/web",
    ],
    [
        "secret_missing",
        "dangling_reference",
        "secret_missing",
        "Deployment/web",
    ],
    [
        "service_account_missing",
        "dangling_reference",
        "service_account_missing",
        "Deployment/web",
    ],
    [
        "service_port",
        "service_port_mismatch",
        "service_port_mismatch",
        "Service/web",
    ],
    [
        "service_scaled_to_zero",
        "workload_scaled_to_zero",
        "scaled_to_zero",
        "Deployment/web",
    ],
    [
        "service_selector",
        "service_no_endpoints",
        "service_selector_mismatch",
        "Service/web",
    ],
    [
        "service_selector_unrouted",
        "service_no_endpoints",
        "service_selector_mismatch",
        "Service/web",
    ],
    [
        "start_error_not_found",
        "container_start_error",
        "command_not_found",
        "Deployment/web",
    ],
    [
        "start_error_permission",
        "container_start_error",
        "command_not_executable",
        "Deployment/web",
    ],
    [
        "startup_too_short",
        "startup_probe_failing",
        "startup_probe_too_short",
        "Deployment/web",
    ],
    [
        "statefulset_oom",
        "oom_killed",
        "memory_limit_too_low",
        "StatefulSet/db",
    ],
    [
        "termination_message",
        "pod_crash_loop",
        "application_config_error",
        "Deployment/web",
    ],
    [
        "unsched_affinity",
        "pod_unschedulable",
        "node_affinity_mismatch",
        "Deployment/web",
    ],
    [
        "unsched_anti_affinity",
        "pod_unschedulable",
        "pod_anti_affinity_unsatisfied",
        "Deployment/web",
    ],
    [
        "unsched_cordoned",
        "pod_unschedulable",
        "node_cordoned",
        "Node/node-a",
    ],
    [
        "unsched_cpu_full",
        "pod_unschedulable",
        "insufficient_cpu",
        "Deployment/web",
    ],
    [
        "unsched_memory",
        "pod_unschedulable",
        "insufficient_memory",
        "Deployment/web",
    ],
    [
        "unsched_no_nodes_in_input",
        "pod_unschedulable",
        "insufficient_cpu",
        "Deployment/web",
    ],
    [
        "unsched_pvc_missing",
        "pod_unschedulable",
        "pvc_missing",
        "Deployment/web",
    ],
    [
        "unsched_selector",
        "pod_unschedulable",
        "node_selector_mismatch",
        "Deployment/web",
    ],
    [
        "unsched_taint",
        "pod_unschedulable",
        "taint_not_tolerated",
        "Deployment/web",
    ],
    [
        "webhook_denied",
        "replica_creation_failed",
        "webhook_denied",
        "Deployment/web",
    ],
];

const HEALTHY: &[&str] = &[
    "ok_control_plane_taint",
    "ok_cron_recovered",
    "ok_drain",
    "ok_evicted_replaced",
    "ok_headless_and_external",
    "ok_healthy",
    "ok_job_completed",
    "ok_job_retrying",
    "ok_old_restarts",
    "ok_optional_reference",
    "ok_paused",
    "ok_pvc_wait_first_consumer",
    "ok_quota_80",
    "ok_restart_twice",
    "ok_rollout_in_progress",
    "ok_scaled_to_zero",
    "ok_scaled_to_zero_service",
    "ok_secret_kind_unknown",
    "ok_services_only",
    "ok_sidecar_native",
    "ok_slow_start",
    "ok_stale_events",
    "ok_suspended_cronjob",
    "ok_terminating",
    "ok_unknown_kinds",
    "ok_unused_service",
];

/// File, and the action of the fix that is recommended first.
const HEALED_BY: &[[&str; 2]] = &[
    ["configmap_missing", "fix_reference"],
    ["image_never", "set_pull_policy"],
    ["ingress_backend_missing", "fix_ingress_backend"],
    ["ingress_port_mismatch", "fix_ingress_backend"],
    ["job_backoff", "recreate_job"],
    ["limit_range", "set_requests"],
    ["liveness_too_aggressive", "relax_probe"],
    ["oom_limit", "increase_memory_limit"],
    ["pod_security", "harden_security_context"],
    ["pvc_no_default_class", "set_default_storage_class"],
    ["quota_pods", "raise_quota"],
    ["readiness_wrong_port", "fix_probe"],
    ["rollout_bad_image", "rollback_workload"],
    ["secret_key_missing", "fix_reference"],
    ["service_account_missing", "create_service_account"],
    ["service_port", "fix_target_port"],
    ["service_scaled_to_zero", "scale_up"],
    ["service_selector", "fix_selector"],
    ["unsched_cordoned", "uncordon_node"],
    ["unsched_cpu_full", "lower_requests"],
    ["unsched_selector", "fix_node_selector"],
    ["unsched_taint", "add_toleration"],
];

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "scan"]
        .iter()
        .collect()
}

async fn incidents(name: &str) -> Vec<Value> {
    let file = folder().join(format!("{name}.yaml"));
    let arguments = [
        OsString::from("--file"),
        file.into(),
        "--now".into(),
        NOW.into(),
        "-o".into(),
        "json".into(),
    ];
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let mut input: &[u8] = &[];
    let end = scan::run(
        arguments.into_iter(),
        &mut input,
        &mut out,
        &mut log,
        &SystemClock,
    )
    .await
    .unwrap();
    assert_eq!(
        end,
        End::Looked,
        "{name}: {}",
        String::from_utf8_lossy(&log)
    );
    let mut answer: Value = serde_json::from_slice(&out).unwrap();
    match answer["incidents"].take() {
        Value::Array(incidents) => incidents,
        other => panic!("{name}: {other}"),
    }
}

/// Covers: INC-05, INC-07, INC-09
#[tokio::test]
async fn what_is_broken_is_one_incident_with_its_cause_and_target() {
    let mut wrong = Vec::new();
    for [name, kind, cause, target] in BROKEN {
        let found = incidents(name).await;
        let seen: Vec<String> = found
            .iter()
            .map(|one| {
                let root = &one["rootCause"];
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let target = format!(
                    "{}/{}",
                    text(&root["target"]["kind"]),
                    text(&root["target"]["name"])
                );
                format!("{} {} {target}", text(&one["type"]), text(&root["cause"]))
            })
            .collect();
        if seen != [format!("{kind} {cause} {target}")] {
            wrong.push(format!("{name}: {seen:?}"));
        }
        let fixes = found.first().map(|one| &one["recommendedFixes"]);
        if fixes.and_then(Value::as_array).is_none_or(Vec::is_empty) {
            wrong.push(format!("{name}: nothing is recommended"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Covers: INC-12
#[tokio::test]
async fn the_first_fix_is_the_one_that_heals() {
    let mut wrong = Vec::new();
    for [name, action] in HEALED_BY {
        let found = incidents(name).await;
        let fix = &found[0]["recommendedFixes"][0];
        if fix["action"] != *action {
            wrong.push(format!("{name}: {fix:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Covers: INC-05, INC-07
#[tokio::test]
async fn what_works_is_no_incident() {
    for name in HEALTHY {
        let found = incidents(name).await;
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn every_file_has_its_row() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let rows = BROKEN
        .iter()
        .map(|[name, ..]| *name)
        .chain(HEALTHY.iter().copied());
    let rows: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(files, rows);
}
