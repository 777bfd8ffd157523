//! The kubelets, lite: pods really go through their phases, images are pulled or not, configuration is there or not,
//! programs behave as their image says, probes see what they would see, and everything is told in events.

mod checks;
mod container;
mod shape;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

pub(crate) use checks::{app_of, last_words};
use container::Stage;

use super::Controller;
use crate::clock::{Millis, SECOND, parse_stamp};
use crate::kinds::{NODES, PODS};
use crate::object::{self, Fields};
use crate::store::{Change, Key};
use crate::world::{DeleteRequest, Note, World};

#[derive(Default)]
pub(super) struct Kubelet {
    pods: HashMap<Key, Runtime>,
    /// Images each node holds.
    images: HashSet<(String, String)>,
}

/// What the kubelet knows of a pod beyond its status; rebuilt from the status when unknown.
#[derive(Default)]
struct Runtime {
    uid: String,
    stages: HashMap<String, Stage>,
    /// When the sandbox and its network are up.
    sandbox_at: Millis,
    mount_tries: u32,
    stopping_since: Option<Millis>,
}

impl Controller for Kubelet {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            PODS if change.removed => drop(self.pods.remove(&change.key)),
            PODS if !change.object.text("/spec/nodeName").is_empty() => {
                // Its own status writes need no second look.
                let same = change.before.as_ref().is_some_and(|b| {
                    b.get("spec") == change.object.get("spec")
                        && b.pointer("/metadata/deletionTimestamp")
                            == change.object.pointer("/metadata/deletionTimestamp")
                });
                if !same {
                    keys.push(change.key.clone());
                }
            }
            NODES => {
                let ready = |o: &Value| object::condition_is_true(o, "Ready");
                if change
                    .before
                    .as_ref()
                    .is_some_and(|b| ready(b) != ready(&change.object))
                {
                    let name = object::name(&change.object);
                    keys.extend(
                        w.store
                            .all(PODS)
                            .filter(|(_, p)| p.text("/spec/nodeName") == name)
                            .map(|(k, _)| k.clone()),
                    );
                }
            }
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let stored = w.store.get(PODS, key).cloned()?;
        let node = stored.text("/spec/nodeName").to_owned();
        if node.is_empty()
            || w.dead_kubelets.contains(&node)
            || w.store.find(NODES, "", &node).is_none()
        {
            return None;
        }
        let mut runtime = self
            .pods
            .remove(key)
            .filter(|r| r.uid == object::uid(&stored))
            .unwrap_or_else(|| Runtime {
                uid: object::uid(&stored).to_owned(),
                ..Runtime::default()
            });
        let mut sync = Sync {
            now: w.now(),
            w,
            pod: (*stored).clone(),
            node,
            next: None,
            images: &mut self.images,
        };
        let keep = sync.run(&mut runtime);
        let (next, pod) = (sync.next, sync.pod);
        if pod.get("status") != stored.get("status") {
            w.modify(PODS, key, |o| o["status"] = pod["status"].clone());
        }
        match keep {
            Keep::Yes => {
                self.pods.insert(key.clone(), runtime);
                next
            }
            Keep::Gone => {
                let request = DeleteRequest {
                    grace: Some(0),
                    ..DeleteRequest::default()
                };
                drop(w.delete(PODS, key, &request));
                None
            }
        }
    }
}

enum Keep {
    Yes,
    /// The pod has stopped; its object may go.
    Gone,
}

/// One look at one pod.
struct Sync<'a> {
    w: &'a mut World,
    now: Millis,
    pod: Value,
    node: String,
    next: Option<Millis>,
    images: &'a mut HashSet<(String, String)>,
}

