//! The fields the API server fills in when a client leaves them out. Pure: object in, object out.

mod pod;

use serde_json::{Value, json};

use crate::kinds::{
    AUTOSCALERS, CLAIMS, CONFIG_MAPS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, DISRUPTION_BUDGETS,
    INGRESSES, JOBS, KindId, NAMESPACES, PODS, REPLICA_SETS, SECRETS, SERVICES, STATEFUL_SETS,
    STORAGE_CLASSES, VOLUMES,
};
use crate::object::{self, Fields};

/// Kinds whose `metadata.generation` counts changes of the spec.
pub(crate) fn has_generation(kind: KindId) -> bool {
    use crate::kinds::{
        API_SERVICES, DEFINITIONS, MUTATING_WEBHOOKS, NETWORK_POLICIES, VALIDATING_WEBHOOKS,
    };
    matches!(
        kind,
        PODS | DEPLOYMENTS
            | REPLICA_SETS
            | STATEFUL_SETS
            | DAEMON_SETS
            | JOBS
            | CRON_JOBS
            | INGRESSES
            | NETWORK_POLICIES
            | DISRUPTION_BUDGETS
            | DEFINITIONS
            | API_SERVICES
            | MUTATING_WEBHOOKS
            | VALIDATING_WEBHOOKS
    )
}

/// Fills the defaults of a kind in place.
pub(crate) fn fill(kind: KindId, o: &mut Value) {
    match kind {
        PODS => pod::fill_spec(o, "/spec"),
        DEPLOYMENTS => deployment(o),
        REPLICA_SETS => {
            o.default_to("/spec/replicas", 1);
            template(o, "/spec/template");
            labels_from_template(o);
            counters(o, &["replicas"]);
        }
        STATEFUL_SETS => stateful_set(o),
        DAEMON_SETS => {
            counters(
                o,
                &[
                    "currentNumberScheduled",
                    "desiredNumberScheduled",
                    "numberMisscheduled",
                    "numberReady",
                ],
            );
            o.default_to("/spec/revisionHistoryLimit", 10);
            o.default_to("/spec/updateStrategy/type", "RollingUpdate");
            if o.text("/spec/updateStrategy/type") == "RollingUpdate" {
                o.default_to("/spec/updateStrategy/rollingUpdate/maxSurge", 0);
                o.default_to("/spec/updateStrategy/rollingUpdate/maxUnavailable", 1);
            }
            template(o, "/spec/template");
        }
        JOBS => {
            job_spec(o, "/spec");
            own_job_pods(o);
        }
        CRON_JOBS => {
            o.default_to("/spec/concurrencyPolicy", "Allow");
            o.default_to("/spec/failedJobsHistoryLimit", 1);
            o.default_to("/spec/successfulJobsHistoryLimit", 3);
            o.default_to("/spec/suspend", false);
            o.default_to("/spec/jobTemplate/metadata", json!({}));
            template(o, "/spec/jobTemplate/spec/template");
        }
        SERVICES => service(o),
        CLAIMS => {
            o.default_to("/spec/volumeMode", "Filesystem");
            o.default_to("/status/phase", "Pending");
        }
        VOLUMES => {
            o.default_to("/spec/persistentVolumeReclaimPolicy", "Retain");
            o.default_to("/spec/volumeMode", "Filesystem");
            o.default_to("/status/phase", "Pending");
        }
        STORAGE_CLASSES => {
            o.default_to("/reclaimPolicy", "Delete");
            o.default_to("/volumeBindingMode", "Immediate");
        }
        NAMESPACES => {
            let name = object::name(o).to_owned();
            if !name.is_empty() {
                o.put("/metadata/labels/kubernetes.io~1metadata.name", name);
            }
            o.default_to("/spec/finalizers", json!(["kubernetes"]));
            o.default_to("/status/phase", "Active");
        }
        CONFIG_MAPS => drop_empty(o),
        SECRETS => {
            o.default_to("/type", "Opaque");
            encode_text(o);
            drop_empty(o);
        }
        DISRUPTION_BUDGETS => counters(
            o,
            &[
                "currentHealthy",
                "desiredHealthy",
                "disruptionsAllowed",
                "expectedPods",
            ],
        ),
        AUTOSCALERS => {
            o.default_to("/spec/minReplicas", 1);
            if !o.has("/spec/metrics") {
                let cpu = json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}});
                o.put(
                    "/spec/metrics",
                    json!([{"type": "Resource", "resource": cpu}]),
                );
            }
        }
        _ => {}
    }
}

/// A Secret's `stringData` is written into its `data`.
fn encode_text(o: &mut Value) {
    use base64::Engine;
    let Some(Value::Object(texts)) = o.cut("/stringData") else {
        return;
    };
    for (key, text) in texts {
        let encoded =
            base64::engine::general_purpose::STANDARD.encode(text.as_str().unwrap_or_default());
        o.put(&format!("/data/{}", object::escape(&key)), encoded);
    }
}

fn drop_empty(o: &mut Value) {
    for part in ["/data", "/binaryData"] {
        if o.map(part).is_some_and(serde_json::Map::is_empty) {
            o.cut(part);
        }
    }
}

/// Status counters the API writes even when they are zero.
fn counters(o: &mut Value, fields: &[&str]) {
    for f in fields {
        o.default_to(&format!("/status/{f}"), 0);
    }
}

fn template(o: &mut Value, at: &str) {
    o.default_to(&format!("{at}/metadata"), json!({}));
    if o.pointer(&format!("{at}/metadata"))
        .is_none_or(|m| m.get("creationTimestamp").is_some())
    {
        o.cut(&format!("{at}/metadata/creationTimestamp"));
    }
    pod::fill_spec(o, &format!("{at}/spec"));
}

