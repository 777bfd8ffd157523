//! What a watch has seen: one [`Writer`], many [`Mirror`] readers.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use kubegraf_ipc::object::Freshness;
use tokio::sync::watch;

use super::{
    Subscription,
    listed::Listed,
    rowset::{Change, Rowset},
    source::{Scope, Told},
};
use crate::{
    kinds::Kind,
    objects::{Object, Text},
};

/// The rows of a kind, whatever its object type.
pub trait Rows: Send + Sync {
    /// All rows as they are now.
    fn snapshot(&self) -> Snapshot;
    /// Counts the changes.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// The rows at one moment.
#[derive(Clone)]
pub struct Snapshot {
    /// Sorted by namespace and name.
    pub rows: Arc<Vec<Arc<Listed>>>,
    /// Whether they are what the cluster holds.
    pub freshness: Freshness,
    /// The namespaces looked at one by one, because the whole cluster may not be listed.
    pub limited_to: Vec<String>,
    /// The objects of the rows, for what no cell shows.
    pub fields: Arc<dyn Fields>,
}

/// Reads fields of objects whose type is forgotten.
pub trait Fields: Send + Sync {
    /// The value of a selectable field (`status.phase`) of the row at that index; `None` for a field
    /// that the kind does not have.
    fn field(&self, index: usize, path: &str) -> Option<Text>;
}

struct ObjectFields<K: Kind>(Arc<Vec<Arc<K::Object>>>);

impl<K: Kind> Fields for ObjectFields<K> {
    fn field(&self, index: usize, path: &str) -> Option<Text> {
        let object = self.0.get(index)?;
        let meta = object.metadata();
        match path {
            "metadata.name" => Some(meta.name.clone()),
            "metadata.namespace" if K::NAMESPACED => Some(meta.namespace.clone()),
            path => K::field(object, path),
        }
    }
}

struct State<K: Kind> {
    rows: Rowset<K::Object>,
    freshness: Freshness,
    limited_to: Vec<String>,
}

/// A cheap handle for readers.
pub struct Mirror<K: Kind> {
    state: Arc<RwLock<State<K>>>,
    changes: watch::Receiver<u64>,
}

/// The one writer.
pub(super) struct Writer<K: Kind> {
    state: Arc<RwLock<State<K>>>,
    changes: watch::Sender<u64>,
    scopes: BTreeMap<Scope, Progress<K::Object>>,
}

/// How far one scope is.
struct Progress<T> {
    freshness: Freshness,
    /// The list that is arriving.
    list: Option<Vec<Change<T>>>,
    /// Whether a list has been whole.
    complete: bool,
}

impl<T> Default for Progress<T> {
    fn default() -> Self {
        Self {
            freshness: Freshness::Loading { seen: 0 },
            list: None,
            complete: false,
        }
    }
}

pub(super) fn pair<K: Kind>() -> (Mirror<K>, Writer<K>) {
    let state = Arc::new(RwLock::new(State {
        rows: Rowset::default(),
        freshness: Freshness::Loading { seen: 0 },
        limited_to: Vec::new(),
    }));
    let (sender, receiver) = watch::channel(0);
    let mirror = Mirror {
        state: Arc::clone(&state),
        changes: receiver,
    };
    let writer = Writer {
        state,
        changes: sender,
        scopes: BTreeMap::new(),
    };
    (mirror, writer)
}

impl<K: Kind> Mirror<K> {
    /// All objects, sorted by namespace and name.
    pub fn objects(&self) -> Arc<Vec<Arc<K::Object>>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(state.rows.objects())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether they are what the cluster holds.
    pub fn freshness(&self) -> Freshness {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.freshness.clone()
    }

