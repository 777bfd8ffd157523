//! The RBAC rule that grants what was refused.

/// The API group of `apps/v1` or `v1`.
#[must_use]
pub fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// A rule for a Role or ClusterRole that lets its subject read `resource`.
#[must_use]
pub fn rule(group: &str, resource: &str) -> String {
    format!(
        "- apiGroups: [\"{group}\"]\n  resources: [\"{resource}\"]\n  verbs: [\"get\", \"list\", \"watch\"]"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_names_group_and_resource() {
        assert_eq!(group("apps/v1"), "apps");
        assert_eq!(group("v1"), "");
        let rule = rule("apps", "deployments");
        assert!(rule.contains("apiGroups: [\"apps\"]") && rule.contains("[\"deployments\"]"));
    }
}
