//! Containers whose configuration cannot be put together.

use super::super::{evidence::masked, signal::Signal};
use super::{Look, detector};

detector!(
    ContainerConfigError,
    "container_config_error",
    High,
    [Pods],
    0,
    "a container waits with CreateContainerConfigError",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.containers()
        .filter_map(|container| {
            let waiting = container
                .waiting()
                .filter(|waiting| waiting.reason == "CreateContainerConfigError")?;
            let pod = container.pod;
            let begun = pod.status.start_time.or(pod.metadata.created);
            let message = masked(&waiting.message);
            let evidence = vec![
                container.observed("state.waiting.reason", &waiting.reason, begun),
                container.observed("state.waiting.message", message, begun),
            ];
            Some(look.container(container, begun, evidence))
        })
        .collect()
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
