//! What can be switched off, and what the core refuses then. One table; the settings show it.
//!
//! A feature is the commands that it is made of. Nothing of a cluster is known here, and nothing of looks.

use kubegraf_ipc::{Code, Error, features::FeatureInfo, preferences::Preferences};

/// Something that can be switched off.
pub(crate) struct Feature {
    /// Names it in the preferences; stable.
    pub(crate) id: &'static str,
    title: &'static str,
    about: &'static str,
    /// Views that are not offered without it.
    routes: &'static [&'static str],
    /// Commands that are refused without it.
    commands: &'static [&'static str],
}

/// The incident engine reads the last lines of failing containers.
pub(crate) const INCIDENT_LOGS: &str = "incident_logs";
/// Outcomes of fixes are kept and shown.
pub(crate) const FIX_MEMORY: &str = "fix_memory";

/// Every one, in the order of the settings.
pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        id: "fixes",
        title: "Fixes",
        about: "preview and apply the fixes of incidents",
        routes: &[],
        commands: &["preview_fix"],
    },
    Feature {
        id: "reverts",
        title: "Undoing fixes",
        about: "preview and apply the way back",
        routes: &[],
        commands: &["preview_revert"],
    },
    Feature {
        id: FIX_MEMORY,
        title: "Memory of fixes",
        about: "remember which fixes have worked here",
        routes: &[],
        commands: &[],
    },
    Feature {
        id: INCIDENT_LOGS,
        title: "Logs as evidence",
        about: "read the last lines of failing containers to find causes",
        routes: &[],
        commands: &[],
    },
    Feature {
        id: "similar_incidents",
        title: "Similar incidents",
        about: "compare an incident with earlier ones",
        routes: &[],
        commands: &["similar_incidents"],
    },
    Feature {
        id: "feedback",
        title: "Feedback",
        about: "say whether the cause was right, and leave notes",
        routes: &[],
        commands: &["give_feedback"],
    },
    Feature {
        id: "acknowledging",
        title: "Acknowledging",
        about: "mark incidents as seen",
        routes: &[],
        commands: &["acknowledge_incident"],
    },
    Feature {
        id: "snoozing",
        title: "Snoozing",
        about: "keep incidents quiet for a while",
        routes: &[],
        commands: &["snooze_incident"],
    },
    Feature {
        id: "logs",
        title: "Logs",
        about: "read what containers have written",
        routes: &["logs"],
        commands: &["watch_logs"],
    },
    Feature {
        id: "terminals",
        title: "Terminals",
        about: "open shells in containers and on this computer",
        routes: &["terminal"],
        commands: &["open_terminal", "run_in_pod"],
    },
    Feature {
        id: "debugging",
        title: "Debug containers and node shells",
        about: "add debug containers to pods and open shells on nodes",
        routes: &[],
        commands: &["preview_debug"],
    },
    Feature {
        id: "port_forwards",
        title: "Port-forwards",
        about: "open ports of this computer that lead into clusters",
        routes: &["port-forwards"],
        commands: &["start_forward", "restart_forward"],
    },
    Feature {
        id: "kept_forwards",
        title: "Kept port-forwards",
        about: "begin forwards again when KubeGraf starts",
        routes: &[],
        commands: &["keep_forward"],
    },
    Feature {
        id: "browser",
        title: "Opening the browser",
        about: "open addresses of forwards and of terminals in the browser",
        routes: &[],
        commands: &["open_forward", "open_link"],
    },
    Feature {
        id: "object_text",
        title: "Whole objects",
        about: "show an object's YAML and description",
        routes: &[],
        commands: &["get_object"],
    },
    Feature {
        id: "table_files",
        title: "Tables as files",
        about: "write what a table shows to a CSV file",
        routes: &[],
        commands: &["export_table"],
    },
    Feature {
        id: "log_files",
        title: "Logs as files",
        about: "write logs to files",
        routes: &[],
        commands: &["save_logs"],
    },
    Feature {
        id: "incident_files",
        title: "Incidents as files",
        about: "write an incident to a Markdown file",
        routes: &[],
        commands: &["export_incident"],
    },
    Feature {
        id: "settings_files",
        title: "Settings as a file",
        about: "export and import the settings",
        routes: &[],
        commands: &["export_settings", "import_settings"],
    },
    Feature {
        id: "more_kubeconfigs",
        title: "More kubeconfig files",
        about: "add files besides those of the environment",
        routes: &[],
        commands: &["add_kubeconfig", "pick_kubeconfig"],
    },
    Feature {
        id: "exec_plugins",
        title: "New programs for credentials",
        about: "let a person allow a program that a kubeconfig names",
        routes: &[],
        commands: &["allow_exec"],
    },
    Feature {
        id: "other_clusters",
        title: "Looking at other clusters",
        about: "ask clusters that are not in use whether they answer",
        routes: &[],
        commands: &["test_cluster"],
    },
    Feature {
        id: "doctor",
        title: "Connection doctor",
        about: "walk the way to a cluster that does not answer",
        routes: &[],
        commands: &["diagnose_cluster"],
    },
    Feature {
        id: "diagnostics",
        title: "Diagnostics",
        about: "show what the core holds and has asked",
        routes: &[],
        commands: &["get_cache_stats", "export_diagnostics"],
    },
];

