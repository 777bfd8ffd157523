//! What is created to look where there is no shell: an ephemeral container in a pod, or a privileged pod
//! on a node. Pure: it makes intents and reads them again; who approves and who cleans up is elsewhere.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use kubegraf_ipc::{
    Code, Error,
    debug::{DebugTarget, NODE_SHELL_HOURS},
    incident::{Impact, Patch, PatchType, Safety},
    object::ObjectRef,
    terminal::InPod,
};
use serde_json::{Value, json};

use crate::executions::{ApiError, Applied, Change, Intent, OutcomeCheck, Progress};

/// Action of a debug container.
pub(crate) const DEBUG_CONTAINER: &str = "debug_container";
/// Action of a shell on a node.
pub(crate) const NODE_SHELL: &str = "node_shell";
/// For pulling the image and starting it.
const START: Duration = Duration::from_secs(180);
/// The container of a node's pod.
const SHELL: &str = "shell";
/// The best shell there is. It waits for a line, so that its first prompt has a reader.
const WAIT_AND_SHELL: &str = "read -r _; export TERM=xterm-256color; \
    for s in bash zsh ash; do command -v $s >/dev/null 2>&1 && exec $s; done; exec sh";
/// The node's own shell: in its first process' namespaces, else in its files, else beside them.
const ON_NODE: &str = "export TERM=xterm-256color; \
    best='for s in bash zsh ash; do command -v $s >/dev/null 2>&1 && exec $s; done; exec sh'; \
    if nsenter -t 1 -m -u -i -n -p sh -c true 2>/dev/null; then exec nsenter -t 1 -m -u -i -n -p sh -c \"$best\"; fi; \
    if chroot /host sh -c true 2>/dev/null; then exec chroot /host sh -c \"$best\"; fi; \
    echo 'The node has no shell of its own: this is the image, the files of the node are below /host.'; \
    sh -c \"$best\"";
/// The longest image name that is taken, bytes.
const LONGEST_IMAGE: usize = 1_024;

/// What an approved intent is about to create, and how it is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) uid: Option<String>,
    pub(crate) container: String,
    /// Whether the pod is ours, to be taken away again.
    pub(crate) owns_pod: bool,
    pub(crate) run: InPod,
}

/// What someone wants created. `token` makes its name one of its own.
///
/// # Errors
/// When the image is no name of an image.
pub(crate) fn intent(of: DebugTarget, image: &str, token: &str) -> Result<Intent, Error> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    if image.is_empty() || image.len() > LONGEST_IMAGE || image.contains(is_odd) {
        let message = format!("\"{image}\" is no name of an image");
        return Err(Error::new(Code::InvalidArgument, message));
    }
    match of {
        DebugTarget::Pod {
            namespace,
            pod,
            uid,
            container,
        } => Ok(in_pod((namespace, pod, uid), container, image, token)),
        DebugTarget::Node { node, namespace } => Ok(on_node(&node, namespace, image, token)),
    }
}

fn in_pod(
    (namespace, pod, uid): (String, String, Option<String>),
    container: Option<String>,
    image: &str,
    token: &str,
) -> Intent {
    let name = format!("debug-{token}");
    let mut spec = json!({
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", WAIT_AND_SHELL],
        "stdin": true,
        "tty": true,
    });
    let mut preview = format!("adds the container \"{name}\" ({image}) to the running pod");
    if let Some(container) = container {
        preview.push_str(&format!("; it sees the processes of \"{container}\""));
        spec["targetContainerName"] = container.into();
    }
    preview.push_str(
        "\nit cannot be removed again: it ends when its shell is left (exit) and stays listed until the pod goes",
    );
    let mut body = json!({ "spec": { "ephemeralContainers": [spec] } });
    if let Some(uid) = &uid {
        // The server refuses it for another pod of the name.
        body["metadata"]["uid"] = uid.as_str().into();
    }
    let patch = Patch {
        r#type: PatchType::Strategic,
        body: body.to_string(),
    };
    Intent {
        title: format!("add a debug container to pod {pod}"),
        action: DEBUG_CONTAINER.into(),
        target: ObjectRef {
            api_version: "v1".into(),
            kind: "Pod".into(),
            namespace,
            name: pod,
            uid,
        },
        change: Change::Subresource("ephemeralcontainers", patch),
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        preview,
        incident: None,
        check: Some(Arc::new(Runs(name))),
        deadline: START,
    }
}

