//! The refusals of the API server that people meet: names, missing fields, selectors, immutable fields.
//! Not the whole of validation; the conformance report lists what is left out.

use serde_json::{Value, json};

use super::admission::negative;
use crate::kinds::{self, KindId};
use crate::object::{self, Fields};
use crate::quantity;
use crate::selector;
use crate::status::Refusal;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// Checks an object as a whole.
pub(super) fn new_object(kind: KindId, o: &Value) -> Vec<Refusal> {
    let mut found = Vec::new();
    name(kind, o, &mut found);
    match kind {
        kinds::PODS => pod_spec(o, "/spec", &mut found),
        kinds::DEPLOYMENTS | kinds::REPLICA_SETS | kinds::STATEFUL_SETS | kinds::DAEMON_SETS => {
            count(o, "/spec/replicas", &mut found);
            selected_template(o, &mut found);
            pod_spec(o, "/spec/template/spec", &mut found);
            let policy = o.text("/spec/template/spec/restartPolicy");
            if !policy.is_empty() && policy != "Always" {
                found.push(Refusal::unsupported(
                    "spec.template.spec.restartPolicy",
                    &json!(policy),
                    &["Always"],
                ));
            }
        }
        kinds::JOBS => job(o, "/spec", &mut found),
        kinds::CRON_JOBS => {
            if o.text("/spec/schedule").is_empty() {
                found.push(Refusal::required("spec.schedule", ""));
            } else if crate::schedule::Schedule::parse(o.text("/spec/schedule")).is_none() {
                let given = json!(o.text("/spec/schedule"));
                found.push(Refusal::invalid(
                    "spec.schedule",
                    &given,
                    "expected exactly 5 fields",
                ));
            }
            job(o, "/spec/jobTemplate/spec", &mut found);
        }
        kinds::SERVICES => {
            let headless = o.text("/spec/clusterIP") == "None";
            if o.items("/spec/ports").is_empty()
                && !headless
                && o.text("/spec/type") != "ExternalName"
            {
                found.push(Refusal::required("spec.ports", ""));
            }
        }
        _ => {}
    }
    found
}

