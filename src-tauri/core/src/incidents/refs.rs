//! What a pod spec refers to by name, where it says so, and what is not there.

use std::collections::BTreeSet;

use kubegraf_ipc::object::ObjectRef;

use super::{graph::Graph, nearest::nearest, snapshot::Kind, workloads::Workload};
use crate::objects::{
    ConfigMap, PersistentVolumeClaim, PodSpec, PriorityClass, RuntimeClass, Secret, ServiceAccount,
};

/// One reference of a pod spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// The kind referred to.
    pub to: Kind,
    /// Its name.
    pub name: &'a str,
    /// A key in it; `None` for the whole object.
    pub key: Option<&'a str>,
    /// Whether it may be missing.
    pub optional: bool,
    /// The container that refers to it.
    pub container: Option<&'a str>,
    /// The field, from the pod spec: `containers[name=app].env[name=X].valueFrom…name`.
    pub field: String,
    /// The same field by indexes, for a JSON patch: `/containers/0/env/1/…`.
    pub pointer: String,
}

/// What is wrong with a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The object is not there.
    Object,
    /// The object is there, the key is not.
    Key,
}

/// A reference that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dangling<'a> {
    /// The reference.
    pub reference: Reference<'a>,
    /// What is wrong.
    pub wrong: Wrong,
    /// The name or key that was most probably meant.
    pub meant: Option<String>,
}

