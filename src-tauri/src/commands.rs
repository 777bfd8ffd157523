//! One Tauri command per line of the contract; each is one call into core.

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::{
    Error, Reply,
    account::{
        AccountState, AddUser, ChangePassword, ChangeUser, DeleteUser, GetAccount, ListUsers,
        Login, Logout, Register, SetLogin, WatchAccount,
    },
    app::{LeaveWindow, PickKubeconfig, ReportUi, Unwatch},
    backup::{
        BackUpNow, DeleteBackup, ExportSettings, GetBackupStatus, ImportSettings, ListBackups,
        RestoreBackup,
    },
    cluster::{
        AddKubeconfig, AllowExec, ClusterList, ClusterStatus, GetStatus, ListClusters,
        ListNamespaces, RefreshClusters, RemoveKubeconfig, SelectNamespaces, SetProtected,
        SwitchCluster, TestCluster, WatchClusters, WatchStatus,
    },
    debug::PreviewDebug,
    doctor::DiagnoseCluster,
    execution::{
        ApplyPlan, CancelExecution, ExecutionEvent, ListExecutions, PreviewFix, PreviewRevert,
        WatchExecution,
    },
    features::ListFeatures,
    files::{CopyEvent, CopyFromPod, CopyToPod},
    forward::{
        Forward, KeepForward, ListForwards, ListPorts, OpenForward, RestartForward, StartForward,
        StopForward, WatchForwards,
    },
    incident::{GetIncident, IncidentsEvent, WatchIncidents},
    inspect::{ExportDiagnostics, GetCacheStats, GetCapabilities, GetObject},
    lifecycle::{
        AcknowledgeIncident, ExportIncident, GiveFeedback, ListFeedback, SimilarIncidents,
        SnoozeIncident,
    },
    logs::{FindLog, ListLogPatterns, LogsEvent, ReadLogText, SaveLogs, SetLogView, WatchLogs},
    notice::{AddNotice, DeleteNotices, MarkNotices, NoticeList, WatchNotices},
    overview::{Overview, WatchOverview},
    preferences::{GetPreferences, Preferences, SetPreference, WatchPreferences},
    table::{DrawnTable, ExportTable, ListKinds, ReadRows, SetTableView, TableEvent, WatchTable},
    terminal::{
        DrawnTerminal, ListContainers, ListShells, OpenLink, OpenTerminal, ResizeTerminal,
        RunInPod, TerminalBytes, TypeTerminal,
    },
    update::{
        CheckUpdate, GetAutostart, InstallUpdate, RestartApp, SetAutostart, UpdateState,
        WatchUpdate,
    },
};
use tauri::{
    AppHandle, Manager, Runtime, State, Webview,
    ipc::{Channel, Invoke, InvokeResponseBody},
};

/// Plain commands: name, request, and the core's method of the same name.
macro_rules! commands {
    ($($name:ident($request:ty);)*) => {
        $(
            #[tauri::command]
            async fn $name<R: Runtime>(
                webview: Webview<R>,
                core: State<'_, Core>,
                request: $request,
            ) -> Reply<$request> {
                let core = core.permit(webview.label(), stringify!($name)).await?;
                core.$name(request).await
            }
        )*
    };
}

/// Streams: the same with a channel, keyed by window and channel.
macro_rules! watches {
    ($($name:ident($request:ty) => $event:ty;)*) => {
        $(
            #[tauri::command]
            async fn $name<R: Runtime>(
                webview: Webview<R>,
                core: State<'_, Core>,
                request: $request,
                events: Channel<$event>,
            ) -> Result<(), Error> {
                let core = core.permit(webview.label(), stringify!($name)).await?;
                let key = StreamKey::new(webview.label(), events.id());
                let sink = Box::new(move |event| events.send(event).is_ok());
                core.$name(request, key.clone(), sink).await?;
                core.confirm(&key, stringify!($name)).await
            }
        )*
    };
}

