//! Services.

use kubegraf_ipc::object::Tone;

use super::{ColumnDef, Kind, NONE, Printed, labels, or_none, text};
use crate::objects::{Service, ServicePort};

/// Services.
pub struct Services;

impl Kind for Services {
    type Object = Service;
    const TITLE: &'static str = "Services";
    const NAMESPACED: bool = true;
    const COLUMNS: &'static [ColumnDef] = &[
        ColumnDef::text("NAME"),
        ColumnDef::text("TYPE"),
        ColumnDef::text("CLUSTER-IP"),
        ColumnDef::text("EXTERNAL-IP"),
        ColumnDef::text("PORT(S)"),
        ColumnDef::number("AGE"),
        ColumnDef::wide("SELECTOR"),
    ];
    const FACET: Option<usize> = Some(1);

    fn row(service: &Service) -> (Vec<Printed<'_>>, Tone) {
        let spec = &service.spec;
        let external = external(service);
        let tone = if external == PENDING {
            Tone::Pending
        } else {
            Tone::Neutral
        };
        let ports: Vec<_> = spec.ports.iter().map(port).collect();
        let cells = vec![
            text(&*service.metadata.name),
            text(&*spec.r#type),
            or_none(spec.cluster_ips.first().map_or("", String::as_str)),
            text(external),
            or_none(ports.join(",")),
            Printed::Age(service.metadata.created),
            labels(&spec.selector),
        ];
        (cells, tone)
    }
}

const PENDING: &str = "<pending>";

fn external(service: &Service) -> String {
    let spec = &service.spec;
    if spec.r#type == "ExternalName" {
        return spec.external_name.clone();
    }
    let balanced = service.status.load_balancer.ingress.iter().map(|ingress| {
        if ingress.ip.is_empty() {
            ingress.hostname.as_str()
        } else {
            ingress.ip.as_str()
        }
    });
    let is_balanced = spec.r#type == "LoadBalancer";
    let mut addresses: Vec<&str> = balanced.filter(|_| is_balanced).collect();
    addresses.extend(spec.external_ips.iter().map(String::as_str));
    match (addresses.is_empty(), is_balanced) {
        (false, _) => addresses.join(","),
        (true, true) => PENDING.into(),
        (true, false) => NONE.into(),
    }
}

fn port(port: &ServicePort) -> String {
    match port.node_port {
        0 => format!("{}/{}", port.port, port.protocol),
        node_port => format!("{}:{node_port}/{}", port.port, port.protocol),
    }
}
