//! The judgement of one cluster, again and again.
//!
//! What was found of each namespace is kept with what was read for it, and holds until some of that
//! changes or a time comes at which it may be another. So a change costs what it touches, and the
//! answer is the one that a judgement from nothing gives: that one is the same code without a past.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use kubegraf_ipc::{incident::Evidence, object::ObjectRef};

use super::{
    calls::{self, Caller},
    containers,
    detectors::{DETECTORS, Earlier},
    found::{self, Found},
    graph::Graph,
    notes::{Kinds, Notes},
    signal::{Place, Signal},
    snapshot::Snapshot,
};

/// Judges one cluster and remembers what it found.
#[derive(Debug, Default)]
pub struct Judge {
    last: Option<Snapshot>,
    calls: HashMap<String, (Arc<[Caller]>, Notes)>,
    /// Raised whenever someone calls another than before.
    calls_version: u64,
    /// By namespace, then in the order of the detectors.
    kept: HashMap<String, Vec<Option<Kept>>>,
}

/// What one detector found in one namespace.
#[derive(Debug)]
struct Kept {
    signals: Vec<Remembered>,
    notes: Notes,
    calls_version: u64,
}

/// What has changed since the last judgement.
struct News {
    now: i64,
    here: HashMap<String, Kinds>,
    anywhere: Kinds,
    /// Nothing that was found before counts.
    all: bool,
}

impl Judge {
    /// Everything that is broken, the most probable root first: what [`super::evaluate`] says of the
    /// same snapshot.
    #[must_use]
    pub fn judge(&mut self, snapshot: &Snapshot) -> Vec<Found> {
        let snapshot = &*snapshot.in_order();
        let news = self.news(snapshot);
        self.last = Some(snapshot.clone());
        let graph = Graph::new(snapshot);
        let calls = self.calls(&graph, &news);
        graph.with_calls(calls);
        let signals = self.signals(&graph, &news);
        found::ranked(&graph, &signals)
    }

    fn news(&self, snapshot: &Snapshot) -> News {
        let mut news = News {
            now: snapshot.now,
            here: HashMap::new(),
            anywhere: Kinds::default(),
            all: false,
        };
        let Some(last) = self.last.as_ref().filter(|last| {
            last.cluster == snapshot.cluster
                && last.still == snapshot.still
                && last.now <= snapshot.now
                && last.as_broad_as(snapshot)
        }) else {
            news.all = true;
            return news;
        };
        snapshot.changed_since(last, |namespace, kinds| {
            news.anywhere |= kinds;
            match news.here.get_mut(namespace) {
                Some(here) => *here |= kinds,
                None => {
                    news.here.insert(namespace.to_owned(), kinds);
                }
            }
        });
        news
    }

    /// Whom the workloads of each namespace call.
    fn calls(&mut self, graph: &Graph<'_>, news: &News) -> Vec<Arc<[Caller]>> {
        let mut before = std::mem::take(&mut self.calls);
        let mut changed = false;
        let mut all = Vec::new();
        for namespace in graph.namespaces() {
            let known = before.remove(namespace);
            let (callers, notes) = match known {
                Some((callers, notes)) if news.leaves(namespace, &notes) => (callers, notes),
                other => {
                    let (callers, notes) = calls::in_namespace(graph, namespace);
                    changed |= other.is_none_or(|(old, _)| old != callers);
                    (callers, notes)
                }
            };
            all.push(Arc::clone(&callers));
            self.calls.insert(namespace.to_owned(), (callers, notes));
        }
        changed |= before.values().any(|(callers, _)| !callers.is_empty());
        self.calls_version += u64::from(changed);
        all
    }