/// Every reference of a pod spec.
pub(super) fn of(spec: &PodSpec) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut add = |to, name, key, optional, container, field: String, pointer: String| {
        found.push(Reference {
            to,
            name,
            key,
            optional,
            container,
            field,
            pointer,
        });
    };
    let lists = [
        ("initContainers", &spec.init_containers),
        ("containers", &spec.containers),
    ];
    for (list, containers) in lists {
        for (index, container) in containers.iter().enumerate() {
            let who = Some(&*container.name);
            let (path, place) = (
                format!("{list}[name={}]", container.name),
                format!("/{list}/{index}"),
            );
            for (at, env) in container.env.iter().enumerate() {
                let Some(from) = &env.value_from else {
                    continue;
                };
                let refs = [
                    (
                        Kind::ConfigMaps,
                        "configMapKeyRef",
                        &from.config_map_key_ref,
                    ),
                    (Kind::Secrets, "secretKeyRef", &from.secret_key_ref),
                ];
                for (to, word, key) in refs {
                    if let Some(key) = key {
                        let field = format!("{path}.env[name={}].valueFrom.{word}", env.name);
                        let pointer = format!("{place}/env/{at}/valueFrom/{word}");
                        add(
                            to,
                            &*key.name,
                            Some(&*key.key),
                            key.optional,
                            who,
                            field,
                            pointer,
                        );
                    }
                }
            }
            for (at, from) in container.env_from.iter().enumerate() {
                let refs = [
                    (Kind::ConfigMaps, "configMapRef", &from.config_map_ref),
                    (Kind::Secrets, "secretRef", &from.secret_ref),
                ];
                for (to, word, whole) in refs {
                    if let Some(whole) = whole {
                        let field = format!("{path}.envFrom[{at}].{word}");
                        let pointer = format!("{place}/envFrom/{at}/{word}");
                        add(to, &*whole.name, None, whole.optional, who, field, pointer);
                    }
                }
            }
        }
    }
    for (index, volume) in spec.volumes.iter().enumerate() {
        let (path, place) = (
            format!("volumes[name={}]", volume.name),
            format!("/volumes/{index}"),
        );
        if let Some(map) = &volume.config_map {
            let (field, pointer) = (format!("{path}.configMap"), format!("{place}/configMap"));
            add(
                Kind::ConfigMaps,
                &*map.name,
                None,
                map.optional,
                None,
                field.clone(),
                pointer.clone(),
            );
            for (at, item) in map.items.iter().enumerate() {
                add(
                    Kind::ConfigMaps,
                    &*map.name,
                    Some(&*item.key),
                    map.optional,
                    None,
                    format!("{field}.items[{at}]"),
                    format!("{pointer}/items/{at}"),
                );
            }
        }
        if let Some(secret) = &volume.secret {
            let (field, pointer) = (format!("{path}.secret"), format!("{place}/secret"));
            add(
                Kind::Secrets,
                &*secret.secret_name,
                None,
                secret.optional,
                None,
                field.clone(),
                pointer.clone(),
            );
            for (at, item) in secret.items.iter().enumerate() {
                add(
                    Kind::Secrets,
                    &*secret.secret_name,
                    Some(&*item.key),
                    secret.optional,
                    None,
                    format!("{field}.items[{at}]"),
                    format!("{pointer}/items/{at}"),
                );
            }
        }
        for (at, source) in volume.projected.iter().flat_map(|p| &p.sources).enumerate() {
            let refs = [
                (Kind::ConfigMaps, "configMap", &source.config_map),
                (Kind::Secrets, "secret", &source.secret),
            ];
            for (to, word, whole) in refs {
                if let Some(whole) = whole {
                    let field = format!("{path}.projected.sources[{at}].{word}");
                    let pointer = format!("{place}/projected/sources/{at}/{word}");
                    // Every namespace has it, and every pod gets it: a file seldom holds it.
                    let optional = whole.optional || whole.name == "kube-root-ca.crt";
                    let (of, from) = (field.clone(), pointer.clone());
                    add(to, &*whole.name, None, optional, None, field, pointer);
                    for (at, item) in whole.items.iter().enumerate() {
                        let (field, pointer) =
                            (format!("{of}.items[{at}]"), format!("{from}/items/{at}"));
                        add(
                            to,
                            &*whole.name,
                            Some(&*item.key),
                            optional,
                            None,
                            field,
                            pointer,
                        );
                    }
                }
            }
        }
        if let Some(claim) = &volume.persistent_volume_claim {
            let (field, pointer) = (
                format!("{path}.persistentVolumeClaim.claimName"),
                format!("{place}/persistentVolumeClaim/claimName"),
            );
            add(
                Kind::Claims,
                &*claim.claim_name,
                None,
                false,
                None,
                field,
                pointer,
            );
        }
    }
    if !spec.service_account_name.is_empty() && spec.service_account_name != "default" {
        add(
            Kind::ServiceAccounts,
            &*spec.service_account_name,
            None,
            false,
            None,
            "serviceAccountName".into(),
            "/serviceAccountName".into(),
        );
    }
    if !spec.priority_class_name.is_empty() && !spec.priority_class_name.starts_with("system-") {
        add(
            Kind::PriorityClasses,
            &*spec.priority_class_name,
            None,
            false,
            None,
            "priorityClassName".into(),
            "/priorityClassName".into(),
        );
    }
    if !spec.runtime_class_name.is_empty() {
        add(
            Kind::RuntimeClasses,
            &*spec.runtime_class_name,
            None,
            false,
            None,
            "runtimeClassName".into(),
            "/runtimeClassName".into(),
        );
    }
    for (at, secret) in spec.image_pull_secrets.iter().enumerate() {
        // The kubelet pulls without it where the image is public.
        add(
            Kind::Secrets,
            &*secret.name,
            None,
            true,
            None,
            format!("imagePullSecrets[{at}]"),
            format!("/imagePullSecrets/{at}"),
        );
    }
    found
}

/// Every reference of a workload that leads nowhere, as far as the kinds are known.
pub(super) fn dangling<'a>(graph: &Graph<'a>, workload: &Workload<'a>) -> Vec<Dangling<'a>> {
    if all_there(graph, workload) {
        return Vec::new();
    }
    of(workload.spec)
        .into_iter()
        .filter(|reference| !reference.optional)
        .filter_map(|reference| check(graph, &workload.object.namespace, reference))
        // A file of an object that is not there is said by the object.
        .filter(|one| one.wrong == Wrong::Key || !one.reference.field.contains(".items["))
        .collect()
}

