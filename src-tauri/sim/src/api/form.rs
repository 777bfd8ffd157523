//! The forms an answer can take: whole objects, metadata only, or a table.

use std::sync::Arc;

use serde_json::{Value, json};

use super::table;
use crate::clock::Millis;
use crate::kinds::{Form as Source, Kind, KindId};
use crate::object::Fields;
use crate::store::Object;

/// What the client accepts, best first choice taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accept {
    Whole,
    Table,
    /// `PartialObjectMetadata`.
    Metadata,
    /// Aggregated discovery.
    Discovery,
}

impl Accept {
    pub(crate) fn parse(header: &str) -> Self {
        for choice in header.split(',') {
            let part = |key: &str| {
                choice
                    .split(';')
                    .map(str::trim)
                    .find_map(|p| p.strip_prefix(key))
                    .unwrap_or_default()
            };
            match (
                choice.split(';').next().unwrap_or_default().trim(),
                part("as="),
            ) {
                ("application/json", "Table") => return Self::Table,
                ("application/json", "PartialObjectMetadata" | "PartialObjectMetadataList") => {
                    return Self::Metadata;
                }
                ("application/json", "APIGroupDiscoveryList") if part("v=") == "v2" => {
                    return Self::Discovery;
                }
                ("application/json" | "*/*" | "application/*", "") => return Self::Whole,
                _ => {}
            }
        }
        Self::Whole
    }
}

/// How objects of one kind are written for one client.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    accept: Accept,
    kind: KindId,
    row: Kind,
    /// Columns of a custom kind, from its definition.
    custom: Arc<Vec<Value>>,
    include: Include,
    headers_sent: bool,
}

/// What a table row carries of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Include {
    Nothing,
    Metadata,
    Whole,
}

impl Writer {
    pub(crate) fn new(
        accept: Accept,
        kind: KindId,
        row: &Kind,
        custom: Vec<Value>,
        include: &str,
    ) -> Self {
        let include = match include {
            "None" => Include::Nothing,
            "Object" => Include::Whole,
            _ => Include::Metadata,
        };
        Self {
            accept,
            kind,
            row: row.clone(),
            custom: Arc::new(custom),
            include,
            headers_sent: false,
        }
    }

    pub(crate) fn one(&self, o: &Value, now: Millis) -> Value {
        match self.accept {
            Accept::Table => self.table(
                &[o],
                now,
                &json!({"resourceVersion": o.text("/metadata/resourceVersion")}),
            ),
            Accept::Metadata => partial(o),
            _ => o.clone(),
        }
    }

    /// An object inside a watch event: tables carry their columns in the first event only.
    pub(crate) fn event_object(&mut self, o: &Value, now: Millis) -> Value {
        let mut v = self.one(o, now);
        if self.accept == Accept::Table {
            if self.headers_sent {
                v["columnDefinitions"] = Value::Null;
            }
            self.headers_sent = true;
        }
        v
    }

    /// The object of a bookmark event.
    pub(crate) fn bookmark(&mut self, revision: u64, initial_end: bool, now: Millis) -> Value {
        let mut metadata =
            json!({"resourceVersion": revision.to_string(), "creationTimestamp": null});
        if initial_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let bare = json!({"kind": self.row.kind, "apiVersion": self.row.api_version(), "metadata": metadata});
        match self.accept {
            Accept::Whole | Accept::Discovery => bare,
            _ => self.event_object(&bare, now),
        }
    }

    pub(crate) fn list(&self, items: &[Object], metadata: &Value, now: Millis) -> Vec<u8> {
        if self.accept == Accept::Table {
            let items: Vec<&Value> = items.iter().map(|o| &**o).collect();
            return self.table(&items, now, metadata).to_string().into_bytes();
        }
        let (kind, version) = match self.accept {
            Accept::Metadata => (
                "PartialObjectMetadataList".to_owned(),
                "meta.k8s.io/v1".to_owned(),
            ),
            _ => (format!("{}List", self.row.kind), self.row.api_version()),
        };
        let head = json!({"kind": kind, "apiVersion": version, "metadata": metadata}).to_string();
        let mut out = head.into_bytes();
        out.pop();
        out.extend_from_slice(b",\"items\":[");
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            match self.accept {
                Accept::Metadata => out.extend_from_slice(partial(item).to_string().as_bytes()),
                // Items of a built-in list do not repeat their kind.
                _ if self.row.form == Source::Custom => {
                    out.extend_from_slice(item.to_string().as_bytes())
                }
                _ => write_without_type(item, &mut out),
            }
        }
        out.extend_from_slice(b"]}");
        out
    }

    fn table(&self, items: &[&Value], now: Millis, metadata: &Value) -> Value {
        let columns = table::columns(self.kind, &self.custom);
        let rows: Vec<Value> = items
            .iter()
            .map(|o| {
                let mut row = json!({"cells": table::cells(self.kind, &self.custom, o, now)});
                match self.include {
                    Include::Nothing => row["object"] = Value::Null,
                    Include::Metadata => row["object"] = partial(o),
                    Include::Whole => row["object"] = (*o).clone(),
                }
                row
            })
            .collect();
        json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns, "rows": rows})
    }
}

fn partial(o: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o.get("metadata")})
}

fn write_without_type(o: &Value, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    for (k, v) in o.as_object().into_iter().flatten() {
        if matches!(k.as_str(), "kind" | "apiVersion") {
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(Value::from(k.as_str()).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(v.to_string().as_bytes());
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_choice_wins() {
        assert_eq!(
            Accept::parse("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"),
            Accept::Table
        );
        assert_eq!(
            Accept::parse("application/vnd.kubernetes.protobuf,application/json"),
            Accept::Whole
        );
        assert_eq!(Accept::parse(""), Accept::Whole);
    }
}
