//! Defaults of a pod spec, wherever it stands: in a Pod or in a template.

use serde_json::{Value, json};

use crate::object::Fields;

pub(super) fn fill_spec(o: &mut Value, at: &str) {
    let Some(spec) = o.pointer_mut(at).filter(|s| s.is_object()) else {
        return;
    };
    spec.default_to("/restartPolicy", "Always");
    spec.default_to("/terminationGracePeriodSeconds", 30);
    spec.default_to("/dnsPolicy", "ClusterFirst");
    spec.default_to("/securityContext", json!({}));
    spec.default_to("/schedulerName", "default-scheduler");
    for list in ["initContainers", "containers"] {
        if let Some(Value::Array(containers)) = spec.get_mut(list) {
            containers.iter_mut().for_each(fill_container);
        }
    }
    if let Some(Value::Array(volumes)) = spec.get_mut("volumes") {
        volumes.iter_mut().for_each(fill_volume);
    }
    let account = spec.text("/serviceAccountName").to_owned();
    if !account.is_empty() {
        spec.put("/serviceAccount", account);
    }
}

fn fill_container(c: &mut Value) {
    c.default_to("/terminationMessagePath", "/dev/termination-log");
    c.default_to("/terminationMessagePolicy", "File");
    c.default_to("/resources", json!({}));
    let policy =
        if crate::images::Reference::parse(c.text("/image")).is_some_and(|r| r.tag == "latest") {
            "Always"
        } else {
            "IfNotPresent"
        };
    c.default_to("/imagePullPolicy", policy);
    if let Some(limits) = c.map("/resources/limits").cloned() {
        for (resource, amount) in limits {
            c.default_to(
                &format!("/resources/requests/{}", crate::object::escape(&resource)),
                amount,
            );
        }
    }
    for i in 0..c.items("/ports").len() {
        c.default_to(&format!("/ports/{i}/protocol"), "TCP");
    }
    for i in 0..c.items("/env").len() {
        if c.has(&format!("/env/{i}/valueFrom/fieldRef")) {
            c.default_to(&format!("/env/{i}/valueFrom/fieldRef/apiVersion"), "v1");
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if c.has(&format!("/{probe}")) {
            c.default_to(&format!("/{probe}/timeoutSeconds"), 1);
            c.default_to(&format!("/{probe}/periodSeconds"), 10);
            c.default_to(&format!("/{probe}/successThreshold"), 1);
            c.default_to(&format!("/{probe}/failureThreshold"), 3);
            if c.has(&format!("/{probe}/httpGet")) {
                c.default_to(&format!("/{probe}/httpGet/scheme"), "HTTP");
                c.default_to(&format!("/{probe}/httpGet/path"), "/");
            }
        }
    }
}

fn fill_volume(v: &mut Value) {
    for source in ["configMap", "secret", "projected", "downwardAPI"] {
        if v.has(&format!("/{source}")) {
            v.default_to(&format!("/{source}/defaultMode"), 420);
        }
    }
    if v.has("/hostPath") {
        v.default_to("/hostPath/type", "");
    }
    let names: Vec<String> = v
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, _)| k.clone())
        .collect();
    if names == ["name"] {
        v.put("/emptyDir", json!({}));
    }
}