/// Whether every reference leads somewhere, found out without a word; so it is nearly everywhere.
fn all_there(graph: &Graph<'_>, workload: &Workload<'_>) -> bool {
    let namespace = &*workload.object.namespace;
    let spec = workload.spec;
    let map = |name: &str, key: Option<&str>| {
        graph
            .get::<ConfigMap>(namespace, name)
            .is_some_and(|map| key.is_none_or(|key| map.keys.contains(key)))
    };
    let secret = |name: &str, key: Option<&str>| {
        graph
            .get::<Secret>(namespace, name)
            .is_some_and(|secret| key.is_none_or(|key| secret.keys.contains(key)))
    };
    let containers = spec.init_containers.iter().chain(&spec.containers);
    let in_containers = containers.into_iter().all(|container| {
        let sources = container
            .env
            .iter()
            .filter_map(|env| env.value_from.as_ref());
        let keys = sources.into_iter().all(|from| {
            let config = from.config_map_key_ref.as_ref();
            let hidden = from.secret_key_ref.as_ref();
            config.is_none_or(|one| map(&one.name, Some(&*one.key)))
                && hidden.is_none_or(|one| secret(&one.name, Some(&*one.key)))
        });
        keys && container.env_from.iter().all(|from| {
            let (config, hidden) = (from.config_map_ref.as_ref(), from.secret_ref.as_ref());
            config.is_none_or(|one| map(&one.name, None))
                && hidden.is_none_or(|one| secret(&one.name, None))
        })
    });
    let in_volumes = spec.volumes.iter().all(|volume| {
        let plain = volume.config_map.as_ref().is_none_or(|one| {
            map(&one.name, None) && one.items.iter().all(|item| map(&one.name, Some(&item.key)))
        }) && volume.secret.as_ref().is_none_or(|one| {
            secret(&one.secret_name, None)
                && one
                    .items
                    .iter()
                    .all(|item| secret(&one.secret_name, Some(&item.key)))
        }) && volume.persistent_volume_claim.as_ref().is_none_or(|claim| {
            graph
                .get::<PersistentVolumeClaim>(namespace, &claim.claim_name)
                .is_some()
        });
        plain
            && volume
                .projected
                .iter()
                .flat_map(|one| &one.sources)
                .all(|source| {
                    let config = source.config_map.as_ref();
                    config.is_none_or(|one| {
                        one.name == "kube-root-ca.crt"
                            || map(&one.name, None)
                                && one.items.iter().all(|item| map(&one.name, Some(&item.key)))
                    }) && source.secret.as_ref().is_none_or(|one| {
                        secret(&one.name, None)
                            && one
                                .items
                                .iter()
                                .all(|item| secret(&one.name, Some(&item.key)))
                    })
                })
    });
    let account = &spec.service_account_name;
    let class = &spec.priority_class_name;
    let runtime = &spec.runtime_class_name;
    in_containers
        && in_volumes
        && (account.is_empty()
            || account == "default"
            || graph.get::<ServiceAccount>(namespace, account).is_some())
        && (class.is_empty()
            || class.starts_with("system-")
            || graph.get::<PriorityClass>("", class).is_some())
        && (runtime.is_empty() || graph.get::<RuntimeClass>("", runtime).is_some())
}

