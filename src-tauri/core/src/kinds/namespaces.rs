//! Namespaces.

use kubegraf_ipc::object::Tone;

use super::{ColumnDef, Kind, Printed, text};
use crate::objects::{Namespace, Text};

/// Namespaces.
pub struct Namespaces;

impl Kind for Namespaces {
    type Object = Namespace;
    const TITLE: &'static str = "Namespaces";
    const NAMESPACED: bool = false;
    const COLUMNS: &'static [ColumnDef] = &[
        ColumnDef::text("NAME"),
        ColumnDef::text("STATUS"),
        ColumnDef::number("AGE"),
    ];
    const FACET: Option<usize> = Some(1);

    fn row(namespace: &Namespace) -> (Vec<Printed<'_>>, Tone) {
        let cells = vec![
            text(&*namespace.metadata.name),
            text(&*namespace.status.phase),
            Printed::Age(namespace.metadata.created),
        ];
        let tone = if namespace.status.phase == "Active" {
            Tone::Ok
        } else {
            Tone::Pending
        };
        (cells, tone)
    }

    fn field(namespace: &Namespace, path: &str) -> Option<Text> {
        (path == "status.phase").then(|| namespace.status.phase.as_str().into())
    }
}
