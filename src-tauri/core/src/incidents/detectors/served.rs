//! What the cluster itself depends on and pods serve: its DNS, admission webhooks, extension APIs.

use std::collections::BTreeSet;

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};

use super::super::{
    evidence::{self, seen},
    graph::{Graph, selected, selects},
    messages::{self, Family},
    signal::Signal,
    snapshot::Kind,
    workloads::Workload,
};
use super::{Look, detector};
use crate::objects::{
    APIService, EndpointSlice, Event, MutatingWebhookConfiguration as Mutating, Object, Pod,
    Service, ServiceRef, ValidatingWebhookConfiguration as Validating, Webhook, condition,
};

/// Whether a Service answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Serving {
    /// A pod behind it is ready, or nothing is known of its pods.
    Yes,
    /// Nothing behind it is ready, since then.
    No(Option<i64>),
    /// It does not exist.
    Absent,
}

/// The workload a Service leads to.
pub(in super::super) fn serving<'g, 'a>(
    graph: &'g Graph<'a>,
    service: &Service,
) -> Option<&'g Workload<'a>> {
    graph
        .workloads_in(&service.metadata.namespace)
        .find(|one| selected(service, one))
}

/// Whether a Service answers, as far as the kinds are known.
pub(in super::super) fn answers(graph: &Graph<'_>, to: &ServiceRef) -> Serving {
    if !graph.knows(Kind::Services) {
        return Serving::Yes;
    }
    let Some(service) = graph.get::<Service>(&to.namespace, &to.name) else {
        return Serving::Absent;
    };
    ready(graph, service)
}

fn ready(graph: &Graph<'_>, service: &Service) -> Serving {
    // Without a selector someone else looks after its addresses.
    if service.spec.selector.is_empty() || service.spec.r#type == "ExternalName" {
        return Serving::Yes;
    }
    let pods = graph.of::<Pod>(&service.metadata.namespace).iter();
    let behind: Vec<&Pod> = pods
        .map(AsRef::as_ref)
        .filter(|pod: &&Pod| pod.metadata.deleted.is_none() && selects(service, pod))
        .collect();
    let workload = serving(graph, service);
    if behind.is_empty() {
        let slices = graph.of::<EndpointSlice>(&service.metadata.namespace);
        let mut of_service = slices.iter().filter(|slice| {
            let labels = &slice.metadata.labels;
            labels
                .get("kubernetes.io/service-name")
                .is_some_and(|name| *service.metadata.name == **name)
        });
        // Pods of a namespace that was not asked for prove nothing.
        return match workload {
            Some(one) if one.desired == Some(0) || one.ready == Some(0) => Serving::No(None),
            Some(_) => Serving::Yes,
            None if of_service.any(|slice| !slice.endpoints.is_empty()) => Serving::Yes,
            None if graph.knows(Kind::Pods) && !graph.without_pods() => {
                Serving::No(service.metadata.created)
            }
            None => Serving::Yes,
        };
    }
    let conditions = behind
        .iter()
        .map(|pod| condition(&pod.status.conditions, "Ready"));
    let mut since = None;
    for one in conditions {
        match one {
            Some(ready) if ready.status == "True" => return Serving::Yes,
            Some(ready) => since = since.max(ready.last_transition_time),
            None => {}
        }
    }
    Serving::No(since)
}

detector!(
    ClusterDnsDown,
    "cluster_dns_down",
    Critical,
    [Services],
    30,
    "the Service that answers for names (kube-dns or coredns in kube-system) has had no ready pod for 30 seconds",
    dns
);

fn dns<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let all = look.all::<Service>().filter(|service| {
        let meta = &service.metadata;
        meta.namespace == "kube-system" && matches!(&*meta.name, "kube-dns" | "coredns")
    });
    all.filter_map(|service| {
        let Serving::No(since) = ready(look.graph, service) else {
            return None;
        };
        if !look.lasted(since) {
            return None;
        }
        let object = service.reference();
        let evidence = vec![seen(
            object.clone(),
            "endpoints",
            0,
            EvidenceSource::Computed,
            since,
        )];
        Some(look.object(object, since, evidence))
    })
    .collect()
}

detector!(
    AdmissionWebhookFailing,
    "admission_webhook_failing",
    Critical,
    [],
    60,
    "an admission webhook with failurePolicy Fail leads to a Service that does not exist or has had no ready pod for one minute, or controllers are told that calling it failed",
    webhooks
);

fn webhooks<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let mut signals = Vec::new();
    let refusals = std::cell::LazyCell::new(|| refusals(look));
    let mut judge = |object: ObjectRef, meta: &crate::objects::Meta, hooks: &[Webhook]| {
        if !look.lasted(meta.created) {
            return;
        }
        if let Some((begun, evidence)) = silent(look, &object, hooks, &refusals) {
            signals.push(look.object(object, begun, evidence));
        }
    };
    for one in look.all::<Validating>() {
        judge(one.reference(), &one.metadata, &one.webhooks);
    }
    for one in look.all::<Mutating>() {
        judge(one.reference(), &one.metadata, &one.webhooks);
    }
    signals
}

