//! What each role may do: one table over the commands of the contract. A command that stands nowhere is an
//! admin's, so that a forgotten line locks a door instead of opening one.

use kubegraf_ipc::{account::Role, preferences::PreferenceChange};

/// What a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nobody has to be signed in: the way in, the way out, and what tells nothing.
    Nobody,
    /// Somebody of at least this role.
    Role(Role),
}

const NOBODY: &[&str] = &[
    "get_account",
    "watch_account",
    "login",
    "logout",
    "register",
    "report_ui",
    "unwatch",
    "leave_window",
];

/// Looking, and what only moves one's own view.
const VIEWER: &[&str] = &[
    "get_status",
    "list_clusters",
    "refresh_clusters",
    "test_cluster",
    "diagnose_cluster",
    "get_object",
    "get_capabilities",
    "get_cache_stats",
    "list_namespaces",
    "list_kinds",
    "set_table_view",
    "open_link",
    "drawn_table",
    "read_rows",
    "export_table",
    "list_containers",
    "list_shells",
    "list_ports",
    "list_forwards",
    "set_log_view",
    "find_log",
    "list_log_patterns",
    "read_log_text",
    "save_logs",
    "get_preferences",
    "get_incident",
    "list_feedback",
    "similar_incidents",
    "export_incident",
    "list_executions",
    "list_features",
    "get_backup_status",
    "list_backups",
    "export_settings",
    "export_diagnostics",
    "switch_cluster",
    "select_namespaces",
    "add_notice",
    "mark_notices",
    // Of these only the looks: see `may_set`.
    "set_preference",
    "change_password",
    "watch_status",
    "watch_clusters",
    "watch_table",
    "watch_incidents",
    "watch_execution",
    "watch_notices",
    "watch_preferences",
    "watch_overview",
    "watch_logs",
    "watch_forwards",
    "watch_update",
    "check_update",
    "get_autostart",
];

/// Changing clusters, entering containers, and judging incidents.
const USER: &[&str] = &[
    "preview_debug",
    "type_terminal",
    "resize_terminal",
    "drawn_terminal",
    "open_terminal",
    "run_in_pod",
    "copy_from_pod",
    "copy_to_pod",
    "preview_fix",
    "preview_revert",
    "apply_plan",
    "cancel_execution",
    "acknowledge_incident",
    "snooze_incident",
    "give_feedback",
    "delete_notices",
    "open_forward",
    "start_forward",
    "stop_forward",
    "restart_forward",
    "keep_forward",
    "back_up_now",
];

/// Deciding about accounts, safety, programs, files and backups.
const ADMIN: &[&str] = &[
    "pick_kubeconfig",
    "add_kubeconfig",
    "remove_kubeconfig",
    "allow_exec",
    "set_protected",
    "restore_backup",
    "delete_backup",
    "import_settings",
    "set_login",
    "list_users",
    "add_user",
    "change_user",
    "delete_user",
    "install_update",
    "restart_app",
    "set_autostart",
];

/// Commands that the window sends by itself: they are no use of a session.
const BY_ITSELF: &[&str] = &[
    "unwatch",
    "report_ui",
    "add_notice",
    "get_account",
    "watch_account",
    "drawn_table",
    "drawn_terminal",
    "resize_terminal",
];

/// What a command needs.
pub(crate) fn need(command: &str) -> Need {
    let table = [
        (NOBODY, Need::Nobody),
        (VIEWER, Need::Role(Role::Viewer)),
        (USER, Need::Role(Role::User)),
        (ADMIN, Need::Role(Role::Admin)),
    ];
    let found = table.iter().find(|(list, _)| list.contains(&command));
    found.map_or(Need::Role(Role::Admin), |(_, need)| *need)
}

/// Whether a command is sent by a person.
pub(crate) fn is_a_use(command: &str) -> bool {
    !BY_ITSELF.contains(&command)
}

/// The least role that may change a preference.
pub(crate) const fn may_set(change: &PreferenceChange) -> Role {
    match change {
        PreferenceChange::Theme(_)
        | PreferenceChange::Scheme(_)
        | PreferenceChange::Flash(_)
        | PreferenceChange::Zoom(_)
        | PreferenceChange::StartView(_)
        | PreferenceChange::OverviewSeconds(_)
        | PreferenceChange::Closing(_)
        | PreferenceChange::Alert { .. }
        | PreferenceChange::Policy(_)
        | PreferenceChange::Table(_)
        | PreferenceChange::PlainTable(_)
        | PreferenceChange::Shortcut(_)
        | PreferenceChange::PlainShortcut(_)
        | PreferenceChange::PlainShortcuts => Role::Viewer,
        PreferenceChange::ScansPaused(_) | PreferenceChange::Terminal(_) => Role::User,
        PreferenceChange::ReadOnly(_)
        | PreferenceChange::Feature { .. }
        | PreferenceChange::UpdateCheck(_)
        | PreferenceChange::BackupDaily(_)
        | PreferenceChange::BackupKeep(_) => Role::Admin,
    }
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::{COMMANDS, MUTATIONS};

    use super::*;

    #[test]
    fn every_command_stands_in_the_table_once_and_nothing_else_does() {
        let lists = [NOBODY, VIEWER, USER, ADMIN];
        for command in COMMANDS {
            let times = lists.iter().flat_map(|list| list.iter());
            let times = times.filter(|listed| listed == &command).count();
            assert_eq!(times, 1, "\"{command}\" stands {times} times in the table");
        }
        let listed = lists.iter().map(|list| list.len()).sum::<usize>();
        assert_eq!(listed, COMMANDS.len(), "a command of the table is gone");
        for command in BY_ITSELF {
            assert!(COMMANDS.contains(command), "there is no \"{command}\"");
        }
        assert_eq!(need("no_such_command"), Need::Role(Role::Admin));
    }

    /// Covers: AUT-07
    #[test]
    fn a_viewer_changes_nothing_but_his_own_view() {
        let his = [
            "switch_cluster",
            "select_namespaces",
            "add_notice",
            "mark_notices",
            "set_preference",
            "change_password",
        ];
        for command in MUTATIONS {
            let allowed = need(command) == Need::Role(Role::Viewer);
            assert_eq!(allowed, his.contains(command), "{command}");
        }
        let open: Vec<_> = MUTATIONS
            .iter()
            .filter(|command| need(command) == Need::Nobody)
            .collect();
        assert_eq!(open, [&"register"]);
    }
}