impl Sync<'_> {
    fn wake(&mut self, at: Millis) {
        self.next = Some(self.next.map_or(at, |n| n.min(at)));
    }

    fn note(&mut self, warning: bool, container: &str, reason: &str, message: impl Into<String>) {
        let field_path = match container {
            "" => String::new(),
            name => {
                let init = self
                    .pod
                    .items("/spec/initContainers")
                    .iter()
                    .any(|c| c.text("/name") == name);
                format!(
                    "spec.{}{{{name}}}",
                    if init { "initContainers" } else { "containers" }
                )
            }
        };
        self.w.note(Note {
            about: &self.pod,
            field_path,
            warning,
            reason,
            message: message.into(),
            component: "kubelet",
            host: &self.node,
        });
    }

    fn run(&mut self, runtime: &mut Runtime) -> Keep {
        if object::deleting(&self.pod) {
            return self.stop(runtime);
        }
        if matches!(self.pod.text("/status/phase"), "Succeeded" | "Failed") {
            return Keep::Yes;
        }
        if !self.pod.has("/status/startTime") {
            shape::begin(self.w, &mut self.pod, &self.node);
            runtime.sandbox_at = self.now
                + 600
                + i64::try_from(crate::rng::hash_of(&[&runtime.uid]) % 500).unwrap_or(0);
        }
        if self.pod.text("/status/podIP").is_empty() && !self.start_sandbox(runtime) {
            return Keep::Yes;
        }
        self.containers(runtime);
        shape::conclude(&mut self.pod, &self.w.stamp());
        Keep::Yes
    }

    /// Mounts and network; false while they are not there.
    fn start_sandbox(&mut self, runtime: &mut Runtime) -> bool {
        if let Some(problem) = checks::missing_volume(self.w, &self.pod) {
            self.note(true, "", "FailedMount", problem);
            let pause = 500 << runtime.mount_tries.min(8);
            runtime.mount_tries += 1;
            self.wake(self.now + pause.min(122 * SECOND));
            runtime.sandbox_at = runtime.sandbox_at.max(self.now + 300);
            return false;
        }
        if self.now < runtime.sandbox_at {
            self.wake(runtime.sandbox_at);
            return false;
        }
        let address = if self.pod.flag("/spec/hostNetwork") {
            self.pod.text("/status/hostIP").to_owned()
        } else {
            self.w.next_pod_address(&self.node)
        };
        self.pod.put("/status/podIP", address.clone());
        self.pod.put("/status/podIPs", json!([{"ip": address}]));
        true
    }

    fn containers(&mut self, runtime: &mut Runtime) {
        let names = |list: &str| -> Vec<Value> { self.pod.items(list).to_vec() };
        let (init, main) = (names("/spec/initContainers"), names("/spec/containers"));
        for spec in &init {
            container::advance(self, runtime, spec, true);
            let status = shape::status_of(&self.pod, spec.text("/name"), true);
            let sidecar = spec.text("/restartPolicy") == "Always";
            let past = if sidecar {
                status.flag("/started")
            } else {
                status.int("/state/terminated/exitCode") == Some(0)
            };
            if !past {
                return;
            }
        }
        for spec in &main {
            container::advance(self, runtime, spec, false);
        }
    }

    /// Termination: containers end within their grace, then the pod is gone.
    fn stop(&mut self, runtime: &mut Runtime) -> Keep {
        let grace = self
            .pod
            .int("/metadata/deletionGracePeriodSeconds")
            .unwrap_or(0)
            * SECOND;
        let since = match runtime.stopping_since {
            Some(since) => since,
            None => {
                let running: Vec<String> = self
                    .pod
                    .items("/status/containerStatuses")
                    .iter()
                    .filter(|s| s.has("/state/running"))
                    .map(|s| s.text("/name").to_owned())
                    .collect();
                for name in running {
                    self.note(
                        false,
                        &name,
                        "Killing",
                        format!("Stopping container {name}"),
                    );
                }
                runtime.stopping_since = Some(self.now);
                self.now
            }
        };
        let ends = since + grace.min(1_200);
        if self.now < ends {
            self.wake(ends);
            return Keep::Yes;
        }
        if self.pod.items("/metadata/finalizers").is_empty() {
            return Keep::Gone;
        }
        shape::all_ended(&mut self.pod, self.now);
        shape::conclude(&mut self.pod, &self.w.stamp());
        Keep::Gone
    }
}

/// When a container's current or last run began, from its status.
fn started_at(status: &Value) -> Option<Millis> {
    parse_stamp(status.text("/state/running/startedAt"))
}
