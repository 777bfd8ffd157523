//! Containers whose configuration cannot be put together.

use kubegraf_ipc::incident::Severity;

use super::super::{
    containers, evidence,
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::Object;

/// `container_config_error`
pub(super) struct ContainerConfigError;

impl Detector for ContainerConfigError {
    fn r#type(&self) -> &'static str {
        "container_config_error"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Pods]
    }
    fn threshold(&self) -> i64 {
        0
    }
    fn doc(&self) -> &'static str {
        "a container waits with CreateContainerConfigError"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let pods = graph
            .suspects()
            .filter(|pod| !containers::quiet(pod, self.r#type()));
        pods.flat_map(containers::of)
            .filter_map(|container| {
                let waiting = container.waiting()?;
                let pod = container.pod;
                let begun = pod.status.start_time.or(pod.metadata.created);
                (waiting.reason == "CreateContainerConfigError").then(|| Signal {
                    r#type: self.r#type(),
                    object: pod.reference(),
                    owner: graph.owner(pod),
                    container: Some(container.name()),
                    first_seen: begun.unwrap_or_else(|| graph.now()),
                    evidence: vec![
                        container.observed("state.waiting.reason", &waiting.reason, begun),
                        container.observed(
                            "state.waiting.message",
                            evidence::masked(&waiting.message),
                            begun,
                        ),
                    ],
                    place: Place::Pod(pod),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, pod};

    #[test]
    fn a_missing_reference_is_seen_at_once() {
        let message = "secret \"db\" not found";
        let scene = Scene::of([pod("web")
            .created(2)
            .waiting("CreateContainerConfigError", message)
            .into()]);
        assert_eq!(fixtures::types(&scene), ["container_config_error"]);
        let going = pod("web")
            .waiting("CreateContainerConfigError", message)
            .deleted(1);
        assert!(Scene::of([going.into()]).evaluate().is_empty());
    }
}
