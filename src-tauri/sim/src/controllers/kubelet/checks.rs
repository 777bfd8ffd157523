//! What a kubelet and a program find when they look around: volumes, configuration, ports, other services.

use serde_json::Value;

use crate::controllers::pods;
use crate::images::{App, Exit};
use crate::kinds::{CLAIMS, CONFIG_MAPS, ENDPOINTS, KindId, NAMESPACES, PODS, SECRETS, SERVICES};
use crate::object::{self, Fields, labels_match};
use crate::world::World;

/// Annotations that overrule what the image says, for tests: `sim.kubegraf.io/<name>`.
const PREFIX: &str = "sim.kubegraf.io/";

/// How the program of a container behaves.
pub(crate) fn app_of(w: &World, pod: &Value, spec: &Value) -> App {
    let mut app = w.images.app(spec.text("/image"));
    let told = |name: &str| object::annotation(pod, &format!("{PREFIX}{name}")).to_owned();
    let number = |name: &str| told(name).parse::<i64>().ok();
    app.memory_mib = number("memory-mib").unwrap_or(app.memory_mib);
    app.cpu_milli = number("cpu-milli").unwrap_or(app.cpu_milli);
    app.run_seconds = number("run-seconds").unwrap_or(app.run_seconds);
    app.start_ms = number("start-ms").unwrap_or(app.start_ms);
    if let Some(code) = number("exit-code") {
        let after_ms = number("exit-after-seconds").unwrap_or(1) * 1000;
        app.exit = Some(Exit {
            after_ms,
            code,
            last_words: vec![format!("exiting with code {code}")],
        });
    }
    let ports = told("listens");
    if !ports.is_empty() {
        app.listens = ports
            .split(',')
            .filter_map(|p| p.trim().parse().ok())
            .collect();
    }
    app
}

/// The first volume that cannot be mounted, in the kubelet's words.
pub(super) fn missing_volume(w: &World, pod: &Value) -> Option<String> {
    let namespace = object::namespace(pod);
    for v in pod.items("/spec/volumes") {
        let name = v.text("/name");
        let fails = |what: String| {
            Some(format!(
                "MountVolume.SetUp failed for volume {name:?} : {what}"
            ))
        };
        for (source, field, kind, word) in [
            ("configMap", "name", CONFIG_MAPS, "configmap"),
            ("secret", "secretName", SECRETS, "secret"),
        ] {
            let wanted = v.text(&format!("/{source}/{field}"));
            if wanted.is_empty() || v.flag(&format!("/{source}/optional")) {
                continue;
            }
            let Some(found) = w.store.find(kind, namespace, wanted) else {
                return fails(format!("{word} {wanted:?} not found"));
            };
            for item in v.items(&format!("/{source}/items")) {
                if !has_key(found, item.text("/key")) {
                    return fails(format!(
                        "references non-existent {} key: {}",
                        if kind == SECRETS { "secret" } else { "config" },
                        item.text("/key")
                    ));
                }
            }
        }
        let claim = v.text("/persistentVolumeClaim/claimName");
        if !claim.is_empty()
            && w.store
                .find(CLAIMS, namespace, claim)
                .is_none_or(|c| c.text("/status/phase") != "Bound")
        {
            return Some(format!(
                "Unable to attach or mount volumes: unmounted volumes=[{name}], unattached volumes=[], failed to process volumes=[{name}]: error processing PVC {namespace}/{claim}: PVC is not bound"
            ));
        }
    }
    None
}

fn has_key(o: &Value, key: &str) -> bool {
    ["data", "binaryData", "stringData"]
        .iter()
        .any(|part| o.get(*part).is_some_and(|d| d.get(key).is_some()))
}

/// What keeps a container from being created: references in its environment.
pub(super) fn configuration_error(w: &World, pod: &Value, spec: &Value) -> Option<String> {
    let namespace = object::namespace(pod);
    let find = |kind: KindId, name: &str| w.store.find(kind, namespace, name);
    let kinds = [
        ("configMap", CONFIG_MAPS, "configmap", "ConfigMap"),
        ("secret", SECRETS, "secret", "Secret"),
    ];
    for from in spec.items("/envFrom") {
        for (field, kind, word, _) in kinds {
            let at = format!("/{field}Ref");
            let name = from.text(&format!("{at}/name"));
            if !name.is_empty()
                && !from.flag(&format!("{at}/optional"))
                && find(kind, name).is_none()
            {
                return Some(format!("{word} {name:?} not found"));
            }
        }
    }
    for var in spec.items("/env") {
        for (field, kind, word, title) in kinds {
            let at = format!("/valueFrom/{field}KeyRef");
            let name = var.text(&format!("{at}/name"));
            if name.is_empty() || var.flag(&format!("{at}/optional")) {
                continue;
            }
            let key = var.text(&format!("{at}/key"));
            match find(kind, name) {
                None => return Some(format!("{word} {name:?} not found")),
                Some(o) if !has_key(o, key) => {
                    return Some(format!(
                        "couldn't find key {key} in {title} {namespace}/{name}"
                    ));
                }
                Some(_) => {}
            }
        }
    }
    None
}

