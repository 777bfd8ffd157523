//! What the server says about itself: version, health, groups, resources.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::form::Accept;
use super::request::{Request, Target};
use super::{Answer, Shared, bytes_answer, json as json_answer, with_body};
use crate::body::SimBody;
use crate::kinds::{Kind, Kinds};
use crate::status::Status;

/// The version the sim speaks.
pub(crate) const VERSION: &str = "v1.36.3";

pub(super) fn answer(shared: &Arc<Shared>, request: &Request) -> Answer {
    let Target::Root(path) = &request.target else {
        return Err(Status::no_such_path());
    };
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    shared.with(|w| {
        let kinds = &w.kinds;
        let aggregated = request.accept == Accept::Discovery;
        match parts.as_slice() {
            [] => Ok(json_answer(200, &json!({"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/version"]}))),
            ["version"] => Ok(json_answer(200, &json!({
                "major": "1", "minor": "36", "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "clean",
                "buildDate": "2026-07-15T00:00:00Z", "goVersion": "go1.26.0", "compiler": "gc", "platform": "linux/amd64",
            }))),
            ["readyz" | "livez" | "healthz", ..] => Ok(bytes_answer(200, "text/plain; charset=utf-8", "ok")),
            ["api"] if aggregated => Ok(aggregated_answer(kinds, true)),
            ["apis"] if aggregated => Ok(aggregated_answer(kinds, false)),
            ["api"] => Ok(json_answer(200, &json!({
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.0.0.1:6443"}],
            }))),
            ["apis"] => {
                let groups: Vec<Value> = groups(kinds).iter().map(|(g, vs)| group(g, vs, false)).collect();
                Ok(json_answer(200, &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})))
            }
            ["api", "v1"] => Ok(json_answer(200, &resources(kinds, "", "v1"))),
            ["apis", name] => match groups(kinds).get(*name) {
                Some(versions) => Ok(json_answer(200, &group(name, versions, true))),
                None => Err(Status::no_such_path()),
            },
            ["apis", name, version] if kinds.serves_group(name, version) => {
                Ok(json_answer(200, &resources(kinds, name, version)))
            }
            _ => Err(Status::no_such_path()),
        }
    })
}

fn groups(kinds: &Kinds) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, k) in kinds.iter().filter(|(_, k)| !k.group.is_empty()) {
        let versions = found.entry(k.group.to_string()).or_default();
        if !versions.contains(&k.version.to_string()) {
            versions.push(k.version.to_string());
        }
    }
    found
}

fn group(name: &str, versions: &[String], alone: bool) -> Value {
    let list: Vec<Value> = versions
        .iter()
        .map(|v| json!({"groupVersion": format!("{name}/{v}"), "version": v}))
        .collect();
    let mut g = json!({"name": name, "versions": list, "preferredVersion": list.first()});
    if alone {
        g["kind"] = json!("APIGroup");
        g["apiVersion"] = json!("v1");
    }
    g
}

fn of_version<'a>(
    kinds: &'a Kinds,
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = &'a Kind> {
    kinds
        .iter()
        .map(|(_, k)| k)
        .filter(move |k| k.group == group && k.version == version)
}

fn resources(kinds: &Kinds, group: &str, version: &str) -> Value {
    let mut list = Vec::new();
    for k in of_version(kinds, group, version) {
        let mut r = json!({"name": k.plural, "singularName": k.singular, "namespaced": k.namespaced, "kind": k.kind, "verbs": k.verbs()});
        if !k.short.is_empty() {
            r["shortNames"] = json!(k.short);
        }
        if !k.categories.is_empty() {
            r["categories"] = json!(k.categories);
        }
        list.push(r);
        for sub in &k.subresources {
            let s = Subresource::of(k, sub);
            let mut r = json!({"name": format!("{}/{sub}", k.plural), "singularName": "", "namespaced": k.namespaced, "kind": s.kind, "verbs": s.verbs});
            if let Some((g, v)) = s.foreign {
                r["group"] = json!(g);
                r["version"] = json!(v);
            }
            list.push(r);
        }
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list})
}

struct Subresource {
    kind: String,
    verbs: &'static [&'static str],
    foreign: Option<(&'static str, &'static str)>,
}

impl Subresource {
    fn of(k: &Kind, sub: &str) -> Self {
        let own = |verbs| Self {
            kind: k.kind.to_string(),
            verbs,
            foreign: None,
        };
        match sub {
            "scale" => Self {
                kind: "Scale".into(),
                verbs: &["get", "patch", "update"],
                foreign: Some(("autoscaling", "v1")),
            },
            "eviction" => Self {
                kind: "Eviction".into(),
                verbs: &["create"],
                foreign: Some(("policy", "v1")),
            },
            "binding" => Self {
                kind: "Binding".into(),
                verbs: &["create"],
                foreign: None,
            },
            "log" => own(&["get"]),
            "finalize" => own(&["update"]),
            "proxy" => Self {
                kind: "NodeProxyOptions".into(),
                verbs: &["create", "delete", "get", "patch", "update"],
                foreign: None,
            },
            _ => own(&["get", "patch", "update"]),
        }
    }
}

fn aggregated_answer(kinds: &Kinds, core: bool) -> http::Response<SimBody> {
    let names: Vec<(String, Vec<String>)> = if core {
        vec![(String::new(), vec!["v1".into()])]
    } else {
        groups(kinds).into_iter().collect()
    };
    let items: Vec<Value> = names
        .iter()
        .map(|(name, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|v| aggregated_version(kinds, name, v))
                .collect();
            let mut metadata = json!({"creationTimestamp": null});
            if !name.is_empty() {
                metadata["name"] = json!(name);
            }
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    let body = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items});
    with_body(
        200,
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        SimBody::whole(body.to_string()),
    )
}

fn aggregated_version(kinds: &Kinds, group: &str, version: &str) -> Value {
    let resources: Vec<Value> = of_version(kinds, group, version)
        .map(|k| {
            let subresources: Vec<Value> = k
                .subresources
                .iter()
                .map(|sub| {
                    let s = Subresource::of(k, sub);
                    let (g, v) = s.foreign.unwrap_or((group, version));
                    json!({"subresource": sub, "responseKind": {"group": g, "version": v, "kind": s.kind}, "verbs": s.verbs})
                })
                .collect();
            let mut r = json!({
                "resource": k.plural, "responseKind": {"group": group, "version": version, "kind": k.kind},
                "scope": if k.namespaced { "Namespaced" } else { "Cluster" }, "singularResource": k.singular, "verbs": k.verbs(),
            });
            if !k.short.is_empty() {
                r["shortNames"] = json!(k.short);
            }
            if !k.categories.is_empty() {
                r["categories"] = json!(k.categories);
            }
            if !subresources.is_empty() {
                r["subresources"] = json!(subresources);
            }
            r
        })
        .collect();
    json!({"version": version, "resources": resources, "freshness": "Current"})
}
