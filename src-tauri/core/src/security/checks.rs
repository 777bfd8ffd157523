//! The checks: one row each.

use kubegraf_ipc::incident::Severity;
use serde_json::{Value, json};

use super::{
    Level,
    pod::{Container, PodView, items},
};

/// A check.
pub(super) struct Check {
    /// Its id, stable API.
    pub id: &'static str,
    /// Controls of Kubescape.
    pub kubescape: &'static [&'static str],
    /// Where it comes from.
    pub level: Level,
    /// How bad a failure is.
    pub severity: Severity,
    /// A failure in words.
    pub message: &'static str,
    /// The fields that fail.
    pub find: for<'v> fn(&PodView<'v>) -> Vec<Hit<'v>>,
}

/// A field that fails a check.
pub(super) struct Hit<'v> {
    /// The container it is of.
    pub container: Option<&'v str>,
    /// From the object's root.
    pub path: String,
    /// What it should hold; null where it has to go.
    pub value: Value,
}

macro_rules! checks {
    ($($id:literal $kubescape:tt $level:ident $severity:ident $message:literal $find:expr;)*) => {
        /// Every check.
        pub(super) const CHECKS: &[Check] = &[$(Check {
            id: $id,
            kubescape: &$kubescape,
            level: Level::$level,
            severity: Severity::$severity,
            message: $message,
            find: $find,
        },)*];
    };
}

checks! {
    "privileged" ["C-0057"] Baseline High "a container is privileged: it holds the node" |pod| each(pod, |one| flag(one, "securityContext.privileged"));
    "hostNamespaces" ["C-0038", "C-0041"] Baseline High "the pod shares namespaces with the node" host_namespaces;
    "hostPathVolumes" ["C-0048", "C-0045"] Baseline High "the pod mounts a path of the node" host_paths;
    "hostPorts" ["C-0044"] Baseline Medium "a container takes a port of the node" |pod| each(pod, host_ports);
    "hostProbesAndHostLifecycle" [] Baseline Medium "a probe or hook asks another host than the pod" |pod| each(pod, hosts);
    "capabilities_baseline" ["C-0046"] Baseline High "a container adds capabilities beyond the baseline" |pod| each(pod, |one| added(one, BASELINE_CAPABILITIES));
    "seLinuxOptions" ["C-0055"] Baseline Medium "SELinux options are set that the baseline does not know" |pod| contexts(pod, selinux);
    "procMount" ["C-0055"] Baseline Medium "/proc is not masked" |pod| if pod.own_users() { Vec::new() } else { each(pod, proc_mount) };
    "appArmorProfile" ["C-0055"] Baseline Medium "AppArmor is turned off" app_armor;
    "seccompProfile_baseline" ["C-0055"] Baseline Medium "seccomp is turned off" |pod| contexts(pod, seccomp);
    "sysctls" [] Baseline Medium "a kernel setting is changed that is not safe" sysctls;
    "windowsHostProcess" [] Baseline High "a container is a process of the Windows node" |pod| contexts(pod, host_process);
    "restrictedVolumes" [] Restricted Low "a volume has a source that the restricted level does not know" restricted_volumes;
    "allowPrivilegeEscalation" ["C-0016"] Restricted Medium "a container does not forbid its processes more rights than their parent has" escalation;
    "runAsNonRoot" ["C-0013"] Restricted Medium "a container may run as root" non_root;
    "runAsUser" ["C-0013"] Restricted Medium "user 0 is asked for" |pod| if pod.own_users() { Vec::new() } else { contexts(pod, user_zero) };
    "seccompProfile_restricted" ["C-0055"] Restricted Medium "a container has no seccomp profile" seccomp_restricted;
    "capabilities_restricted" ["C-0046"] Restricted Medium "a container keeps capabilities it could drop" capabilities_restricted;
    "procMount_restricted" ["C-0055"] Restricted Medium "/proc is not masked" |pod| each(pod, proc_mount);
    "read_only_root_filesystem" ["C-0017"] BestPractice Low "a container may write into its image's files" |pod| each(pod, |one| unless_true(one, "securityContext.readOnlyRootFilesystem"));
    "image_mutable_tag" ["C-0075"] BestPractice Low "an image has the tag \"latest\", or none" |pod| each(pod, mutable_tag);
    "cpu_request_missing" ["C-0268"] BestPractice Low "a container requests no CPU" |pod| main(pod, |one| absent(one, &["resources", "requests", "cpu"]));
    "memory_request_missing" ["C-0269"] BestPractice Low "a container requests no memory" |pod| main(pod, |one| absent(one, &["resources", "requests", "memory"]));
    "memory_limit_missing" ["C-0271"] BestPractice Low "a container has no memory limit" |pod| main(pod, |one| absent(one, &["resources", "limits", "memory"]));
    "naked_pod" ["C-0073"] BestPractice Low "no controller makes the pod again when it goes" naked;
}

const BASELINE_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

const SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

const SELINUX_TYPES: &[&str] = &[
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
];

const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// A field in a container, or in the pod, and what it should hold.
type Wrong = (String, Value);

