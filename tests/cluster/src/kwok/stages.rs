//! What happens to nodes and pods on the kwok tier, as kwok's stages.

use super::fault::{FAULT, Fault};

/// All stages as one YAML stream.
pub(super) fn text() -> String {
    let mut text = String::new();
    for (name, kind, selector, delay, steps) in [
        (
            "node-ready",
            "Node",
            NODE_IS_NEW.to_owned(),
            0,
            patch(NODE_READY),
        ),
        (
            "node-heartbeat",
            "Node",
            NODE_IS_READY.to_owned(),
            300_000,
            patch(NODE_HEARTBEAT),
        ),
        (
            "pod-ready",
            "Pod",
            format!("{POD_IS_NEW}{}", healthy()),
            0,
            patch(POD_READY),
        ),
        (
            "pod-complete",
            "Pod",
            format!("{POD_OF_JOB}{}", healthy()),
            1_000,
            patch(POD_COMPLETE),
        ),
        (
            "pod-delete",
            "Pod",
            POD_IS_LEAVING.to_owned(),
            0,
            "  - delete: true\n".to_owned(),
        ),
    ] {
        text.push_str(&stage(name, kind, &selector, delay, &steps));
    }
    for fault in Fault::ALL {
        let selector = format!(
            "{POD_IS_THERE}  - key: '.metadata.annotations[\"{FAULT}\"]'\n    \
             operator: In\n    values: [{name}]\n{}",
            not_yet(fault),
            name = fault.name(),
        );
        let steps = format!("{}{}", patch(&status(fault)), event(fault));
        let name = format!("fault-{}", fault.name().to_lowercase());
        text.push_str(&stage(&name, "Pod", &selector, 0, &steps));
    }
    text
}

fn stage(name: &str, kind: &str, expressions: &str, delay: u32, steps: &str) -> String {
    format!(
        "---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {{name: {name}}}
spec:
  resourceRef: {{apiGroup: v1, kind: {kind}}}
  selector:
    matchExpressions:
{expressions}  delay: {{durationMilliseconds: {delay}}}
  steps:
{steps}",
        expressions = indented(expressions, 2),
    )
}

fn patch(template: &str) -> String {
    let head = "  - patch:\n      subresource: status\n      root: status\n      type: strategic\n      template: |\n";
    head.to_owned() + &indented(template, 8)
}

fn indented(lines: &str, by: usize) -> String {
    lines
        .lines()
        .map(|line| format!("{:by$}{line}\n", ""))
        .collect()
}

fn event(fault: Fault) -> String {
    let (reason, message) = fault.event();
    format!("  - event: {{type: Warning, reason: {reason}, message: {message:?}}}\n")
}

fn healthy() -> String {
    format!("  - key: '.metadata.annotations[\"{FAULT}\"]'\n    operator: DoesNotExist\n")
}

/// Without this a stage would match its own result and play for ever.
fn not_yet(fault: Fault) -> String {
    let (path, value) = fault.mark();
    format!("  - key: '{path}'\n    operator: NotIn\n    values: ['{value}']\n")
}

fn status(fault: Fault) -> String {
    let state = fault.container_state();
    let (phase, extra) = fault.pod_state();
    if phase == "Failed" {
        return format!("phase: Failed\n{extra}containerStatuses: []\n");
    }
    format!(
        "{{{{ $now := Now }}}}
{{{{ $restarts := or (index .metadata.annotations \"{FAULT}-restarts\") \"{restarts}\" }}}}
conditions:
- {{type: PodScheduled, status: \"True\", lastTransitionTime: {{{{ $now | Quote }}}}}}
- {{type: Initialized, status: \"True\", lastTransitionTime: {{{{ $now | Quote }}}}}}
- {{type: Ready, status: \"False\", reason: ContainersNotReady, lastTransitionTime: {{{{ $now | Quote }}}}}}
- {{type: ContainersReady, status: \"False\", reason: ContainersNotReady, lastTransitionTime: {{{{ $now | Quote }}}}}}
containerStatuses:
{{{{ range .spec.containers }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: \"\"
  ready: false
  restartCount: {{{{ $restarts }}}}
{state}{{{{ end }}}}
phase: {phase}
hostIP: 127.0.0.1
startTime: {{{{ $now | Quote }}}}
",
        restarts = fault.restarts(),
    )
}

const NODE_IS_NEW: &str =
    "  - key: '.status.conditions.[] | select( .type == \"Ready\" ) | .status'
    operator: NotIn
    values: ['True']
";

const NODE_IS_READY: &str =
    "  - key: '.status.conditions.[] | select( .type == \"Ready\" ) | .status'
    operator: In
    values: ['True']
";

const POD_IS_THERE: &str = "  - key: '.metadata.deletionTimestamp'
    operator: DoesNotExist
";

const POD_IS_LEAVING: &str = "  - key: '.metadata.deletionTimestamp'
    operator: Exists
";

const POD_IS_NEW: &str = "  - key: '.metadata.deletionTimestamp'
    operator: DoesNotExist
  - key: '.status.phase'
    operator: In
    values: [Pending, Running]
  - key: '.status.conditions.[] | select( .type == \"Ready\" ) | .status'
    operator: NotIn
    values: ['True']
";

const POD_OF_JOB: &str = "  - key: '.metadata.deletionTimestamp'
    operator: DoesNotExist
  - key: '.status.phase'
    operator: In
    values: [Running]
  - key: '.metadata.ownerReferences.[].kind'
    operator: In
    values: [Job]
";

const NODE_READY: &str = "{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
nodeInfo:
  architecture: amd64
  bootID: ''
  containerRuntimeVersion: kwok
  kernelVersion: kwok
  kubeProxyVersion: kwok
  kubeletVersion: kwok
  machineID: ''
  operatingSystem: linux
  osImage: kwok
  systemUUID: ''
";

const NODE_HEARTBEAT: &str = "{{ $now := Now }}
conditions:
{{ range .status.conditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ .lastTransitionTime | Quote }}
{{ end }}
";

/// Names one address only: a second one, merged in when this plays twice, is refused for ever.
/// The nulls end what a fault has set before.
const POD_READY: &str = "{{ $now := Now }}
conditions:
- {type: PodScheduled, status: \"True\", lastTransitionTime: {{ $now | Quote }}}
- {type: Initialized, status: \"True\", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: \"True\", reason: null, lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: \"True\", reason: null, lastTransitionTime: {{ $now | Quote }}}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: \"True\", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  ready: true
  restartCount: 0
  {{ if eq (or .restartPolicy \"\") \"Always\" }}
  started: true
  state: {running: {startedAt: {{ $now | Quote }}}}
  {{ else }}
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}
  {{ end }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  ready: true
  started: true
  restartCount: 0
  state: {waiting: null, terminated: null, running: {startedAt: {{ $now | Quote }}}}
{{ end }}
phase: Running
hostIP: 127.0.0.1
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid \"\" ) ( or .metadata.name \"\" ) ( or .metadata.namespace \"\" ) | Quote }}
startTime: {{ $now | Quote }}
";

const POD_COMPLETE: &str = "{{ $now := Now }}
conditions:
- {type: Ready, status: \"False\", reason: PodCompleted, lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: \"False\", reason: PodCompleted, lastTransitionTime: {{ $now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  ready: false
  started: false
  restartCount: 0
  state: {running: null, terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}
{{ end }}
phase: Succeeded
";
