//! Deployments.

use kubegraf_ipc::object::Tone;

use super::{ColumnDef, Kind, Printed, containers, text};
use crate::objects::{Deployment, condition};

/// Deployments.
pub struct Deployments;

impl Kind for Deployments {
    type Object = Deployment;
    const TITLE: &'static str = "Deployments";
    const NAMESPACED: bool = true;
    const COLUMNS: &'static [ColumnDef] = &[
        ColumnDef::text("NAME"),
        ColumnDef::text("READY"),
        ColumnDef::number("UP-TO-DATE"),
        ColumnDef::number("AVAILABLE"),
        ColumnDef::number("AGE"),
        ColumnDef::wide("CONTAINERS"),
        ColumnDef::wide("IMAGES"),
        ColumnDef::wide("SELECTOR"),
    ];
    const FACET: Option<usize> = None;

    fn row(deployment: &Deployment) -> (Vec<Printed<'_>>, Tone) {
        let (spec, status) = (&deployment.spec, &deployment.status);
        let wanted = spec.replicas.unwrap_or(1);
        let [names, images] = containers(&spec.template.spec);
        let cells = vec![
            text(&*deployment.metadata.name),
            text(format!("{}/{wanted}", status.ready_replicas)),
            text(status.updated_replicas.to_string()),
            text(status.available_replicas.to_string()),
            Printed::Age(deployment.metadata.created),
            names,
            images,
            text(spec.selector.to_string()),
        ];
        (cells, tone(deployment, wanted))
    }
}

fn tone(deployment: &Deployment, wanted: u32) -> Tone {
    let status = &deployment.status;
    let failed = condition(&status.conditions, "Progressing")
        .is_some_and(|progressing| progressing.reason == "ProgressDeadlineExceeded");
    if failed || (wanted > 0 && status.available_replicas == 0) {
        Tone::Bad
    } else if status.available_replicas < wanted {
        Tone::Warn
    } else if status.updated_replicas < wanted {
        Tone::Pending
    } else {
        Tone::Ok
    }
}