fn each<'v>(pod: &PodView<'v>, find: impl Fn(&Container<'v>) -> Vec<Wrong>) -> Vec<Hit<'v>> {
    let of = |one: Container<'v>| {
        find(&one).into_iter().map(move |(field, value)| Hit {
            container: Some(one.name),
            path: format!("{}.{field}", one.path),
            value,
        })
    };
    pod.containers().into_iter().flat_map(of).collect()
}

/// Those that run as long as the pod does.
fn main<'v>(pod: &PodView<'v>, find: impl Fn(&Container<'v>) -> Vec<Wrong>) -> Vec<Hit<'v>> {
    let prefix = pod.path("containers[");
    each(pod, |one| {
        if one.path.starts_with(&prefix) {
            find(one)
        } else {
            Vec::new()
        }
    })
}

/// The security contexts of the pod and of its containers.
fn contexts<'v>(pod: &PodView<'v>, find: fn(&Value) -> Vec<Wrong>) -> Vec<Hit<'v>> {
    let inside = |(field, value): Wrong| (format!("securityContext.{field}"), value);
    let whole = find(&pod.spec["securityContext"])
        .into_iter()
        .map(inside)
        .map(|(field, value)| Hit {
            container: None,
            path: pod.path(&field),
            value,
        });
    let containers = each(pod, |one| {
        let wrong = find(&one.value["securityContext"]);
        wrong.into_iter().map(inside).collect()
    });
    whole.chain(containers).collect()
}

fn at<'v>(value: &'v Value, field: &str) -> &'v Value {
    field.split('.').fold(value, |value, key| &value[key])
}

fn flag(one: &Container<'_>, field: &str) -> Vec<Wrong> {
    let set = at(one.value, field) == true;
    set.then(|| (field.to_owned(), json!(false)))
        .into_iter()
        .collect()
}

fn unless_true(one: &Container<'_>, field: &str) -> Vec<Wrong> {
    let set = at(one.value, field) == true;
    (!set)
        .then(|| (field.to_owned(), json!(true)))
        .into_iter()
        .collect()
}

fn absent(one: &Container<'_>, keys: &[&str]) -> Vec<Wrong> {
    let found = keys.iter().fold(one.value, |value, key| &value[*key]);
    found
        .is_null()
        .then(|| (keys.join("."), Value::Null))
        .into_iter()
        .collect()
}

fn host_namespaces<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"].into_iter();
    let shared = fields.filter(|field| pod.spec[*field] == true);
    shared
        .map(|field| Hit {
            container: None,
            path: pod.path(field),
            value: json!(false),
        })
        .collect()
}

fn host_paths<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    let mounted = pod
        .volumes()
        .filter(|(_, volume)| !volume["hostPath"].is_null());
    mounted
        .map(|(path, _)| Hit {
            container: None,
            path: format!("{path}.hostPath"),
            value: Value::Null,
        })
        .collect()
}

fn host_ports(one: &Container<'_>) -> Vec<Wrong> {
    let taken = items(&one.value["ports"])
        .enumerate()
        .filter(|(_, port)| port["hostPort"].as_i64().is_some_and(|port| port != 0));
    taken
        .map(|(index, _)| (format!("ports[{index}].hostPort"), Value::Null))
        .collect()
}

fn hosts(one: &Container<'_>) -> Vec<Wrong> {
    let places = [
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle.postStart",
        "lifecycle.preStop",
    ];
    let handlers = places.into_iter().flat_map(|place| {
        ["httpGet", "tcpSocket"].map(|handler| format!("{place}.{handler}.host"))
    });
    handlers
        .filter(|field| {
            at(one.value, field)
                .as_str()
                .is_some_and(|host| !host.is_empty())
        })
        .map(|field| (field, Value::Null))
        .collect()
}

fn added(one: &Container<'_>, allowed: &[&str]) -> Vec<Wrong> {
    let capabilities = &one.value["securityContext"]["capabilities"];
    let beyond = items(&capabilities["add"]).enumerate().filter(|(_, name)| {
        let name = name.as_str().unwrap_or_default();
        !allowed.contains(&name)
    });
    beyond
        .map(|(index, _)| {
            let field = format!("securityContext.capabilities.add[{index}]");
            (field, Value::Null)
        })
        .collect()
}

fn selinux(context: &Value) -> Vec<Wrong> {
    let options = &context["seLinuxOptions"];
    let text = |field: &str| options[field].as_str().unwrap_or_default();
    let mut wrong = Vec::new();
    if !SELINUX_TYPES.contains(&text("type")) {
        wrong.push(("seLinuxOptions.type".to_owned(), Value::Null));
    }
    for field in ["user", "role"] {
        if !text(field).is_empty() {
            wrong.push((format!("seLinuxOptions.{field}"), Value::Null));
        }
    }
    wrong
}

fn proc_mount(one: &Container<'_>) -> Vec<Wrong> {
    let mount = one.value["securityContext"]["procMount"].as_str();
    mount
        .filter(|mount| *mount != "Default")
        .map(|_| ("securityContext.procMount".to_owned(), json!("Default")))
        .into_iter()
        .collect()
}

