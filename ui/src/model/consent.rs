//! Whether a plan may be applied, and if not, why.

use kubegraf_ipc::execution::{Consent, DryRun, Permission, Plan};

/// Why `plan` cannot be applied with what was typed so far; `None` when it can.
#[must_use]
pub fn refusal(plan: &Plan, typed: &str) -> Option<String> {
    if let DryRun::Refused { .. } = plan.dry_run {
        return Some("The server refuses this change.".into());
    }
    if let Some(missing) = plan
        .permissions
        .iter()
        .find(|permission| !permission.allowed)
    {
        return Some(format!("You may not {}.", rule_name(missing)));
    }
    if !plan.applicable {
        return Some("This plan is for a person to carry out.".into());
    }
    match &plan.consent {
        Consent::Type { text } if text != typed => {
            Some("The cluster is protected: its name must be typed.".into())
        }
        _ => None,
    }
}

/// `patch deployments.apps in shop`.
#[must_use]
pub fn rule_name(permission: &Permission) -> String {
    let Permission {
        verb,
        group,
        resource,
        namespace,
        ..
    } = permission;
    let dot = if group.is_empty() { "" } else { "." };
    let place = if namespace.is_empty() {
        String::new()
    } else {
        format!(" in {namespace}")
    };
    format!("{verb} {resource}{dot}{group}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubegraf_ipc::{
        incident::{Impact, Safety},
        object::ObjectRef,
    };

    fn plan(allowed: bool, dry_run: DryRun, consent: Consent) -> Plan {
        Plan {
            id: "p".into(),
            hash: "h".into(),
            cluster: "c".into(),
            cluster_name: "prod-eu".into(),
            title: "roll back".into(),
            action: "rollback_workload".into(),
            target: ObjectRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                namespace: "shop".into(),
                name: "checkout".into(),
                uid: None,
            },
            impact: Impact::Medium,
            safety: Safety::NeedsApproval,
            preview: String::new(),
            diff: vec![],
            applicable: allowed && dry_run == DryRun::Accepted,
            dry_run,
            permissions: vec![Permission {
                verb: "patch".into(),
                group: "apps".into(),
                resource: "deployments".into(),
                namespace: "shop".into(),
                allowed,
            }],
            blast_radius: vec![],
            consent,
        }
    }

    /// Covers: FIX-08
    #[test]
    fn a_refused_dry_run_cannot_be_applied() {
        let refused = DryRun::Refused {
            message: "no".into(),
        };
        assert!(refusal(&plan(true, refused, Consent::Click), "").is_some());
        assert_eq!(
            refusal(&plan(true, DryRun::Accepted, Consent::Click), ""),
            None
        );
    }

    #[test]
    fn a_missing_permission_is_named() {
        let reason = refusal(&plan(false, DryRun::Accepted, Consent::Click), "");
        assert_eq!(
            reason.unwrap(),
            "You may not patch deployments.apps in shop."
        );
    }

    #[test]
    fn a_protected_cluster_wants_its_exact_name() {
        let consent = Consent::Type {
            text: "prod-eu".into(),
        };
        let plan = plan(true, DryRun::Accepted, consent);
        assert!(refusal(&plan, "prod-e").is_some());
        assert_eq!(refusal(&plan, "prod-eu"), None);
    }
}
