//! Containers whose image does not arrive.

use super::super::{containers::Seen, evidence, signal::Signal};
use super::{Look, detector};
use crate::objects::condition;

/// What the kubelet waits with once a pull has failed for good or again.
const FINAL: &[&str] = &[
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

detector!(
    ImagePullError,
    "image_pull_error",
    High,
    [Pods],
    60,
    "a container waits with ImagePullBackOff, InvalidImageName, ErrImageNeverPull, ImageInspectError, RegistryUnavailable or SignatureValidationFailed; with ErrImagePull after a second attempt, a back-off or one minute",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.containers()
        .filter_map(|container| find(look, container))
        .collect()
}

fn find<'a>(look: Look<'_, 'a>, container: Seen<'a>) -> Option<Signal<'a>> {
    let waiting = container.waiting()?;
    let reason = waiting.reason.as_str();
    if reason != "ErrImagePull" && !FINAL.contains(&reason) {
        return None;
    }
    let events: Vec<_> = container
        .events(look.graph)
        .filter(|event| event.r#type == "Warning" || event.reason == "BackOff")
        .filter(|event| {
            matches!(
                event.reason.as_str(),
                "Failed" | "BackOff" | "InspectFailed" | "ErrImageNeverPull"
            )
        })
        .collect();
    let pod = container.pod;
    let begun = events
        .iter()
        .filter_map(|event| event.first_seen())
        .min()
        .or_else(|| {
            condition(&pod.status.conditions, "ContainersReady")
                .filter(|condition| condition.status == "False")
                .and_then(|condition| condition.last_transition_time)
        })
        .or(pod.status.start_time)
        .or(pod.metadata.created);
    let pulls: u32 = events
        .iter()
        .filter(|event| event.reason == "Failed" && event.message.contains("ull image"))
        .map(|event| event.times())
        .sum();
    let again = pulls >= 2 || events.iter().any(|event| event.reason == "BackOff");
    if reason == "ErrImagePull" && !again && !look.lasted(begun) {
        return None;
    }
    let mut evidence = vec![container.observed("state.waiting.reason", reason, begun)];
    if !waiting.message.is_empty() {
        let message = evidence::masked(&waiting.message);
        evidence.push(container.observed("state.waiting.message", message, begun));
    }
    evidence.push(container.asked("image", container.image()));
    let pulled = events
        .iter()
        .rev()
        .find(|event| event.message.contains("ull image"));
    evidence.extend(pulled.or(events.last()).map(|event| evidence::event(event)));
    Some(look.container(container, begun, evidence))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, ago, pod};

    fn check(scene: &Scene, expected: &[&str]) {
        assert_eq!(fixtures::types(scene), expected);
    }

    /// Covers: INC-07, INC-02
    #[test]
    fn a_failed_pull_is_seen_in_each_of_its_forms() {
        for reason in [
            "ImagePullBackOff",
            "InvalidImageName",
            "ErrImageNeverPull",
            "ImageInspectError",
            "RegistryUnavailable",
            "SignatureValidationFailed",
        ] {
            check(
                &Scene::of([pod("web").waiting(reason, "x").into()]),
                &["image_pull_error"],
            );
        }
    }

    /// Covers: INC-07
    #[test]
    fn the_first_failed_pull_is_given_a_minute() {
        let young = pod("web").created(20).waiting("ErrImagePull", "x");
        check(&Scene::of([young.clone().into()]), &[]);
        check(
            &Scene::of([pod("web").created(61).waiting("ErrImagePull", "x").into()]),
            &["image_pull_error"],
        );
        let event = |count| {
            fixtures::event(
                "web",
                "Failed",
                "Failed to pull image \"reg.io/web:v1\": not found",
            )
            .seen(18, 2, count)
        };
        check(&Scene::of([young.clone().into(), event(1).into()]), &[]);
        check(
            &Scene::of([young.into(), event(2).into()]),
            &["image_pull_error"],
        );
    }

    #[test]
    fn pods_that_go_come_or_are_ignored_stay_quiet() {
        check(
            &Scene::of([pod("web").waiting("ContainerCreating", "").into()]),
            &[],
        );
        check(
            &Scene::of([pod("web")
                .waiting("ImagePullBackOff", "x")
                .deleted(5)
                .into()]),
            &[],
        );
        let ignored = pod("web")
            .waiting("ImagePullBackOff", "x")
            .annotation("kubegraf.io/ignore", "oom_killed, image_pull_error");
        check(&Scene::of([ignored.into()]), &[]);
    }

    #[test]
    fn the_onset_is_the_first_failure() {
        let scene = Scene::of([
            pod("web")
                .created(900)
                .waiting("ImagePullBackOff", "x")
                .into(),
            fixtures::event("web", "Failed", "Failed to pull image \"x\"")
                .seen(300, 10, 7)
                .into(),
        ]);
        let found = scene.evaluate();
        assert_eq!(found[0].first_seen, ago(300));
    }
}
