//! The one list of what may cross the wire. A line here gives the trait impl, a place in the ACL,
//! a place in the wiring test, and a typed call in the window.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    account::*, app::*, backup::*, cluster::*, debug::*, doctor::*, execution::*, features::*,
    files::*, forward::*, incident::*, inspect::*, lifecycle::*, logs::*, notice::*, overview::*,
    preferences::*, table::*, terminal::*, update::*,
};

/// A request that is answered once.
pub trait Command: Serialize + DeserializeOwned {
    /// Name of the Tauri command, snake_case.
    const NAME: &'static str;
    /// What a success answers.
    type Reply: Serialize + DeserializeOwned;
}

/// A command that changes something. A second arrival with the same request id gets the first
/// one's answer and runs nothing.
pub trait Mutation: Command {
    /// Id chosen by the caller, unique per intended change.
    fn request_id(&self) -> &str;
}

/// A request that opens a stream of events, ended by [`Unwatch`], by a page load and by the
/// window's end.
pub trait Watch: Serialize + DeserializeOwned {
    /// Name of the Tauri command, snake_case.
    const NAME: &'static str;
    /// What the stream carries.
    type Event: Serialize + DeserializeOwned;
}

macro_rules! ipc {
    (
        commands { $($(#[$cdoc:meta])* $cname:ident($creq:ty) -> $creply:ty;)* }
        mutations { $($(#[$mdoc:meta])* $mname:ident($mreq:ty) -> $mreply:ty;)* }
        watches { $($(#[$wdoc:meta])* $wname:ident($wreq:ty) => $wevent:ty;)* }
    ) => {
        $(impl Command for $creq { const NAME: &'static str = stringify!($cname); type Reply = $creply; })*
        $(impl Command for $mreq { const NAME: &'static str = stringify!($mname); type Reply = $mreply; }
          impl Mutation for $mreq { fn request_id(&self) -> &str { &self.request_id } })*
        $(impl Watch for $wreq { const NAME: &'static str = stringify!($wname); type Event = $wevent; })*

        /// Every command name: what the ACL grants and the wiring test calls.
        pub const COMMANDS: &[&str] = &[
            $(stringify!($cname),)* $(stringify!($mname),)* $(stringify!($wname),)*
        ];
        /// The names among [`COMMANDS`] that change something.
        pub const MUTATIONS: &[&str] = &[$(stringify!($mname),)*];
        /// The names among [`COMMANDS`] that open a stream.
        pub const WATCHES: &[&str] = &[$(stringify!($wname),)*];
    };
}

ipc! {
    commands {
        get_status(GetStatus) -> ClusterStatus;
        list_clusters(ListClusters) -> ClusterList;
        refresh_clusters(RefreshClusters) -> ClusterList;
        test_cluster(TestCluster) -> ClusterHealth;
        diagnose_cluster(DiagnoseCluster) -> Diagnosis;
        get_object(GetObject) -> ObjectText;
        get_capabilities(GetCapabilities) -> Capabilities;
        get_cache_stats(GetCacheStats) -> CacheStats;
        list_namespaces(ListNamespaces) -> Vec<String>;
        list_kinds(ListKinds) -> Vec<KindInfo>;
        set_table_view(SetTableView) -> ();
        drawn_table(DrawnTable) -> ();
        read_rows(ReadRows) -> RowPage;
        export_table(ExportTable) -> Exported;
        list_containers(ListContainers) -> Vec<PodContainer>;
        list_shells(ListShells) -> Vec<Shell>;
        type_terminal(TypeTerminal) -> ();
        resize_terminal(ResizeTerminal) -> ();
        drawn_terminal(DrawnTerminal) -> ();
        list_ports(ListPorts) -> Vec<OfferedPort>;
        list_forwards(ListForwards) -> Vec<Forward>;
        open_forward(OpenForward) -> ();
        open_link(OpenLink) -> ();
        set_log_view(SetLogView) -> ();
        find_log(FindLog) -> Option<u64>;
        list_log_patterns(ListLogPatterns) -> LogPatterns;
        read_log_text(ReadLogText) -> String;
        save_logs(SaveLogs) -> SavedLogs;
        get_preferences(GetPreferences) -> Preferences;
        get_incident(GetIncident) -> Incident;
        list_feedback(ListFeedback) -> Vec<Feedback>;
        similar_incidents(SimilarIncidents) -> Vec<SimilarIncident>;
        export_incident(ExportIncident) -> ExportedIncident;
        preview_fix(PreviewFix) -> Plan;
        preview_revert(PreviewRevert) -> Plan;
        preview_debug(PreviewDebug) -> Plan;
        list_executions(ListExecutions) -> Vec<Execution>;
        report_ui(ReportUi) -> ();
        list_features(ListFeatures) -> Vec<FeatureInfo>;
        get_backup_status(GetBackupStatus) -> BackupStatus;
        list_backups(ListBackups) -> Vec<Backup>;
        export_settings(ExportSettings) -> SavedFile;
        export_diagnostics(ExportDiagnostics) -> SavedFile;
        pick_kubeconfig(PickKubeconfig) -> Option<String>;
        leave_window(LeaveWindow) -> ();
        get_account(GetAccount) -> AccountState;
        login(Login) -> AccountState;
        logout(Logout) -> ();
        list_users(ListUsers) -> Vec<User>;
        check_update(CheckUpdate) -> UpdateState;
        restart_app(RestartApp) -> ();
        get_autostart(GetAutostart) -> Autostart;
        unwatch(Unwatch) -> ();
    }
    mutations {
        switch_cluster(SwitchCluster) -> ClusterStatus;
        add_kubeconfig(AddKubeconfig) -> ClusterList;
        remove_kubeconfig(RemoveKubeconfig) -> ClusterList;
        allow_exec(AllowExec) -> ();
        set_protected(SetProtected) -> ();
        select_namespaces(SelectNamespaces) -> ();
        acknowledge_incident(AcknowledgeIncident) -> ();
        snooze_incident(SnoozeIncident) -> ();
        give_feedback(GiveFeedback) -> ();
        add_notice(AddNotice) -> ();
        mark_notices(MarkNotices) -> ();
        delete_notices(DeleteNotices) -> ();
        apply_plan(ApplyPlan) -> ExecutionStarted;
        cancel_execution(CancelExecution) -> ();
        set_preference(SetPreference) -> Preferences;
        run_in_pod(RunInPod) -> RunOutput;
        back_up_now(BackUpNow) -> Backup;
        restore_backup(RestoreBackup) -> Backup;
        delete_backup(DeleteBackup) -> ();
        import_settings(ImportSettings) -> Preferences;
        start_forward(StartForward) -> Forward;
        stop_forward(StopForward) -> ();
        restart_forward(RestartForward) -> Forward;
        keep_forward(KeepForward) -> ();
        register(Register) -> User;
        set_login(SetLogin) -> AccountState;
        change_password(ChangePassword) -> ();
        add_user(AddUser) -> User;
        change_user(ChangeUser) -> User;
        delete_user(DeleteUser) -> ();
        install_update(InstallUpdate) -> UpdateState;
        set_autostart(SetAutostart) -> Autostart;
    }
    watches {
        watch_status(WatchStatus) => ClusterStatus;
        watch_clusters(WatchClusters) => ClusterList;
        watch_table(WatchTable) => TableEvent;
        watch_incidents(WatchIncidents) => IncidentsEvent;
        watch_execution(WatchExecution) => ExecutionEvent;
        watch_notices(WatchNotices) => NoticeList;
        watch_preferences(WatchPreferences) => Preferences;
        watch_account(WatchAccount) => AccountState;
        watch_update(WatchUpdate) => UpdateState;
        watch_overview(WatchOverview) => Overview;
        watch_logs(WatchLogs) => LogsEvent;
        open_terminal(OpenTerminal) => TerminalBytes;
        copy_from_pod(CopyFromPod) => CopyEvent;
        copy_to_pod(CopyToPod) => CopyEvent;
        watch_forwards(WatchForwards) => Vec<Forward>;
    }
}
