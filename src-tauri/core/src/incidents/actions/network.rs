//! Ways opened again: a rule in a policy, the cluster's name servers, a webhook that may be passed over.

use serde_json::{Map, Value, json};

use super::{Built, Case, json_patch, strategic};
use crate::{
    incidents::{
        barriers::{self, Barrier},
        causes::served,
        policies::{self, Direction, NAME},
    },
    objects::Map as Labels,
};

/// The rule that lacks: exactly the peer and the port.
pub(super) fn rule(case: &Case<'_, '_>) -> Option<Built> {
    let target = &case.candidate?.target;
    let policy = policies::policy(case.graph, target)?;
    let workload = case.graph.workload(&case.signal.owner)?;
    let barrier = barriers::of(case.graph, workload)
        .filter(|barrier| barrier.blocked.policy.metadata.name == policy.metadata.name)?;
    let direction = barrier.blocked.direction;
    let (labels, namespace) = match direction {
        Direction::Egress => match barrier.service {
            Some(service) => (&service.spec.selector, &*service.metadata.namespace),
            None => (&Labels::default(), "kube-system"),
        },
        Direction::Ingress => (workload.labels, &*workload.meta.namespace),
    };
    let mut peer = Map::new();
    if *namespace != *policy.metadata.namespace {
        peer.insert(
            "namespaceSelector".into(),
            json!({"matchLabels": {NAME: namespace}}),
        );
    }
    peer.insert("podSelector".into(), selector(labels));
    let word = match direction {
        Direction::Egress => "to",
        Direction::Ingress => "from",
    };
    let rule = json!({word: [peer], "ports": ports(&barrier)});
    let field = direction.field();
    let there = match direction {
        Direction::Egress => policy.spec.egress.len(),
        Direction::Ingress => policy.spec.ingress.len(),
    };
    let (path, value) = if there == 0 {
        (format!("/spec/{field}"), json!([rule]))
    } else {
        (format!("/spec/{field}/-"), rule.clone())
    };
    let whom = barrier
        .service
        .map_or("the cluster's DNS".to_owned(), |service| {
            format!("Service \"{}\"", service.metadata.name)
        });
    let who = format!("{} \"{}\"", workload.object.kind, workload.object.name);
    Some(Built {
        description: format!(
            "Let {who} reach {whom} through NetworkPolicy \"{}\"",
            policy.metadata.name
        ),
        preview: format!(
            "spec.{field}[{there}]: unset → {rule}\nbefore: {who} cannot reach {whom} on {}/{}; after: it can",
            barrier.port.protocol, barrier.port.number
        ),
        target: target.clone(),
        patch: Some(json_patch(&[
            json!({"op": "add", "path": path, "value": value}),
        ])),
    })
}

/// The labels of a peer, without what is made for each revision.
fn selector(labels: &Labels) -> Value {
    let kept: Map<String, Value> = labels
        .iter()
        .filter(|(key, _)| **key != *"pod-template-hash")
        .map(|(key, value)| (key.to_string(), Value::from(&**value)))
        .collect();
    if kept.is_empty() {
        return json!({});
    }
    json!({"matchLabels": kept})
}

fn ports(barrier: &Barrier<'_, '_>) -> Value {
    let port = &barrier.port;
    if barrier.call.is_none() {
        // Long answers come over TCP.
        return json!([{"protocol": "UDP", "port": port.number}, {"protocol": "TCP", "port": port.number}]);
    }
    json!([{"protocol": port.protocol, "port": port.number}])
}

/// The cluster's DNS for the pods of a workload.
pub(super) fn dns(case: &Case<'_, '_>) -> Option<Built> {
    let workload = case
        .graph
        .workload(&case.signal.owner)
        .filter(|one| one.rolls_out())?;
    let policy = if workload.spec.host_network {
        "ClusterFirstWithHostNet"
    } else {
        "ClusterFirst"
    };
    let was = match &*workload.spec.dns_policy {
        "" => "ClusterFirst",
        was => was,
    };
    Some(Built {
        description: format!(
            "Let the pods of {} \"{}\" ask the cluster's DNS",
            workload.object.kind, workload.object.name
        ),
        preview: format!(
            "{path}.dnsPolicy: \"{was}\" → \"{policy}\"\n{path}.dnsConfig: removed",
            path = workload.path
        ),
        target: workload.object.clone(),
        patch: Some(strategic(
            &json!({"spec": {"template": {"spec": {"dnsPolicy": policy, "dnsConfig": null}}}}),
        )),
    })
}

/// The webhook that does not answer, passed over until it does.
pub(super) fn failure_policy(case: &Case<'_, '_>) -> Option<Built> {
    let object = &case.candidate?.target;
    let hooks = served::hooks(case.graph, object)?;
    let (index, hook) = hooks
        .iter()
        .enumerate()
        .find(|(_, hook)| hook.failure_policy != "Ignore" && served::silent(case.graph, hook))?;
    let field = format!("webhooks[{index}].failurePolicy");
    Some(Built {
        description: format!(
            "Pass over webhook \"{}\" while it does not answer; what it checks goes unchecked until this is reverted",
            hook.name
        ),
        preview: format!("{field}: Fail → Ignore"),
        target: object.clone(),
        patch: Some(json_patch(&[
            json!({"op": "test", "path": format!("/webhooks/{index}/name"), "value": hook.name}),
            json!({"op": "add", "path": format!("/webhooks/{index}/failurePolicy"), "value": "Ignore"}),
        ])),
    })
}
