//! What a watch has seen: one [`Writer`], many [`Mirror`] readers.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use kubegraf_ipc::{
    object::Freshness,
    table::{Cell, Row},
};
use tokio::sync::watch;

use super::Subscription;
use crate::{
    kinds::Kind,
    objects::{Meta, Object},
};

/// An object as a table lists it, made once per change.
#[derive(Debug)]
pub struct Listed {
    /// What the window gets.
    pub row: Row,
    /// Everything a filter looks at, lower case, separated by line ends.
    pub haystack: String,
}

/// The rows of a kind, whatever its object type.
pub trait Rows: Send + Sync {
    /// All rows, in no order.
    fn rows(&self) -> Vec<Arc<Listed>>;
    /// Whether they are what the cluster holds.
    fn freshness(&self) -> Freshness;
    /// Counts the changes.
    fn changes(&self) -> watch::Receiver<u64>;
}

struct Entry<K: Kind> {
    object: Arc<K::Object>,
    listed: Arc<Listed>,
}

type Entries<K> = HashMap<String, Entry<K>>;

struct State<K: Kind> {
    entries: Entries<K>,
    freshness: Freshness,
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
    relist: Option<Entries<K>>,
    complete: bool,
}

/// What happened to the mirrored set.
pub(super) enum Change<T> {
    /// A list begins: what is there stays until it is whole.
    ListStarted,
    /// An object of that list.
    Listed(T),
    /// The list is whole: it replaces everything at once.
    ListDone,
    /// A new or changed object.
    Applied(T),
    /// An object is gone.
    Deleted(T),
}

pub(super) fn pair<K: Kind>() -> (Mirror<K>, Writer<K>) {
    let state = Arc::new(RwLock::new(State {
        entries: HashMap::new(),
        freshness: Freshness::Loading { seen: 0 },
    }));
    let (sender, receiver) = watch::channel(0);
    let mirror = Mirror {
        state: Arc::clone(&state),
        changes: receiver,
    };
    (
        mirror,
        Writer {
            state,
            changes: sender,
            relist: None,
            complete: false,
        },
    )
}

impl<K: Kind> Mirror<K> {
    /// All objects, sorted by namespace and name.
    pub fn objects(&self) -> Vec<Arc<K::Object>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let mut objects: Vec<_> = state
            .entries
            .values()
            .map(|e| Arc::clone(&e.object))
            .collect();
        drop(state);
        objects.sort_by(|a, b| key(a.metadata()).cmp(&key(b.metadata())));
        objects
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .entries
            .len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether they are what the cluster holds.
    pub fn freshness(&self) -> Freshness {
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .freshness
            .clone()
    }

    /// Counts the changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

fn key(meta: &Meta) -> (&str, &str) {
    (&meta.namespace, &meta.name)
}

impl<K: Kind> Rows for Subscription<K> {
    fn rows(&self) -> Vec<Arc<Listed>> {
        let state = self
            .mirror
            .state
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        state
            .entries
            .values()
            .map(|entry| Arc::clone(&entry.listed))
            .collect()
    }

    fn freshness(&self) -> Freshness {
        self.mirror.freshness()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.mirror.changes()
    }
}

impl<K: Kind> Writer<K> {
    /// Takes changes in their order and tells the readers once.
    pub(super) fn write(&mut self, changes: impl IntoIterator<Item = Change<K::Object>>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                Change::ListStarted => self.relist = Some(HashMap::new()),
                Change::Listed(object) => {
                    let (uid, entry) = entry::<K>(object);
                    // The first list shows as it arrives; a later one must not mix with the old.
                    if !self.complete {
                        let shown = Entry {
                            object: Arc::clone(&entry.object),
                            listed: Arc::clone(&entry.listed),
                        };
                        state.entries.insert(uid.clone(), shown);
                        state.freshness = Freshness::Loading {
                            seen: state.entries.len() as u64,
                        };
                    }
                    self.relist.get_or_insert_default().insert(uid, entry);
                }
                Change::ListDone => {
                    state.entries = self.relist.take().unwrap_or_default();
                    state.freshness = Freshness::Live;
                    self.complete = true;
                }
                Change::Applied(object) => {
                    let (uid, entry) = entry::<K>(object);
                    state.entries.insert(uid, entry);
                    state.freshness = Freshness::Live;
                }
                Change::Deleted(object) => {
                    state.entries.remove(&object.metadata().uid);
                    state.freshness = Freshness::Live;
                }
            }
        }
        drop(state);
        self.changes.send_modify(|version| *version += 1);
    }

    /// Says that the watch is broken; what is there stays.
    pub(super) fn mark(&mut self, freshness: Freshness) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.freshness == freshness {
            return;
        }
        state.freshness = freshness;
        drop(state);
        self.changes.send_modify(|version| *version += 1);
    }

    /// Whether a first list has been whole.
    pub(super) fn freshness(&self) -> Freshness {
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .freshness
            .clone()
    }
}

fn entry<K: Kind>(mut object: K::Object) -> (String, Entry<K>) {
    object.metadata_mut().settle();
    let (cells, tone) = K::row(&object);
    let meta = object.metadata();
    let row = Row {
        uid: meta.uid.clone(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        tone,
        cells,
    };
    let uid = meta.uid.clone();
    let listed = Arc::new(Listed {
        haystack: haystack(&row),
        row,
    });
    (
        uid,
        Entry {
            object: Arc::new(object),
            listed,
        },
    )
}

fn haystack(row: &Row) -> String {
    let mut haystack = format!("{}\n{}", row.namespace, row.name);
    for cell in &row.cells {
        if let Cell::Text(text) = cell
            && text != &row.name
        {
            haystack.push('\n');
            haystack.push_str(text);
        }
    }
    haystack.make_ascii_lowercase();
    haystack
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kinds::Namespaces, objects::Namespace};

    fn namespace(uid: &str) -> Namespace {
        serde_json::from_value(serde_json::json!({"metadata": {"name": uid, "uid": uid}})).unwrap()
    }

    fn names(mirror: &Mirror<Namespaces>) -> Vec<String> {
        mirror
            .objects()
            .iter()
            .map(|n| n.metadata.name.clone())
            .collect()
    }

    /// Covers: RTU-09
    #[test]
    fn a_relist_swaps_at_once_and_leaves_no_ghost() {
        let (mirror, mut writer) = pair::<Namespaces>();
        writer.write([Change::ListStarted, Change::Listed(namespace("a"))]);
        assert_eq!(
            mirror.freshness(),
            Freshness::Loading { seen: 1 },
            "the first list shows early"
        );
        writer.write([Change::Listed(namespace("b")), Change::ListDone]);
        assert_eq!(
            (names(&mirror), mirror.freshness()),
            (vec!["a".into(), "b".into()], Freshness::Live)
        );

        writer.write([Change::ListStarted, Change::Listed(namespace("c"))]);
        assert_eq!(names(&mirror), ["a", "b"], "half a list is no truth");
        writer.write([Change::ListDone]);
        assert_eq!(names(&mirror), ["c"]);
        writer.write([
            Change::Applied(namespace("d")),
            Change::Deleted(namespace("c")),
        ]);
        assert_eq!(names(&mirror), ["d"]);
    }
}
