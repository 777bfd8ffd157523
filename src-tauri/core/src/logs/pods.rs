//! Which containers a log is made of: found by name or by labels, and followed as pods come and go.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use http::Request;
use kube::{Client, client::Body};
use kubegraf_ipc::{
    Code, Error,
    logs::{LogOptions, LogTarget},
    object::{Freshness, ObjectRef},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{Shelf, source::Source};
use crate::{
    kinds::Pods,
    objects::{Pod, Selector},
    table::label_selector,
    task::TaskGuard,
    watch::Subscription,
};

/// The most containers that are read at once.
const MOST: usize = 500;
/// The most logs that are asked for at the same moment.
const OPENING: usize = 48;
/// Changes of pods are looked at this often at most.
const COALESCE: Duration = Duration::from_millis(200);

/// Kinds that run pods, their place in the API, and whether their selector is a plain map.
const OWNERS: &[(&str, &str, &str, bool)] = &[
    ("Deployment", "apis/apps/v1", "deployments", false),
    ("ReplicaSet", "apis/apps/v1", "replicasets", false),
    ("StatefulSet", "apis/apps/v1", "statefulsets", false),
    ("DaemonSet", "apis/apps/v1", "daemonsets", false),
    ("Job", "apis/batch/v1", "jobs", false),
    (
        "ReplicationController",
        "api/v1",
        "replicationcontrollers",
        true,
    ),
    ("Service", "api/v1", "services", true),
];

/// Which pods are meant.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// One pod, as long as it lives.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Its identity, if known.
        uid: Option<String>,
    },
    /// All that have these labels.
    Labelled {
        /// Where; empty is everywhere.
        namespaces: Vec<String>,
        /// Which.
        selector: Selector,
    },
}

impl Wanted {
    /// Finds out what an object's pods are.
    ///
    /// # Errors
    /// When the object is none that runs pods, does not exist or cannot be read.
    pub(crate) async fn of_object(client: &Client, object: &ObjectRef) -> Result<Self, Error> {
        for (what, name) in [("namespace", &object.namespace), ("name", &object.name)] {
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            if name.is_empty() || !name.chars().all(fine) {
                let message = format!("\"{name}\" is no {what} of a namespaced object");
                return Err(Error::new(Code::InvalidArgument, message));
            }
        }
        if object.kind == "Pod" {
            return Ok(Self::Pod {
                namespace: object.namespace.clone(),
                name: object.name.clone(),
                uid: object.uid.clone().filter(|uid| !uid.is_empty()),
            });
        }
        let Some((kind, api, plural, plain)) = OWNERS.iter().find(|owner| owner.0 == object.kind)
        else {
            let message = format!("a {} runs no pods of its own", object.kind);
            return Err(Error::new(Code::InvalidArgument, message));
        };
        let path = format!(
            "/{api}/namespaces/{}/{plural}/{}",
            object.namespace, object.name
        );
        let named = format!("{kind} \"{}\" in \"{}\"", object.name, object.namespace);
        let found = read(client, &path, &named).await?;
        let selector = &found["spec"]["selector"];
        let selector = if *plain {
            json!({ "matchLabels": selector })
        } else {
            selector.clone()
        };
        let selector: Selector = serde_json::from_value(selector).unwrap_or_default();
        if selector == Selector::default() {
            let message = format!("{named} selects no pods");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        Ok(Self::Labelled {
            namespaces: vec![object.namespace.clone()],
            selector,
        })
    }

    async fn of_target(client: &Client, target: &LogTarget) -> Result<Self, Error> {
        match target {
            LogTarget::Object { object, .. } => Self::of_object(client, object).await,
            LogTarget::Selector { namespaces, labels } => {
                let selector = match labels.trim() {
                    "" => Selector::default(),
                    labels => read_selector(labels)?,
                };
                Ok(Self::Labelled {
                    namespaces: namespaces.clone(),
                    selector,
                })
            }
        }
    }

    /// Whether a pod is one of them.
    pub(crate) fn holds(&self, pod: &Pod) -> bool {
        let meta = &pod.metadata;
        match self {
            Self::Pod {
                namespace,
                name,
                uid,
            } => {
                meta.name == name.as_str()
                    && meta.namespace == namespace.as_str()
                    && uid.as_ref().is_none_or(|uid| meta.uid == uid.as_str())
            }
            Self::Labelled {
                namespaces,
                selector,
            } => {
                (namespaces.is_empty() || namespaces.iter().any(|n| meta.namespace == n.as_str()))
                    && selector.matches(&meta.labels)
            }
        }
    }
}

fn read_selector(labels: &str) -> Result<Selector, Error> {
    let refused = |reason: String| Error::new(Code::InvalidArgument, reason);
    let (selector, rest) = label_selector(labels).map_err(refused)?;
    if rest.trim().is_empty() {
        return Ok(selector);
    }
    Err(refused(format!(
        "\"{}\" is left over behind the selector",
        rest.trim()
    )))
}

async fn read(client: &Client, path: &str, named: &str) -> Result<Value, Error> {
    let request = Request::get(path)
        .body(Body::empty())
        .map_err(|error| Error::new(Code::InvalidArgument, error.to_string()))?;
    let unread = |detail: String| {
        Error::new(Code::Unreachable, format!("{named} cannot be read"))
            .with_detail(detail)
            .retryable()
    };
    let answer = client
        .send(request)
        .await
        .map_err(|error| unread(error.to_string()))?;
    let status = answer.status();
    let bytes = answer.into_body().collect_bytes().await;
    let bytes = bytes.map_err(|error| unread(error.to_string()))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| unread(error.to_string()))?;
    match status.as_u16() {
        200..300 => Ok(value),
        404 => Err(Error::new(
            Code::NotFound,
            format!("{named} does not exist"),
        )),
        code => {
            let said = value["message"].as_str().unwrap_or_default();
            let kind = if code == 403 {
                Code::Forbidden
            } else {
                Code::Unreachable
            };
            Err(Error::new(kind, format!("{named} cannot be read: {said}")))
        }
    }
}