    /// Every symptom at its threshold, sorted.
    fn signals<'a>(&mut self, graph: &Graph<'a>, news: &News) -> Vec<Signal<'a>> {
        let mut before = std::mem::take(&mut self.kept);
        let mut common: Vec<Signal<'a>> = Vec::new();
        let mut rest = Vec::new();
        let mut common_altered = false;
        for namespace in graph.namespaces() {
            let mut kept = before.remove(namespace).unwrap_or_default();
            kept.resize_with(DETECTORS.len(), || None);
            let mut own = Vec::new();
            let mut altered = common_altered;
            for (detector, place) in DETECTORS.iter().zip(&mut kept) {
                if !detector.reads().iter().all(|kind| graph.knows(*kind)) {
                    continue;
                }
                let old = place.take().filter(|old| {
                    let notes = &old.notes;
                    news.leaves(namespace, notes)
                        && (!notes.calls || old.calls_version == self.calls_version)
                        && !(notes.earlier && altered)
                });
                let again = old.as_ref().and_then(|old| {
                    let signals = old.signals.iter();
                    signals
                        .map(|signal| signal.again(graph))
                        .collect::<Option<Vec<_>>>()
                });
                if let (Some(old), Some(again)) = (old, again) {
                    own.extend(again);
                    *place = Some(old);
                    continue;
                }
                let earlier = Earlier {
                    common: &common,
                    own: &own,
                };
                let (found, notes) = graph.from(namespace, || detector.detect(graph, earlier));
                altered = true;
                *place = Some(Kept {
                    signals: found.iter().map(Remembered::of).collect(),
                    notes,
                    calls_version: self.calls_version,
                });
                own.extend(found);
            }
            if namespace.is_empty() {
                (common, common_altered) = (own, altered);
            } else {
                rest.extend(own);
            }
            self.kept.insert(namespace.to_owned(), kept);
        }
        let mut signals = common;
        signals.extend(rest);
        signals.sort_by(|a, b| a.key().cmp(&b.key()));
        signals.dedup_by(|a, b| a.key() == b.key());
        signals
    }
}

impl News {
    /// Whether what was read for a judgement of the namespace is still so.
    fn leaves(&self, namespace: &str, notes: &Notes) -> bool {
        let here = self.here.get(namespace);
        !self.all
            && notes.due > self.now
            && here.is_none_or(|here| !here.meets(notes.here))
            && !self.anywhere.meets(notes.abroad)
    }
}

/// A symptom without the snapshot it was found in.
#[derive(Debug)]
struct Remembered {
    r#type: &'static str,
    object: ObjectRef,
    owner: ObjectRef,
    container: Option<String>,
    first_seen: i64,
    evidence: Vec<Evidence>,
    place: Kind,
}

/// What kind of object shows a symptom.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Pod,
    Deployment,
    Node,
    Other,
}

impl Remembered {
    fn of(signal: &Signal<'_>) -> Self {
        Self {
            r#type: signal.r#type,
            object: signal.object.clone(),
            owner: signal.owner.clone(),
            container: signal.container.map(str::to_owned),
            first_seen: signal.first_seen,
            evidence: signal.evidence.clone(),
            place: match signal.place {
                Place::Pod(_) => Kind::Pod,
                Place::Deployment(_) => Kind::Deployment,
                Place::Node(_) => Kind::Node,
                Place::Other => Kind::Other,
            },
        }
    }

    /// The same symptom in another snapshot, where its object is there, too.
    fn again<'a>(&self, graph: &Graph<'a>) -> Option<Signal<'a>> {
        let (namespace, name) = (&self.object.namespace, &self.object.name);
        let place = match self.place {
            Kind::Pod => Place::Pod(graph.pod(namespace, name)?),
            Kind::Deployment => Place::Deployment(graph.get(namespace, name)?),
            Kind::Node => Place::Node(graph.node(name)?),
            Kind::Other => Place::Other,
        };
        let container = match &self.container {
            None => None,
            Some(name) => Some(match place {
                Place::Pod(pod) => containers::named(pod, name)?.name(),
                _ => {
                    let workload = graph.workload(&self.object)?;
                    let mut containers = workload.containers();
                    &*containers.find(|(_, one)| *one.name == **name)?.1.name
                }
            }),
        };
        Some(Signal {
            r#type: self.r#type,
            object: self.object.clone(),
            owner: self.owner.clone(),
            container,
            first_seen: self.first_seen,
            evidence: self.evidence.clone(),
            place,
        })
    }
}
