//! Which pod and which port of it a forward leads to right now.

use http::Request;
use kube::{Client, client::Body};
use kubegraf_ipc::{
    Code, Error,
    forward::OfferedPort,
    object::{Freshness, ObjectRef},
};

use crate::{
    kinds::Pods,
    logs::Wanted,
    objects::{IntOrString, Pod, Service, condition},
    watch::Subscription,
};

/// Where a forward leads.
#[derive(Clone, Debug)]
pub(super) struct Target {
    wanted: Wanted,
    port: Port,
}

/// A port of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    Number(u16),
    /// The name a container gives it; its number may differ from pod to pod.
    Named(String),
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) uid: String,
    pub(super) port: u16,
}

impl Target {
    /// Finds out what an object and a port of it mean.
    ///
    /// # Errors
    /// When there is no such object or no such port.
    pub(super) async fn of(client: &Client, object: &ObjectRef, port: &str) -> Result<Self, Error> {
        // A pod of a StatefulSet comes back under its name.
        let by_name = ObjectRef {
            uid: None,
            ..object.clone()
        };
        let wanted = Wanted::of_object(client, &by_name).await?;
        let port = port.trim();
        let port = if object.kind == "Service" {
            of_service(&service(client, object).await?, port)?
        } else {
            match port.parse() {
                Ok(number) if number > 0 => Port::Number(number),
                Ok(_) => return Err(no_port(port, object)),
                Err(_) if port.is_empty() || port.bytes().all(|b| b.is_ascii_digit()) => {
                    return Err(no_port(port, object));
                }
                Err(_) => Port::Named(port.to_owned()),
            }
        };
        Ok(Self { wanted, port })
    }

    /// The pod a connection leads to now; the one before is kept while it is ready.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub(super) fn choose(
        &self,
        pods: &Subscription<Pods>,
        before: Option<&Place>,
    ) -> Result<Place, String> {
        match pods.freshness() {
            Freshness::Loading { .. } => return Err("the pods are not known yet".into()),
            Freshness::Forbidden { .. } => return Err("you may not list the pods here".into()),
            Freshness::Live | Freshness::Reconnecting { .. } => {}
        }
        let objects = pods.objects();
        let mut some = false;
        let mut unnamed = None;
        let mut best: Option<(&Pod, u16)> = None;
        for pod in objects.iter().filter(|pod| self.wanted.holds(pod)) {
            some = true;
            if !is_ready(pod) {
                continue;
            }
            let Some(port) = self.port_of(pod) else {
                unnamed = Some(pod);
                continue;
            };
            if before.is_some_and(|before| pod.metadata.uid == before.uid.as_str()) {
                return Ok(place(pod, port));
            }
            let newer = best.is_none_or(|(best, _)| pod.metadata.created > best.metadata.created);
            if newer {
                best = Some((pod, port));
            }
        }
        match (best, unnamed, some) {
            (Some((pod, port)), _, _) => Ok(place(pod, port)),
            (None, Some(pod), _) => Err(format!(
                "no container of pod \"{}\" has a port named \"{}\"",
                pod.metadata.name,
                match &self.port {
                    Port::Named(name) => name.as_str(),
                    Port::Number(_) => "",
                }
            )),
            (None, None, true) => Err("no pod is ready".into()),
            (None, None, false) => Err("there is no pod".into()),
        }
    }

    fn port_of(&self, pod: &Pod) -> Option<u16> {
        match &self.port {
            Port::Number(number) => Some(*number),
            Port::Named(name) => {
                let mut ports = pod.spec.containers.iter().flat_map(|c| &c.ports);
                ports
                    .find(|port| port.name == *name)
                    .map(|port| port.container_port)
            }
        }
    }
}

/// Whether a pod still lives: its connections end with it.
pub(super) fn lives(pods: &Subscription<Pods>, place: &Place) -> bool {
    let objects = pods.objects();
    let key = (place.namespace.as_str(), place.pod.as_str());
    objects
        .binary_search_by(|pod| pod.metadata.key().cmp(&key))
        .is_ok_and(|index| {
            let pod = &objects[index];
            let over = matches!(&*pod.status.phase, "Succeeded" | "Failed");
            pod.metadata.uid == place.uid.as_str() && !over
        })
}

