//! ReplicaSets.

use kubegraf_ipc::object::Tone;

use super::{ColumnDef, Kind, Printed, containers, text};
use crate::objects::ReplicaSet;

/// ReplicaSets.
pub struct ReplicaSets;

impl Kind for ReplicaSets {
    type Object = ReplicaSet;
    const TITLE: &'static str = "ReplicaSets";
    const NAMESPACED: bool = true;
    const COLUMNS: &'static [ColumnDef] = &[
        ColumnDef::text("NAME"),
        ColumnDef::number("DESIRED"),
        ColumnDef::number("CURRENT"),
        ColumnDef::number("READY"),
        ColumnDef::number("AGE"),
        ColumnDef::wide("CONTAINERS"),
        ColumnDef::wide("IMAGES"),
        ColumnDef::wide("SELECTOR"),
    ];
    const FACET: Option<usize> = None;

    fn row(set: &ReplicaSet) -> (Vec<Printed<'_>>, Tone) {
        let wanted = set.spec.replicas.unwrap_or(1);
        let [names, images] = containers(&set.spec.template.spec);
        let cells = vec![
            text(&*set.metadata.name),
            text(wanted.to_string()),
            text(set.status.replicas.to_string()),
            text(set.status.ready_replicas.to_string()),
            Printed::Age(set.metadata.created),
            names,
            images,
            text(set.spec.selector.to_string()),
        ];
        let tone = match (wanted, set.status.ready_replicas) {
            (0, _) => Tone::Neutral,
            (wanted, ready) if ready >= wanted => Tone::Ok,
            (_, 0) => Tone::Bad,
            _ => Tone::Warn,
        };
        (cells, tone)
    }
}
