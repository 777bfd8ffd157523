//! Who and what a change touches beside its object, one sentence each.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;

use super::{
    api::{ApiError, get, read},
    intent::Target,
};

/// What stands around a workload. A list is an error where it could not be read.
#[derive(Debug)]
pub struct Surroundings {
    /// `policy/v1` PodDisruptionBudgets of the namespace.
    pub budgets: Result<Vec<Value>, ApiError>,
    /// Services of the namespace.
    pub services: Result<Vec<Value>, ApiError>,
    /// `autoscaling/v2` HorizontalPodAutoscalers of the namespace.
    pub autoscalers: Result<Vec<Value>, ApiError>,
}

/// Knows what stands around a workload; the watches' stores may answer faster than the server.
#[async_trait]
pub trait Neighbourhood: Send + Sync {
    /// Looks around in a namespace.
    async fn look(&self, target: &Target, namespace: &str) -> Surroundings;
}

/// Asks the API server.
#[derive(Clone, Copy, Debug, Default)]
pub struct FromServer;

#[async_trait]
impl Neighbourhood for FromServer {
    async fn look(&self, target: &Target, namespace: &str) -> Surroundings {
        let list = async |path: String| {
            let mut reply = read(&target.client, || get(&path)).await?;
            Ok(match reply.body["items"].take() {
                Value::Array(items) => items,
                _ => Vec::new(),
            })
        };
        let (budgets, services, autoscalers) = futures::join!(
            list(format!(
                "/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
            )),
            list(format!("/api/v1/namespaces/{namespace}/services")),
            list(format!(
                "/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
            )),
        );
        Surroundings {
            budgets,
            services,
            autoscalers,
        }
    }
}

/// The kinds whose pods follow a template.
pub(super) fn is_workload(kind: &str) -> bool {
    matches!(
        kind,
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet"
    )
}

/// The sentences. `after` is `None` when the object goes.
pub(super) fn sentences(
    kind: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    around: Option<&Surroundings>,
) -> Vec<String> {
    let Some(before) = before else {
        return vec!["a new object: nothing that exists is touched".into()];
    };
    let mut said = Vec::new();
    if is_workload(kind) {
        workload(kind, before, after, &mut said);
    } else if after.is_none() {
        said.push("the object goes; what it owns goes after it".into());
    }
    if let Some(around) = around {
        neighbours(before, around, &mut said);
    }
    said
}

fn workload(kind: &str, before: &Value, after: Option<&Value>, said: &mut Vec<String>) {
    let status = &before["status"];
    let running = if kind == "DaemonSet" {
        &status["currentNumberScheduled"]
    } else {
        &status["replicas"]
    };
    let running = running.as_i64().unwrap_or(0);
    let ready = status[if kind == "DaemonSet" {
        "numberReady"
    } else {
        "readyReplicas"
    }]
    .as_i64()
    .unwrap_or(0);
    said.push(format!("{} now, {ready} ready", count(running, "pod")));
    let Some(after) = after else {
        said.push(format!("{} with it", goes(running)));
        return;
    };
    let spec = &after["spec"];
    let (from, to) = (
        before["spec"]["replicas"].as_i64(),
        spec["replicas"].as_i64(),
    );
    if from != to
        && let (Some(from), Some(to)) = (from, to)
    {
        said.push(format!("replicas go from {from} to {to}"));
        if to < from {
            said.push(goes(from - to));
        }
    }
    if before["spec"]["template"] == spec["template"] {
        said.push("no pod is restarted".into());
    } else if spec["paused"] == true {
        said.push("it is paused: no pod is replaced until it is resumed".into());
    } else if kind == "ReplicaSet" {
        said.push("running pods keep the old template until they are replaced".into());
    } else {
        said.push(replacement(kind, spec, to.unwrap_or(running)));
    }
}

fn replacement(kind: &str, spec: &Value, pods: i64) -> String {
    let strategy = if kind == "Deployment" {
        &spec["strategy"]
    } else {
        &spec["updateStrategy"]
    };
    let all = count(pods, "pod");
    match strategy["type"].as_str() {
        Some("Recreate") => format!("{all}: all stop before new ones start"),
        Some("OnDelete") => format!("{all}: replaced only when someone deletes them"),
        _ => {
            let rolling = &strategy["rollingUpdate"];
            let part = |field: &str| match &rolling[field] {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => "1".into(),
            };
            if kind == "Deployment" {
                format!(
                    "{all} replaced step by step, at most {} unavailable and {} extra",
                    part("maxUnavailable"),
                    part("maxSurge")
                )
            } else {
                format!("{all} replaced one after the other")
            }
        }
    }
}