/// Since when a webhook that must answer does not, and what shows it.
fn silent(
    look: Look<'_, '_>,
    object: &ObjectRef,
    hooks: &[Webhook],
    refusals: &[&Event],
) -> Option<(Option<i64>, Vec<Evidence>)> {
    for (index, hook) in hooks.iter().enumerate() {
        if hook.failure_policy == "Ignore" {
            continue;
        }
        let policy = || {
            seen(
                object.clone(),
                format!("webhooks[{index}].failurePolicy"),
                "Fail",
                EvidenceSource::Spec,
                None,
            )
        };
        let backend = hook.client_config.service.as_ref();
        let state = backend.map_or(Serving::Yes, |to| answers(look.graph, to));
        let since = match state {
            Serving::No(since) if look.lasted(since) => Some(since),
            Serving::Absent => Some(None),
            _ => None,
        };
        let named = format!("failed calling webhook \"{}\"", hook.name);
        let said = refusals.iter().find(|event| event.message.contains(&named));
        if since.is_none() && said.is_none() {
            continue;
        }
        let mut evidence = Vec::new();
        if let Some(to) = backend.filter(|_| since.is_some()) {
            let field = format!("webhooks[{index}].clientConfig.service");
            let name = format!("{}/{}", to.namespace, to.name);
            evidence.push(seen(
                object.clone(),
                field,
                name,
                EvidenceSource::Spec,
                None,
            ));
        }
        evidence.push(policy());
        evidence.extend(said.map(|event| evidence::event(event)));
        let begun = since
            .flatten()
            .or_else(|| said.and_then(|event| event.first_seen()));
        return Some((begun, evidence));
    }
    None
}

/// What controllers were lately told of webhooks that could not be called.
fn refusals<'a>(look: Look<'_, 'a>) -> Vec<&'a Event> {
    look.graph
        .every::<Event>()
        .filter(|event| event.reason == "FailedCreate")
        .filter(|event| messages::is(Family::WebhookCall, &event.message, ""))
        .filter(|event| look.present(event))
        .collect()
}

/// Reasons for which an API is not available; `Local` is none.
const REASONS: &[&str] = &[
    "ServiceNotFound",
    "ServiceAccessError",
    "ServicePortError",
    "EndpointsNotFound",
    "EndpointsAccessError",
    "MissingEndpoints",
    "FailedDiscoveryCheck",
];

detector!(
    ApiServiceUnavailable,
    "api_service_unavailable",
    Critical,
    [ApiServices],
    60,
    "an APIService that a Service of the cluster serves has not been Available for one minute",
    apis
);

fn apis<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let all = look
        .all::<APIService>()
        .filter(|one| one.spec.service.is_some());
    all.filter_map(|one| {
        let lacks = condition(&one.status.conditions, "Available")
            .filter(|one| one.status == "False" && REASONS.contains(&&*one.reason))?;
        let at = lacks.last_transition_time;
        if !look.lasted(at) {
            return None;
        }
        let object = one.reference();
        let evidence = evidence::condition(&object, lacks);
        Some(look.object(object, at, evidence))
    })
    .collect()
}

/// The Services that an object of the cluster is served by, for the links between symptoms.
pub(in super::super) fn backends<'a>(graph: &Graph<'a>, object: &ObjectRef) -> Vec<&'a Service> {
    let mut refs: BTreeSet<(&str, &str)> = BTreeSet::new();
    let hooks = |hooks: &'a [Webhook]| {
        let services = hooks
            .iter()
            .filter_map(|hook| hook.client_config.service.as_ref());
        services.map(|to| (&*to.namespace, &*to.name))
    };
    match object.kind.as_str() {
        "Service" => {
            refs.insert((&object.namespace, &object.name));
        }
        "ValidatingWebhookConfiguration" => {
            let found = graph.get::<Validating>("", &object.name);
            refs.extend(found.into_iter().flat_map(|one| hooks(&one.webhooks)));
        }
        "MutatingWebhookConfiguration" => {
            let found = graph.get::<Mutating>("", &object.name);
            refs.extend(found.into_iter().flat_map(|one| hooks(&one.webhooks)));
        }
        "APIService" => {
            let found = graph.get::<APIService>("", &object.name);
            let to = found.and_then(|one| one.spec.service.as_ref());
            refs.extend(to.map(|to| (&*to.namespace, &*to.name)));
        }
        _ => {}
    }
    refs.into_iter()
        .filter_map(|(namespace, name)| graph.get::<Service>(namespace, name))
        .collect()
}
