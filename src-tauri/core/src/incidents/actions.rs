//! The actions: what the app can do about a cause, aimed at the owner. One row each; a row builds its
//! fix from what is known or gives none.

use kubegraf_ipc::incident::{Fix, Impact, Safety};

use super::{
    causes::{Candidate, Rule},
    experience,
    graph::Graph,
    signal::Signal,
};

mod autoscaling;
mod conform;
mod image;
mod memory;
mod network;
mod plan;
mod probe;
mod quota;
mod reference;
mod rights;
mod rollback;
mod scheduling;
mod services;

/// What a fix is built from.
pub struct Case<'c, 'a> {
    /// The objects.
    pub graph: &'c Graph<'a>,
    /// The symptom the cause was decided on.
    pub signal: &'c Signal<'a>,
    /// The cause.
    pub cause: &'static str,
    /// What was found out about it; `None` when the cause is unknown.
    pub candidate: Option<&'c Candidate>,
}

/// One action.
pub struct Action {
    /// The id, stable API.
    pub id: &'static str,
    /// How much it touches.
    pub impact: Impact,
    /// Who may let it run.
    pub safety: Safety,
    /// What it does, for docs/incidents.md.
    pub doc: &'static str,
    /// The fix, where one can be computed.
    pub build: fn(&Case<'_, '_>) -> Option<Built>,
}

/// What an action comes to in one case.
pub struct Built {
    /// A verb phrase with names and values.
    pub description: String,
    /// Field paths with old and new value, or steps.
    pub preview: String,
    /// What it changes.
    pub target: kubegraf_ipc::object::ObjectRef,
    /// The change; `None` for a plan.
    pub patch: Option<kubegraf_ipc::incident::Patch>,
}

/// Every action.
pub const ACTIONS: &[Action] = &[
    Action {
        id: "rollback_workload",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "puts back the pod template of the newest older revision that has ready pods, else of the newest older one that differs",
        build: rollback::build,
    },
    Action {
        id: "set_image",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "sets the image to a tag of the same repository that is known to run",
        build: image::set_image,
    },
    Action {
        id: "set_pull_policy",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "sets imagePullPolicy from Never to IfNotPresent",
        build: image::set_pull_policy,
    },
    Action {
        id: "increase_memory_limit",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "doubles the memory limit, up to half of what the largest node has; the request follows where it equalled the limit",
        build: memory::build,
    },
    Action {
        id: "fix_reference",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "sets a reference to the nearest name or key that exists",
        build: reference::fix,
    },
    Action {
        id: "create_service_account",
        impact: Impact::Low,
        safety: Safety::Safe,
        doc: "creates the ServiceAccount the pods want, without any rights",
        build: reference::service_account,
    },
    Action {
        id: "create_placeholder",
        impact: Impact::Low,
        safety: Safety::PlanOnly,
        doc: "how to create the missing object; its values are for a person to know",
        build: reference::create,
    },
    Action {
        id: "raise_quota",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "raises the quota to what is used and still needed",
        build: quota::raise,
    },
    Action {
        id: "lower_requests",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "lowers a request to the largest value that fits a node now",
        build: scheduling::requests,
    },
    Action {
        id: "set_requests",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "sets a container's request or limit to the bound of the LimitRange",
        build: conform::within,
    },
    Action {
        id: "harden_security_context",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "sets the failing security fields of the containers, where that takes nothing from them that they were given",
        build: conform::build,
    },
    Action {
        id: "set_default_storage_class",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "makes the only StorageClass the default",
        build: conform::default_class,
    },
    Action {
        id: "fix_ingress_backend",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "lets an Ingress lead to the nearest Service name, or to the only port of its Service",
        build: conform::backend,
    },
    Action {
        id: "fix_node_selector",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "sets the nodeSelector to the nearest pair that a node has",
        build: scheduling::node_selector,
    },
    Action {
        id: "label_node",
        impact: Impact::High,
        safety: Safety::NeedsApproval,
        doc: "labels the node that would then take the pod; never with a label of the platform",
        build: scheduling::label_node,
    },
    Action {
        id: "relax_affinity",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "makes a required affinity a preference of weight 100",
        build: scheduling::affinity,
    },
    Action {
        id: "relax_spread",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "makes a spread constraint a preference",
        build: scheduling::spread,
    },
    Action {
        id: "add_toleration",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "tolerates exactly the taints of the nearest node",
        build: scheduling::toleration,
    },
    Action {
        id: "uncordon_node",
        impact: Impact::High,
        safety: Safety::NeedsApproval,
        doc: "opens a cordoned node again, unless it is being drained",
        build: scheduling::uncordon,
    },
    Action {
        id: "fix_selector",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "sets a Service's selector to the labels of the workload it was meant for",
        build: services::selector,
    },
    Action {
        id: "fix_target_port",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "sets targetPort to the port the pods declare",
        build: services::port,
    },
    Action {
        id: "fix_protocol",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "sets a Service port's protocol to the pods'",
        build: services::port,
    },
    Action {
        id: "scale_up",
        impact: Impact::Medium,
        safety: Safety::Safe,
        doc: "scales a workload that is still needed from zero to one",
        build: services::scale_up,
    },
    Action {
        id: "fix_env_address",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "corrects an address in a plain variable of the workload",
        build: services::address,
    },
    Action {
        id: "fix_probe",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "lets a probe ask the port the container listens on, or as the container's other probe does",
        build: probe::right,
    },
    Action {
        id: "relax_probe",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "gives a probe more time; never removes it",
        build: probe::relax,
    },
    Action {
        id: "raise_max_replicas",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "raises an autoscaler's maximum to what its metrics ask for, at most to twice what it is",
        build: autoscaling::raise,
    },
    Action {
        id: "relax_pdb",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "lets one pod of a disruption budget go",
        build: autoscaling::relax,
    },
    Action {
        id: "add_policy_rule",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "adds the rule to a NetworkPolicy that lets exactly the needed peer and port through",
        build: network::rule,
    },
    Action {
        id: "set_dns_policy",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "lets the pods ask the cluster's DNS and drops their own name servers",
        build: network::dns,
    },
    Action {
        id: "set_failure_policy",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "lets the API server pass over a webhook that does not answer",
        build: network::failure_policy,
    },
    Action {
        id: "grant_least_privilege",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "adds exactly the refused verb and resource to the Role that only this ServiceAccount has",
        build: rights::grant,
    },
    Action {
        id: "create_role",
        impact: Impact::Low,
        safety: Safety::PlanOnly,
        doc: "how to create the role that a binding names; its rights are for a person to know",
        build: rights::role,
    },
    Action {
        id: "create_service",
        impact: Impact::Low,
        safety: Safety::NeedsApproval,
        doc: "creates the headless Service that a StatefulSet names, over its own labels and ports",
        build: services::governing,
    },
    Action {
        id: "set_strategy_recreate",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "lets a Deployment end its old pods before it makes new ones",
        build: scheduling::recreate,
    },
    Action {
        id: "set_scheduler_name",
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        doc: "gives the pods to the default scheduler",
        build: scheduling::scheduler,
    },
    Action {
        id: "recreate_job",
        impact: Impact::Low,
        safety: Safety::PlanOnly,
        doc: "how to run a Job again: its template cannot be changed",
        build: plan::build,
    },
    Action {
        id: "plan",
        impact: Impact::Low,
        safety: Safety::PlanOnly,
        doc: "steps for a person, where the app must not act or the right value is not known",
        build: plan::build,
    },
];

