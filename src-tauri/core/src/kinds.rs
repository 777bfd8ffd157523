//! The registry of kinds: one file and one line of the list per kind.
//!
//! A kind says how its objects read as a row: columns, cells, tone and facet, exactly as kubectl
//! prints them. It knows nothing of watches, filters or windows.

mod deployments;
mod events;
mod namespaces;
mod nodes;
mod pods;
mod replica_sets;
mod services;

use std::{borrow::Cow, marker::PhantomData, sync::Arc};

use kubegraf_ipc::{
    object::Tone,
    table::{Column, KindInfo},
};

pub use deployments::Deployments;
pub use events::Events;
pub use namespaces::Namespaces;
pub use nodes::Nodes;
pub use pods::Pods;
pub use replica_sets::ReplicaSets;
pub use services::Services;

use crate::{
    objects::{Map, Object, Text},
    watch::{Rows, Watches},
};

/// How the objects of one kind read as rows.
pub trait Kind: Send + Sync + 'static {
    /// The object type.
    type Object: Object;
    /// What heads the view.
    const TITLE: &'static str;
    /// Whether objects live in namespaces.
    const NAMESPACED: bool;
    /// The only namespace whose objects are of interest, where the others' would be a burden.
    const ONLY_IN: Option<&'static str> = None;
    /// Columns in kubectl's order, without NAMESPACE.
    const COLUMNS: &'static [ColumnDef];
    /// The column whose values are counted as facets.
    const FACET: Option<usize>;

    /// The object's cells, one per column, and its tone.
    fn row(object: &Self::Object) -> (Vec<Printed<'_>>, Tone);

    /// The value of a field that the API server lets select by (`status.phase`), besides name and
    /// namespace; `None` when the kind has no such field.
    fn field(_object: &Self::Object, _path: &str) -> Option<Text> {
        None
    }
}

/// One cell as kubectl prints it. Its text is the object's own where it can be: rows are made by the ten thousand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Printed<'a> {
    /// Finished text.
    Text(Cow<'a, str>),
    /// A time, epoch seconds; `None` when it is not known.
    Age(Option<i64>),
    /// A count, and the time of the last.
    Restarts {
        /// How many.
        count: u32,
        /// When the last was, epoch seconds.
        last: Option<i64>,
    },
}

/// One column of a kind.
#[derive(Clone, Copy, Debug)]
pub struct ColumnDef {
    name: &'static str,
    wide: bool,
    numeric: bool,
}

impl ColumnDef {
    const fn text(name: &'static str) -> Self {
        Self {
            name,
            wide: false,
            numeric: false,
        }
    }
    const fn number(name: &'static str) -> Self {
        Self {
            name,
            wide: false,
            numeric: true,
        }
    }
    const fn wide(name: &'static str) -> Self {
        Self {
            name,
            wide: true,
            numeric: false,
        }
    }
}

/// A kind whose object type is forgotten, so that kinds can stand in one list.
pub trait AnyKind: Send + Sync {
    /// What the window is told of it.
    fn info(&self) -> KindInfo;
    /// The column whose values are counted as facets.
    fn facet(&self) -> Option<usize>;
    /// Its rows, from the shared watch, which runs for as long as the result is held.
    fn rows(&self, watches: &Watches) -> Arc<dyn Rows>;
}

/// Every kind that has a table, in the order the window lists them.
pub const KINDS: &[&dyn AnyKind] = &[
    &Listed::<Pods>::NEW,
    &Listed::<Deployments>::NEW,
    &Listed::<ReplicaSets>::NEW,
    &Listed::<Services>::NEW,
    &Listed::<Nodes>::NEW,
    &Listed::<Namespaces>::NEW,
    &Listed::<Events>::NEW,
];

/// The kind with that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn AnyKind> {
    KINDS.iter().copied().find(|kind| kind.info().id == id)
}

struct Listed<K>(PhantomData<fn() -> K>);

impl<K> Listed<K> {
    const NEW: Self = Self(PhantomData);
}

impl<K: Kind> AnyKind for Listed<K> {
    fn info(&self) -> KindInfo {
        KindInfo {
            id: K::Object::PLURAL.into(),
            kind: K::Object::KIND.into(),
            title: K::TITLE.into(),
            api_version: K::Object::api_version_text(),
            namespaced: K::NAMESPACED,
            columns: K::COLUMNS
                .iter()
                .map(|c| Column {
                    name: c.name.into(),
                    wide: c.wide,
                    numeric: c.numeric,
                })
                .collect(),
        }
    }

    fn facet(&self) -> Option<usize> {
        K::FACET
    }

    fn rows(&self, watches: &Watches) -> Arc<dyn Rows> {
        watches.subscribe::<K>()
    }
}

fn text<'a>(value: impl Into<Cow<'a, str>>) -> Printed<'a> {
    Printed::Text(value.into())
}

/// kubectl's word for "nothing there".
const NONE: &str = "<none>";

fn or_none<'a>(value: impl Into<Cow<'a, str>>) -> Printed<'a> {
    or(NONE, value)
}

/// The value, or kubectl's word for an empty one.
fn or<'a>(word: &'static str, value: impl Into<Cow<'a, str>>) -> Printed<'a> {
    let value = value.into();
    text(if value.is_empty() { word.into() } else { value })
}

/// `app=web,tier=front`, or `<none>`.
fn labels(labels: &Map) -> Printed<'_> {
    let pairs: Vec<_> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    or_none(pairs.join(","))
}

/// The CONTAINERS and IMAGES cells of a workload.
fn containers(spec: &crate::objects::PodSpec) -> [Printed<'_>; 2] {
    let join = |of: fn(&crate::objects::Container) -> &str| {
        text(spec.containers.iter().map(of).collect::<Vec<_>>().join(","))
    };
    [join(|c| &c.name), join(|c| &c.image)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_facets_name_a_column() {
        let mut ids: Vec<_> = KINDS.iter().map(|kind| kind.info().id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), KINDS.len());
        for kind in KINDS {
            let info = kind.info();
            assert!(
                kind.facet().is_none_or(|facet| facet < info.columns.len()),
                "{}",
                info.id
            );
            assert!(find(&info.id).is_some());
        }
    }
}
