//! Why a webhook or an extension API does not answer.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        detectors::{self, Serving},
        evidence::seen,
        graph::Graph,
        messages::{self, Family},
        signal::Signal,
        snapshot::Kind,
    },
    objects::{
        APIService, MutatingWebhookConfiguration, ServiceRef, ValidatingWebhookConfiguration,
        Webhook, condition,
    },
};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "webhook_unavailable",
        explains: &["admission_webhook_failing", "replica_creation_failed"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["set_failure_policy", "plan"],
        doc: "a webhook that must answer leads to a Service that does not exist or has no ready pod, or cannot be called",
        decide: webhook,
    },
    Rule {
        cause: "endpoints_not_ready",
        explains: &["api_service_unavailable"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["plan"],
        doc: "the Service that serves the API has no ready pod",
        decide: endpoints,
    },
];

/// The webhooks of a configuration.
pub(in super::super) fn hooks<'a>(
    graph: &Graph<'a>,
    object: &kubegraf_ipc::object::ObjectRef,
) -> Option<&'a [Webhook]> {
    match object.kind.as_str() {
        "ValidatingWebhookConfiguration" => graph
            .get::<ValidatingWebhookConfiguration>("", &object.name)
            .map(|one| &one.webhooks[..]),
        "MutatingWebhookConfiguration" => graph
            .get::<MutatingWebhookConfiguration>("", &object.name)
            .map(|one| &one.webhooks[..]),
        _ => None,
    }
}

fn webhook<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let Some(hooks) = hooks(graph, &signal.object) else {
        return told(graph, signal);
    };
    let (hook, words, base) = hooks
        .iter()
        .filter(|hook| hook.failure_policy != "Ignore")
        .find_map(|hook| {
            let to = hook.client_config.service.as_ref()?;
            match detectors::answers(graph, to) {
                Serving::Absent => Some((hook, missing(to), None)),
                // Its pods may say why.
                Serving::No(_) => Some((hook, empty(to), Some(0.85))),
                Serving::Yes => None,
            }
        })
        .or_else(|| {
            let hook = hooks.iter().find(|hook| {
                let named = format!("failed calling webhook \\\"{}\\\"", hook.name);
                let mut seen = signal.evidence.iter();
                seen.any(|seen| seen.observed.contains(&named))
            })?;
            let words = "calling it fails".to_owned();
            Some((hook, words, Some(Class::Message.base())))
        })?;
    let name = &hook.name;
    let mut stopped: Vec<&str> = hook
        .rules
        .iter()
        .flat_map(|rule| rule.resources.iter().map(String::as_str))
        .collect();
    stopped.sort_unstable();
    stopped.dedup();
    let what = if stopped.is_empty() {
        String::new()
    } else {
        format!(", so that nothing of {} can be written", stopped.join(", "))
    };
    let mut candidate = Candidate::new(
        &signal.object,
        format!("webhook \"{name}\" does not answer: {words}"),
        format!("the API server must ask webhook \"{name}\" and cannot: {words}{what}"),
    );
    candidate.base = base;
    Some(candidate)
}

fn missing(to: &ServiceRef) -> String {
    format!("Service \"{}/{}\" does not exist", to.namespace, to.name)
}

fn empty(to: &ServiceRef) -> String {
    format!("Service \"{}/{}\" has no ready pod", to.namespace, to.name)
}

/// What the server says of a webhook whose configuration was not read.
fn told<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    if graph.knows(Kind::ValidatingWebhooks) && graph.knows(Kind::MutatingWebhooks) {
        return None;
    }
    let said = signal
        .evidence
        .iter()
        .find(|seen| messages::is(Family::WebhookCall, &seen.observed, ""))?;
    let text: String = serde_json::from_str(&said.observed).unwrap_or_default();
    let name = text.split("failed calling webhook \"").nth(1)?;
    let name = name.split('"').next()?;
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("webhook \"{name}\" does not answer"),
        format!("the API server must ask a webhook and cannot: {text}"),
    );
    candidate.base = Some(Class::Message.base());
    Some(candidate)
}

fn served<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<(&'a ServiceRef, Serving, String)> {
    let one: &APIService = graph.get("", &signal.object.name)?;
    let to = one.spec.service.as_ref()?;
    let lacks = condition(&one.status.conditions, "Available")?;
    Some((to, detectors::answers(graph, to), lacks.reason.to_string()))
}

fn metrics(signal: &Signal<'_>) -> bool {
    signal.object.name.ends_with("metrics.k8s.io")
}

fn endpoints<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let (to, state, reason) = served(graph, signal)?;
    let said = matches!(&*reason, "MissingEndpoints" | "EndpointsNotFound");
    if metrics(signal) || !(matches!(state, Serving::No(_)) || said && state != Serving::Absent) {
        return None;
    }
    let service: Option<&crate::objects::Service> = graph.get(&to.namespace, &to.name);
    let workload = service.and_then(|service| detectors::serving(graph, service));
    let target = workload.map_or(&signal.object, |one| &one.object);
    let words = empty(to);
    let mut candidate = Candidate::new(
        target,
        words.clone(),
        format!(
            "the API server passes \"{}\" on, and {words}",
            signal.object.name
        ),
    );
    candidate.base = Some(0.85);
    Some(candidate)
}

/// The Service of an API that does not exist, for the row of missing Services.
pub(super) fn backend<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let (to, state, reason) = served(graph, signal)?;
    if metrics(signal) || state != Serving::Absent && reason != "ServiceNotFound" {
        return None;
    }
    let words = missing(to);
    let mut candidate = Candidate::new(
        &signal.object,
        words.clone(),
        format!(
            "the API server passes \"{}\" on, and {words}",
            signal.object.name
        ),
    );
    candidate.evidence.push(seen(
        signal.object.clone(),
        "spec.service",
        format!("{}/{}", to.namespace, to.name),
        EvidenceSource::Spec,
        None,
    ));
    candidate.base = Some(Class::Computed.base());
    Some(candidate)
}

/// Whether a webhook's Service does not answer.
pub(in super::super) fn silent(graph: &Graph<'_>, hook: &Webhook) -> bool {
    let to = hook.client_config.service.as_ref();
    to.is_some_and(|to| detectors::answers(graph, to) != Serving::Yes)
}