/// What is refused while nothing may be changed in a cluster.
const CHANGES: &[&str] = &["apply_plan", "open_terminal", "run_in_pod", "copy_to_pod"];

/// The table as the settings show it.
pub(crate) fn list(preferences: &Preferences) -> Vec<FeatureInfo> {
    let info = |feature: &Feature| FeatureInfo {
        id: feature.id.into(),
        title: feature.title.into(),
        about: feature.about.into(),
        routes: feature.routes.iter().map(ToString::to_string).collect(),
        on: is_on(preferences, feature.id),
    };
    FEATURES.iter().map(info).collect()
}

/// Whether a feature is on.
pub(crate) fn is_on(preferences: &Preferences, id: &str) -> bool {
    !preferences.features_off.iter().any(|off| off == id)
}

/// Whether there is such a feature.
pub(crate) fn exists(id: &str) -> bool {
    FEATURES.iter().any(|feature| feature.id == id)
}

/// Says no to a command that is switched off.
///
/// # Errors
/// [`Code::SwitchedOff`].
pub(crate) fn permit(preferences: &Preferences, command: &str) -> Result<(), Error> {
    let off = |what: &str| {
        let message = format!("{what}; the settings switch it on");
        Err(Error::new(Code::SwitchedOff, message))
    };
    if preferences.read_only && CHANGES.contains(&command) {
        let message =
            "KubeGraf is read-only: nothing is changed in any cluster; the settings end that";
        return Err(Error::new(Code::SwitchedOff, message));
    }
    let mut features = FEATURES.iter();
    match features.find(|feature| feature.commands.contains(&command)) {
        Some(feature) if !is_on(preferences, feature.id) => {
            off(&format!("\"{}\" is switched off", feature.title))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::COMMANDS;

    use super::*;

    /// Covers: SET-02
    #[test]
    fn each_feature_switches_what_it_says() {
        for feature in FEATURES {
            let mut preferences = Preferences::default();
            assert!(is_on(&preferences, feature.id));
            preferences.features_off.push(feature.id.into());
            assert!(!is_on(&preferences, feature.id));
            for command in feature.commands {
                assert!(COMMANDS.contains(command), "there is no \"{command}\"");
                let refused = permit(&preferences, command).unwrap_err();
                assert_eq!(refused.code, Code::SwitchedOff);
                assert!(refused.message.contains(feature.title), "{refused}");
                assert!(permit(&Preferences::default(), command).is_ok());
            }
            let same = FEATURES.iter().filter(|other| other.id == feature.id);
            assert_eq!(same.count(), 1, "\"{}\" stands twice", feature.id);
        }
    }

    #[test]
    fn read_only_refuses_what_changes_a_cluster_and_nothing_else() {
        let preferences = Preferences {
            read_only: true,
            ..Preferences::default()
        };
        for command in COMMANDS {
            assert_eq!(
                permit(&preferences, command).is_err(),
                CHANGES.contains(command),
                "{command}"
            );
        }
    }
}
