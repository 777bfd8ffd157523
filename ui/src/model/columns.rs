//! How wide each column is. Widths are fixed per column name, so that no value ever moves
//! another column.

use kubegraf_ipc::{
    preferences::{ColumnLayout, TableLayout},
    table::{Column, KindInfo, Sort},
};

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
    /// The width a person gave it, in CSS px.
    pub width: Option<u32>,
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

/// A column of a kind, shown or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The column.
    pub column: Shown,
    /// Whether it is shown.
    pub shown: bool,
    /// Whether kubectl shows it only with `-o wide`.
    pub wide: bool,
}

/// Every column of a kind in the order of `layout`; what it does not name stands last, shown
/// unless it is wide. Names the kind no longer has are passed over.
#[must_use]
pub fn choices(kind: &KindInfo, layout: Option<&TableLayout>) -> Vec<Choice> {
    let namespace = kind.namespaced.then(|| Choice {
        column: Shown {
            name: NAMESPACE.into(),
            numeric: false,
            from: From::Namespace,
            width: None,
        },
        shown: true,
        wide: false,
    });
    let cells = kind.columns.iter().enumerate();
    let cells = cells.map(|(index, column): (usize, &Column)| Choice {
        column: Shown {
            name: column.name.clone(),
            numeric: column.numeric,
            from: From::Cell(index),
            width: None,
        },
        shown: !column.wide,
        wide: column.wide,
    });
    let mut left: Vec<Choice> = namespace.into_iter().chain(cells).collect();
    let mut arranged = Vec::with_capacity(left.len());
    for wanted in layout.iter().flat_map(|layout| &layout.columns) {
        if let Some(place) = left.iter().position(|c| c.column.name == wanted.name) {
            let mut choice = left.remove(place);
            choice.shown = wanted.shown;
            choice.column.width = wanted.width;
            arranged.push(choice);
        }
    }
    arranged.extend(left);
    arranged
}

/// The columns a grid draws.
#[must_use]
pub fn shown(choices: &[Choice]) -> Vec<Shown> {
    let shown = choices.iter().filter(|choice| choice.shown);
    shown.map(|choice| choice.column.clone()).collect()
}

/// What is stored of `choices`.
#[must_use]
pub fn layout(kind: &str, choices: &[Choice]) -> TableLayout {
    TableLayout {
        kind: kind.into(),
        columns: choices
            .iter()
            .map(|choice| ColumnLayout {
                name: choice.column.name.clone(),
                shown: choice.shown,
                width: choice.column.width,
            })
            .collect(),
    }
}

/// Shows or hides a column; the last shown column of the kind's own stays.
pub fn toggle(choices: &mut [Choice], name: &str) {
    let own = |choice: &&Choice| choice.shown && choice.column.from != From::Namespace;
    let last = choices.iter().filter(own).count() <= 1;
    if let Some(choice) = choices.iter_mut().find(|c| c.column.name == name)
        && !(choice.shown && last && choice.column.from != From::Namespace)
    {
        choice.shown = !choice.shown;
    }
}

/// Moves a column by `by` places among all columns.
pub fn shift(choices: &mut Vec<Choice>, name: &str, by: isize) {
    let Some(from) = choices.iter().position(|c| c.column.name == name) else {
        return;
    };
    let to = from
        .saturating_add_signed(by)
        .min(choices.len().saturating_sub(1));
    let choice = choices.remove(from);
    choices.insert(to, choice);
}

/// Puts a column where `target` is.
pub fn place(choices: &mut Vec<Choice>, name: &str, target: &str) {
    let at = |name: &str| choices.iter().position(|c| c.column.name == name);
    if let (Some(from), Some(to)) = (at(name), at(target)) {
        let choice = choices.remove(from);
        choices.insert(to, choice);
    }
}

/// Gives a column a width in CSS px, or its own one back.
pub fn resize(choices: &mut [Choice], name: &str, width: Option<u32>) {
    if let Some(choice) = choices.iter_mut().find(|c| c.column.name == name) {
        choice.column.width = width.map(|width| width.clamp(NARROWEST, WIDEST));
    }
}

/// A CSS `grid-template-columns` value, and the least width in px at which it does not squeeze.
#[must_use]
pub fn template(columns: &[Shown]) -> (String, u32) {
    let mut least = MARK_WIDTH;
    let mut tracks = vec![format!("{MARK_WIDTH}px")];
    for column in columns {
        let (width, grows) = match column.width {
            Some(width) => (width, 0),
            None => width(&column.name),
        };
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
/// A column a person makes is at least this wide, in px.
const NARROWEST: u32 = 48;
/// And at most this.
const WIDEST: u32 = 1_600;

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

    fn stored(name: &str, shown: bool) -> ColumnLayout {
        ColumnLayout {
            name: name.into(),
            shown,
            width: None,
        }
    }

    fn names(choices: &[Choice]) -> Vec<String> {
        let shown = shown(choices).into_iter();
        shown.map(|column| column.name).collect()
    }

    #[test]
    fn a_layout_survives_columns_that_came_and_went() {
        let layout = TableLayout {
            kind: "pods".into(),
            columns: vec![
                stored("AGE", true),
                stored("GONE", true),
                stored("NAME", false),
            ],
        };
        let choices = choices(&pods(true), Some(&layout));
        assert_eq!(names(&choices), ["AGE", "NAMESPACE"]);
        assert_eq!(choices.len(), 4, "every column can be chosen again");
    }

    #[test]
    fn columns_are_hidden_moved_and_sized() {
        let mut all = choices(&pods(true), None);
        toggle(&mut all, "IP");
        shift(&mut all, "AGE", -9);
        place(&mut all, "NAME", "AGE");
        assert_eq!(names(&all), ["NAME", "AGE", "NAMESPACE", "IP"]);
        resize(&mut all, "NAME", Some(1));
        assert_eq!(all[0].column.width, Some(48));
        assert_eq!(template(&shown(&all)).0.split(' ').nth(1), Some("48px"));
        let kept = layout("pods", &all);
        assert_eq!(
            choices(&pods(true), Some(&kept)),
            all,
            "comes back as it was"
        );
    }

    #[test]
    fn something_is_always_left_to_see() {
        let mut all = choices(&pods(true), None);
        for name in ["NAME", "AGE", "NAMESPACE"] {
            toggle(&mut all, name);
        }
        assert_eq!(names(&all), ["AGE"]);
    }

    #[test]
    fn wide_columns_keep_their_cell_index_when_hidden() {
        let names = |wide: bool| {
            let layout = wide.then(|| TableLayout {
                kind: "pods".into(),
                columns: ["NAMESPACE", "NAME", "IP"]
                    .map(|name| stored(name, true))
                    .into(),
            });
            let columns = shown(&choices(&pods(true), layout.as_ref())).into_iter();
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
        assert_eq!(shown(&choices(&pods(false), None))[0].name, "NAME");
    }

    #[test]
    fn a_third_click_leaves_the_order() {
        let clicks = |name: &str, numeric| {
            let column = Shown {
                name: name.into(),
                numeric,
                from: From::Cell(0),
                width: None,
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
        let (tracks, least) = template(&shown(&choices(&pods(false), None)));
        assert_eq!(tracks, "28px minmax(280px, 4fr) 76px");
        assert_eq!(least, 28 + 280 + 76);
    }
}