/// The value of an environment variable, where it is plain or in a ConfigMap.
fn environment(w: &World, pod: &Value, spec: &Value, name: &str) -> Option<String> {
    let namespace = object::namespace(pod);
    let in_map = |map: &str, key: &str| -> Option<String> {
        let found = w.store.find(CONFIG_MAPS, namespace, map)?;
        found.map("/data")?.get(key)?.as_str().map(str::to_owned)
    };
    if let Some(var) = spec.items("/env").iter().find(|v| v.text("/name") == name) {
        let reference = var.text("/valueFrom/configMapKeyRef/name");
        if reference.is_empty() {
            return Some(var.text("/value").to_owned());
        }
        return in_map(reference, var.text("/valueFrom/configMapKeyRef/key"));
    }
    spec.items("/envFrom")
        .iter()
        .find_map(|f| in_map(f.text("/configMapRef/name"), name))
}

/// The host and port of `tcp://host:port/path`, `user@host:port` or `host:port`.
fn authority(address: &str) -> Option<(String, i64)> {
    let rest = address.split_once("://").map_or(address, |(_, r)| r);
    let host_port = rest.split(['/', '?', ',']).next()?;
    let host_port = host_port.rsplit_once('@').map_or(host_port, |(_, h)| h);
    let (host, port) = host_port.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// Why a program cannot reach what it needs, as its network library says it.
pub(super) fn unreachable(w: &World, pod: &Value, spec: &Value, app: &App) -> Option<String> {
    app.needs
        .iter()
        .find_map(|name| dial(w, pod, &environment(w, pod, spec, name)?, false))
}

fn dial(w: &World, pod: &Value, address: &str, was_refused: bool) -> Option<String> {
    let (host, port) = authority(address)?;
    let mut parts = host.split('.');
    let service = parts.next()?;
    let namespace = parts.next().unwrap_or_else(|| object::namespace(pod));
    let inside = w.store.find(NAMESPACES, "", namespace).is_some();
    let Some(found) = w.store.find(SERVICES, namespace, service) else {
        let lost = inside && parts.next().is_none_or(|p| p == "svc");
        return lost.then(|| format!("dial tcp: lookup {host} on 10.96.0.10:53: no such host"));
    };
    let refused = format!(
        "dial tcp {}:{port}: connect: connection refused",
        found.text("/spec/clusterIP")
    );
    if was_refused
        || !found
            .items("/spec/ports")
            .iter()
            .any(|p| p.int("/port") == Some(port))
    {
        return Some(refused);
    }
    let served = w
        .store
        .find(ENDPOINTS, namespace, service)
        .is_some_and(|e| {
            e.items("/subsets")
                .iter()
                .any(|s| !s.items("/addresses").is_empty())
        });
    // The endpoints controller may be one step behind; the pods themselves decide.
    let live = w.store.within(PODS, namespace).any(|(_, p)| {
        labels_match(found.map("/spec/selector"), p.map("/metadata/labels")) && pods::is_ready(p)
    });
    (!served && !live).then_some(refused)
}

/// Why a probe fails; `None` when it would succeed.
pub(super) fn probe_error(pod: &Value, spec: &Value, app: &App, probe: &Value) -> Option<String> {
    let address = pod.text("/status/podIP");
    let number = |at: &str| -> Option<i64> {
        match probe.pointer(at) {
            Some(Value::String(name)) => spec
                .items("/ports")
                .iter()
                .find(|p| p.text("/name") == name)
                .and_then(|p| p.int("/containerPort")),
            other => other.and_then(Value::as_i64),
        }
    };
    let listens = |port: i64| {
        if app.listens.is_empty() {
            spec.items("/ports")
                .iter()
                .any(|p| p.int("/containerPort") == Some(port))
        } else {
            app.listens.iter().any(|p| i64::from(*p) == port)
        }
    };
    if probe.has("/httpGet") {
        let port = number("/httpGet/port")?;
        let scheme = probe.text("/httpGet/scheme").to_lowercase();
        let url = format!("{scheme}://{address}:{port}{}", probe.text("/httpGet/path"));
        return (!listens(port)).then(|| {
            format!("Get {url:?}: dial tcp {address}:{port}: connect: connection refused")
        });
    }
    if probe.has("/tcpSocket") {
        let port = number("/tcpSocket/port")?;
        return (!listens(port))
            .then(|| format!("dial tcp {address}:{port}: connect: connection refused"));
    }
    None
}

/// What a program wrote before it ended.
pub(crate) fn last_words(
    w: &World,
    pod: &Value,
    spec: &Value,
    app: &App,
    ended: &Value,
) -> Vec<String> {
    if ended.text("/reason") == "OOMKilled" {
        return Vec::new();
    }
    let code = ended.int("/exitCode").unwrap_or(0);
    if let Some(exit) = app.exit.as_ref().filter(|e| e.code == code) {
        return exit.last_words.clone();
    }
    if code == 1 {
        for name in &app.needs {
            let Some(address) = environment(w, pod, spec, name) else {
                continue;
            };
            if let Some(error) = dial(w, pod, &address, true) {
                return vec![
                    format!("cannot reach {address} (from {name}): {error}"),
                    format!("giving up after 3 attempts: {error}"),
                ];
            }
        }
    }
    match code {
        0 => vec!["done".into()],
        143 | 137 => vec!["received SIGTERM, shutting down".into()],
        _ => vec![format!("fatal: exit status {code}")],
    }
}