fn on_node(node: &str, namespace: String, image: &str, token: &str) -> Intent {
    let short: String = node
        .chars()
        .map(|c| if c == '.' { '-' } else { c })
        .take(40)
        .collect();
    let name = format!("node-shell-{}-{token}", short.trim_matches('-'));
    let seconds = NODE_SHELL_HOURS * 3_600;
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": { "app.kubernetes.io/managed-by": "kubegraf", "app.kubernetes.io/component": "node-shell" },
        },
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            // Whatever becomes of the app, the cluster ends it.
            "activeDeadlineSeconds": seconds,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "hostPID": true,
            "hostNetwork": true,
            "hostIPC": true,
            "tolerations": [{ "operator": "Exists" }],
            "containers": [{
                "name": SHELL,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["sleep", seconds.to_string()],
                "securityContext": { "privileged": true, "runAsUser": 0 },
                "volumeMounts": [{ "name": "host", "mountPath": "/host" }],
            }],
            "volumes": [{ "name": "host", "hostPath": { "path": "/" } }],
        },
    });
    Intent {
        title: format!("open a shell on node {node}"),
        action: NODE_SHELL.into(),
        target: ObjectRef {
            api_version: "v1".into(),
            kind: "Pod".into(),
            namespace,
            name,
            uid: None,
        },
        change: Change::Create(pod),
        impact: Impact::High,
        safety: Safety::NeedsApproval,
        preview: format!(
            "creates a privileged pod on \"{node}\" that is root over the whole machine: its processes, its network, its files\n\
             the pod is deleted when the terminal closes and when KubeGraf quits, at the next start if it was killed, \
             and by the cluster after {NODE_SHELL_HOURS} hours; read-only mode does not hold that back"
        ),
        incident: None,
        check: Some(Arc::new(Runs(SHELL.into()))),
        deadline: START,
    }
}

impl Session {
    /// What an intent of this module is about to create; `None` for any other.
    pub(crate) fn of(intent: &Intent) -> Option<Self> {
        let ObjectRef {
            namespace,
            name,
            uid,
            ..
        } = intent.target.clone();
        match (&intent.change, intent.action.as_str()) {
            (Change::Create(_), NODE_SHELL) => Some(Self {
                namespace,
                pod: name,
                uid,
                container: SHELL.into(),
                owns_pod: true,
                run: InPod::Command {
                    words: ["sh", "-c", ON_NODE].map(str::to_owned).to_vec(),
                },
            }),
            (Change::Subresource(_, patch), DEBUG_CONTAINER) => {
                let body: Value = serde_json::from_str(&patch.body).ok()?;
                let container = body["spec"]["ephemeralContainers"][0]["name"].as_str()?;
                Some(Self {
                    namespace,
                    pod: name,
                    uid,
                    container: container.to_owned(),
                    owns_pod: false,
                    run: InPod::Attach,
                })
            }
            _ => None,
        }
    }
}

/// Waits until a container runs, or cannot.
struct Runs(String);

#[async_trait]
impl OutcomeCheck for Runs {
    async fn look(&self, applied: &Applied<'_>) -> Result<Progress, ApiError> {
        Ok(match applied.read().await? {
            Some(pod) => progress(&pod, &self.0),
            None => Progress::Stuck("the pod is gone".into()),
        })
    }
}