    /// Counts the changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

impl<K: Kind> Rows for Subscription<K> {
    fn snapshot(&self) -> Snapshot {
        let state = self.mirror.state.read();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            rows: Arc::clone(state.rows.listed()),
            freshness: state.freshness.clone(),
            limited_to: state.limited_to.clone(),
            fields: Arc::new(ObjectFields::<K>(Arc::clone(state.rows.objects()))),
        }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.mirror.changes()
    }
}

impl<K: Kind> Writer<K> {
    /// A list of the scope begins: what is there stays until it is whole.
    pub(super) fn list_begins(&mut self, scope: &Scope) {
        let progress = self.scopes.entry(scope.clone()).or_default();
        progress.list = Some(Vec::new());
    }

    /// Whether nothing of the scope was ever shown.
    pub(super) fn is_new(&self, scope: &Scope) -> bool {
        let progress = self.scopes.get(scope);
        progress.is_none_or(|p| p.freshness == (Freshness::Loading { seen: 0 }))
    }

    /// Objects that are to be seen before the list that has begun says anything; the list tells them again.
    pub(super) fn glanced(&mut self, scope: &Scope, objects: Vec<K::Object>) {
        let seen = objects.len() as u64;
        let changes = objects.into_iter().map(Change::applied::<K>).collect();
        let progress = self.scopes.entry(scope.clone()).or_default();
        progress.freshness = Freshness::Loading { seen };
        self.write(|rows| rows.apply(changes));
    }

    /// Objects of the list that has begun.
    pub(super) fn listed(&mut self, scope: &Scope, objects: Vec<K::Object>) {
        let progress = self.scopes.entry(scope.clone()).or_default();
        let known = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let changes: Vec<_> = objects
            .into_iter()
            .map(|object| {
                let same = known.rows.same(&object);
                same.unwrap_or_else(|| Change::applied::<K>(object))
            })
            .collect();
        drop(known);
        let copy = |change: &Change<K::Object>| Change {
            object: Arc::clone(&change.object),
            listed: change.listed.clone(),
        };
        let list = progress.list.get_or_insert_default();
        if progress.complete {
            return list.extend(changes);
        }
        // The first list shows as it arrives; a later one must not mix with the old.
        list.extend(changes.iter().map(copy));
        if let Freshness::Loading { seen } = &mut progress.freshness {
            *seen = (*seen).max(list.len() as u64);
        }
        self.write(|rows| rows.apply(changes));
    }

    /// The list is whole: it replaces everything of its scope at once.
    pub(super) fn list_ends(&mut self, scope: &Scope) {
        if *scope == Scope::Cluster {
            // It covers every namespace that was looked at apart.
            self.scopes.retain(|other, _| other == scope);
        }
        let progress = self.scopes.entry(scope.clone()).or_default();
        let list = progress.list.take().unwrap_or_default();
        progress.complete = true;
        progress.freshness = Freshness::Live;
        self.write(|rows| rows.replace(list, |object| covers(scope, object)));
    }

    /// What the watch of a scope told, in its order.
    pub(super) fn told(&mut self, scope: &Scope, told: Vec<Told<K::Object>>) {
        let changes: Vec<_> = told
            .into_iter()
            .filter_map(|told| match told {
                Told::Applied(object) => Some(Change::applied::<K>(object)),
                Told::Deleted(object) => Some(Change::deleted(object)),
                Told::Bookmark(_) => None,
            })
            .collect();
        let progress = self.scopes.entry(scope.clone()).or_default();
        let revived = progress.freshness != Freshness::Live;
        progress.freshness = Freshness::Live;
        if revived || !changes.is_empty() {
            self.write(|rows| rows.apply(changes));
        }
    }

    /// Says how the watch of a scope stands; what is there stays.
    pub(super) fn mark(&mut self, scope: &Scope, freshness: Freshness) {
        let progress = self.scopes.entry(scope.clone()).or_default();
        if progress.freshness != freshness {
            progress.freshness = freshness;
            self.write(|_| ());
        }
    }

    /// The scope is no longer looked at: its objects go.
    pub(super) fn forget(&mut self, scope: &Scope) {
        if self.scopes.remove(scope).is_some() {
            self.write(|rows| rows.replace(Vec::new(), |object| covers(scope, object)));
        }
    }