fn is_ready(pod: &Pod) -> bool {
    let ready = condition(&pod.status.conditions, "Ready");
    pod.metadata.deleted.is_none() && ready.is_some_and(|ready| ready.status == "True")
}

fn place(pod: &Pod, port: u16) -> Place {
    Place {
        namespace: pod.metadata.namespace.to_string(),
        pod: pod.metadata.name.to_string(),
        uid: pod.metadata.uid.to_string(),
        port,
    }
}

fn no_port(port: &str, object: &ObjectRef) -> Error {
    let message = format!(
        "\"{port}\" is no port of {} \"{}\"",
        object.kind, object.name
    );
    Error::new(Code::InvalidArgument, message)
}

fn of_service(service: &Service, asked: &str) -> Result<Port, Error> {
    let ports = &service.spec.ports;
    let found = ports.iter().find(|port| {
        (!port.name.is_empty() && port.name == asked) || port.port.to_string() == asked
    });
    let Some(port) = found else {
        let known: Vec<String> = ports.iter().map(|port| port.port.to_string()).collect();
        let message = format!(
            "Service \"{}\" has no port \"{asked}\", but {}",
            service.metadata.name,
            known.join(", ")
        );
        return Err(Error::new(Code::InvalidArgument, message));
    };
    if !matches!(port.protocol.as_str(), "" | "TCP") {
        let message = format!(
            "port \"{asked}\" is {}: only TCP can be forwarded",
            port.protocol
        );
        return Err(Error::new(Code::InvalidArgument, message));
    }
    Ok(match &port.target_port {
        Some(IntOrString::Int(number)) if *number > 0 => {
            Port::Number(u16::try_from(*number).unwrap_or(port.port))
        }
        Some(IntOrString::Text(name)) if !name.is_empty() => match name.parse() {
            Ok(number) => Port::Number(number),
            Err(_) => Port::Named(name.clone()),
        },
        Some(_) | None => Port::Number(port.port),
    })
}

async fn service(client: &Client, object: &ObjectRef) -> Result<Service, Error> {
    let path = format!(
        "/api/v1/namespaces/{}/services/{}",
        object.namespace, object.name
    );
    let request = Request::get(path)
        .body(Body::empty())
        .map_err(|error| Error::new(Code::InvalidArgument, error.to_string()))?;
    let failed = |error: String| {
        let message = format!("Service \"{}\" cannot be read", object.name);
        Error::new(Code::Unreachable, message)
            .with_detail(error)
            .retryable()
    };
    let answer = client
        .send(request)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    let bytes = answer.into_body().collect_bytes().await;
    let bytes = bytes.map_err(|error| failed(error.to_string()))?;
    if !status.is_success() {
        return Err(failed(status.to_string()));
    }
    serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))
}

/// The ports that an object declares.
///
/// # Errors
/// When there is no such object.
pub(super) async fn offered(
    client: &Client,
    pods: &Subscription<Pods>,
    object: &ObjectRef,
) -> Result<Vec<OfferedPort>, Error> {
    let wanted = Wanted::of_object(client, object).await?;
    if object.kind == "Service" {
        let service = service(client, object).await?;
        let ports = service.spec.ports.iter();
        let tcp = ports.filter(|port| matches!(port.protocol.as_str(), "" | "TCP"));
        return Ok(tcp
            .map(|port| OfferedPort {
                port: port.port,
                name: port.name.clone(),
                container: String::new(),
            })
            .collect());
    }
    let mut changes = pods.changes();
    while matches!(pods.freshness(), Freshness::Loading { .. }) {
        if changes.changed().await.is_err() {
            break;
        }
    }
    let objects = pods.objects();
    let mut offered: Vec<OfferedPort> = Vec::new();
    for pod in objects.iter().filter(|pod| wanted.holds(pod)) {
        for container in &pod.spec.containers {
            for port in &container.ports {
                let one = OfferedPort {
                    port: port.container_port,
                    name: port.name.clone(),
                    container: container.name.clone(),
                };
                if matches!(port.protocol.as_str(), "" | "TCP") && !offered.contains(&one) {
                    offered.push(one);
                }
            }
        }
    }
    Ok(offered)
}
