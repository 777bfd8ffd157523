//! Property tests: whatever crosses the wire arrives as it was sent.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    account::*, app::*, backup::*, cluster::*, contract::*, debug::*, doctor::*, error::Error,
    execution::*, features::*, files::*, forward::*, incident::*, inspect::*, lifecycle::*,
    logs::*, notice::*, overview::*, preferences::*, table::*, terminal::*, update::*,
};

fn arrives_unchanged<T>(sent: &T) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let wire = serde_json::to_string(sent).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let received: T =
        serde_json::from_str(&wire).map_err(|e| TestCaseError::fail(format!("{e}: {wire}")))?;
    prop_assert_eq!(sent, &received);
    Ok(())
}

macro_rules! round_trips {
    ($($name:ident: $ty:ty),* $(,)?) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            $(
                /// Covers: IPC-04
                #[test]
                fn $name(value: $ty) { arrives_unchanged(&value)?; }
            )*
        }
    };
}

round_trips! {
    error: Error,
    check_update: CheckUpdate, install_update: InstallUpdate, restart_app: RestartApp,
    watch_update: WatchUpdate, update_state: UpdateState, get_autostart: GetAutostart,
    autostart: Autostart, set_autostart: SetAutostart,
    get_account: GetAccount, watch_account: WatchAccount, account_state: AccountState,
    login: Login, logout: Logout, register: Register, set_login: SetLogin,
    change_password: ChangePassword, list_users: ListUsers, user: User, add_user: AddUser,
    change_user: ChangeUser, delete_user: DeleteUser,
    list_clusters: ListClusters, cluster_list: ClusterList, switch_cluster: SwitchCluster,
    get_status: GetStatus, watch_status: WatchStatus, cluster_status: ClusterStatus,
    list_namespaces: ListNamespaces, list_kinds: ListKinds, kind_info: KindInfo,
    watch_table: WatchTable, set_table_view: SetTableView, drawn_table: DrawnTable, table_event: TableEvent,
    watch_incidents: WatchIncidents, incidents_event: IncidentsEvent, get_incident: GetIncident,
    incident: Incident, preview_fix: PreviewFix, preview_revert: PreviewRevert, preview_debug: PreviewDebug, plan: Plan,
    apply_plan: ApplyPlan, execution_started: ExecutionStarted, execution: Execution,
    list_executions: ListExecutions, watch_execution: WatchExecution,
    execution_event: ExecutionEvent, cancel_execution: CancelExecution,
    get_preferences: GetPreferences, set_preference: SetPreference, preferences: Preferences,
    watch_overview: WatchOverview, overview: Overview, export_table: ExportTable, exported: Exported, read_rows: ReadRows, row_page: RowPage,
    copy_from_pod: CopyFromPod, copy_to_pod: CopyToPod, copy_event: CopyEvent,
    list_containers: ListContainers, pod_container: PodContainer, run_in_pod: RunInPod,
    run_output: RunOutput,
    list_shells: ListShells, shell: Shell, open_link: OpenLink, type_terminal: TypeTerminal,
    resize_terminal: ResizeTerminal, drawn_terminal: DrawnTerminal, open_terminal: OpenTerminal,
    terminal_bytes: TerminalBytes, terminal_end: TerminalEnd,
    list_ports: ListPorts, offered_port: OfferedPort, list_forwards: ListForwards,
    open_forward: OpenForward, start_forward: StartForward, stop_forward: StopForward,
    restart_forward: RestartForward, keep_forward: KeepForward, watch_forwards: WatchForwards,
    forward: Forward,
    watch_logs: WatchLogs, logs_event: LogsEvent, set_log_view: SetLogView, find_log: FindLog,
    list_log_patterns: ListLogPatterns, log_patterns: LogPatterns,
    read_log_text: ReadLogText, save_logs: SaveLogs, saved_logs: SavedLogs,
    unwatch: Unwatch, report_ui: ReportUi, leave_window: LeaveWindow,
    watch_preferences: WatchPreferences,
    list_features: ListFeatures, feature_info: FeatureInfo, pick_kubeconfig: PickKubeconfig,
    get_backup_status: GetBackupStatus, backup_status: BackupStatus, list_backups: ListBackups,
    backup: Backup, back_up_now: BackUpNow, restore_backup: RestoreBackup,
    delete_backup: DeleteBackup, export_settings: ExportSettings, saved_file: SavedFile,
    import_settings: ImportSettings, export_diagnostics: ExportDiagnostics,
    refresh_clusters: RefreshClusters, watch_clusters: WatchClusters, test_cluster: TestCluster,
    cluster_health: ClusterHealth, add_kubeconfig: AddKubeconfig,
    remove_kubeconfig: RemoveKubeconfig, allow_exec: AllowExec, set_protected: SetProtected,
    select_namespaces: SelectNamespaces, diagnose_cluster: DiagnoseCluster, diagnosis: Diagnosis,
    get_object: GetObject, object_text: ObjectText, get_cache_stats: GetCacheStats,
    cache_stats: CacheStats, get_capabilities: GetCapabilities, capabilities: Capabilities,
    acknowledge_incident: AcknowledgeIncident, snooze_incident: SnoozeIncident,
    give_feedback: GiveFeedback, list_feedback: ListFeedback, feedback: Feedback,
    similar_incidents: SimilarIncidents, similar_incident: SimilarIncident,
    watch_notices: WatchNotices, notice_list: NoticeList, add_notice: AddNotice,
    mark_notices: MarkNotices, delete_notices: DeleteNotices,
    export_incident: ExportIncident, exported_incident: ExportedIncident,
}

#[test]
fn every_command_is_listed_once() {
    let mut names = COMMANDS.to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        names.len(),
        COMMANDS.len(),
        "a name stands twice in {COMMANDS:?}"
    );
    assert!(
        MUTATIONS
            .iter()
            .chain(WATCHES)
            .all(|name| COMMANDS.contains(name))
    );
}

/// Covers: FIX-05
#[test]
fn an_execution_ends_as_the_stream_format_says() {
    let end = ExecutionEvent::Complete {
        exit_code: 0,
        duration: 2.5,
        outcome: Outcome::Healed,
    };
    assert_eq!(
        serde_json::to_value(&end).unwrap(),
        serde_json::json!({"type": "complete", "exitCode": 0, "duration": 2.5, "outcome": "healed"})
    );
}

/// Short lists: nesting makes long ones explode without finding more.
pub(crate) fn few<T: Arbitrary>() -> impl Strategy<Value = Vec<T>> {
    proptest::collection::vec(any::<T>(), 0..3)
}