    /// The scopes that are looked at.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.scopes.keys()
    }

    /// How the scope stands.
    pub(super) fn freshness(&self, scope: &Scope) -> Freshness {
        let progress = self.scopes.get(scope);
        progress.map_or(Freshness::Loading { seen: 0 }, |p| p.freshness.clone())
    }

    fn write(&self, change: impl FnOnce(&mut Rowset<K::Object>)) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut state.rows);
        state.freshness = self.worst();
        state.limited_to = self.limited_to();
        drop(state);
        self.changes.send_modify(|version| *version += 1);
    }

    /// The namespaces looked at one by one; none while the whole cluster is.
    fn limited_to(&self) -> Vec<String> {
        let scopes = self.scopes.keys().filter_map(|scope| match scope {
            Scope::Cluster => None,
            Scope::Namespace(namespace) => Some(namespace.clone()),
        });
        scopes.collect()
    }

    /// A table is as fresh as the worst of what it shows.
    fn worst(&self) -> Freshness {
        let worst = self
            .scopes
            .values()
            .min_by_key(|progress| match progress.freshness {
                Freshness::Reconnecting { .. } => 0,
                Freshness::Loading { .. } => 1,
                Freshness::Forbidden { .. } => 2,
                Freshness::Live => 3,
            });
        worst.map_or(Freshness::Loading { seen: 0 }, |p| p.freshness.clone())
    }
}

fn covers(scope: &Scope, object: &impl Object) -> bool {
    match scope {
        Scope::Cluster => true,
        Scope::Namespace(namespace) => object.metadata().namespace == *namespace,
    }
}