/// The fixes of a case, best first: expected success times how little it touches, then the order of the
/// row. Section 10 of the catalogue.
pub(super) fn fixes(case: &Case<'_, '_>, rule: Option<&Rule>) -> Vec<Fix> {
    let ids = rule.map_or(&["plan"][..], |rule| rule.actions);
    let mut fixes: Vec<(f64, Fix)> = ids.iter().filter_map(|id| fix(case, id)).collect();
    fixes.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    fixes.into_iter().map(|(_, fix)| fix).collect()
}

/// A fix, and what it is worth.
fn fix(case: &Case<'_, '_>, id: &str) -> Option<(f64, Fix)> {
    let action = ACTIONS.iter().find(|action| action.id == id)?;
    let built = (action.build)(case)?;
    let mut fix = Fix {
        action: action.id.to_owned(),
        description: built.description,
        target: built.target,
        impact: action.impact,
        safety: action.safety,
        preview: built.preview,
        patch: built.patch,
        expected: 0,
        record: None,
    };
    let learned = &case.graph.snapshot().experience;
    let success = learned.expect(case.cause, &case.signal.owner, &mut fix);
    Some((success * experience::gentleness(action.impact), fix))
}

/// A strategic merge patch of one container in a workload's template.
fn container_patch(init: bool, container: &serde_json::Value) -> kubegraf_ipc::incident::Patch {
    let list = if init { "initContainers" } else { "containers" };
    let body = serde_json::json!({"spec": {"template": {"spec": {list: [container]}}}});
    kubegraf_ipc::incident::Patch {
        r#type: kubegraf_ipc::incident::PatchType::Strategic,
        body: body.to_string(),
    }
}

/// A strategic merge patch.
fn strategic(body: &serde_json::Value) -> kubegraf_ipc::incident::Patch {
    kubegraf_ipc::incident::Patch {
        r#type: kubegraf_ipc::incident::PatchType::Strategic,
        body: body.to_string(),
    }
}

/// A merge patch.
fn merge(body: &serde_json::Value) -> kubegraf_ipc::incident::Patch {
    kubegraf_ipc::incident::Patch {
        r#type: kubegraf_ipc::incident::PatchType::Merge,
        body: body.to_string(),
    }
}

/// A JSON patch of these steps.
fn json_patch(steps: &[serde_json::Value]) -> kubegraf_ipc::incident::Patch {
    kubegraf_ipc::incident::Patch {
        r#type: kubegraf_ipc::incident::PatchType::Json,
        body: serde_json::Value::from(steps).to_string(),
    }
}

/// Whether the owner's pod template can be changed and its controller then replaces the pods.
fn rolls_out(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet")
}
