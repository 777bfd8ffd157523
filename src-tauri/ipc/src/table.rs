//! Tables: the window asks for a slice and gets that slice, the totals, and deltas.

use serde::{Deserialize, Serialize};

use crate::object::{Delta, Freshness, Tone};

/// Lists the kinds that have a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct ListKinds {}

/// One kind of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct KindInfo {
    /// Route and id: the lowercase plural, `pods`.
    pub id: String,
    /// `Pod`.
    pub kind: String,
    /// What heads the view: `Pods`.
    pub title: String,
    /// `v1`, `apps/v1` …
    pub api_version: String,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Columns in kubectl's order; NAMESPACE is not among them.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub columns: Vec<Column>,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// As kubectl heads it: `READY`.
    pub name: String,
    /// Shown only with `-o wide`.
    pub wide: bool,
    /// Numbers and ages align right.
    pub numeric: bool,
}

/// Opens a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct WatchTable {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`KindInfo::id`].
    pub kind: String,
    /// Namespaces to show; empty means all.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub namespaces: Vec<String>,
    /// Which slice of it.
    pub view: TableView,
}

/// What part of a table is wanted, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct TableView {
    /// Chosen by the window, raised by one on each change; events repeat it, so that rows of an
    /// older view are recognised.
    pub revision: u32,
    /// Words that all must occur in name, namespace or a cell; `/regex/` is a regular expression.
    pub filter: String,
    /// Only rows with this facet value; `None` shows all.
    pub facet: Option<String>,
    /// `None` sorts by namespace and name.
    pub sort: Option<Sort>,
    /// First row wanted, counted in the filtered and sorted set.
    pub offset: u64,
    /// Rows wanted, at most 500.
    pub count: u32,
}

/// Order of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Sort {
    /// [`Column::name`], or `NAMESPACE`.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// Moves an open table to another slice, filter or order without a new watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SetTableView {
    /// The watch's channel id.
    pub watch: u32,
    /// What is wanted now.
    pub view: TableView,
}

/// Says how many events the window has drawn since it last said so. Once it has, changes wait until everything sent is drawn and
/// come together then: a slow window shows the newest state, not a queue of old ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct DrawnTable {
    /// The watch's channel id.
    pub watch: u32,
    /// How many.
    pub events: u32,
}

/// Asks once for rows of a table: those of a view, or the named ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ReadRows {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`KindInfo::id`].
    pub kind: String,
    /// Namespaces to look in; empty means all.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub namespaces: Vec<String>,
    /// Which of them, in which order; here `count` may be up to 10,000.
    pub view: TableView,
    /// Of the view's rows, only those with these uids; empty means all.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub only: Vec<String>,
}

/// Rows as they are now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct RowPage {
    /// Rows that match the view, whether asked for or not.
    pub matched: u64,
    /// Whether they are what the cluster holds.
    pub freshness: Freshness,
    /// The rows in order.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub rows: Vec<Row>,
}

/// Writes every row of a view to a new CSV file in the downloads folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ExportTable {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`KindInfo::id`].
    pub kind: String,
    /// Namespaces to write; empty means all.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub namespaces: Vec<String>,
    /// Filter, facet and order; offset and count do not matter.
    pub view: TableView,
    /// Names of the columns to write, in order; `NAMESPACE` may be among them.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub columns: Vec<String>,
}

/// Reply to [`ExportTable`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// The file.
    pub path: String,
    /// Rows in it, without the heads.
    pub rows: u64,
}

/// What an open table sends, at most one per 33 ms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct TableEvent {
    /// Totals and freshness.
    pub head: TableHead,
    /// Changes of the slice's rows; ids are uids.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub deltas: Vec<Delta<Row>>,
    /// Uids of the whole slice in order; `None` when it is unchanged.
    #[cfg_attr(
        test,
        proptest(strategy = "proptest::option::of(crate::roundtrip::few())")
    )]
    pub order: Option<Vec<String>>,
}

/// The figures around a slice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct TableHead {
    /// [`TableView::revision`] this answers.
    pub revision: u32,
    /// Objects in the chosen namespaces.
    pub total: u64,
    /// Of those, the ones that pass filter and facet.
    pub matched: u64,
    /// First row of the slice, in the filtered and sorted set.
    pub offset: u64,
    /// Values of the kind's facet column with their counts, over what passes the filter.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub facets: Vec<Facet>,
    /// Whether this is what the cluster holds.
    pub freshness: Freshness,
    /// The namespaces that are looked at, each on its own, because the user may not read the whole
    /// cluster; empty when he may.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub limited_to: Vec<String>,
    /// Why the filter could not be applied (a broken regular expression); nothing matches then.
    pub filter_error: Option<String>,
}

/// One value of the facet column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Facet {
    /// The cell's text.
    pub value: String,
    /// Rows that have it.
    pub count: u64,
    /// How it is shown.
    pub tone: Tone,
}

/// One object as a table shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Object uid: the row's identity.
    pub uid: String,
    /// Empty for a cluster-scoped kind.
    pub namespace: String,
    /// Object name.
    pub name: String,
    /// How the row is marked.
    pub tone: Tone,
    /// One per column, in the columns' order.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub cells: Vec<Cell>,
}

/// One cell. Ages travel as times, so that they go on growing on screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub enum Cell {
    /// Finished text.
    Text(String),
    /// AGE: created at this time; `None` reads `<unknown>`.
    Age(Option<i64>),
    /// RESTARTS: the count, and when the last one was, `15 (2m ago)`.
    Restarts {
        /// Sum over the containers.
        count: u32,
        /// End of the latest terminated instance.
        last: Option<i64>,
    },
}
