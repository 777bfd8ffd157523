//! `:` jumps as k9s has them: `:pods kube-system /web`, `:ctx prod-eu`, `:ns shop`.

use kubegraf_ipc::table::KindInfo;

/// Where a jump leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jump {
    /// The table of a kind, perhaps in one namespace and filtered.
    Table {
        /// [`KindInfo::id`].
        kind: String,
        /// `Some("")` means all namespaces.
        namespace: Option<String>,
        /// The filter, without its slash.
        filter: String,
    },
    /// The cluster whose name is nearest, or the list of clusters.
    Cluster(Option<String>),
    /// One namespace, or all.
    Namespace(Option<String>),
    /// A view by its route.
    View(&'static str),
}

/// Names of views that are no table.
const VIEWS: &[(&[&str], &str)] = &[
    (&["dashboard", "dash", "pulse"], "dashboard"),
    (&["overview", "cluster-overview"], "cluster-overview"),
    (&["incidents", "inc"], "incidents"),
    (
        &["clusters", "contexts", "cluster-manager"],
        "cluster-manager",
    ),
    (&["settings", "config"], "settings"),
];

/// kubectl's short names.
const SHORT: &[(&str, &str)] = &[
    ("po", "pods"),
    ("deploy", "deployments"),
    ("dp", "deployments"),
    ("rs", "replicasets"),
    ("sts", "statefulsets"),
    ("ds", "daemonsets"),
    ("cj", "cronjobs"),
    ("svc", "services"),
    ("ing", "ingresses"),
    ("cm", "configmaps"),
    ("no", "nodes"),
    ("ev", "events"),
    ("sa", "serviceaccounts"),
    ("pvc", "persistentvolumeclaims"),
    ("pv", "persistentvolumes"),
];

/// Reads what was typed after `:`.
///
/// # Errors
/// A sentence that says which word is not known.
pub fn parse(typed: &str, kinds: &[KindInfo]) -> Result<Jump, String> {
    let (command, rest) = typed
        .trim()
        .split_once(char::is_whitespace)
        .unwrap_or((typed.trim(), ""));
    let command = command.to_lowercase();
    let rest = rest.trim();
    let given = (!rest.is_empty()).then(|| rest.to_owned());
    match command.as_str() {
        "" => return Err("A kind, ctx or ns comes after the colon.".into()),
        "ctx" | "context" | "cluster" => return Ok(Jump::Cluster(given)),
        "ns" | "namespace" => {
            return Ok(Jump::Namespace(
                given.filter(|name| name != "all" && name != "*"),
            ));
        }
        _ => {}
    }
    if let Some((_, view)) = VIEWS
        .iter()
        .find(|(names, _)| names.contains(&command.as_str()))
    {
        return Ok(Jump::View(view));
    }
    let full = SHORT
        .iter()
        .find(|(short, _)| *short == command)
        .map_or(command.as_str(), |(_, full)| full);
    let kind = kinds
        .iter()
        .find(|kind| kind.id == full || kind.kind.to_lowercase() == full)
        .ok_or_else(|| format!("There is no view or kind “{command}”."))?;
    let (place, filter) = match rest.split_once('/') {
        Some((place, filter)) => (place.trim(), filter.trim()),
        None => (rest, ""),
    };
    let namespace = match place {
        "" => None,
        "all" | "*" => Some(String::new()),
        _ if !kind.namespaced => {
            return Err(format!("{} are in no namespace.", kind.title));
        }
        name => Some(name.to_owned()),
    };
    Ok(Jump::Table {
        kind: kind.id.clone(),
        namespace,
        filter: filter.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Vec<KindInfo> {
        [("pods", "Pod", true), ("nodes", "Node", false)]
            .map(|(id, kind, namespaced)| KindInfo {
                id: id.into(),
                kind: kind.into(),
                title: format!("{kind}s"),
                api_version: "v1".into(),
                namespaced,
                columns: vec![],
            })
            .into()
    }

    fn table(namespace: Option<&str>, filter: &str) -> Jump {
        Jump::Table {
            kind: "pods".into(),
            namespace: namespace.map(str::to_owned),
            filter: filter.into(),
        }
    }

    /// Covers: NAV-24
    #[test]
    fn jumps_read_as_k9s_reads_them() {
        for (typed, jump) in [
            ("pods", table(None, "")),
            ("po kube-system", table(Some("kube-system"), "")),
            ("Pod shop /web", table(Some("shop"), "web")),
            ("pods all", table(Some(""), "")),
            ("pods /check", table(None, "check")),
            ("ctx prod-eu", Jump::Cluster(Some("prod-eu".into()))),
            ("ctx", Jump::Cluster(None)),
            ("ns shop", Jump::Namespace(Some("shop".into()))),
            ("ns", Jump::Namespace(None)),
            ("dash", Jump::View("dashboard")),
        ] {
            assert_eq!(parse(typed, &kinds()), Ok(jump), "{typed}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        assert!(parse("widgets", &kinds()).unwrap_err().contains("widgets"));
        assert!(
            parse("nodes shop", &kinds())
                .unwrap_err()
                .contains("no namespace")
        );
        assert!(parse("", &kinds()).is_err());
    }
}