#[cfg(test)]
impl<K: Kind> Subscription<K> {
    /// Objects that never change.
    pub(crate) fn still(objects: impl IntoIterator<Item = K::Object>) -> Self {
        let (mirror, mut writer) = pair::<K>();
        writer.list_begins(&Scope::Cluster);
        writer.listed(&Scope::Cluster, objects.into_iter().collect());
        writer.list_ends(&Scope::Cluster);
        Self {
            mirror,
            _watch: crate::TaskGuard::spawn(std::future::pending()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kinds::{Namespaces, Pods},
        objects::{Namespace, Pod},
    };

    fn namespace(uid: &str) -> Namespace {
        serde_json::from_value(serde_json::json!({"metadata": {"name": uid, "uid": uid}})).unwrap()
    }

    fn pod(namespace: &str, name: &str) -> Pod {
        let meta = serde_json::json!({"name": name, "namespace": namespace, "uid": name});
        serde_json::from_value(serde_json::json!({"metadata": meta})).unwrap()
    }

    fn names<K: Kind>(mirror: &Mirror<K>) -> Vec<String> {
        let objects = mirror.objects();
        objects
            .iter()
            .map(|o| o.metadata().name.to_string())
            .collect()
    }

    /// Covers: RTU-09
    #[test]
    fn a_relist_swaps_at_once_and_leaves_no_ghost() {
        let (mirror, mut writer) = pair::<Namespaces>();
        let scope = Scope::Cluster;
        writer.list_begins(&scope);
        writer.listed(&scope, vec![namespace("a")]);
        assert_eq!(
            mirror.freshness(),
            Freshness::Loading { seen: 1 },
            "the first list shows early"
        );
        writer.listed(&scope, vec![namespace("b")]);
        writer.list_ends(&scope);
        assert_eq!(
            (names(&mirror), mirror.freshness()),
            (vec!["a".into(), "b".into()], Freshness::Live)
        );

        writer.list_begins(&scope);
        writer.listed(&scope, vec![namespace("c")]);
        assert_eq!(names(&mirror), ["a", "b"], "half a list is no truth");
        writer.list_ends(&scope);
        assert_eq!(names(&mirror), ["c"]);
        writer.told(
            &scope,
            vec![Told::Applied(namespace("d")), Told::Deleted(namespace("c"))],
        );
        assert_eq!(names(&mirror), ["d"]);
    }

    /// Covers: RTU-09
    #[test]
    fn what_was_seen_at_a_glance_is_gone_when_the_list_does_not_have_it() {
        let (mirror, mut writer) = pair::<Namespaces>();
        let scope = Scope::Cluster;
        writer.list_begins(&scope);
        assert!(writer.is_new(&scope));
        writer.glanced(&scope, vec![namespace("a"), namespace("b")]);
        assert_eq!(names(&mirror), ["a", "b"]);
        assert_eq!(mirror.freshness(), Freshness::Loading { seen: 2 });
        assert!(
            !writer.is_new(&scope),
            "a list that fails now is not glanced at again"
        );
        writer.listed(&scope, vec![namespace("b")]);
        assert_eq!(mirror.freshness(), Freshness::Loading { seen: 2 });
        writer.listed(&scope, vec![namespace("c")]);
        writer.list_ends(&scope);
        assert_eq!(
            (names(&mirror), mirror.freshness()),
            (vec!["b".into(), "c".into()], Freshness::Live)
        );
    }

    #[test]
    fn a_first_list_that_failed_leaves_no_ghost_after_the_second() {
        let (mirror, mut writer) = pair::<Namespaces>();
        let scope = Scope::Cluster;
        writer.list_begins(&scope);
        writer.listed(&scope, vec![namespace("a")]);
        writer.list_begins(&scope);
        writer.listed(&scope, vec![namespace("b")]);
        writer.list_ends(&scope);
        assert_eq!(names(&mirror), ["b"]);
    }

    /// A re-list of one namespace says nothing of another.
    #[test]
    fn namespaces_are_listed_apart() {
        let (mirror, mut writer) = pair::<Pods>();
        let (a, b) = (Scope::Namespace("a".into()), Scope::Namespace("b".into()));
        for (scope, name) in [(&a, "one"), (&b, "two")] {
            writer.list_begins(scope);
            let Scope::Namespace(namespace) = scope else {
                unreachable!()
            };
            writer.listed(scope, vec![pod(namespace, name)]);
            writer.list_ends(scope);
        }
        writer.list_begins(&a);
        writer.list_ends(&a);
        assert_eq!(names(&mirror), ["two"]);
        writer.mark(
            &b,
            Freshness::Reconnecting {
                since: 1,
                error: "gone".into(),
                throttled_until: None,
            },
        );
        assert!(matches!(mirror.freshness(), Freshness::Reconnecting { .. }));
        let limited = || mirror.state.read().unwrap().limited_to.clone();
        assert_eq!(limited(), ["a", "b"]);
        writer.forget(&b);
        assert_eq!(limited(), ["a"]);
        assert!(mirror.is_empty());
        assert_eq!(mirror.freshness(), Freshness::Live);
    }

    /// Once the whole cluster may be listed, its namespaces are no longer apart, and nothing is
    /// gone in between.
    #[test]
    fn the_whole_cluster_takes_over_from_its_namespaces() {
        let (mirror, mut writer) = pair::<Pods>();
        let a = Scope::Namespace("a".into());
        writer.list_begins(&a);
        writer.listed(&a, vec![pod("a", "one")]);
        writer.list_ends(&a);
        writer.list_begins(&Scope::Cluster);
        writer.listed(&Scope::Cluster, vec![pod("a", "one"), pod("b", "two")]);
        assert!(names(&mirror).contains(&"one".to_owned()));
        writer.list_ends(&Scope::Cluster);
        let mut all = names(&mirror);
        all.sort();
        assert_eq!(all, ["one", "two"]);
        assert_eq!(writer.scopes().collect::<Vec<_>>(), [&Scope::Cluster]);
        assert_eq!(mirror.freshness(), Freshness::Live);
    }
}
