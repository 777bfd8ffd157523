//! Steps for what is around a workload, one row per cause: the cluster's own parts, the network, volumes, pods that hang.

use super::{super::rights, Row};

/// The steps of a cause, filled in as those of the other table.
pub(super) const SURROUNDINGS: &[Row] = &[
    Row::written(
        "network_policy_blocks",
        "Let the traffic through",
        &[
            "kubectl -n {namespace} describe networkpolicy",
            "Add a rule for exactly that peer and port to NetworkPolicy \"{target}\", or a policy of its own",
        ],
    ),
    Row::written(
        "dns_down",
        "Bring the cluster's DNS back",
        &[
            "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
            "kubectl -n kube-system describe deployment {target}",
            "kubectl -n kube-system logs deployment/{target} --previous --tail=50",
        ],
    ),
    Row::written(
        "pod_dns_config_invalid",
        "Let the pods ask the cluster's DNS",
        &[
            "kubectl -n kube-system get service kube-dns   # its address",
            "Set dnsPolicy of {kind}/{name} to ClusterFirst, or name that address in dnsConfig.nameservers",
        ],
    ),
    Row::written(
        "webhook_unavailable",
        "Bring the webhook's backend back",
        &[
            "kubectl describe validatingwebhookconfiguration,mutatingwebhookconfiguration {target}",
            "Bring the Service it names and the pods behind it back",
            "If what it belongs to was removed, delete the configuration as well",
        ],
    ),
    Row::written(
        "endpoints_not_ready",
        "Bring the API's server back",
        &[
            "kubectl get apiservice {name} -o yaml   # the Service behind it",
            "Look at the pods of that Service: why is none ready?",
        ],
    ),
    Row::written(
        "role_missing",
        "Let the binding name a role that exists",
        &[
            "A binding's roleRef cannot be changed: kubectl get {kind} {name} -o yaml > binding.yaml",
            "Correct roleRef.name in the file, delete the binding and create it again from the file",
        ],
    ),
    Row::written(
        "init_dependency_missing",
        "Bring what the init container waits for",
        &[
            "kubectl -n {namespace} logs {pod} -c {container} --tail=20",
            "kubectl -n {namespace} get services,endpointslices",
        ],
    ),
    Row::written(
        "readiness_dependency_down",
        "Bring back what it depends on",
        &[
            "kubectl -n {namespace} describe service {target}",
            "Look at the pods that Service selects: why is none ready?",
        ],
    ),
    Row::written(
        "readiness_gate_unset",
        "Find who sets the readiness gate",
        &[
            "kubectl -n {namespace} get pod {pod} -o jsonpath='{.spec.readinessGates}{.status.conditions}'",
            "Bring back the controller that sets the condition, or remove the gate from {kind}/{name}",
        ],
    ),
    Row::written(
        "port_conflict_in_pod",
        "Give each container a port of its own",
        &[
            "Change the port of container \"{container}\" of {kind}/{name}, in its ports, its probes and its own settings",
        ],
    ),
    Row::written(
        "lifecycle_hook_error",
        "Correct the hook",
        &[
            "kubectl -n {namespace} describe pod {pod}   # what the hook said",
            "Correct lifecycle of container \"{container}\" of {kind}/{name}",
        ],
    ),
    Row::written(
        "working_dir_or_mount_invalid",
        "Correct the mounts or the working directory",
        &[
            "kubectl -n {namespace} describe pod {pod}   # which path the runtime names",
            "Correct volumeMounts, subPath or workingDir of container \"{container}\" of {kind}/{name}",
        ],
    ),
    Row::written(
        "scheduler_name_unknown",
        "Name a scheduler that runs",
        &[
            "Set schedulerName of {kind}/{name} to default-scheduler, or install the scheduler it names",
        ],
    ),
    Row::written(
        "scheduler_down",
        "Bring the scheduler back",
        &[
            "kubectl -n kube-system get pods,leases | grep scheduler",
            "On the control plane's node: crictl ps -a | grep scheduler; its static pod is in /etc/kubernetes/manifests",
        ],
    ),
    Row::written(
        "controller_manager_down",
        "Bring the controller manager back",
        &[
            "kubectl -n kube-system get pods,leases | grep controller-manager",
            "On the control plane's node: crictl ps -a | grep controller-manager; its static pod is in /etc/kubernetes/manifests",
        ],
    ),
    Row::written(
        "scheduling_gate_held",
        "Find who removes the gate",
        &[
            "kubectl -n {namespace} get pod {pod} -o jsonpath='{.spec.schedulingGates}'",
            "Bring back the controller that removes it, or remove the gate from {kind}/{name}",
        ],
    ),
    Row::written(
        "preempted_by_priority",
        "Give the pods a priority or more room",
        &[
            "kubectl get priorityclass",
            "Give {kind}/{name} a priorityClassName that is not below its neighbours', or add a node",
        ],
    ),
    Row::written(
        "finalizer_held",
        "Let whoever set the finalizer finish",
        &[
            "The finalizer's name tells whose it is: bring that controller back and look at its log",
            "Only when what it cleans up is surely gone: remove the finalizer by hand; what it guards is lost",
        ],
    ),
    Row::written(
        "termination_grace_too_short",
        "Give the pods longer to end",
        &[
            "Raise terminationGracePeriodSeconds of {kind}/{name}, or let its program end at SIGTERM",
        ],
    ),
    Row::written(
        "node_shutdown",
        "Bring the node back",
        &[
            "kubectl describe node {target}",
            "Delete the refused pods once their controller has replaced them",
        ],
    ),
    Row::written(
        "volume_attach_conflict",
        "Let one node let the volume go",
        &[
            "kubectl get volumeattachments",
            "Delete the pod on the other node, or let {kind}/{name} end its old pods first (strategy Recreate)",
        ],
    ),
    Row::written(
        "csi_driver_missing",
        "Bring the storage driver to the node",
        &[
            "kubectl get csinode {target} -o yaml",
            "Look at the driver's DaemonSet: does its pod run on node {target}?",
        ],
    ),
    Row::written(
        "host_path_missing",
        "Bring the path to the node, or let it be made",
        &[
            "kubectl -n {namespace} describe pod {pod}   # which path",
            "Create it on node {node}, or set hostPath.type of {kind}/{name} to DirectoryOrCreate",
        ],
    ),
    Row::written(
        "volume_mount_backend",
        "Bring the storage behind the volume back",
        &[
            "kubectl -n {namespace} describe pod {pod}   # what the mount said",
            "From node {node}: does the server of the volume answer, and does it allow this node?",
        ],
    ),
    Row::written(
        "volume_expansion_unsupported",
        "Move to a class whose volumes grow",
        &[
            "Where the driver can: set allowVolumeExpansion of the storage class to true",
            "Else make a larger claim and copy the data, then let the workload use that one",
        ],
    ),
    Row::written(
        "volume_rwop_in_use",
        "Let the other pod go",
        &[
            "kubectl -n {namespace} get pods -o wide   # who has the claim",
            "Scale {kind}/{name} to one, or let the claim have the mode ReadWriteOnce",
        ],
    ),
    Row::written(
        "volume_count_exceeded",
        "Give the pods more nodes, or fewer volumes",
        &[
            "kubectl get csinodes -o custom-columns=NODE:.metadata.name,MOST:.spec.drivers[*].allocatable.count",
            "Add a node, or move pods with volumes of this driver to others",
        ],
    ),
    Row::written(
        "volume_zone_conflict",
        "Bring a node to the volume's zone",
        &[
            "kubectl get pv -L topology.kubernetes.io/zone; kubectl get nodes -L topology.kubernetes.io/zone",
            "Add a node in that zone, or copy the data to a volume of another",
        ],
    ),
    Row::written(
        "rollout_no_surge_room",
        "Let one old pod go first",
        &[
            "Set maxUnavailable of {kind}/{name} to 1, or its strategy to Recreate",
            "Or add a node",
        ],
    ),
    Row::written(
        "load_balancer_unprovisioned",
        "Find who makes load balancers",
        &[
            "kubectl -n {namespace} describe service {name}",
            "Without a cloud: install a load balancer controller, or use type NodePort",
        ],
    ),
    Row::written(
        "service_selector_too_broad",
        "Narrow the selector",
        &[
            "kubectl -n {namespace} get pods --show-labels",
            "Add a label to spec.selector of Service \"{name}\" that only the meant workload has",
        ],
    ),
    Row::written(
        "ingress_host_conflict",
        "Leave each host and path to one Ingress",
        &[
            "kubectl get ingress -A",
            "Change the host or path of Ingress \"{name}\", or remove the rule",
        ],
    ),
    Row::written(
        "tls_secret_invalid",
        "Give the Secret its certificate and key",
        &[
            "kubectl -n {namespace} create secret tls <secret> --cert=<file> --key=<file> --dry-run=client -o yaml | kubectl apply -f -",
        ],
    ),
    Row::written(
        "node_kernel_fault",
        "Take the node out and restart it",
        &[
            "kubectl cordon {name}; kubectl drain {name} --ignore-daemonsets",
            "On node {name}: dmesg -T | tail -100; then reboot it",
            "kubectl uncordon {name}",
        ],
    ),
    Row::written(
        "node_rebooted",
        "Find why the node reboots",
        &[
            "On node {name}: last -x reboot; journalctl -b -1 -n 200",
            "kubectl cordon {name} until it is known",
        ],
    ),
    Row::computed(
        "rbac_forbidden",
        "Grant exactly what was refused",
        rights::steps,
    ),
];