fn app_armor<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    let mut hits = contexts(pod, |context| {
        let off = context["appArmorProfile"]["type"] == "Unconfined";
        off.then(|| ("appArmorProfile.type".to_owned(), json!("RuntimeDefault")))
            .into_iter()
            .collect()
    });
    let annotations = pod.metadata["annotations"].as_object();
    for (key, value) in annotations.into_iter().flatten() {
        let profile = value.as_str().unwrap_or_default();
        let fine = matches!(profile, "" | "runtime/default") || profile.starts_with("localhost/");
        if key.starts_with("container.apparmor.security.beta.kubernetes.io/") && !fine {
            hits.push(Hit {
                container: None,
                path: format!("{}.annotations[{key}]", pod.metadata_path),
                value: json!("runtime/default"),
            });
        }
    }
    hits
}

fn profiled(context: &Value) -> Option<bool> {
    let profile = context["seccompProfile"]["type"].as_str()?;
    Some(matches!(profile, "RuntimeDefault" | "Localhost"))
}

fn seccomp(context: &Value) -> Vec<Wrong> {
    let off = profiled(context) == Some(false);
    off.then(|| ("seccompProfile.type".to_owned(), json!("RuntimeDefault")))
        .into_iter()
        .collect()
}

fn sysctls<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    let all = items(&pod.spec["securityContext"]["sysctls"]).enumerate();
    let unsafe_ones = all.filter(|(_, one)| {
        let name = one["name"].as_str().unwrap_or_default();
        !SYSCTLS.contains(&name)
    });
    unsafe_ones
        .map(|(index, _)| Hit {
            container: None,
            path: pod.path(&format!("securityContext.sysctls[{index}].name")),
            value: Value::Null,
        })
        .collect()
}

fn host_process(context: &Value) -> Vec<Wrong> {
    let set = context["windowsOptions"]["hostProcess"] == true;
    set.then(|| ("windowsOptions.hostProcess".to_owned(), json!(false)))
        .into_iter()
        .collect()
}

fn restricted_volumes<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    let sources = pod.volumes().flat_map(|(path, volume)| {
        let fields = volume.as_object().into_iter().flatten();
        fields.map(move |(source, _)| (path.clone(), source))
    });
    sources
        .filter(|(_, source)| *source != "name" && !VOLUMES.contains(&source.as_str()))
        .map(|(path, source)| Hit {
            container: None,
            path: format!("{path}.{source}"),
            value: Value::Null,
        })
        .collect()
}

fn escalation<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    if pod.windows() {
        return Vec::new();
    }
    each(pod, |one| {
        let field = "securityContext.allowPrivilegeEscalation";
        let forbidden = at(one.value, field) == false;
        (!forbidden)
            .then(|| (field.to_owned(), json!(false)))
            .into_iter()
            .collect()
    })
}

fn non_root<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    if pod.own_users() {
        return Vec::new();
    }
    let whole = &pod.spec["securityContext"]["runAsNonRoot"];
    each(pod, |one| {
        let own = &one.value["securityContext"]["runAsNonRoot"];
        let effective = if own.is_null() { whole } else { own };
        (effective != true)
            .then(|| ("securityContext.runAsNonRoot".to_owned(), json!(true)))
            .into_iter()
            .collect()
    })
}

fn user_zero(context: &Value) -> Vec<Wrong> {
    let zero = context["runAsUser"] == 0;
    zero.then(|| ("runAsUser".to_owned(), Value::Null))
        .into_iter()
        .collect()
}

fn seccomp_restricted<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    if pod.windows() {
        return Vec::new();
    }
    let whole = profiled(&pod.spec["securityContext"]);
    each(pod, |one| {
        let effective = profiled(&one.value["securityContext"]).or(whole);
        let field = "securityContext.seccompProfile.type";
        (effective != Some(true))
            .then(|| (field.to_owned(), json!("RuntimeDefault")))
            .into_iter()
            .collect()
    })
}

fn capabilities_restricted<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    if pod.windows() {
        return Vec::new();
    }
    each(pod, |one| {
        let drop = &one.value["securityContext"]["capabilities"]["drop"];
        let all = items(drop).any(|name| name == "ALL");
        let mut wrong = added(one, &["NET_BIND_SERVICE"]);
        if !all {
            let field = "securityContext.capabilities.drop";
            wrong.push((field.to_owned(), json!(["ALL"])));
        }
        wrong
    })
}

fn mutable_tag(one: &Container<'_>) -> Vec<Wrong> {
    let image = one.value["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let tag = last.split_once(':').map(|(_, tag)| tag);
    let mutable = !image.is_empty() && !image.contains('@') && matches!(tag, None | Some("latest"));
    mutable
        .then(|| ("image".to_owned(), Value::Null))
        .into_iter()
        .collect()
}

fn naked<'v>(pod: &PodView<'v>) -> Vec<Hit<'v>> {
    let naked = pod.resource().kind == "Pod" && pod.owner().is_none();
    naked
        .then(|| Hit {
            container: None,
            path: "metadata.ownerReferences".to_owned(),
            value: Value::Null,
        })
        .into_iter()
        .collect()
}
