//! Where Enter on a row leads: to what belongs to the object.

use kubegraf_ipc::table::{Cell, KindInfo, Row};

/// A step from a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// [`KindInfo::id`] of the table to open.
    pub kind: String,
    /// What its filter holds.
    pub filter: String,
    /// The namespace to choose; `None` leaves the choice.
    pub namespace: Option<String>,
}

/// The step from a row of `kind`; `None` when nothing that belongs to it has a table.
#[must_use]
pub fn step(kind: &str, row: &Row, kinds: &[KindInfo]) -> Option<Step> {
    let to = |kind: &str, filter: String, namespace: Option<String>| {
        let known = kinds.iter().any(|known| known.id == kind);
        known.then(|| Step {
            kind: kind.into(),
            filter,
            namespace,
        })
    };
    match kind {
        "namespaces" => to("pods", String::new(), Some(row.name.clone())),
        "nodes" => to("pods", row.name.clone(), None),
        "pods" => to("events", row.name.clone(), None),
        "events" => {
            let about = row.cells.iter().find_map(|cell| match cell {
                Cell::Text(text) => text.split_once('/'),
                _ => None,
            })?;
            let (of, name) = about;
            let known = kinds.iter().find(|known| {
                known.kind.eq_ignore_ascii_case(of) || known.id.eq_ignore_ascii_case(of)
            })?;
            to(&known.id, name.to_owned(), None)
        }
        _ => to("pods", row.name.clone(), None),
    }
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::object::Tone;

    use super::*;

    fn kinds() -> Vec<KindInfo> {
        ["pods", "events", "deployments"]
            .map(|id| KindInfo {
                id: id.into(),
                kind: id.trim_end_matches('s').into(),
                title: id.into(),
                api_version: "v1".into(),
                namespaced: true,
                columns: vec![],
            })
            .into()
    }

    fn check(kind: &str, cells: Vec<Cell>, expected: Option<(&str, &str, Option<&str>)>) {
        let row = Row {
            uid: "u".into(),
            namespace: "shop".into(),
            name: "web".into(),
            tone: Tone::Ok,
            cells,
        };
        let found = step(kind, &row, &kinds());
        let expected = expected.map(|(kind, filter, namespace)| Step {
            kind: kind.into(),
            filter: filter.into(),
            namespace: namespace.map(str::to_owned),
        });
        assert_eq!(found, expected, "{kind}");
    }

    #[test]
    fn enter_leads_to_what_belongs_to_the_row() {
        check("namespaces", vec![], Some(("pods", "", Some("web"))));
        check("deployments", vec![], Some(("pods", "web", None)));
        check("pods", vec![], Some(("events", "web", None)));
        let about = |text: &str| vec![Cell::Text("Warning".into()), Cell::Text(text.into())];
        check("events", about("pod/web-1"), Some(("pods", "web-1", None)));
        check("events", about("widget/x"), None);
    }
}
