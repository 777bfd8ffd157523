//! The gate before every command: who is signed in decides, for every one, and sees nothing afterwards.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{path::Path, sync::Arc};

use kubegraf_core::{
    Core, Options, StreamKey, clock::SystemClock, clusters::Sources, store::Store,
};
use kubegraf_ipc::{
    COMMANDS, Code, MUTATIONS,
    account::{
        AccountState, AddUser, ListUsers, Login, Logout, Password, Register, Role, SetLogin,
        WatchAccount,
    },
    backup::{BackUpNow, ExportSettings, RestoreBackup},
    cluster::WatchClusters,
    preferences::{PreferenceChange, SetPreference, Theme},
};
use time::OffsetDateTime;
use tokio::sync::mpsc;

const RIGHT: &str = "correct horse battery";

async fn start(data: &Path) -> Core {
    let options = Options {
        data_dir: data.into(),
        sources: Sources {
            kubeconfigs: Vec::new(),
            demo: true,
        },
        actor: "root".into(),
        clock: Arc::new(SystemClock),
    };
    Core::start(options).await.unwrap()
}

fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn right() -> Password {
    Password(RIGHT.into())
}

async fn require(core: &Core) {
    let register = Register {
        request_id: id(),
        name: "Ada".into(),
        email: "ada@example.org".into(),
        password: right(),
    };
    core.register(register).await.unwrap();
    let set = SetLogin {
        request_id: id(),
        required: true,
    };
    let answer = core.permit("main", "set_login").await.unwrap();
    let answer = answer.set_login(set, "main").await.unwrap();
    assert_eq!(answer.account, None, "who sits there has to sign in");
}

async fn login(core: &Core, name: &str) -> AccountState {
    let login = Login {
        name: name.into(),
        password: right(),
    };
    core.login(login, "main").await.unwrap()
}

async fn refused(core: &Core, command: &str) -> Code {
    core.permit("main", command).await.err().unwrap().code
}

/// Covers: AUT-07, IPC-14, ERR-09
#[tokio::test]
async fn without_a_session_only_the_way_in_is_open() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    for command in COMMANDS {
        assert!(core.permit("main", command).await.is_ok(), "{command}");
    }
    require(&core).await;
    let open = [
        "get_account",
        "watch_account",
        "login",
        "logout",
        "register",
        "report_ui",
        "unwatch",
        "leave_window",
    ];
    for command in COMMANDS {
        let admitted = core.permit("main", command).await;
        assert_eq!(admitted.is_ok(), open.contains(command), "{command}");
        if let Err(error) = admitted {
            assert_eq!(error.code, Code::SignedOut, "{command}");
        }
    }
    login(&core, "ada").await;
    for command in COMMANDS {
        assert!(core.permit("main", command).await.is_ok(), "{command}");
        let elsewhere = core.permit("other", command).await;
        assert_eq!(elsewhere.is_ok(), open.contains(command), "{command}");
    }
    core.stop().await;
}

/// Covers: AUT-07, AUT-12, AUT-06, AUT-14
#[tokio::test]
async fn a_viewer_is_refused_by_core_and_audited() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    require(&core).await;
    login(&core, "ada").await;
    let ada = core.permit("main", "add_user").await.unwrap();
    for (name, role) in [("Vic", Role::Viewer), ("Uma", Role::User)] {
        let add = AddUser {
            request_id: id(),
            name: name.into(),
            email: String::new(),
            password: right(),
            role,
        };
        ada.add_user(add).await.unwrap();
    }
    let users = ada.list_users(ListUsers {}).await.unwrap();
    let sessions: u32 = users.iter().map(|user| user.sessions).sum();
    assert_eq!((users.len(), sessions), (3, 1));

    login(&core, "vic").await;
    let his = [
        "switch_cluster",
        "select_namespaces",
        "add_notice",
        "mark_notices",
        "set_preference",
        "change_password",
        "register",
    ];
    for command in MUTATIONS.iter().filter(|command| !his.contains(command)) {
        assert_eq!(refused(&core, command).await, Code::NotAllowed, "{command}");
    }
    let vic = core.permit("main", "set_preference").await.unwrap();
    let set = |change| SetPreference {
        request_id: id(),
        change,
    };
    let looks = set(PreferenceChange::Theme(Theme::Dark));
    assert_eq!(vic.set_preference(looks).await.unwrap().theme, Theme::Dark);
    let safety = vic
        .set_preference(set(PreferenceChange::ReadOnly(true)))
        .await;
    assert_eq!(safety.unwrap_err().code, Code::NotAllowed);

    login(&core, "uma").await;
    assert!(core.permit("main", "apply_plan").await.is_ok());
    assert_eq!(refused(&core, "change_user").await, Code::NotAllowed);
    core.stop().await;

    let now = OffsetDateTime::now_utc();
    let (store, _) = Store::open(&data.path().join("kubegraf.db"), now)
        .await
        .unwrap();
    let trail = store.audit(None, 500).await.unwrap();
    let has = |who: &str, what: &str| {
        let mut rows = trail.iter().map(|row| &row.entry);
        rows.any(|row| row.who == who && row.what.contains(what))
    };
    assert!(has("Vic", "\"apply_plan\" was refused"));
    assert!(has("Vic", "\"set_preference\" was refused"));
    assert!(has("Uma", "\"change_user\" was refused"));
    assert!(has("Ada <ada@example.org>", "a viewer was added"));
}