/// Extensions of old: an apps object without labels takes those of its template (ReplicaSets only).
fn labels_from_template(o: &mut Value) {
    if !o.has("/metadata/labels")
        && let Some(l) = o.pointer("/spec/template/metadata/labels").cloned()
    {
        o.put("/metadata/labels", l);
    }
}

fn deployment(o: &mut Value) {
    o.default_to("/spec/replicas", 1);
    o.default_to("/spec/revisionHistoryLimit", 10);
    o.default_to("/spec/progressDeadlineSeconds", 600);
    o.default_to("/spec/strategy/type", "RollingUpdate");
    if o.text("/spec/strategy/type") == "RollingUpdate" {
        o.default_to("/spec/strategy/rollingUpdate/maxSurge", "25%");
        o.default_to("/spec/strategy/rollingUpdate/maxUnavailable", "25%");
    }
    template(o, "/spec/template");
}

fn stateful_set(o: &mut Value) {
    o.default_to("/spec/replicas", 1);
    o.default_to("/spec/revisionHistoryLimit", 10);
    counters(o, &["availableReplicas", "replicas"]);
    o.default_to("/spec/podManagementPolicy", "OrderedReady");
    o.default_to("/spec/updateStrategy/type", "RollingUpdate");
    if o.text("/spec/updateStrategy/type") == "RollingUpdate" {
        o.default_to("/spec/updateStrategy/rollingUpdate/partition", 0);
    }
    o.default_to(
        "/spec/persistentVolumeClaimRetentionPolicy",
        json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
    );
    for i in 0..o.items("/spec/volumeClaimTemplates").len() {
        let at = format!("/spec/volumeClaimTemplates/{i}");
        o.put(&format!("{at}/apiVersion"), "v1");
        o.put(&format!("{at}/kind"), "PersistentVolumeClaim");
        o.default_to(&format!("{at}/spec/volumeMode"), "Filesystem");
        o.default_to(&format!("{at}/status"), json!({"phase": "Pending"}));
    }
    template(o, "/spec/template");
}

fn job_spec(o: &mut Value, at: &str) {
    if !o.has(&format!("{at}/parallelism")) && !o.has(&format!("{at}/completions")) {
        o.put(&format!("{at}/completions"), 1);
    }
    o.default_to(&format!("{at}/parallelism"), 1);
    o.default_to(&format!("{at}/backoffLimit"), 6);
    o.default_to(&format!("{at}/completionMode"), "NonIndexed");
    o.default_to(&format!("{at}/suspend"), false);
    o.default_to(&format!("{at}/podReplacementPolicy"), "TerminatingOrFailed");
    template(o, &format!("{at}/template"));
}

/// A Job without a selector of its own selects its pods by its uid.
fn own_job_pods(o: &mut Value) {
    o.default_to("/spec/manualSelector", Value::Null);
    if !o.flag("/spec/manualSelector") {
        o.cut("/spec/manualSelector");
        let (uid, name) = (object::uid(o).to_owned(), object::name(o).to_owned());
        if uid.is_empty() || o.has("/spec/selector") {
            return;
        }
        o.put(
            "/spec/selector/matchLabels/batch.kubernetes.io~1controller-uid",
            uid.clone(),
        );
        for (key, value) in [("controller-uid", &uid), ("job-name", &name)] {
            o.put(
                &format!("/spec/template/metadata/labels/{key}"),
                value.clone(),
            );
            o.put(
                &format!("/spec/template/metadata/labels/batch.kubernetes.io~1{key}"),
                value.clone(),
            );
        }
        for (key, value) in [("controller-uid", &uid), ("job-name", &name)] {
            if object::label(o, "job-name").is_empty() || key == "controller-uid" {
                o.default_to(
                    &format!("/metadata/labels/batch.kubernetes.io~1{key}"),
                    value.clone(),
                );
                o.default_to(&format!("/metadata/labels/{key}"), value.clone());
            }
        }
        o.default_to("/metadata/labels/job-name", name);
    }
}

fn service(o: &mut Value) {
    o.default_to("/spec/type", "ClusterIP");
    o.default_to("/spec/sessionAffinity", "None");
    let kind = o.text("/spec/type").to_owned();
    if kind != "ExternalName" {
        o.default_to("/spec/internalTrafficPolicy", "Cluster");
        o.default_to("/spec/ipFamilies", json!(["IPv4"]));
        o.default_to("/spec/ipFamilyPolicy", "SingleStack");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        o.default_to("/spec/externalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        o.default_to("/spec/allocateLoadBalancerNodePorts", true);
    }
    for i in 0..o.items("/spec/ports").len() {
        let at = format!("/spec/ports/{i}");
        o.default_to(&format!("{at}/protocol"), "TCP");
        let port = o
            .pointer(&format!("{at}/port"))
            .cloned()
            .unwrap_or_default();
        o.default_to(&format!("{at}/targetPort"), port);
    }
    o.default_to("/status/loadBalancer", json!({}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minimal_deployment_gets_the_servers_defaults() {
        let mut d = json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "nginx"}]}}}});
        fill(DEPLOYMENTS, &mut d);
        assert_eq!(d.text("/spec/strategy/rollingUpdate/maxSurge"), "25%");
        assert_eq!(d.int("/spec/progressDeadlineSeconds"), Some(600));
        assert_eq!(
            d.text("/spec/template/spec/containers/0/imagePullPolicy"),
            "Always"
        );
        let once = d.clone();
        fill(DEPLOYMENTS, &mut d);
        assert_eq!(d, once, "defaulting twice changes nothing");
    }
}