/// A reference that leads nowhere; `None` when it is right or its kind is not known.
pub(super) fn check<'a>(
    graph: &Graph<'a>,
    namespace: &str,
    reference: Reference<'a>,
) -> Option<Dangling<'a>> {
    if !graph.knows(reference.to) || reference.name.is_empty() {
        return None;
    }
    let keys = match reference.to {
        Kind::ConfigMaps => graph
            .get::<ConfigMap>(namespace, reference.name)
            .map(|map| Some(&map.keys)),
        Kind::Secrets => graph
            .get::<Secret>(namespace, reference.name)
            .map(|secret| Some(&secret.keys)),
        Kind::ServiceAccounts => graph
            .get::<ServiceAccount>(namespace, reference.name)
            .map(|_| None),
        Kind::Claims => graph
            .get::<PersistentVolumeClaim>(namespace, reference.name)
            .map(|_| None),
        Kind::PriorityClasses => graph.get::<PriorityClass>("", reference.name).map(|_| None),
        Kind::RuntimeClasses => graph.get::<RuntimeClass>("", reference.name).map(|_| None),
        _ => return None,
    };
    match (keys, reference.key) {
        (None, _) => {
            let meant =
                nearest(reference.name, names(graph, reference.to, namespace)).map(str::to_owned);
            Some(Dangling {
                reference,
                wrong: Wrong::Object,
                meant,
            })
        }
        (Some(Some(keys)), Some(key)) if !keys.contains(key) => {
            let meant = nearest(key, keys.iter().map(String::as_str)).map(str::to_owned);
            Some(Dangling {
                reference,
                wrong: Wrong::Key,
                meant,
            })
        }
        _ => None,
    }
}

/// The names of a kind in a namespace.
fn names<'a>(graph: &Graph<'a>, kind: Kind, namespace: &str) -> BTreeSet<&'a str> {
    fn of<'a, T: super::snapshot::Held>(graph: &Graph<'a>, namespace: &str) -> BTreeSet<&'a str> {
        let all = graph.of::<T>(namespace).iter();
        all.map(|one| &*one.metadata().name).collect()
    }
    match kind {
        Kind::ConfigMaps => of::<ConfigMap>(graph, namespace),
        Kind::Secrets => of::<Secret>(graph, namespace),
        Kind::ServiceAccounts => of::<ServiceAccount>(graph, namespace),
        Kind::Claims => of::<PersistentVolumeClaim>(graph, namespace),
        Kind::PriorityClasses => of::<PriorityClass>(graph, ""),
        Kind::RuntimeClasses => of::<RuntimeClass>(graph, ""),
        _ => BTreeSet::new(),
    }
}

impl Dangling<'_> {
    /// The cause id.
    pub(super) fn cause(&self) -> &'static str {
        match (self.reference.to, &self.wrong) {
            (Kind::ConfigMaps, Wrong::Object) => "config_map_missing",
            (Kind::ConfigMaps, Wrong::Key) => "config_map_key_missing",
            (Kind::Secrets, Wrong::Key) => "secret_key_missing",
            (Kind::Secrets, Wrong::Object) => "secret_missing",
            (Kind::ServiceAccounts, _) => "service_account_missing",
            (Kind::PriorityClasses, _) => "priority_class_missing",
            (Kind::RuntimeClasses, _) => "runtime_class_missing",
            _ => "pvc_missing",
        }
    }

    /// The object that is not there, or lacks the key.
    pub(super) fn object(&self, namespace: &str) -> ObjectRef {
        let kind = self.reference.to;
        ObjectRef {
            api_version: match kind.group() {
                "" => kind.version().into(),
                group => format!("{group}/{}", kind.version()),
            },
            kind: kind.name().into(),
            namespace: if kind.namespaced() {
                namespace.into()
            } else {
                String::new()
            },
            name: self.reference.name.into(),
            uid: None,
        }
    }

    /// The last field of the reference: `name`, `key`, `secretName`; none where it is the value.
    pub(super) fn leaf(&self) -> Option<&'static str> {
        let field = &self.reference.field;
        match (self.reference.to, &self.wrong) {
            (
                Kind::ServiceAccounts | Kind::PriorityClasses | Kind::RuntimeClasses | Kind::Claims,
                _,
            ) => None,
            (_, Wrong::Key) => Some("key"),
            (Kind::Secrets, _)
                if field.starts_with("volumes")
                    && field.ends_with(".secret")
                    && !field.contains("projected") =>
            {
                Some("secretName")
            }
            _ => Some("name"),
        }
    }
}