fn progress(pod: &Value, container: &str) -> Progress {
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    let lists = ["containerStatuses", "ephemeralContainerStatuses"];
    let mut all = lists
        .iter()
        .flat_map(|list| pod["status"][*list].as_array().into_iter().flatten());
    let state = all.find(|status| status["name"] == container);
    let state = state.map_or(&Value::Null, |status| &status["state"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let both = |of: &Value| match (text(&of["reason"]), text(&of["message"])) {
        (reason, message) if message.is_empty() => reason,
        (reason, message) => format!("{reason}: {message}"),
    };
    if state["running"].is_object() {
        return Progress::Healed(format!("\"{container}\" runs"));
    }
    if state["terminated"].is_object() {
        let ended = &state["terminated"];
        let code = ended["exitCode"].as_i64().unwrap_or_default();
        let why = both(ended);
        return Progress::Stuck(format!(
            "\"{container}\" has ended with exit code {code}: {why}"
        ));
    }
    if matches!(phase, "Failed" | "Succeeded") {
        let why = both(&pod["status"]);
        return Progress::Stuck(format!("the pod has ended: {phase} {why}"));
    }
    let waiting = &state["waiting"];
    match waiting["reason"].as_str() {
        Some(
            "ImagePullBackOff"
            | "InvalidImageName"
            | "CreateContainerError"
            | "CreateContainerConfigError",
        ) => Progress::Stuck(format!("\"{container}\" cannot start: {}", both(waiting))),
        Some(_) => Progress::NotYet(format!("\"{container}\" waits: {}", both(waiting))),
        None => Progress::NotYet(format!("waiting for the node to start \"{container}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod_target(container: Option<&str>) -> DebugTarget {
        DebugTarget::Pod {
            namespace: "shop".into(),
            pod: "web-0".into(),
            uid: Some("u1".into()),
            container: container.map(str::to_owned),
        }
    }

    #[test]
    fn a_debug_container_is_bound_to_its_pod_and_says_that_it_stays() {
        let made = intent(pod_target(Some("app")), "busybox:1", "x1y2z").unwrap();
        let Change::Subresource(sub, patch) = &made.change else {
            panic!("{:?}", made.change)
        };
        let body: Value = serde_json::from_str(&patch.body).unwrap();
        let spec = &body["spec"]["ephemeralContainers"][0];
        assert_eq!(*sub, "ephemeralcontainers");
        assert_eq!(
            (&spec["name"], &spec["targetContainerName"]),
            (&json!("debug-x1y2z"), &json!("app"))
        );
        assert_eq!(body["metadata"]["uid"], "u1");
        assert!(
            made.preview.contains("cannot be removed"),
            "{}",
            made.preview
        );
        let session = Session::of(&made).unwrap();
        assert_eq!(
            (session.container.as_str(), session.owns_pod),
            ("debug-x1y2z", false)
        );
        let alone = intent(pod_target(None), "busybox:1", "x").unwrap();
        let Change::Subresource(_, patch) = alone.change else {
            panic!("another change")
        };
        assert!(!patch.body.contains("targetContainerName"));
    }

    #[test]
    fn a_nodes_pod_has_an_end_of_its_own_and_a_name_that_is_one() {
        let node = "ip-10-0-0-1.eu-central-1.compute.internal.of-a-very-long-domain";
        let of = DebugTarget::Node {
            node: node.into(),
            namespace: "default".into(),
        };
        let made = intent(of, "busybox:1", "abcde").unwrap();
        let Change::Create(pod) = &made.change else {
            panic!("{:?}", made.change)
        };
        assert_eq!(pod["spec"]["nodeName"], node);
        assert_eq!(pod["spec"]["activeDeadlineSeconds"], 12 * 3_600);
        assert!(
            made.target.name.len() <= 63 && !made.target.name.contains('.'),
            "{}",
            made.target.name
        );
        assert!(Session::of(&made).unwrap().owns_pod);
        let other = Intent {
            action: "rollback".into(),
            ..made
        };
        assert_eq!(Session::of(&other), None);
    }

    #[test]
    fn an_image_without_a_name_is_refused() {
        for image in ["", "busy box", "a\nb", &"x".repeat(2_000)] {
            let error = intent(pod_target(None), image, "x").err().unwrap();
            assert_eq!(error.code, Code::InvalidArgument);
        }
    }

    #[test]
    fn what_keeps_a_container_from_running_is_said() {
        let pod = |state: Value| {
            json!({ "status": { "phase": "Running",
                "ephemeralContainerStatuses": [{ "name": "debug", "state": state }] } })
        };
        let told = |state: Value| progress(&pod(state), "debug");
        assert!(matches!(
            told(json!({ "running": {} })),
            Progress::Healed(_)
        ));
        let pulling = json!({ "waiting": { "reason": "ErrImagePull", "message": "no such host" } });
        assert!(matches!(told(pulling), Progress::NotYet(why) if why.contains("no such host")));
        let never = json!({ "waiting": { "reason": "ImagePullBackOff", "message": "Back-off" } });
        assert!(matches!(told(never), Progress::Stuck(why) if why.contains("Back-off")));
        let ended = json!({ "terminated": { "exitCode": 128, "reason": "StartError", "message": "no sh" } });
        assert!(
            matches!(told(ended), Progress::Stuck(why) if why.contains("128") && why.contains("no sh"))
        );
        let gone =
            json!({ "status": { "phase": "Failed", "reason": "Evicted", "message": "disk" } });
        assert!(
            matches!(progress(&gone, "debug"), Progress::Stuck(why) if why.contains("Evicted"))
        );
        assert!(matches!(progress(&json!({}), "debug"), Progress::NotYet(_)));
    }
}
