//! The steps, one row per cause.

use super::Row;

/// The steps of a cause; `{kind}`, `{name}`, `{namespace}`, `{container}`, `{pod}`, `{node}`, `{image}`
/// and `{target}` are filled in.
pub(super) const STEPS: &[Row] = &[
    Row::written(
        "image_name_invalid",
        "Correct the image name",
        &[
            "Find the image name that was meant",
            "kubectl -n {namespace} set image {kind}/{name} {container}=<image>",
        ],
    ),
    Row::written(
        "image_tag_not_found",
        "Publish the tag or name another one",
        &[
            "List the tags of the repository of \"{image}\" in its registry",
            "Push the missing tag, or: kubectl -n {namespace} set image {kind}/{name} {container}=<image>",
        ],
    ),
    Row::written(
        "image_registry_auth",
        "Give the workload credentials for the registry",
        &[
            "kubectl -n {namespace} create secret docker-registry <secret> --docker-server=<registry> --docker-username=<user> --docker-password=<password>",
            "Add the Secret to spec.template.spec.imagePullSecrets of {kind}/{name}",
        ],
    ),
    Row::written(
        "image_registry_rate_limited",
        "Pull with an account, or from a mirror",
        &[
            "Wait until the limit is lifted; the kubelet tries again by itself",
            "To prevent it, add imagePullSecrets of an account to {kind}/{name}, or name a mirror in the image",
        ],
    ),
    Row::written(
        "image_registry_tls",
        "Make the node trust the registry's certificate",
        &[
            "Check the certificate's dates and issuer: openssl s_client -connect <registry>:443 -showcerts",
            "Add the issuer to the container runtime of node {node}, or renew the certificate",
        ],
    ),
    Row::written(
        "image_registry_unreachable",
        "Make the registry reachable from the node",
        &[
            "On node {node}: look the registry's name up and connect to it",
            "Correct the name in the image \"{image}\", or mend DNS, proxy or firewall; the kubelet tries again by itself",
        ],
    ),
    Row::written(
        "image_platform_mismatch",
        "Build the image for the node, or choose other nodes",
        &[
            "Build and push \"{image}\" for the nodes' processor",
            "Or set spec.template.spec.nodeSelector kubernetes.io/arch of {kind}/{name} to one the image has",
        ],
    ),
    Row::written(
        "image_never_pulled",
        "Let the image be pulled, or bring it to the node",
        &[
            "Set imagePullPolicy of container \"{container}\" to IfNotPresent",
            "Or load \"{image}\" into the container runtime of node {node}",
        ],
    ),
    Row::written(
        "image_signature_rejected",
        "Sign the image, or run a signed one",
        &[
            "Check who signed \"{image}\" and whom the node's policy accepts",
            "Sign and push the image again, or name a signed one",
        ],
    ),
    Row::written(
        "image_store_failed",
        "Mend the image store of the node",
        &[
            "kubectl cordon {node}",
            "On node {node}: free disk space, check the container runtime and its image store",
            "kubectl uncordon {node}",
        ],
    ),
    Row::written(
        "memory_limit_too_low",
        "Raise the memory limit",
        &[
            "Find out how much container \"{container}\" needs: kubectl -n {namespace} top pod {pod} --containers",
            "Raise resources.limits.memory of container \"{container}\" of {kind}/{name}",
        ],
    ),
    Row::written(
        "node_memory_exhausted",
        "Make room on the node",
        &[
            "kubectl top pod -A --sort-by=memory",
            "Set memory requests and limits on {kind}/{name}, so that the scheduler counts it",
        ],
    ),
    Row::written(
        "command_not_found",
        "Correct the command",
        &[
            "Find the program's path in the image \"{image}\"",
            "Correct command and args of container \"{container}\" of {kind}/{name}",
        ],
    ),
    Row::written(
        "command_not_executable",
        "Make the command executable",
        &[
            "Check the mode and the processor of the program in the image \"{image}\"",
            "Correct the image, or command and args of container \"{container}\" of {kind}/{name}",
        ],
    ),
    Row::written(
        "kubelet_down",
        "Bring the kubelet back",
        &[
            "Check that machine {node} runs and answers on the network",
            "On node {node}: systemctl status kubelet; journalctl -u kubelet -n 100",
            "On node {node}: systemctl restart kubelet",
            "If the machine is lost: kubectl drain {node} --ignore-daemonsets --force, then delete the node",
        ],
    ),
    Row::written(
        "container_runtime_down",
        "Bring the container runtime back",
        &[
            "On node {node}: systemctl status containerd; journalctl -u containerd -n 100",
            "On node {node}: systemctl restart containerd",
        ],
    ),
    Row::written(
        "network_plugin_down",
        "Bring the pod network back",
        &[
            "kubectl -n kube-system get pods -o wide --field-selector spec.nodeName={node}",
            "On node {node}: check that /etc/cni/net.d has a configuration and /opt/cni/bin its plugins",
        ],
    ),
    Row::written(
        "node_memory_pressure",
        "Free memory on the node",
        &[
            "kubectl top pod -A --sort-by=memory",
            "Move or limit the largest pods of node {node}",
        ],
    ),
    Row::written(
        "node_disk_pressure",
        "Free disk space on the node",
        &[
            "On node {node}: df -h; crictl rmi --prune",
            "Check logs and emptyDir volumes of its pods",
        ],
    ),
    Row::written(
        "node_pid_pressure",
        "Free process ids on the node",
        &[
            "On node {node}: find the pod with the most processes",
            "Restart it, and set podPidsLimit in the kubelet's configuration",
        ],
    ),
    Row::written(
        "image_pull_secret_missing",
        "Create the pull secret",
        &[
            "kubectl -n {namespace} create secret docker-registry <secret> --docker-server=<registry> --docker-username=<user> --docker-password=<password>",
            "The kubelet tries again by itself once the Secret is there",
        ],
    ),
    Row::written(
        "run_as_non_root_conflict",
        "Let the container run as another user",
        &[
            "Find a user of the image that is not root: its documentation, or /etc/passwd in \"{image}\"",
            "Set securityContext.runAsUser of container \"{container}\" of {kind}/{name} to its number, or build the image with USER",
        ],
    ),
    Row::written(
        "quota_requires_requests",
        "Set the requests and limits that the quota counts",
        &[
            "kubectl -n {namespace} describe resourcequota",
            "kubectl -n {namespace} set resources {kind}/{name} --requests=cpu=<cpu>,memory=<memory> --limits=cpu=<cpu>,memory=<memory>",
            "Or give the namespace a LimitRange with defaults",
        ],
    ),
    Row::written(
        "limit_range_violation",
        "Bring the container within the LimitRange",
        &[
            "kubectl -n {namespace} describe limitrange",
            "kubectl -n {namespace} set resources {kind}/{name} --requests=cpu=<cpu>,memory=<memory> --limits=cpu=<cpu>,memory=<memory>",
        ],
    ),
    Row::written(
        "pod_security_violation",
        "Make the pods meet the namespace's Pod Security level",
        &[
            "kubectl get namespace {namespace} --show-labels",
            "Change the fields the server names in the pod template of {kind}/{name}",
        ],
    ),
    Row::written(
        "webhook_denied",
        "Meet the policy, or have it changed",
        &[
            "Read what the webhook says; change what it names in the pod template of {kind}/{name}",
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
        ],
    ),
    Row::written(
        "quota_pods_exceeded",
        "Make room in the quota",
        &[
            "kubectl -n {namespace} describe resourcequota",
            "Raise the quota, or scale other workloads of the namespace down",
        ],
    ),
    Row::written(
        "quota_cpu_exceeded",
        "Make room in the quota",
        &[
            "kubectl -n {namespace} describe resourcequota",
            "Raise the quota, or lower the CPU requests and limits of the namespace's workloads",
        ],
    ),
    Row::written(
        "quota_memory_exceeded",
        "Make room in the quota",
        &[
            "kubectl -n {namespace} describe resourcequota",
            "Raise the quota, or lower the memory requests and limits of the namespace's workloads",
        ],
    ),
    Row::written(
        "insufficient_cpu",
        "Add a node with more CPU, or ask for less",
        &[
            "kubectl describe nodes   # what is allocatable, and who asks for it",
            "Lower resources.requests.cpu of {kind}/{name}, or add a node that has that much",
        ],
    ),
    Row::written(
        "insufficient_memory",
        "Add a node with more memory, or ask for less",
        &[
            "kubectl describe nodes   # what is allocatable, and who asks for it",
            "Lower resources.requests.memory of {kind}/{name}, or add a node that has that much",
        ],
    ),
    Row::written(
        "insufficient_extended_resource",
        "Add a node with the device",
        &[
            "kubectl describe nodes   # which devices are allocatable, and who holds them",
            "Check that the device plugin runs, free a device, or add a node that has one",
        ],
    ),
    Row::written(
        "too_many_pods",
        "Make room for pods",
        &[
            "kubectl get pods -A -o wide   # how many run on each node",
            "Add a node, or raise maxPods of the kubelets",
        ],
    ),
    Row::written(
        "node_selector_mismatch",
        "Bring the nodeSelector and the nodes' labels together",
        &[
            "kubectl get nodes --show-labels",
            "Correct nodeSelector of {kind}/{name}, or label the nodes that are meant",
        ],
    ),
    Row::written(
        "taint_not_tolerated",
        "Tolerate the taint, or take it away",
        &[
            "kubectl get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints",
            "Add a toleration to {kind}/{name} if it belongs there, or: kubectl taint nodes <node> <key>-",
        ],
    ),
    Row::written(
        "pvc_missing",
        "Create the claim",
        &[
            "kubectl -n {namespace} get persistentvolumeclaims",
            "Create the claim that {kind}/{name} names, or correct claimName",
        ],
    ),
    Row::written(
        "storage_class_missing",
        "Give the claim a class that exists",
        &[
            "kubectl get storageclasses",
            "A claim's class cannot be changed: save it with kubectl -n {namespace} get pvc {name} -o yaml, delete it, correct storageClassName, create it again",
            "Or create the class it names",
        ],
    ),
    Row::written(
        "storage_class_default_absent",
        "Choose a default class",
        &[
            "kubectl get storageclasses",
            "kubectl annotate storageclass <class> storageclass.kubernetes.io/is-default-class=true",
            "The claim takes the default by itself",
        ],
    ),
    Row::written(
        "volume_capacity_mismatch",
        "Provide a volume that is large enough",
        &[
            "kubectl get persistentvolumes",
            "Create a PersistentVolume at least as large as the claim asks for, or make the claim again with a smaller request",
        ],
    ),
    Row::written(
        "volume_access_mode_mismatch",
        "Provide a volume with the access mode",
        &[
            "kubectl get persistentvolumes",
            "Create a PersistentVolume with the claim's access mode, or make the claim again with one the volume has",
        ],
    ),
    Row::written(
        "provisioner_failed",
        "Ask the provisioner",
        &[
            "kubectl -n {namespace} describe pvc {name}",
            "kubectl describe storageclass {target}",
            "Read the log of the pods that provision this class; correct its parameters, or free room in its backend",
        ],
    ),
    Row::written(
        "volume_lost",
        "Restore the volume",
        &[
            "kubectl -n {namespace} describe pvc {name}   # the volume it was bound to",
            "Restore the data from a backup into a new volume; delete the claim and create it again",
        ],
    ),
    Row::written(
        "job_backoff_exhausted",
        "Find out why it failed, then run the Job again",
        &[
            "kubectl -n {namespace} logs job/{target} --all-pods=true --tail=100",
            "kubectl -n {namespace} get job {target} -o yaml > {target}.yaml",
            "A Job's template cannot be changed: correct the file and take out status, metadata.uid and the controller-uid labels",
            "kubectl -n {namespace} delete job {target} && kubectl -n {namespace} create -f {target}.yaml",
        ],
    ),
    Row::written(
        "deadline_too_short",
        "Give the Job more time",
        &[
            "kubectl -n {namespace} logs job/{target} --all-pods=true --tail=100",
            "Raise activeDeadlineSeconds where the Job comes from, and run it again",
        ],
    ),
    Row::written(
        "application_config_error",
        "Correct the configuration the program names",
        &[
            "kubectl -n {namespace} logs {pod} -c {container} --previous --tail=100",
            "Set or correct what it names in the environment, arguments or configuration of {kind}/{name}",
        ],
    ),
    Row::written(
        "dependency_unreachable",
        "Bring back what the program cannot reach",
        &[
            "kubectl -n {namespace} logs {pod} -c {container} --previous --tail=100",
            "kubectl -n {namespace} get services,endpointslices   # does the address exist, is something behind it",
            "Bring that service back, or correct the address in {kind}/{name}; the container is restarted by itself",
        ],
    ),
    Row::written(
        "volume_permission_denied",
        "Let the program write where it wants to",
        &[
            "kubectl -n {namespace} logs {pod} -c {container} --previous --tail=100",
            "Set securityContext.fsGroup of {kind}/{name} to the group of the program, or mount a volume where it writes",
        ],
    ),
    Row::written(
        "volume_disk_full",
        "Make room on the volume",
        &[
            "kubectl -n {namespace} get persistentvolumeclaims",
            "Raise resources.requests.storage of the claim if its class allows it, or clean the volume up",
        ],
    ),
    Row::written(
        "segmentation_fault",
        "Report the crash, run the version before",
        &[
            "kubectl -n {namespace} logs {pod} -c {container} --previous --tail=100",
            "kubectl -n {namespace} rollout undo {kind}/{name}   # if the version before did not crash",
        ],
    ),
    Row::written(
        "liveness_probe_wrong_path",
        "Let the probe ask a path the server has",
        &[
            "kubectl -n {namespace} logs {pod} -c {container} --tail=100   # which paths are asked",
            "Correct livenessProbe.httpGet.path of container \"{container}\" of {kind}/{name}",
        ],
    ),
    Row::written(
        "readiness_probe_wrong_path",
        "Let the probe ask a path the server has",
        &[
            "kubectl -n {namespace} logs {pod} -c {container} --tail=100   # which paths are asked",
            "Correct readinessProbe.httpGet.path of container \"{container}\" of {kind}/{name}",
        ],
    ),
    Row::written(
        "probe_command_failed",
        "Find out why the probe's command fails",
        &[
            "kubectl -n {namespace} describe pod {pod}   # what the command prints",
            "Run the command by hand: kubectl -n {namespace} exec {pod} -c {container} -- <command>",
        ],
    ),
    Row::written(
        "service_missing",
        "Create the Service, or correct the address",
        &[
            "kubectl -n {namespace} get services",
            "Correct the address in {kind}/{name}, or create the Service it names",
        ],
    ),
    Row::written(
        "ingress_backend_missing",
        "Let the Ingress lead to a Service that exists",
        &[
            "kubectl -n {namespace} get services",
            "Correct the backend's service name of Ingress \"{name}\", or create that Service",
        ],
    ),
    Row::written(
        "ingress_port_mismatch",
        "Let the Ingress lead to a port the Service has",
        &[
            "kubectl -n {namespace} get services",
            "Correct the backend's service port of Ingress \"{name}\"",
        ],
    ),
    Row::written(
        "tls_secret_missing",
        "Create the TLS Secret",
        &[
            "kubectl -n {namespace} create secret tls <secret> --cert=<file> --key=<file>",
            "Or correct spec.tls[].secretName of Ingress \"{name}\"",
        ],
    ),
    Row::written(
        "cron_schedule_invalid",
        "Correct the schedule",
        &[
            "Write spec.schedule of CronJob \"{name}\" as five fields: minute, hour, day, month, weekday",
            "kubectl -n {namespace} patch cronjob {name} -p '{\"spec\":{\"schedule\":\"<schedule>\"}}'",
        ],
    ),
    Row::written(
        "time_zone_unknown",
        "Correct the time zone",
        &[
            "Set spec.timeZone of CronJob \"{name}\" to a name of the time zone database, such as \"Europe/Berlin\"",
        ],
    ),
    Row::written(
        "ephemeral_storage_exceeded",
        "Let the pod write less, or allow it more",
        &[
            "Find what grew: logs, emptyDir volumes, files written into the container",
            "Raise the ephemeral-storage limit or the emptyDir's sizeLimit of {kind}/{name}, or write to a claim",
        ],
    ),
    Row::written(
        "hpa_requests_missing",
        "Give the container a request",
        &[
            "kubectl -n {namespace} top pod   # what its pods use",
            "Set the request that {kind}/{name} is scaled by on every container of \"{target}\"",
        ],
    ),
    Row::written(
        "metrics_api_unavailable",
        "Bring the metrics API back",
        &[
            "kubectl get apiservice {target} -o wide",
            "kubectl -n kube-system get pods   # is the metrics server there and ready?",
        ],
    ),
    Row::written(
        "hpa_target_missing",
        "Name a workload that exists, or remove the autoscaler",
        &["kubectl -n {namespace} edit hpa {name}   # spec.scaleTargetRef"],
    ),
    Row::written(
        "hpa_selector_conflict",
        "Leave each pod to one autoscaler",
        &[
            "kubectl -n {namespace} get hpa",
            "Remove the other autoscaler, or tell the workloads apart by their labels",
        ],
    ),
    Row::written(
        "hpa_max_reached",
        "Allow more pods, or make each do more",
        &[
            "kubectl -n {namespace} describe hpa {name}   # what the metrics ask for",
            "Raise spec.maxReplicas of {kind}/{name}, give each pod more, or find what makes the load",
        ],
    ),
    Row::written(
        "pdb_too_strict",
        "Let one pod go at a time",
        &["Lower minAvailable or raise maxUnavailable of {kind}/{name}, or run one pod more"],
    ),
    Row::written(
        "pdb_overlap",
        "Leave each pod to one budget",
        &["Remove PodDisruptionBudget \"{name}\", or narrow its selector"],
    ),
];