/// Checks what a change may touch.
pub(super) fn change(kind: KindId, old: &Value, new: &Value) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut fixed = |at: &str, field: &str| {
        if old.pointer(at) != new.pointer(at) {
            let given = new.pointer(at).cloned().unwrap_or_default();
            found.push(Refusal::invalid(field, &given, "field is immutable"));
        }
    };
    match kind {
        kinds::DEPLOYMENTS | kinds::REPLICA_SETS | kinds::DAEMON_SETS => {
            fixed("/spec/selector", "spec.selector")
        }
        kinds::JOBS => {
            fixed("/spec/selector", "spec.selector");
            fixed("/spec/template", "spec.template");
            fixed("/spec/completionMode", "spec.completionMode");
        }
        kinds::STORAGE_CLASSES => {
            fixed("/provisioner", "provisioner");
            fixed("/parameters", "parameters");
        }
        kinds::SECRETS => fixed("/type", "type"),
        kinds::STATEFUL_SETS => {
            let rest = |o: &Value| {
                without(
                    o,
                    &[
                        "replicas",
                        "template",
                        "updateStrategy",
                        "revisionHistoryLimit",
                        "minReadySeconds",
                        "persistentVolumeClaimRetentionPolicy",
                        "ordinals",
                    ],
                )
            };
            if rest(old) != rest(new) {
                found.push(forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
            }
        }
        kinds::PODS if pod_rest(old) != pod_rest(new) => {
            found.push(forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
        }
        kinds::CLAIMS => {
            let rest =
                |o: &Value| without(o, &["resources", "volumeName", "volumeAttributesClassName"]);
            if rest(old) != rest(new) {
                found.push(forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"));
            }
        }
        kinds::CONFIG_MAPS
            if old.flag("/immutable")
                && (old.get("data") != new.get("data")
                    || old.get("binaryData") != new.get("binaryData")) =>
        {
            found.push(forbidden(
                "data",
                "field is immutable when `immutable` is set",
            ));
        }
        _ => {}
    }
    found
}

fn name(kind: KindId, o: &Value, found: &mut Vec<Refusal>) {
    let name = object::name(o);
    if name.is_empty() {
        found.push(Refusal::required(
            "metadata.name",
            "name or generateName is required",
        ));
        return;
    }
    let dots_allowed = !matches!(kind, kinds::NAMESPACES | kinds::SERVICES);
    let word = |w: &str| {
        !w.is_empty()
            && w.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !w.starts_with('-')
            && !w.ends_with('-')
    };
    let free = matches!(
        kind,
        kinds::ROLES | kinds::ROLE_BINDINGS | kinds::CLUSTER_ROLES | kinds::CLUSTER_ROLE_BINDINGS
    );
    let ok = free
        || if dots_allowed {
            name.split('.').all(word)
        } else {
            word(name)
        };
    if !ok {
        let rule = if dots_allowed { SUBDOMAIN } else { LABEL };
        found.push(Refusal::invalid("metadata.name", &json!(name), rule));
    }
}

fn pod_spec(o: &Value, at: &str, found: &mut Vec<Refusal>) {
    let field = at.trim_start_matches('/').replace('/', ".");
    if o.items(&format!("{at}/containers")).is_empty() {
        found.push(Refusal::required(format!("{field}.containers"), ""));
    }
    for list in ["initContainers", "containers"] {
        let mut names: Vec<&str> = Vec::new();
        for (i, c) in o.items(&format!("{at}/{list}")).iter().enumerate() {
            let here = format!("{field}.{list}[{i}]");
            match c.text("/name") {
                "" => found.push(Refusal::required(format!("{here}.name"), "")),
                twice if names.contains(&twice) => found.push(Refusal {
                    reason: "FieldValueDuplicate",
                    message: format!("Duplicate value: {twice:?}"),
                    field: format!("{here}.name"),
                }),
                fresh => names.push(fresh),
            }
            if c.text("/image").is_empty() {
                found.push(Refusal::required(format!("{here}.image"), ""));
            }
            resources(c, &here, found);
            mounts(o, at, c, &here, found);
        }
    }
}

fn resources(c: &Value, here: &str, found: &mut Vec<Refusal>) {
    for (resource, request) in c.map("/resources/requests").into_iter().flatten() {
        let limit = c.text(&format!("/resources/limits/{}", object::escape(resource)));
        let (Some(r), Some(l)) = (
            quantity::milli(request.as_str().unwrap_or_default()),
            quantity::milli(limit),
        ) else {
            continue;
        };
        if r > l {
            let detail = format!("must be less than or equal to {resource} limit of {limit}");
            found.push(Refusal::invalid(
                format!("{here}.resources.requests"),
                request,
                &detail,
            ));
        }
    }
}

fn mounts(o: &Value, at: &str, c: &Value, here: &str, found: &mut Vec<Refusal>) {
    let volumes = o.items(&format!("{at}/volumes"));
    for (i, m) in c.items("/volumeMounts").iter().enumerate() {
        let wanted = m.text("/name");
        if !volumes.iter().any(|v| v.text("/name") == wanted)
            && !o
                .items("/spec/volumeClaimTemplates")
                .iter()
                .any(|t| object::name(t) == wanted)
        {
            found.push(Refusal {
                reason: "FieldValueNotFound",
                message: format!("Not found: {wanted:?}"),
                field: format!("{here}.volumeMounts[{i}].name"),
            });
        }
    }
}

fn selected_template(o: &Value, found: &mut Vec<Refusal>) {
    let Some(wanted) = o.pointer("/spec/selector").filter(|s| s.is_object()) else {
        found.push(Refusal::required("spec.selector", ""));
        return;
    };
    let labels = o.map("/spec/template/metadata/labels");
    if !selector::selects(Some(wanted), labels) {
        let given = labels.map_or_else(|| json!({}), |l| Value::Object(l.clone()));
        found.push(Refusal::invalid(
            "spec.template.metadata.labels",
            &given,
            "`selector` does not match template `labels`",
        ));
    }
}

fn job(o: &Value, at: &str, found: &mut Vec<Refusal>) {
    pod_spec(o, &format!("{at}/template/spec"), found);
    let field = at.trim_start_matches('/').replace('/', ".");
    let policy = o.text(&format!("{at}/template/spec/restartPolicy"));
    if !matches!(policy, "OnFailure" | "Never") {
        let given = json!(if policy.is_empty() { "Always" } else { policy });
        found.push(Refusal::unsupported(
            format!("{field}.template.spec.restartPolicy"),
            &given,
            &["OnFailure", "Never"],
        ));
    }
    count(o, &format!("{at}/backoffLimit"), found);
}

fn count(o: &Value, at: &str, found: &mut Vec<Refusal>) {
    if let Some(n) = o.int(at).filter(|n| *n < 0) {
        found.push(negative(&at.trim_start_matches('/').replace('/', "."), n));
    }
}

fn forbidden(field: &str, why: &str) -> Refusal {
    Refusal {
        reason: "FieldValueForbidden",
        message: format!("Forbidden: {why}"),
        field: field.into(),
    }
}

fn without(o: &Value, fields: &[&str]) -> Value {
    let mut spec = o.get("spec").cloned().unwrap_or_default();
    for f in fields {
        spec.cut(&format!("/{f}"));
    }
    spec
}

fn pod_rest(o: &Value) -> Value {
    let mut spec = without(
        o,
        &[
            "activeDeadlineSeconds",
            "tolerations",
            "terminationGracePeriodSeconds",
            "ephemeralContainers",
        ],
    );
    for list in ["initContainers", "containers"] {
        for i in 0..spec.items(&format!("/{list}")).len() {
            spec.cut(&format!("/{list}/{i}/image"));
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a literal reads better at the call"
    )]
    fn check(kind: KindId, o: Value, expect: &[&str]) {
        let fields: Vec<String> = new_object(kind, &o).into_iter().map(|r| r.field).collect();
        assert_eq!(fields, expect, "{o}");
    }

    #[test]
    fn refusals_name_the_field() {
        check(
            kinds::PODS,
            json!({"metadata": {"name": "A"}, "spec": {"containers": [{"name": "x"}]}}),
            &["metadata.name", "spec.containers[0].image"],
        );
        let template = json!({"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "x", "image": "y"}]}});
        check(
            kinds::DEPLOYMENTS,
            json!({"metadata": {"name": "a"}, "spec": {"replicas": -1, "selector": {"matchLabels": {"app": "a"}}, "template": template}}),
            &["spec.replicas", "spec.template.metadata.labels"],
        );
        check(
            kinds::CONFIG_MAPS,
            json!({"metadata": {"name": "ok.name"}}),
            &[],
        );
    }
}