/// Everything a log is read from.
pub(super) struct Containers {
    client: Client,
    shelf: Arc<Shelf>,
    pods: Arc<Subscription<Pods>>,
    opening: Arc<Semaphore>,
    options: LogOptions,
    wanted: Wanted,
    container: Option<String>,
    /// Those that are read or were, by uid and container.
    read: HashMap<(String, String), TaskGuard>,
}

impl Containers {
    /// Finds out what the target means.
    ///
    /// # Errors
    /// When it means nothing.
    pub(super) async fn of(
        client: Client,
        pods: Arc<Subscription<Pods>>,
        shelf: Arc<Shelf>,
        target: &LogTarget,
        options: LogOptions,
    ) -> Result<Self, Error> {
        let container = match target {
            LogTarget::Object { container, .. } => container.clone(),
            LogTarget::Selector { .. } => None,
        };
        Ok(Self {
            wanted: Wanted::of_target(&client, target).await?,
            client,
            shelf,
            pods,
            opening: Arc::new(Semaphore::new(OPENING)),
            options,
            container,
            read: HashMap::new(),
        })
    }

    /// Follows the pods for as long as it is not dropped.
    pub(super) async fn run(mut self) {
        let mut changes = self.pods.changes();
        let mut begun = false;
        loop {
            changes.borrow_and_update();
            match self.pods.freshness() {
                Freshness::Loading { .. } => {}
                Freshness::Forbidden { .. } => {
                    self.shelf
                        .failed(Some("you may not list the pods here".into()), 0);
                }
                Freshness::Live | Freshness::Reconnecting { .. } => {
                    self.look(begun);
                    begun = true;
                }
            }
            if changes.changed().await.is_err() {
                return;
            }
            tokio::time::sleep(COALESCE).await;
        }
    }

    fn look(&mut self, begun: bool) {
        let pods = self.pods.objects();
        let (mut here, mut left_out) = (HashSet::new(), 0);
        let running = self
            .read
            .values()
            .filter(|work| !work.is_finished())
            .count();
        let mut room = MOST.saturating_sub(running);
        let mut found = false;
        for pod in pods.iter().filter(|pod| self.wanted.holds(pod)) {
            found = true;
            let containers = pod.spec.init_containers.iter().chain(&pod.spec.containers);
            for container in containers {
                let name = &*container.name;
                if self.container.as_ref().is_some_and(|wanted| wanted != name) {
                    continue;
                }
                let key = (pod.metadata.uid.to_string(), name.to_owned());
                here.insert(key.clone());
                if self.read.contains_key(&key) {
                    continue;
                }
                if room == 0 {
                    left_out += 1;
                    continue;
                }
                room -= 1;
                let work = self.start(pod, name, begun);
                self.read.insert(key, work);
            }
        }
        // What has ended and is gone need not be remembered; what still reads its last lines is.
        self.read
            .retain(|key, work| here.contains(key) || !work.is_finished());
        let nothing = (!found && self.read.is_empty()).then(|| "no pod matches now".to_owned());
        self.shelf.failed(nothing, left_out);
    }

    fn start(&self, pod: &Pod, container: &str, begun: bool) -> TaskGuard {
        let meta = &pod.metadata;
        let (namespace, name) = (meta.namespace.to_string(), meta.name.to_string());
        let mut options = self.options.clone();
        if begun {
            // It is new: all it has written came after the person began to look.
            (options.tail, options.since_seconds) = (None, None);
        }
        let source = Source {
            client: self.client.clone(),
            shelf: Arc::clone(&self.shelf),
            pods: Arc::clone(&self.pods),
            opening: Arc::clone(&self.opening),
            options,
            id: self.shelf.source((&namespace, &name, &meta.uid), container),
            namespace,
            pod: name,
            uid: meta.uid.to_string(),
            container: container.to_owned(),
        };
        TaskGuard::spawn(source.run())
    }
}
