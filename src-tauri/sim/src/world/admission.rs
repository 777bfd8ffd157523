//! What admission adds to objects: service accounts and tolerations of pods, addresses of services, classes of claims.

use serde_json::{Value, json};

use super::World;
use crate::kinds::{self, KindId};
use crate::object::{self, Fields};
use crate::quantity;
use crate::status::{Refusal, Status};

impl World {
    pub(super) fn admit(&mut self, kind: KindId, o: &mut Value) -> Result<(), Status> {
        match kind {
            kinds::PODS => self.admit_pod(o),
            kinds::SERVICES => {
                self.admit_service(o);
                Ok(())
            }
            kinds::CLAIMS => {
                o.put(
                    "/metadata/finalizers",
                    json!(["kubernetes.io/pvc-protection"]),
                );
                if !o.has("/spec/storageClassName")
                    && let Some(name) = self.default_storage_class()
                {
                    o.put("/spec/storageClassName", name);
                }
                Ok(())
            }
            kinds::VOLUMES => {
                o.put(
                    "/metadata/finalizers",
                    json!(["kubernetes.io/pv-protection"]),
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn admit_pod(&mut self, o: &mut Value) -> Result<(), Status> {
        self.admit_priority(o)?;
        let account = match o.text("/spec/serviceAccountName") {
            "" => "default".to_owned(),
            given => given.to_owned(),
        };
        let namespace = object::namespace(o).to_owned();
        if self
            .store
            .find(kinds::SERVICE_ACCOUNTS, &namespace, &account)
            .is_none()
        {
            let row = self.kind(kinds::PODS);
            let why = format!(
                "error looking up service account {namespace}/{account}: serviceaccount {account:?} not found"
            );
            return Err(Status::forbidden(&row, object::name(o), &why));
        }
        o.put("/spec/serviceAccountName", account.clone());
        o.put("/spec/serviceAccount", account);
        o.default_to("/spec/enableServiceLinks", true);
        if o.pointer("/spec/automountServiceAccountToken") != Some(&Value::Bool(false)) {
            self.mount_token(o);
        }
        self.check_quota(o)?;
        for taint in [
            "node.kubernetes.io/not-ready",
            "node.kubernetes.io/unreachable",
        ] {
            let tolerated = o.items("/spec/tolerations").iter().any(|t| {
                (t.text("/key") == taint
                    || (t.text("/key").is_empty() && t.text("/operator") == "Exists"))
                    && matches!(t.text("/effect"), "" | "NoExecute")
            });
            if !tolerated {
                push(
                    o,
                    "/spec/tolerations",
                    json!({"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
                );
            }
        }
        let class = quality(o);
        o.put("/status", json!({"phase": "Pending", "qosClass": class}));
        Ok(())
    }

    fn admit_priority(&self, o: &mut Value) -> Result<(), Status> {
        let class = o.text("/spec/priorityClassName").to_owned();
        let mut priority = 0;
        if !class.is_empty() {
            match self.store.find(kinds::PRIORITY_CLASSES, "", &class) {
                Some(found) => priority = found.int("/value").unwrap_or(0),
                None => {
                    let why = format!("no PriorityClass with name {class} was found");
                    return Err(Status::forbidden(
                        self.kinds.get(kinds::PODS),
                        object::name(o),
                        &why,
                    ));
                }
            }
        }
        o.put("/spec/priority", priority);
        o.default_to("/spec/preemptionPolicy", "PreemptLowerPriority");
        Ok(())
    }

    fn mount_token(&mut self, o: &mut Value) {
        let path = "/var/run/secrets/kubernetes.io/serviceaccount";
        if o.items("/spec/volumes")
            .iter()
            .any(|v| v.text("/name").starts_with("kube-api-access-"))
        {
            return;
        }
        let name = format!("kube-api-access-{}", self.rng.suffix(5));
        push(
            o,
            "/spec/volumes",
            json!({"name": name, "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}
            ]}}),
        );
        for list in ["initContainers", "containers"] {
            for i in 0..o.items(&format!("/spec/{list}")).len() {
                push(
                    o,
                    &format!("/spec/{list}/{i}/volumeMounts"),
                    json!({"name": name, "readOnly": true, "mountPath": path}),
                );
            }
        }
    }

    /// Compute quotas of the namespace: counts of pods and sums of requests and limits.
    fn check_quota(&self, pod: &Value) -> Result<(), Status> {
        let namespace = object::namespace(pod);
        for (_, quota) in self.store.within(kinds::QUOTAS, namespace) {
            for (resource, hard) in quota.map("/spec/hard").into_iter().flatten() {
                let Some(limit) = quantity::milli(hard.as_str().unwrap_or_default()) else {
                    continue;
                };
                let (list, what) = match resource.as_str() {
                    "pods" | "count/pods" => ("", "pods"),
                    "requests.cpu" | "cpu" => ("requests", "cpu"),
                    "requests.memory" | "memory" => ("requests", "memory"),
                    "limits.cpu" => ("limits", "cpu"),
                    "limits.memory" => ("limits", "memory"),
                    _ => continue,
                };
                let amount = |p: &Value| {
                    if list.is_empty() {
                        1000
                    } else {
                        total(p, list, what)
                    }
                };
                let used: i64 = self
                    .store
                    .within(kinds::PODS, namespace)
                    .filter(|(_, p)| !matches!(p.text("/status/phase"), "Succeeded" | "Failed"))
                    .map(|(_, p)| amount(p))
                    .sum();
                if used + amount(pod) > limit {
                    let why = format!(
                        "exceeded quota: {}, requested: {resource}={}, used: {resource}={}, limited: {resource}={}",
                        object::name(quota),
                        show(amount(pod), what),
                        show(used, what),
                        hard.as_str().unwrap_or_default()
                    );
                    return Err(Status::forbidden(
                        self.kinds.get(kinds::PODS),
                        object::name(pod),
                        &why,
                    ));
                }
            }
        }
        Ok(())
    }

    fn admit_service(&mut self, o: &mut Value) {
        if o.text("/spec/type") == "ExternalName" {
            return;
        }
        if !o.has("/spec/clusterIP") || o.text("/spec/clusterIP").is_empty() {
            let address = self.next_service_address();
            o.put("/spec/clusterIP", address);
        }
        let address = o.text("/spec/clusterIP").to_owned();
        o.put("/spec/clusterIPs", json!([address]));
        if matches!(o.text("/spec/type"), "NodePort" | "LoadBalancer") {
            for i in 0..o.items("/spec/ports").len() {
                let port = self.rng.between(30_000, 32_767);
                o.default_to(&format!("/spec/ports/{i}/nodePort"), port);
            }
        }
    }

    fn default_storage_class(&self) -> Option<String> {
        self.store
            .all(kinds::STORAGE_CLASSES)
            .find(|(_, c)| {
                object::annotation(c, "storageclass.kubernetes.io/is-default-class") == "true"
            })
            .map(|(k, _)| k.0.clone())
    }
}

/// Fields the server allocated once and keeps when a client leaves them out of an update.
pub(super) fn carry_over(kind: KindId, old: &Value, new: &mut Value) {
    let fields: &[&str] = match kind {
        kinds::SERVICES => &[
            "/spec/clusterIP",
            "/spec/clusterIPs",
            "/spec/ipFamilies",
            "/spec/ipFamilyPolicy",
        ],
        kinds::CLAIMS => &["/spec/volumeName", "/spec/storageClassName"],
        kinds::NAMESPACES => &["/spec"],
        kinds::JOBS => &["/spec/selector"],
        _ => &[],
    };
    for field in fields {
        if let Some(v) = old.pointer(field) {
            new.default_to(field, v.clone());
        }
    }
    if kind == kinds::JOBS
        && let Some(labels) = old.pointer("/spec/template/metadata/labels")
    {
        new.default_to("/spec/template/metadata/labels", labels.clone());
    }
}

fn push(o: &mut Value, at: &str, item: Value) {
    o.default_to(at, json!([]));
    if let Some(Value::Array(list)) = o.pointer_mut(at) {
        list.push(item);
    }
}

/// Thousandths of a resource over all containers of a pod.
fn total(pod: &Value, list: &str, what: &str) -> i64 {
    pod.items("/spec/containers")
        .iter()
        .filter_map(|c| quantity::milli(c.text(&format!("/resources/{list}/{what}"))))
        .sum()
}

fn show(milli: i64, what: &str) -> String {
    match what {
        "memory" if milli % (1_048_576 * 1000) == 0 => format!("{}Mi", milli / (1_048_576 * 1000)),
        "cpu" if milli % 1000 != 0 => format!("{milli}m"),
        _ => (milli / 1000).to_string(),
    }
}

/// The pod's quality-of-service class.
fn quality(pod: &Value) -> &'static str {
    let containers = || {
        pod.items("/spec/initContainers")
            .iter()
            .chain(pod.items("/spec/containers"))
    };
    let any = containers().any(|c| {
        ["requests", "limits"].iter().any(|l| {
            ["cpu", "memory"]
                .iter()
                .any(|r| c.has(&format!("/resources/{l}/{r}")))
        })
    });
    if !any {
        return "BestEffort";
    }
    let same = containers().all(|c| {
        ["cpu", "memory"].iter().all(|r| {
            let limit = quantity::milli(c.text(&format!("/resources/limits/{r}")));
            limit.is_some() && limit == quantity::milli(c.text(&format!("/resources/requests/{r}")))
        })
    });
    if same { "Guaranteed" } else { "Burstable" }
}

/// Checks that cannot be part of the pure validation because they need the request itself.
pub(crate) fn body_matches(
    expected_kind: &str,
    expected_version: &str,
    o: &Value,
) -> Result<(), Status> {
    let (kind, version) = (o.text("/kind"), o.text("/apiVersion"));
    if (!kind.is_empty() && kind != expected_kind)
        || (!version.is_empty() && version != expected_version)
    {
        let inner = |version: &str| match version.rsplit_once('/') {
            Some((group, _)) => group.split('.').next().unwrap_or_default().to_owned(),
            None => "core".to_owned(),
        };
        let outer = version.rsplit('/').next().unwrap_or_default();
        return Err(Status::bad_request(format!(
            "{kind} in version {outer:?} cannot be handled as a {expected_kind}: converting ({outer}.{kind}) to ({}.{expected_kind}): unknown conversion",
            inner(expected_version)
        )));
    }
    if !o.is_object() {
        return Err(Status::bad_request("the body is not a JSON object"));
    }
    Ok(())
}

/// A refusal for a field that must be a number of something.
pub(super) fn negative(field: &str, value: i64) -> Refusal {
    Refusal::invalid(field, &json!(value), "must be greater than or equal to 0")
}
