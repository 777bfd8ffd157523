//! Events.

use kubegraf_ipc::object::Tone;

use super::{ColumnDef, Kind, Printed, text};
use crate::objects::{Event, Text};

/// Events.
pub struct Events;

impl Kind for Events {
    type Object = Event;
    const TITLE: &'static str = "Events";
    const NAMESPACED: bool = true;
    const COLUMNS: &'static [ColumnDef] = &[
        ColumnDef::number("LAST SEEN"),
        ColumnDef::text("TYPE"),
        ColumnDef::text("REASON"),
        ColumnDef::text("OBJECT"),
        ColumnDef::wide("SUBOBJECT"),
        ColumnDef::wide("SOURCE"),
        ColumnDef::text("MESSAGE"),
        ColumnDef {
            name: "FIRST SEEN",
            wide: true,
            numeric: true,
        },
        ColumnDef {
            name: "COUNT",
            wide: true,
            numeric: true,
        },
        ColumnDef::wide("NAME"),
    ];
    const FACET: Option<usize> = Some(1);

    fn row(event: &Event) -> (Vec<Printed<'_>>, Tone) {
        let about = &event.involved_object;
        let kind = about.kind.to_lowercase();
        let object = if about.name.is_empty() {
            kind
        } else {
            format!("{kind}/{}", about.name)
        };
        let component = given(&event.source.component, &event.reporting_component);
        let instance = given(&event.source.host, &event.reporting_instance);
        let source = if instance.is_empty() {
            component.to_string()
        } else {
            format!("{component}, {instance}")
        };
        let cells = vec![
            Printed::Age(event.said_last()),
            text(&*event.r#type),
            text(&*event.reason),
            text(object),
            text(&*about.field_path),
            text(source),
            text(event.message.trim()),
            Printed::Age(event.said_first()),
            text(event.times().to_string()),
            text(&*event.metadata.name),
        ];
        let tone = if event.r#type == "Warning" {
            Tone::Warn
        } else {
            Tone::Neutral
        };
        (cells, tone)
    }

    fn field(event: &Event, path: &str) -> Option<Text> {
        let about = &event.involved_object;
        match path {
            "involvedObject.kind" => Some(about.kind.clone()),
            "involvedObject.namespace" => Some(about.namespace.clone()),
            "involvedObject.name" => Some(about.name.clone()),
            "involvedObject.uid" => Some(about.uid.clone()),
            "involvedObject.apiVersion" => Some(about.api_version.clone()),
            "involvedObject.fieldPath" => Some(about.field_path.clone()),
            "reason" => Some(event.reason.clone()),
            "reportingComponent" => Some(event.reporting_component.clone()),
            "source" => Some(event.source.component.clone()),
            "type" => Some(event.r#type.clone()),
            _ => None,
        }
    }
}

/// What an event of the older API says, else what one of the newer does.
fn given<'a>(older: &'a Text, newer: &'a Text) -> &'a Text {
    if older.is_empty() { newer } else { older }
}
