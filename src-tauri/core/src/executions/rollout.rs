//! The usual outcomes: a workload has rolled out (as `kubectl rollout status` tells it), an object
//! is gone, or the server's yes is all there is to wait for.

use async_trait::async_trait;
use http::StatusCode;
use serde_json::Value;

use super::{
    api::{ApiError, get, read},
    intent::{Applied, OutcomeCheck, Progress},
};

/// Waits until every pod of a Deployment, StatefulSet or DaemonSet runs the new template.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rollout;

/// Waits until the object is gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gone;

/// Waits for nothing more than the server's answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accepted;

#[async_trait]
impl OutcomeCheck for Rollout {
    async fn look(&self, applied: &Applied<'_>) -> Result<Progress, ApiError> {
        match read(applied.client, || get(applied.path)).await {
            Ok(reply) => Ok(progress(&applied.target.kind, &reply.body)),
            Err(error) if error.is(StatusCode::NOT_FOUND) => {
                Ok(Progress::Stuck("it is gone: someone has deleted it".into()))
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl OutcomeCheck for Gone {
    async fn look(&self, applied: &Applied<'_>) -> Result<Progress, ApiError> {
        match read(applied.client, || get(applied.path)).await {
            Err(error) if error.is(StatusCode::NOT_FOUND) => {
                Ok(Progress::Healed("it is gone".into()))
            }
            Err(error) => Err(error),
            Ok(reply) => {
                let uid = reply.body["metadata"]["uid"].as_str();
                if uid != applied.target.uid.as_deref() {
                    return Ok(Progress::Healed(
                        "it is gone; a new one has its name".into(),
                    ));
                }
                let held = reply.body["metadata"]["finalizers"]
                    .as_array()
                    .map(|finalizers| {
                        finalizers
                            .iter()
                            .filter_map(Value::as_str)
                            .collect::<Vec<_>>()
                    })
                    .filter(|finalizers| !finalizers.is_empty());
                Ok(Progress::NotYet(match held {
                    Some(finalizers) => format!("it waits for {}", finalizers.join(", ")),
                    None => "it is ending".into(),
                }))
            }
        }
    }
}

#[async_trait]
impl OutcomeCheck for Accepted {
    async fn look(&self, _: &Applied<'_>) -> Result<Progress, ApiError> {
        Ok(Progress::Healed("done".into()))
    }
}

/// How far a workload's rollout is.
pub fn progress(kind: &str, object: &Value) -> Progress {
    let status = &object["status"];
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    if number(&status["observedGeneration"]) < number(&object["metadata"]["generation"]) {
        return Progress::NotYet("waiting for the new spec to be noticed".into());
    }
    match kind {
        "Deployment" => deployment(object, number(&object["spec"]["replicas"])),
        "StatefulSet" => stateful_set(object, number(&object["spec"]["replicas"])),
        "DaemonSet" => daemon_set(object),
        _ => Progress::Healed("done".into()),
    }
}

fn deployment(object: &Value, wanted: i64) -> Progress {
    let status = &object["status"];
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    let (total, updated, available) = (
        number("replicas"),
        number("updatedReplicas"),
        number("availableReplicas"),
    );
    if object["spec"]["paused"] == true {
        return Progress::Healed("it is paused: nothing rolls out until it is resumed".into());
    }
    let late = status["conditions"].as_array().is_some_and(|conditions| {
        conditions
            .iter()
            .any(|c| c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded")
    });
    if late {
        return Progress::Stuck("the rollout has exceeded its progress deadline".into());
    }
    if updated < wanted {
        Progress::NotYet(format!(
            "{updated} of {wanted} new replicas have been updated"
        ))
    } else if total > updated {
        Progress::NotYet(format!(
            "{} old replicas are pending termination",
            total - updated
        ))
    } else if available < updated {
        Progress::NotYet(format!(
            "{available} of {updated} updated replicas available"
        ))
    } else {
        Progress::Healed(format!(
            "rolled out: {available} of {wanted} replicas available"
        ))
    }
}

fn stateful_set(object: &Value, wanted: i64) -> Progress {
    let status = &object["status"];
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    let strategy = &object["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return Progress::Healed("its pods are replaced only when someone deletes them".into());
    }
    let ready = number("readyReplicas");
    if ready < wanted {
        return Progress::NotYet(format!("{ready} of {wanted} pods ready"));
    }
    let partition = strategy["rollingUpdate"]["partition"].as_i64().unwrap_or(0);
    let (updated, due) = (number("updatedReplicas"), (wanted - partition).max(0));
    if updated < due && status["updateRevision"] != status["currentRevision"] {
        return Progress::NotYet(format!("{updated} of {due} pods updated"));
    }
    Progress::Healed(format!("rolled out: {ready} of {wanted} pods ready"))
}

fn daemon_set(object: &Value) -> Progress {
    let status = &object["status"];
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    if object["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return Progress::Healed("its pods are replaced only when someone deletes them".into());
    }
    let (wanted, updated, available) = (
        number("desiredNumberScheduled"),
        number("updatedNumberScheduled"),
        number("numberAvailable"),
    );
    if updated < wanted {
        Progress::NotYet(format!("{updated} of {wanted} pods updated"))
    } else if available < wanted {
        Progress::NotYet(format!("{available} of {wanted} updated pods available"))
    } else {
        Progress::Healed(format!(
            "rolled out: {available} of {wanted} pods available"
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: &str, spec: &Value, status: &Value, expected: &Progress) {
        let object = json!({ "metadata": { "generation": 2 }, "spec": spec, "status": status });
        assert_eq!(&progress(kind, &object), expected, "{object}");
    }

    #[test]
    fn a_deployment_tells_each_stage_of_its_rollout() {
        use Progress::{Healed, NotYet, Stuck};
        let spec = json!({ "replicas": 3 });
        let stage =
            |status: Value, expected: Progress| check("Deployment", &spec, &status, &expected);
        stage(
            json!({ "observedGeneration": 1, "updatedReplicas": 3, "availableReplicas": 3 }),
            NotYet("waiting for the new spec to be noticed".into()),
        );
        stage(
            json!({ "observedGeneration": 2, "replicas": 4, "updatedReplicas": 1 }),
            NotYet("1 of 3 new replicas have been updated".into()),
        );
        stage(
            json!({ "observedGeneration": 2, "replicas": 4, "updatedReplicas": 3 }),
            NotYet("1 old replicas are pending termination".into()),
        );
        stage(
            json!({ "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 2 }),
            NotYet("2 of 3 updated replicas available".into()),
        );
        stage(
            json!({ "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3 }),
            Healed("rolled out: 3 of 3 replicas available".into()),
        );
        stage(
            json!({ "observedGeneration": 2, "conditions": [{ "type": "Progressing", "reason": "ProgressDeadlineExceeded" }] }),
            Stuck("the rollout has exceeded its progress deadline".into()),
        );
    }

    #[test]
    fn a_stateful_set_waits_only_for_the_pods_above_its_partition() {
        let spec =
            json!({ "replicas": 3, "updateStrategy": { "rollingUpdate": { "partition": 2 } } });
        let status = |updated: i64| {
            json!({ "observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": updated,
                "updateRevision": "b", "currentRevision": "a" })
        };
        check(
            "StatefulSet",
            &spec,
            &status(0),
            &Progress::NotYet("0 of 1 pods updated".into()),
        );
        check(
            "StatefulSet",
            &spec,
            &status(1),
            &Progress::Healed("rolled out: 3 of 3 pods ready".into()),
        );
    }

    #[test]
    fn a_daemon_set_waits_for_every_node() {
        let status = json!({ "observedGeneration": 2, "desiredNumberScheduled": 4,
            "updatedNumberScheduled": 4, "numberAvailable": 3 });
        check(
            "DaemonSet",
            &json!({}),
            &status,
            &Progress::NotYet("3 of 4 updated pods available".into()),
        );
    }
}
