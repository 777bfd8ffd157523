//! How wide each column is. Widths are fixed per column name, so that no value ever moves
//! another column.

use kubegraf_ipc::table::{Column, KindInfo, Sort};

/// Heads the column that says which namespace a row is in.
pub const NAMESPACE: &str = "NAMESPACE";

/// A column as the grid draws it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// As kubectl heads it.
    pub name: String,
    /// Aligns right.
    pub numeric: bool,
    /// Where its text is: the row's namespace, or one of its cells.
    pub from: From,
}

impl Shown {
    /// CSS class of its cells.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match (self.from, self.name.as_str()) {
            (_, "NAME") => "cell cell-name",
            (From::Namespace, _) | (_, "AGE" | "LAST SEEN") => "cell cell-quiet",
            _ => "cell",
        }
    }

    /// Whether its text says how the row is, and so has the row's colour.
    #[must_use]
    pub fn is_state(&self) -> bool {
        matches!(self.name.as_str(), "STATUS" | "REASON")
    }
}

/// The order after a click on a column's head: numbers start with the largest, text and ages with
/// the smallest; a second click turns the order round, a third leaves it.
#[must_use]
pub fn next_sort(column: &Shown, current: Option<&Sort>) -> Option<Sort> {
    let first = column.numeric && column.name != "AGE";
    let descending = match current.filter(|sort| sort.column == column.name) {
        None => first,
        Some(sort) if sort.descending == first => !first,
        Some(_) => return None,
    };
    Some(Sort {
        column: column.name.clone(),
        descending,
    })
}

/// Where a column's text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// [`kubegraf_ipc::table::Row::namespace`].
    Namespace,
    /// An index of [`kubegraf_ipc::table::Row::cells`].
    Cell(usize),
}

/// The columns to show, NAMESPACE first where the kind has namespaces.
#[must_use]
pub fn shown(kind: &KindInfo, wide: bool) -> Vec<Shown> {
    let namespace = kind.namespaced.then(|| Shown {
        name: NAMESPACE.into(),
        numeric: false,
        from: From::Namespace,
    });
    let cells = kind.columns.iter().enumerate();
    let cells = cells.filter(|(_, column)| wide || !column.wide);
    let cells = cells.map(|(index, column): (usize, &Column)| Shown {
        name: column.name.clone(),
        numeric: column.numeric,
        from: From::Cell(index),
    });
    namespace.into_iter().chain(cells).collect()
}

/// A CSS `grid-template-columns` value, and the least width in px at which it does not squeeze.
#[must_use]
pub fn template(columns: &[Shown]) -> (String, u32) {
    let mut least = MARK_WIDTH;
    let mut tracks = vec![format!("{MARK_WIDTH}px")];
    for column in columns {
        let (width, grows) = width(&column.name);
        least += width;
        tracks.push(match grows {
            0 => format!("{width}px"),
            share => format!("minmax({width}px, {share}fr)"),
        });
    }
    (tracks.join(" "), least)
}

/// Width in px of the track that holds the row's status mark.
const MARK_WIDTH: u32 = 28;

/// Least width in px, and the share of what is left over.
fn width(name: &str) -> (u32, u32) {
    match name {
        "NAME" | "MESSAGE" => (280, 4),
        NAMESPACE => (136, 1),
        "NODE" | "OBJECT" | "IMAGES" | "SELECTOR" | "PORT(S)" | "OS-IMAGE" => (168, 2),
        "STATUS" => (176, 0),
        "RESTARTS" => (116, 0),
        "READY" | "AGE" | "DESIRED" | "CURRENT" => (76, 0),
        "LAST SEEN" | "TYPE" | "VERSION" | "AVAILABLE" | "UP-TO-DATE" => (100, 0),
        "IP" | "CLUSTER-IP" | "EXTERNAL-IP" | "INTERNAL-IP" => (124, 0),
        "NOMINATED NODE" | "READINESS GATES" | "CONTAINER-RUNTIME" | "KERNEL-VERSION" => (148, 0),
        _ => (128, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(namespaced: bool) -> KindInfo {
        let column = |name: &str, wide, numeric| Column {
            name: name.into(),
            wide,
            numeric,
        };
        KindInfo {
            id: "pods".into(),
            kind: "Pod".into(),
            title: "Pods".into(),
            api_version: "v1".into(),
            namespaced,
            columns: vec![
                column("NAME", false, false),
                column("IP", true, false),
                column("AGE", false, true),
            ],
        }
    }

    #[test]
    fn wide_columns_keep_their_cell_index_when_hidden() {
        let names = |wide| {
            let columns = shown(&pods(true), wide).into_iter();
            columns
                .map(|column| (column.name, column.from))
                .collect::<Vec<_>>()
        };
        let namespace = (NAMESPACE.to_owned(), From::Namespace);
        let (name, age) = (
            ("NAME".to_owned(), From::Cell(0)),
            ("AGE".to_owned(), From::Cell(2)),
        );
        let ip = ("IP".to_owned(), From::Cell(1));
        assert_eq!(names(false), [namespace.clone(), name.clone(), age.clone()]);
        assert_eq!(names(true), [namespace, name, ip, age]);
    }

    #[test]
    fn cluster_scoped_kinds_have_no_namespace_column() {
        assert_eq!(shown(&pods(false), false)[0].name, "NAME");
    }

    #[test]
    fn a_third_click_leaves_the_order() {
        let clicks = |name: &str, numeric| {
            let column = Shown {
                name: name.into(),
                numeric,
                from: From::Cell(0),
            };
            let mut sort = None;
            let mut seen = Vec::new();
            for _ in 0..3 {
                sort = next_sort(&column, sort.as_ref());
                seen.push(sort.as_ref().map(|sort| sort.descending));
            }
            seen
        };
        assert_eq!(clicks("NAME", false), [Some(false), Some(true), None]);
        assert_eq!(clicks("RESTARTS", true), [Some(true), Some(false), None]);
        assert_eq!(clicks("AGE", true), [Some(false), Some(true), None]);
    }

    #[test]
    fn the_name_takes_what_is_left() {
        let (tracks, least) = template(&shown(&pods(false), false));
        assert_eq!(tracks, "28px minmax(280px, 4fr) 76px");
        assert_eq!(least, 28 + 280 + 76);
    }
}
