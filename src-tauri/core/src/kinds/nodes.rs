//! Nodes.

use std::borrow::Cow;

use kubegraf_ipc::object::Tone;

use super::{ColumnDef, Kind, Printed, or, or_none, text};
use crate::objects::{Node, NodeInfo, Text, condition};

/// Nodes.
pub struct Nodes;

impl Kind for Nodes {
    type Object = Node;
    const TITLE: &'static str = "Nodes";
    const NAMESPACED: bool = false;
    const COLUMNS: &'static [ColumnDef] = &[
        ColumnDef::text("NAME"),
        ColumnDef::text("STATUS"),
        ColumnDef::text("ROLES"),
        ColumnDef::number("AGE"),
        ColumnDef::text("VERSION"),
        ColumnDef::wide("INTERNAL-IP"),
        ColumnDef::wide("EXTERNAL-IP"),
        ColumnDef::wide("OS-IMAGE"),
        ColumnDef::wide("KERNEL-VERSION"),
        ColumnDef::wide("CONTAINER-RUNTIME"),
    ];
    const FACET: Option<usize> = Some(1);

    fn row(node: &Node) -> (Vec<Printed<'_>>, Tone) {
        let info = &node.status.node_info;
        let status = status(node);
        let tone = match status.as_str() {
            "Ready" => Tone::Ok,
            "Ready,SchedulingDisabled" => Tone::Warn,
            _ => Tone::Bad,
        };
        let cells = vec![
            text(&*node.metadata.name),
            text(status),
            or_none(roles(node)),
            Printed::Age(node.metadata.created),
            text(&*info.kubelet_version),
            or_none(address(node, "InternalIP")),
            or_none(address(node, "ExternalIP")),
            or_unknown(&*info.os_image),
            or_unknown(kernel(info)),
            or_unknown(&*info.container_runtime_version),
        ];
        (cells, tone)
    }

    fn field(node: &Node, path: &str) -> Option<Text> {
        (path == "spec.unschedulable").then(|| node.spec.unschedulable.to_string().into())
    }
}

fn status(node: &Node) -> String {
    let ready = match condition(&node.status.conditions, "Ready") {
        Some(ready) if ready.status == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if node.spec.unschedulable {
        format!("{ready},SchedulingDisabled")
    } else {
        ready.into()
    }
}

fn roles(node: &Node) -> String {
    let mut roles: Vec<&str> = node
        .metadata
        .labels
        .iter()
        .filter_map(
            |(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                Some(role) => Some(role),
                None => (key == "kubernetes.io/role").then_some(value.as_str()),
            },
        )
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles.join(",")
}

fn address<'a>(node: &'a Node, r#type: &str) -> &'a str {
    node.status
        .addresses
        .iter()
        .find(|a| a.r#type == r#type)
        .map_or("", |a| &a.address)
}

/// `6.1.0 (amd64)`, as kubectl prints it since 1.36.
fn kernel(info: &NodeInfo) -> String {
    match (info.kernel_version.as_str(), info.architecture.as_str()) {
        ("", _) | (_, "") => info.kernel_version.clone(),
        (kernel, architecture) => format!("{kernel} ({architecture})"),
    }
}

fn or_unknown<'a>(value: impl Into<Cow<'a, str>>) -> Printed<'a> {
    or("<unknown>", value)
}