fn neighbours(before: &Value, around: &Surroundings, said: &mut Vec<String>) {
    let pods = labels(&before["spec"]["template"]["metadata"]["labels"]);
    let name_of = |object: &Value| {
        object["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    match &around.budgets {
        Ok(budgets) => {
            for budget in budgets
                .iter()
                .filter(|b| selects(&b["spec"]["selector"], &pods))
            {
                let allowed = budget["status"]["disruptionsAllowed"].as_i64().unwrap_or(0);
                said.push(format!(
                    "PodDisruptionBudget \"{}\" allows {} now",
                    name_of(budget),
                    count(allowed, "disruption")
                ));
            }
        }
        Err(error) => said.push(format!("could not look for PodDisruptionBudgets: {error}")),
    }
    match &around.services {
        Ok(services) => {
            for service in services {
                let selector = labels(&service["spec"]["selector"]);
                if !selector.is_empty() && selector.iter().all(|(k, v)| pods.get(k) == Some(v)) {
                    said.push(format!(
                        "Service \"{}\" sends traffic to these pods",
                        name_of(service)
                    ));
                }
            }
        }
        Err(error) => said.push(format!("could not look for Services: {error}")),
    }
    match &around.autoscalers {
        Ok(autoscalers) => {
            for hpa in autoscalers {
                let target = &hpa["spec"]["scaleTargetRef"];
                if target["name"] == before["metadata"]["name"] && target["kind"] == before["kind"]
                {
                    said.push(format!(
                        "HorizontalPodAutoscaler \"{}\" keeps it between {} and {} replicas",
                        name_of(hpa),
                        hpa["spec"]["minReplicas"].as_i64().unwrap_or(1),
                        hpa["spec"]["maxReplicas"].as_i64().unwrap_or(0),
                    ));
                }
            }
        }
        Err(error) => said.push(format!(
            "could not look for HorizontalPodAutoscalers: {error}"
        )),
    }
}

fn labels(value: &Value) -> BTreeMap<&str, &str> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect()
}

/// A label selector of `policy/v1`: empty selects everything, absent nothing.
fn selects(selector: &Value, pods: &BTreeMap<&str, &str>) -> bool {
    if !selector.is_object() {
        return false;
    }
    let equal = labels(&selector["matchLabels"])
        .iter()
        .all(|(key, value)| pods.get(key) == Some(value));
    let expressions = selector["matchExpressions"].as_array();
    equal
        && expressions.into_iter().flatten().all(|expression| {
            let found = expression["key"].as_str().and_then(|key| pods.get(key));
            let listed = expression["values"]
                .as_array()
                .is_some_and(|values| values.iter().any(|v| v.as_str() == found.copied()));
            match expression["operator"].as_str() {
                Some("In") => found.is_some() && listed,
                Some("NotIn") => found.is_none() || !listed,
                Some("Exists") => found.is_some(),
                Some("DoesNotExist") => found.is_none(),
                _ => false,
            }
        })
}

fn goes(pods: i64) -> String {
    format!(
        "{} {}",
        count(pods, "pod"),
        if pods == 1 { "goes" } else { "go" }
    )
}

fn count(number: i64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checkout(image: &str, replicas: i64) -> Value {
        json!({
            "kind": "Deployment", "metadata": { "name": "checkout" },
            "spec": { "replicas": replicas,
                "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": "25%", "maxSurge": 1 } },
                "template": { "metadata": { "labels": { "app": "checkout", "tier": "web" } },
                    "spec": { "containers": [{ "image": image }] } } },
            "status": { "replicas": 3, "readyReplicas": 2 },
        })
    }

    fn around() -> Surroundings {
        Surroundings {
            budgets: Ok(vec![
                json!({ "metadata": { "name": "web" }, "status": { "disruptionsAllowed": 1 },
                    "spec": { "selector": { "matchExpressions": [{ "key": "tier", "operator": "In", "values": ["web"] }] } } }),
                json!({ "metadata": { "name": "other" }, "spec": { "selector": { "matchLabels": { "app": "cart" } } } }),
            ]),
            services: Ok(vec![
                json!({ "metadata": { "name": "checkout" }, "spec": { "selector": { "app": "checkout" } } }),
                json!({ "metadata": { "name": "headless" }, "spec": {} }),
            ]),
            autoscalers: Err(ApiError::Refused {
                status: 403,
                message: "forbidden".into(),
                reason: "Forbidden".into(),
                fields: vec![],
            }),
        }
    }

    #[test]
    fn a_new_template_names_everyone_concerned() {
        let (before, after) = (checkout("a:1", 3), checkout("a:2", 3));
        assert_eq!(
            sentences("Deployment", Some(&before), Some(&after), Some(&around())),
            [
                "3 pods now, 2 ready",
                "3 pods replaced step by step, at most 25% unavailable and 1 extra",
                "PodDisruptionBudget \"web\" allows 1 disruption now",
                "Service \"checkout\" sends traffic to these pods",
                "could not look for HorizontalPodAutoscalers: forbidden",
            ]
        );
    }

    #[test]
    fn scaling_down_restarts_nothing_and_says_how_many_go() {
        let (before, after) = (checkout("a:1", 3), checkout("a:1", 1));
        assert_eq!(
            sentences("Deployment", Some(&before), Some(&after), None),
            [
                "3 pods now, 2 ready",
                "replicas go from 3 to 1",
                "2 pods go",
                "no pod is restarted"
            ]
        );
    }
}
