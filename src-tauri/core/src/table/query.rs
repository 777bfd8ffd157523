//! A view run over a table: scope, filter, facets, order. What was found before is kept, and only
//! the rows that have changed since are looked at again.

mod found;
mod ordered;

use std::sync::Arc;

use kubegraf_ipc::table::{TableHead, TableView};

use super::Table;
use crate::watch::{Listed, Snapshot};
use found::Found;
use ordered::Ordered;

/// Sorts by namespace; not among a kind's columns.
pub(super) const NAMESPACE: &str = "NAMESPACE";

/// The rows of a table in the order of a view. Scrolling costs nothing, a change what it touches.
#[derive(Default)]
pub struct Query {
    found: Option<Found>,
    ordered: Option<Ordered>,
}

/// A slice of what a query finds.
pub struct Answer {
    /// Totals and freshness.
    pub head: TableHead,
    /// The slice.
    pub rows: Vec<Arc<Listed>>,
}

impl Query {
    /// Runs a view over the rows as they are now.
    pub fn run(&mut self, table: &Table, view: &TableView) -> Answer {
        let (found, ordered) = self.at(table, view);
        slice(found, ordered, view)
    }

    /// All rows that match, in order: what an export writes.
    ///
    /// # Errors
    /// What is wrong with the filter, for people.
    pub fn all(table: &Table, view: &TableView) -> Result<Vec<Arc<Listed>>, String> {
        let mut query = Self::default();
        let (found, ordered) = query.at(table, view);
        match found.error() {
            Some(error) => Err(error.into()),
            None => Ok(found.rows(ordered.matched()).collect()),
        }
    }

    /// Brings what is kept up to now.
    fn at(&mut self, table: &Table, view: &TableView) -> (&Found, &Ordered) {
        let now = table.rows.snapshot();
        let (found, ordered) = match (self.found.take(), self.ordered.take()) {
            (Some(found), ordered) if found.is_of(view) => follow(found, ordered, table, now),
            _ => (Found::new(table, now, view), None),
        };
        let ordered = match ordered {
            Some(ordered) if ordered.is_of(view) => ordered,
            _ => Ordered::new(&found, table, view),
        };
        (self.found.insert(found), self.ordered.insert(ordered))
    }
}

fn follow(
    mut found: Found,
    ordered: Option<Ordered>,
    table: &Table,
    now: Snapshot,
) -> (Found, Option<Ordered>) {
    if found.holds(&now) {
        found.refresh(now);
        return (found, ordered);
    }
    let (found, moved) = found.advance(table, now);
    let ordered = ordered
        .zip(moved)
        .map(|(ordered, moved)| ordered.follow(&found, &moved, table));
    (found, ordered)
}