/// Commands about the window itself: its streams, and who is signed in there.
macro_rules! window_commands {
    ($($name:ident($request:ty);)*) => {
        $(
            #[tauri::command]
            async fn $name<R: Runtime>(
                webview: Webview<R>,
                core: State<'_, Core>,
                request: $request,
            ) -> Reply<$request> {
                let core = core.permit(webview.label(), stringify!($name)).await?;
                core.$name(request, webview.label()).await
            }
        )*
    };
}

/// Commands about the desktop: what Tauri knows and core does not.
macro_rules! desktop_commands {
    ($($name:ident($request:ty);)*) => {
        $(
            #[tauri::command]
            async fn $name<R: Runtime>(
                app: AppHandle<R>,
                webview: Webview<R>,
                request: $request,
            ) -> Reply<$request> {
                let core = app.state::<Core>();
                core.permit(webview.label(), stringify!($name)).await?;
                crate::desk::$name(&app, request).await
            }
        )*
    };
}

desktop_commands! {
    leave_window(LeaveWindow);
    pick_kubeconfig(PickKubeconfig);
    check_update(CheckUpdate);
    install_update(InstallUpdate);
    restart_app(RestartApp);
    get_autostart(GetAutostart);
    set_autostart(SetAutostart);
}

commands! {
    get_status(GetStatus);
    list_features(ListFeatures);
    get_backup_status(GetBackupStatus);
    list_backups(ListBackups);
    back_up_now(BackUpNow);
    restore_backup(RestoreBackup);
    delete_backup(DeleteBackup);
    export_settings(ExportSettings);
    export_diagnostics(ExportDiagnostics);
    import_settings(ImportSettings);
    list_clusters(ListClusters);
    refresh_clusters(RefreshClusters);
    test_cluster(TestCluster);
    diagnose_cluster(DiagnoseCluster);
    get_object(GetObject);
    get_capabilities(GetCapabilities);
    get_cache_stats(GetCacheStats);
    add_kubeconfig(AddKubeconfig);
    remove_kubeconfig(RemoveKubeconfig);
    allow_exec(AllowExec);
    set_protected(SetProtected);
    select_namespaces(SelectNamespaces);
    list_namespaces(ListNamespaces);
    list_kinds(ListKinds);
    read_rows(ReadRows);
    export_table(ExportTable);
    get_preferences(GetPreferences);
    set_preference(SetPreference);
    get_incident(GetIncident);
    list_feedback(ListFeedback);
    similar_incidents(SimilarIncidents);
    export_incident(ExportIncident);
    acknowledge_incident(AcknowledgeIncident);
    snooze_incident(SnoozeIncident);
    give_feedback(GiveFeedback);
    add_notice(AddNotice);
    mark_notices(MarkNotices);
    delete_notices(DeleteNotices);
    preview_fix(PreviewFix);
    preview_revert(PreviewRevert);
    preview_debug(PreviewDebug);
    list_executions(ListExecutions);
    report_ui(ReportUi);
    switch_cluster(SwitchCluster);
    apply_plan(ApplyPlan);
    cancel_execution(CancelExecution);
    list_ports(ListPorts);
    list_shells(ListShells);
    list_containers(ListContainers);
    run_in_pod(RunInPod);
    list_forwards(ListForwards);
    open_forward(OpenForward);
    open_link(OpenLink);
    start_forward(StartForward);
    stop_forward(StopForward);
    restart_forward(RestartForward);
    keep_forward(KeepForward);
    register(Register);
    list_users(ListUsers);
    add_user(AddUser);
    change_user(ChangeUser);
    delete_user(DeleteUser);
}

watches! {
    watch_status(WatchStatus) => ClusterStatus;
    watch_clusters(WatchClusters) => ClusterList;
    watch_table(WatchTable) => TableEvent;
    watch_incidents(WatchIncidents) => IncidentsEvent;
    watch_execution(WatchExecution) => ExecutionEvent;
    watch_notices(WatchNotices) => NoticeList;
    watch_preferences(WatchPreferences) => Preferences;
    watch_account(WatchAccount) => AccountState;
    watch_overview(WatchOverview) => Overview;
    watch_logs(WatchLogs) => LogsEvent;
    watch_forwards(WatchForwards) => Vec<Forward>;
    copy_from_pod(CopyFromPod) => CopyEvent;
    copy_to_pod(CopyToPod) => CopyEvent;
}

