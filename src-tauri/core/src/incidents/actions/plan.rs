//! Steps for a person, per cause. The app never runs them.

use super::{Built, Case};

/// The steps of a cause; `{kind}`, `{name}`, `{namespace}`, `{container}`, `{pod}`, `{node}` and
/// `{image}` are filled in.
const STEPS: &[(&str, &str, &[&str])] = &[
    (
        "image_name_invalid",
        "Correct the image name",
        &[
            "Find the image name that was meant",
            "kubectl -n {namespace} set image {kind}/{name} {container}=<image>",
        ],
    ),
    (
        "image_tag_not_found",
        "Publish the tag or name another one",
        &[
            "List the tags of the repository of \"{image}\" in its registry",
            "Push the missing tag, or: kubectl -n {namespace} set image {kind}/{name} {container}=<image>",
        ],
    ),
    (
        "image_registry_auth",
        "Give the workload credentials for the registry",
        &[
            "kubectl -n {namespace} create secret docker-registry <secret> --docker-server=<registry> --docker-username=<user> --docker-password=<password>",
            "Add the Secret to spec.template.spec.imagePullSecrets of {kind}/{name}",
        ],
    ),
    (
        "image_registry_rate_limited",
        "Pull with an account, or from a mirror",
        &[
            "Wait until the limit is lifted; the kubelet tries again by itself",
            "To prevent it, add imagePullSecrets of an account to {kind}/{name}, or name a mirror in the image",
        ],
    ),
    (
        "image_registry_tls",
        "Make the node trust the registry's certificate",
        &[
            "Check the certificate's dates and issuer: openssl s_client -connect <registry>:443 -showcerts",
            "Add the issuer to the container runtime of node {node}, or renew the certificate",
        ],
    ),
    (
        "image_registry_unreachable",
        "Make the registry reachable from the node",
        &[
            "On node {node}: look the registry's name up and connect to it",
            "Correct the name in the image \"{image}\", or mend DNS, proxy or firewall; the kubelet tries again by itself",
        ],
    ),
    (
        "image_platform_mismatch",
        "Build the image for the node, or choose other nodes",
        &[
            "Build and push \"{image}\" for the nodes' processor",
            "Or set spec.template.spec.nodeSelector kubernetes.io/arch of {kind}/{name} to one the image has",
        ],
    ),
    (
        "image_never_pulled",
        "Let the image be pulled, or bring it to the node",
        &[
            "Set imagePullPolicy of container \"{container}\" to IfNotPresent",
            "Or load \"{image}\" into the container runtime of node {node}",
        ],
    ),
    (
        "image_signature_rejected",
        "Sign the image, or run a signed one",
        &[
            "Check who signed \"{image}\" and whom the node's policy accepts",
            "Sign and push the image again, or name a signed one",
        ],
    ),
    (
        "image_store_failed",
        "Mend the image store of the node",
        &[
            "kubectl cordon {node}",
            "On node {node}: free disk space, check the container runtime and its image store",
            "kubectl uncordon {node}",
        ],
    ),
    (
        "memory_limit_too_low",
        "Raise the memory limit",
        &[
            "Find out how much container \"{container}\" needs: kubectl -n {namespace} top pod {pod} --containers",
            "Raise resources.limits.memory of container \"{container}\" of {kind}/{name}",
        ],
    ),
    (
        "node_memory_exhausted",
        "Make room on the node",
        &[
            "kubectl top pod -A --sort-by=memory",
            "Set memory requests and limits on {kind}/{name}, so that the scheduler counts it",
        ],
    ),
    (
        "command_not_found",
        "Correct the command",
        &[
            "Find the program's path in the image \"{image}\"",
            "Correct command and args of container \"{container}\" of {kind}/{name}",
        ],
    ),
    (
        "command_not_executable",
        "Make the command executable",
        &[
            "Check the mode and the processor of the program in the image \"{image}\"",
            "Correct the image, or command and args of container \"{container}\" of {kind}/{name}",
        ],
    ),
    (
        "kubelet_down",
        "Bring the kubelet back",
        &[
            "Check that machine {node} runs and answers on the network",
            "On node {node}: systemctl status kubelet; journalctl -u kubelet -n 100",
            "On node {node}: systemctl restart kubelet",
            "If the machine is lost: kubectl drain {node} --ignore-daemonsets --force, then delete the node",
        ],
    ),
    (
        "container_runtime_down",
        "Bring the container runtime back",
        &[
            "On node {node}: systemctl status containerd; journalctl -u containerd -n 100",
            "On node {node}: systemctl restart containerd",
        ],
    ),
    (
        "network_plugin_down",
        "Bring the pod network back",
        &[
            "kubectl -n kube-system get pods -o wide --field-selector spec.nodeName={node}",
            "On node {node}: check that /etc/cni/net.d has a configuration and /opt/cni/bin its plugins",
        ],
    ),
    (
        "node_memory_pressure",
        "Free memory on the node",
        &[
            "kubectl top pod -A --sort-by=memory",
            "Move or limit the largest pods of node {node}",
        ],
    ),
    (
        "node_disk_pressure",
        "Free disk space on the node",
        &[
            "On node {node}: df -h; crictl rmi --prune",
            "Check logs and emptyDir volumes of its pods",
        ],
    ),
    (
        "node_pid_pressure",
        "Free process ids on the node",
        &[
            "On node {node}: find the pod with the most processes",
            "Restart it, and set podPidsLimit in the kubelet's configuration",
        ],
    ),
];

/// Where no cause is known, or none has steps of its own.
const LOOK: &[&str] = &[
    "kubectl -n {namespace} describe pod {pod}",
    "kubectl -n {namespace} logs {pod} -c {container} --previous --tail=100",
    "kubectl -n {namespace} get events --sort-by=.lastTimestamp",
];

pub(super) fn build(case: &Case<'_, '_>) -> Option<Built> {
    let row = STEPS.iter().find(|(cause, ..)| *cause == case.cause);
    let (description, steps) =
        row.map_or(("Look closer", LOOK), |(_, what, steps)| (*what, *steps));
    let owner = &case.signal.owner;
    let pod = case.signal.pod();
    let container = case.signal.container.unwrap_or_default();
    let image = pod
        .and_then(|pod| crate::incidents::containers::named(pod, container))
        .map_or("", crate::incidents::containers::Seen::image);
    let node = pod.map_or(owner.name.as_str(), |pod| pod.node_name.as_str());
    let values = [
        ("{kind}", owner.kind.to_lowercase()),
        ("{name}", owner.name.clone()),
        ("{namespace}", owner.namespace.clone()),
        ("{container}", container.to_owned()),
        (
            "{pod}",
            pod.map(|pod| pod.metadata.name.to_string())
                .unwrap_or_default(),
        ),
        ("{node}", node.to_owned()),
        ("{image}", image.to_owned()),
    ];
    // A step about something this incident does not have would only mislead.
    let usable = |step: &&&str| {
        values
            .iter()
            .all(|(key, value)| !value.is_empty() || !step.contains(key))
    };
    let lines: Vec<String> = steps
        .iter()
        .filter(usable)
        .enumerate()
        .map(|(i, step)| {
            let step = values
                .iter()
                .fold((*step).to_owned(), |text, (key, value)| {
                    text.replace(key, value)
                });
            format!("{}. {step}", i + 1)
        })
        .collect();
    let target = case.candidate.map_or(owner, |candidate| &candidate.target);
    (!lines.is_empty()).then(|| Built {
        description: description.to_owned(),
        preview: lines.join("\n"),
        target: target.clone(),
        patch: None,
    })
}