fn slice(found: &Found, ordered: &Ordered, view: &TableView) -> Answer {
    let matched = ordered.matched();
    let offset = view.offset.min(matched.len() as u64);
    let begin = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = begin.saturating_add(view.count as usize).min(matched.len());
    let rows = found.rows(&matched[begin..end]).collect();
    let head = TableHead {
        revision: view.revision,
        total: found.total(),
        matched: matched.len() as u64,
        offset,
        facets: found.facets(),
        freshness: found.freshness().clone(),
        limited_to: found.limited_to().to_vec(),
        filter_error: found.error().map(str::to_owned),
    };
    Answer { head, rows }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use kubegraf_ipc::table::{Sort, TableView};
    use proptest::{prelude::*, sample::select};
    use serde_json::json;
    use tokio::sync::watch;

    use super::*;
    use crate::{
        kinds::{Pods, find},
        objects::Pod,
        watch::{Rows, Subscription},
    };

    /// Names there may be, and looks each of them may have.
    const NAMES: usize = 12;
    const LOOKS: [(&str, u32, &str); 4] = [
        ("Running", 0, "2026-01-01T00:00:00Z"),
        ("Pending", 3, "2026-01-03T00:00:00Z"),
        ("Failed", 3, "2026-01-02T00:00:00Z"),
        ("Running", 12, "2026-01-02T00:00:00Z"),
    ];

    /// Rows that a test changes; one look of a pod is always the same row in memory.
    struct Changing {
        looks: Vec<Vec<Snapshot>>,
        now: Mutex<Snapshot>,
    }

    impl Rows for Changing {
        fn snapshot(&self) -> Snapshot {
            self.now.lock().unwrap().clone()
        }
        fn changes(&self) -> watch::Receiver<u64> {
            watch::channel(0).1
        }
    }

    impl Changing {
        fn new() -> Self {
            let look = |name: usize, (phase, restarts, at): (&str, u32, &str)| {
                let namespace = ["a", "b"][name % 2];
                let pod: Pod = serde_json::from_value(json!({
                    "metadata": {"name": format!("web-{name}"), "uid": name.to_string(),
                        "namespace": namespace, "creationTimestamp": at},
                    "status": {"phase": phase, "containerStatuses": [{"name": "app", "restartCount": restarts}]},
                }))
                .unwrap();
                Subscription::<Pods>::still([pod]).snapshot()
            };
            let looks: Vec<Vec<_>> = (0..NAMES)
                .map(|name| LOOKS.map(|of| look(name, of)).into())
                .collect();
            let now = Mutex::new(Subscription::<Pods>::still([]).snapshot());
            Self { looks, now }
        }

        fn show(&self, pods: &[Option<usize>]) {
            let mut rows: Vec<_> = pods
                .iter()
                .zip(&self.looks)
                .filter_map(|(look, looks)| Some(Arc::clone(&looks[(*look)?].rows[0])))
                .collect();
            rows.sort_by(|a, b| (a.namespace(), a.name()).cmp(&(b.namespace(), b.name())));
            self.now.lock().unwrap().rows = Arc::new(rows);
        }
    }

    fn views() -> impl Strategy<Value = TableView> {
        let sorts = select(vec![
            None,
            Some("NAME"),
            Some("STATUS"),
            Some("RESTARTS"),
            Some("AGE"),
            Some(NAMESPACE),
        ]);
        let facets = select(vec![None, None, Some("Running"), Some("Pending")]);
        let filters = select(vec!["", "", "web-1", "!run", "-l app"]);
        (sorts, any::<bool>(), facets, filters).prop_map(|(sort, descending, facet, filter)| {
            TableView {
                filter: filter.into(),
                facet: facet.map(str::to_owned),
                sort: sort.map(|column| Sort {
                    column: column.into(),
                    descending,
                }),
                count: 100,
                ..TableView::default()
            }
        })
    }

    fn pods() -> impl Strategy<Value = Vec<Option<usize>>> {
        prop::collection::vec(prop::option::of(0..LOOKS.len()), NAMES)
    }

    proptest! {
        /// What follows the changes is what looking at everything anew finds.
        #[test]
        fn following_changes_finds_what_a_new_look_finds(
            steps in prop::collection::vec((pods(), views(), any::<bool>()), 1..12),
            scoped: bool,
        ) {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let _inside = runtime.enter();
            let kind = find("pods").unwrap();
            let rows = Arc::new(Changing::new());
            let table = Table {
                rows: Arc::clone(&rows) as Arc<dyn Rows>,
                columns: kind.info().columns,
                facet: kind.facet(),
                namespaces: if scoped { vec!["a".into()] } else { Vec::new() },
            };
            let mut query = Query::default();
            let mut last = TableView { count: 100, ..TableView::default() };
            for (pods, view, keeps) in steps {
                rows.show(&pods);
                // Following is only to be seen while the view stays.
                if !keeps {
                    last = view;
                }
                let (followed, anew) = (query.run(&table, &last), Query::default().run(&table, &last));
                prop_assert_eq!(followed.head, anew.head);
                prop_assert_eq!(followed.rows.len(), anew.rows.len());
                for (one, other) in followed.rows.iter().zip(&anew.rows) {
                    prop_assert!(Arc::ptr_eq(one, other), "{} is not {}", one.text(), other.text());
                }
            }
        }
    }
}