/// Covers: AUT-02, SEC-01
#[tokio::test]
async fn who_has_signed_out_sees_nothing_more() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    require(&core).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let sink = Box::new(move |state: AccountState| tell.send(state).is_ok());
    let account = StreamKey::new("main", 1);
    core.watch_account(WatchAccount {}, account, sink)
        .await
        .unwrap();
    assert_eq!(told.recv().await.unwrap().account, None);
    login(&core, "ada").await;
    assert_eq!(told.recv().await.unwrap().account.unwrap().name, "Ada");

    let (seen, mut clusters) = mpsc::unbounded_channel();
    let sink = Box::new(move |list| seen.send(list).is_ok());
    let key = StreamKey::new("main", 2);
    core.watch_clusters(WatchClusters {}, key.clone(), sink)
        .await
        .unwrap();
    core.confirm(&key, "watch_clusters").await.unwrap();
    assert!(clusters.recv().await.is_some());
    assert_eq!(core.open_streams(), 2);
    core.logout(Logout {}, "main").await.unwrap();
    assert_eq!(
        core.open_streams(),
        1,
        "only what tells who is signed in goes on"
    );
    assert_eq!(told.recv().await.unwrap().account, None);
    while clusters.recv().await.is_some() {}

    // One that was on its way when the session ended.
    let sink = Box::new(|_| true);
    core.watch_clusters(WatchClusters {}, key.clone(), sink)
        .await
        .unwrap();
    let late = core.confirm(&key, "watch_clusters").await.unwrap_err();
    assert_eq!((late.code, core.open_streams()), (Code::SignedOut, 1));
    core.stop().await;
}

/// Covers: AUT-03
#[tokio::test]
async fn a_restart_a_restore_and_a_file_of_settings_open_no_door() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    require(&core).await;
    login(&core, "ada").await;
    let ada = core.permit("main", "restore_backup").await.unwrap();
    let backup = ada
        .back_up_now(BackUpNow { request_id: id() })
        .await
        .unwrap();
    let restore = RestoreBackup {
        request_id: id(),
        name: backup.name,
    };
    ada.restore_backup(restore).await.unwrap();
    assert_eq!(refused(&core, "list_users").await, Code::SignedOut);
    login(&core, "ada").await;
    let saved = core.export_settings(ExportSettings {}).await.unwrap();
    let text = std::fs::read_to_string(&saved.path).unwrap();
    std::fs::remove_file(&saved.path).unwrap();
    assert!(
        !text.contains("argon2") && !text.to_lowercase().contains("login"),
        "{text}"
    );
    // Killed: nothing was closed.
    std::mem::forget(core);
    let core = start(data.path()).await;
    assert_eq!(refused(&core, "list_users").await, Code::SignedOut);
    core.stop().await;

    let options = Options {
        data_dir: data.path().into(),
        sources: Sources {
            kubeconfigs: Vec::new(),
            demo: true,
        },
        actor: "root".into(),
        clock: Arc::new(SystemClock),
    };
    Core::forget_login(options).await.unwrap();
    let core = start(data.path()).await;
    assert!(core.permit("main", "list_users").await.is_ok());
    core.stop().await;
}
