//! Files of Kubernetes objects for `bench incidents`, and how long their scan takes.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use kubegraf_core::clock::SystemClock;
use kubegraf_core::scan::{self, End};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ours::ms;
use crate::{asked::Asked, process};

/// Objects in a file.
const OBJECTS: usize = 10_000;
/// Of one workload: a Deployment, its ReplicaSet, Service, ConfigMap and six pods.
const EACH: usize = 10;

/// A scan of a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Scanned {
    /// `YAML`, `JSON`.
    pub format: String,
    /// Objects in the file.
    pub objects: usize,
    /// From the first byte to the last of the answer.
    pub ms: f64,
    /// The most memory there was.
    pub peak_kb: u64,
}

/// Scans the same objects as YAML and as JSON, each in a process of its own.
pub async fn scanned() -> Result<Vec<Scanned>> {
    let folder = std::env::temp_dir().join(format!("kubegraf-bench-scan-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("create \"{}\"", folder.display()))?;
    let outcome = async {
        let objects = objects();
        let yaml: String = objects
            .iter()
            .map(|one| format!("---\n{}", yaml(one, 0)))
            .collect();
        let json =
            serde_json::to_string(&json!({"apiVersion": "v1", "kind": "List", "items": objects}))?;
        let mut found = Vec::new();
        for (format, text) in [("YAML", yaml), ("JSON", json)] {
            let file = folder
                .join(format.to_lowercase())
                .with_extension(format.to_lowercase());
            fs::write(&file, text).with_context(|| format!("write \"{}\"", file.display()))?;
            let own = std::env::current_exe().context("find this program")?;
            let mut command = Command::new(own);
            command.arg("ours-scan").arg("--kubeconfig").arg(&file);
            let ran = process::measure(command, true).await?;
            let mut one: Scanned = serde_json::from_str(&ran.output)
                .with_context(|| format!("read what the scan reports: {:?}", ran.output))?;
            one.format = format.to_owned();
            one.objects = OBJECTS;
            found.push(one);
        }
        anyhow::Ok(found)
    }
    .await;
    // It is ours alone, and what is left of it harms nobody.
    let _ = fs::remove_dir_all(&folder);
    outcome
}

/// Ours: scans one file, which is named where the other contenders name their cluster.
pub async fn ours(asked: &Asked) -> Result<()> {
    let words = ["--file", &asked.kubeconfig, "--output", "json"].map(Into::into);
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let since = Instant::now();
    let end = scan::run(
        words.into_iter(),
        &mut std::io::empty(),
        &mut out,
        &mut log,
        &SystemClock,
    )
    .await?;
    let took = ms(since);
    let answer: Value = serde_json::from_slice(&out).context("read the answer of the scan")?;
    let found = answer["incidents"].as_array().map_or(0, Vec::len);
    if end != End::Looked || found != 1 {
        bail!(
            "the scan found {found} incidents instead of one: {}",
            String::from_utf8_lossy(&log)
        );
    }
    let report = Scanned {
        ms: took,
        peak_kb: process::own_kb("VmHWM"),
        ..Scanned::default()
    };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

/// Workloads that work, and one whose image cannot be pulled.
fn objects() -> Vec<Value> {
    (0..OBJECTS / EACH).flat_map(workload).collect()
}

fn workload(number: usize) -> Vec<Value> {
    const AT: &str = "2026-11-21T09:00:00Z";
    let (name, namespace) = (format!("app-{number}"), format!("team-{}", number % 20));
    let set = format!("{name}-6f7d9");
    let meta = |name: &str, owner: Option<(&str, &str)>| {
        let owners: Vec<Value> = owner.iter().map(|(kind, name)| {
            json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("{kind}-{namespace}-{name}"), "controller": true})
        }).collect();
        json!({"name": name, "namespace": namespace, "creationTimestamp": AT, "labels": {"app": format!("app-{number}")}, "ownerReferences": owners})
    };
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10});
    let spec = json!({"nodeName": "node-1", "containers": [{"name": "app", "image": "registry.example.com/shop/app:1", "ports": [{"containerPort": 8080}],
        "envFrom": [{"configMapRef": {"name": name}}], "env": [{"name": "CACHE_URL", "value": format!("http://{name}:80")}], "readinessProbe": probe,
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}]});
    let template = json!({"metadata": {"labels": {"app": name}}, "spec": spec});
    let selector = json!({"matchLabels": {"app": name}});
    let broken = number == 0;
    let ready = if broken { 0 } else { 6 };
    let mut all = vec![
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(&name, None), "spec": {"replicas": 6, "selector": selector, "template": template},
            "status": {"observedGeneration": 1, "replicas": 6, "updatedReplicas": 6, "readyReplicas": ready, "availableReplicas": ready}}),
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta(&set, Some(("Deployment", &name))), "spec": {"replicas": 6, "selector": selector, "template": template},
            "status": {"observedGeneration": 1, "replicas": 6, "readyReplicas": ready}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta(&name, None), "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "selector": {"app": name},
            "ports": [{"port": 80, "targetPort": 8080}]}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(&name, None), "data": {"level": "info"}}),
    ];
    for replica in 0..EACH - all.len() {
        let state = if broken {
            json!({"waiting": {"reason": "ImagePullBackOff", "message": "manifest unknown"}})
        } else {
            json!({"running": {"startedAt": AT}})
        };
        all.push(json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta(&format!("{set}-{replica}"), Some(("ReplicaSet", &set))), "spec": spec,
            "status": {"phase": if broken { "Pending" } else { "Running" }, "startTime": AT, "conditions": [{"type": "Ready", "status": if broken { "False" } else { "True" }}],
                "containerStatuses": [{"name": "app", "ready": !broken, "started": !broken, "restartCount": 0, "image": "registry.example.com/shop/app:1", "state": state}]}}));
    }
    all
}

/// A value as block YAML; texts are quoted as JSON quotes them, which YAML reads.
fn yaml(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) if !fields.is_empty() => fields
            .iter()
            .map(|(key, inner)| match inner {
                Value::Object(some) if !some.is_empty() => {
                    format!("{indent}{key}:\n{}", yaml(inner, depth + 1))
                }
                Value::Array(some) if !some.is_empty() => {
                    format!("{indent}{key}:\n{}", yaml(inner, depth))
                }
                _ => format!("{indent}{key}: {inner}\n"),
            })
            .collect(),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| {
                let text = yaml(item, depth + 1);
                format!("{indent}- {}", text.trim_start())
            })
            .collect(),
        other => format!("{indent}{other}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_forms_hold_the_same_objects_and_one_incident() {
        let objects = objects();
        assert_eq!(objects.len(), OBJECTS);
        let few = &objects[..3 * EACH];
        let text: String = few
            .iter()
            .map(|one| format!("---\n{}", yaml(one, 0)))
            .collect();
        let words = ["--file", "-", "--output", "json"].map(Into::into);
        let (mut out, mut log) = (Vec::new(), Vec::new());
        scan::run(
            words.into_iter(),
            &mut text.as_bytes(),
            &mut out,
            &mut log,
            &SystemClock,
        )
        .await
        .unwrap();
        let answer: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            answer["incidents"].as_array().map(Vec::len),
            Some(1),
            "{}",
            String::from_utf8_lossy(&log)
        );
        assert_eq!(answer["incidents"][0]["resource"]["name"], "app-0");
    }
}