window_commands! {
    get_account(GetAccount);
    login(Login);
    logout(Logout);
    set_login(SetLogin);
    change_password(ChangePassword);
    set_table_view(SetTableView);
    drawn_table(DrawnTable);
    set_log_view(SetLogView);
    find_log(FindLog);
    list_log_patterns(ListLogPatterns);
    read_log_text(ReadLogText);
    save_logs(SaveLogs);
    type_terminal(TypeTerminal);
    resize_terminal(ResizeTerminal);
    drawn_terminal(DrawnTerminal);
    unwatch(Unwatch);
}

/// A stream of what the shell knows.
#[tauri::command]
async fn watch_update<R: Runtime>(
    app: AppHandle<R>,
    webview: Webview<R>,
    core: State<'_, Core>,
    request: WatchUpdate,
    events: Channel<UpdateState>,
) -> Result<(), Error> {
    let core = core.permit(webview.label(), "watch_update").await?;
    let key = StreamKey::new(webview.label(), events.id());
    let sink = Box::new(move |event| events.send(event).is_ok());
    crate::desk::watch_update(&app, request, &core, key.clone(), sink)?;
    core.confirm(&key, "watch_update").await
}

/// A stream whose messages are binary.
#[tauri::command]
async fn open_terminal<R: Runtime>(
    webview: Webview<R>,
    core: State<'_, Core>,
    request: OpenTerminal,
    events: Channel<InvokeResponseBody>,
) -> Result<(), Error> {
    let core = core.permit(webview.label(), "open_terminal").await?;
    let key = StreamKey::new(webview.label(), events.id());
    let sink = move |bytes: TerminalBytes| events.send(InvokeResponseBody::Raw(bytes.0)).is_ok();
    core.open_terminal(request, key.clone(), Box::new(sink))
        .await?;
    core.confirm(&key, "open_terminal").await
}

/// Answers every command of the contract.
pub(crate) fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        get_status,
        list_clusters,
        refresh_clusters,
        test_cluster,
        diagnose_cluster,
        get_object,
        get_capabilities,
        get_cache_stats,
        add_kubeconfig,
        remove_kubeconfig,
        allow_exec,
        set_protected,
        select_namespaces,
        watch_clusters,
        list_namespaces,
        list_kinds,
        set_table_view,
        drawn_table,
        read_rows,
        export_table,
        get_preferences,
        set_preference,
        get_incident,
        list_feedback,
        similar_incidents,
        export_incident,
        acknowledge_incident,
        snooze_incident,
        give_feedback,
        preview_fix,
        preview_revert,
        preview_debug,
        list_executions,
        report_ui,
        leave_window,
        pick_kubeconfig,
        check_update,
        install_update,
        restart_app,
        watch_update,
        get_autostart,
        set_autostart,
        list_features,
        get_backup_status,
        list_backups,
        back_up_now,
        restore_backup,
        delete_backup,
        export_settings,
        export_diagnostics,
        import_settings,
        watch_preferences,
        unwatch,
        switch_cluster,
        apply_plan,
        cancel_execution,
        watch_status,
        watch_table,
        watch_incidents,
        watch_execution,
        add_notice,
        mark_notices,
        delete_notices,
        watch_notices,
        watch_overview,
        watch_logs,
        set_log_view,
        find_log,
        list_log_patterns,
        list_containers,
        run_in_pod,
        read_log_text,
        save_logs,
        list_ports,
        list_forwards,
        open_forward,
        open_link,
        start_forward,
        stop_forward,
        restart_forward,
        keep_forward,
        get_account,
        watch_account,
        login,
        logout,
        register,
        set_login,
        change_password,
        list_users,
        add_user,
        change_user,
        delete_user,
        watch_forwards,
        copy_from_pod,
        copy_to_pod,
        open_terminal,
        list_shells,
        type_terminal,
        resize_terminal,
        drawn_terminal
    ]
}
