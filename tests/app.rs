//! The shell through Tauri's mock runtime: every command is wired and granted, streams end with
//! their window, and what the ACL does not grant is refused. No WebKit, no display.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a json! literal is handed over as it is written"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[cfg(feature = "wry")]
#[path = "app/updates.rs"]
mod updates;

use std::time::Duration;

use kubegraf_core::{Core, Options, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::{COMMANDS, MUTATIONS};
use serde_json::{Value, json};
use tauri::{
    App, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder},
    webview::InvokeRequest,
};

/// A shell on the demo cluster, with its data in a directory of its own.
struct Shell {
    core: Core,
    window: WebviewWindow<MockRuntime>,
    _app: App<MockRuntime>,
    _data: tempfile::TempDir,
}

impl Shell {
    fn open() -> Self {
        Self::open_with(None, None)
    }

    /// With a configuration of the updater, and what an update replaces.
    fn open_with(updater: Option<Value>, program: Option<std::path::PathBuf>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let options = Options {
            data_dir: data.path().into(),
            sources: Sources {
                kubeconfigs: Vec::new(),
                demo: true,
            },
            actor: "tester".into(),
            clock: std::sync::Arc::new(SystemClock),
        };
        let core = tauri::async_runtime::block_on(Core::start(options)).unwrap();
        let mut context = tauri::generate_context!();
        if let Some(updater) = updater {
            let plugins = &mut context.config_mut().plugins.0;
            plugins.insert("updater".into(), updater);
        }
        let builder = kubegraf_shell::app::with_updates(mock_builder(), program);
        let app = kubegraf_shell::app::builder(builder, core.clone())
            .build(context)
            .unwrap();
        let window = WebviewWindowBuilder::new(&app, "main", WebviewUrl::default())
            .build()
            .unwrap();
        Self {
            core,
            window,
            _app: app,
            _data: data,
        }
    }

    fn invoke(&self, command: &str, body: Value) -> Result<Value, Value> {
        let request = InvokeRequest {
            cmd: command.into(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: self.window.url().unwrap(),
            body: InvokeBody::Json(body),
            headers: tauri::http::HeaderMap::new(),
            invoke_key: INVOKE_KEY.to_string(),
        };
        get_ipc_response(&self.window, request).map(|body| body.deserialize().unwrap())
    }

    /// Calls until the answer satisfies the test, for 20 s at most.
    fn until(&self, command: &str, body: Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..200 {
            last = self.invoke(command, body.clone()).unwrap();
            if wanted(&last) {
                return last;
            }
            tauri::async_runtime::block_on(async {
                tokio::time::sleep(Duration::from_millis(100)).await
            });
        }
        panic!("\"{command}\" never answered as wanted; last: {last}");
    }
}

/// Covers: SYS-03
#[test]
fn every_command_of_the_contract_is_wired_and_granted() {
    let shell = Shell::open();
    for command in COMMANDS {
        let refusal = shell
            .invoke(command, json!({}))
            .expect_err("no command works without a request");
        let refusal = refusal.to_string();
        assert!(
            refusal.contains("missing required key request"),
            "\"{command}\": {refusal}"
        );
    }
}

/// Covers: IPC-06
#[test]
fn the_capability_grants_the_contract_and_nothing_else() {
    let conf: Value = serde_json::from_str(include_str!("../tauri.conf.json")).unwrap();
    let granted = &conf["app"]["security"]["capabilities"][0]["permissions"];
    let mut granted: Vec<String> = granted
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p.as_str().unwrap().to_owned())
        .collect();
    let mut wanted: Vec<String> = COMMANDS
        .iter()
        .map(|name| format!("allow-{}", name.replace('_', "-")))
        .collect();
    granted.sort();
    wanted.sort();
    assert_eq!(granted, wanted);
}

/// Covers: SET-02
#[test]
fn what_is_switched_off_is_refused_by_core() {
    let shell = Shell::open();
    let set = |id: &str, change: Value| {
        let request = json!({"request": {"requestId": id, "change": change}});
        shell.invoke("set_preference", request).unwrap();
    };
    let doctor = json!({"request": {"cluster": "demo"}});
    set(
        "a",
        json!({"preference": "feature", "value": {"id": "doctor", "on": false}}),
    );
    let refused = shell
        .invoke("diagnose_cluster", doctor.clone())
        .unwrap_err();
    assert_eq!(refused["code"], "switched_off", "{refused}");
    set(
        "b",
        json!({"preference": "feature", "value": {"id": "doctor", "on": true}}),
    );
    let answer = shell.invoke("diagnose_cluster", doctor);
    assert_ne!(
        answer.as_ref().err().map(|error| &error["code"]),
        Some(&json!("switched_off"))
    );
    set("c", json!({"preference": "readOnly", "value": true}));
    let plan = json!({"request": {"requestId": "d", "plan": "p", "hash": "h", "typed": null}});
    let refused = shell.invoke("apply_plan", plan).unwrap_err();
    assert_eq!(refused["code"], "switched_off", "{refused}");
}

/// Covers: IPC-06
#[test]
fn what_the_capability_does_not_grant_is_refused() {
    let shell = Shell::open();
    for command in [
        "plugin:window|close",
        "plugin:event|listen",
        "no_such_command",
    ] {
        let refusal = shell.invoke(command, json!({})).unwrap_err().to_string();
        assert!(
            refusal.contains("not allowed") || refusal.contains("not found"),
            "\"{command}\": {refusal}"
        );
    }
}

/// Covers: IPC-05
#[test]
fn a_malformed_request_is_refused_by_name() {
    let shell = Shell::open();
    let refusal = shell
        .invoke("list_executions", json!({"request": {"limit": "many"}}))
        .unwrap_err();
    assert!(refusal.to_string().contains("many"), "{refusal}");
    let refusal = shell
        .invoke(
            "list_executions",
            json!({"request": {"cluster": null, "limit": 0}}),
        )
        .unwrap_err();
    assert_eq!(refusal["code"], "invalid_argument");
    assert!(
        refusal["message"].as_str().unwrap().contains("limit is 0"),
        "{refusal}"
    );
}

/// Covers: CLU-01, CLU-17
#[test]
fn the_demo_cluster_is_listed_and_becomes_active() {
    let shell = Shell::open();
    let status = shell.until("get_status", json!({"request": {}}), |s| {
        s["nodeCount"].as_u64().is_some()
    });
    assert_eq!(
        (&status["connected"], &status["isDemo"]),
        (&json!(true), &json!(true))
    );
    let list = shell
        .invoke("list_clusters", json!({"request": {}}))
        .unwrap();
    assert_eq!(list["currentCluster"], "demo");
    assert_eq!(list["clusters"][0]["isActive"], true);
}

/// Covers: RTU-12
#[test]
fn a_stream_ends_when_it_is_told_and_when_its_window_goes() {
    let shell = Shell::open();
    shell.until("get_status", json!({"request": {}}), |s| {
        s["connected"] == json!(true)
    });
    let open = |channel: u32| {
        let view = json!({"revision": 1, "filter": "", "facet": null, "sort": null, "offset": 0, "count": 60});
        let request = json!({"cluster": "demo", "kind": "pods", "namespaces": [], "view": view});
        let body = json!({"request": request, "events": format!("__CHANNEL__:{channel}")});
        shell.invoke("watch_table", body).unwrap();
    };
    open(7);
    open(8);
    assert_eq!(shell.core.open_streams(), 2);
    shell
        .invoke("unwatch", json!({"request": {"watch": 7}}))
        .unwrap();
    shell
        .invoke("unwatch", json!({"request": {"watch": 7}}))
        .unwrap();
    assert_eq!(
        shell.core.open_streams(),
        1,
        "ending a stream twice ends no other"
    );
    shell.core.end_streams("main");
    assert_eq!(shell.core.open_streams(), 0);
}

/// Covers: ERR-04
#[test]
fn a_resent_mutation_runs_once() {
    let shell = Shell::open();
    assert!(MUTATIONS.contains(&"switch_cluster"));
    let unknown = json!({"request": {"requestId": "r1", "cluster": "context:gone"}});
    let first = shell.invoke("switch_cluster", unknown).unwrap_err();
    assert_eq!(first["code"], "not_found");
    let demo = json!({"request": {"requestId": "r1", "cluster": "demo"}});
    assert_eq!(
        shell.invoke("switch_cluster", demo).unwrap_err(),
        first,
        "the id has its answer"
    );
}

/// Covers: AUT-01, AUT-02, AUT-05, STA-14
#[test]
fn signing_in_gives_the_page_no_token_and_a_viewer_no_rights() {
    let shell = Shell::open();
    let ask = |command: &str, request: Value| shell.invoke(command, json!({"request": request}));
    let password = "correct horse battery";
    let first = json!({"requestId": "a", "name": "Ada", "email": "", "password": password});
    assert_eq!(ask("register", first).unwrap()["role"], "admin");
    let on = ask("set_login", json!({"requestId": "b", "required": true})).unwrap();
    assert_eq!(
        (&on["loginRequired"], &on["account"]),
        (&json!(true), &Value::Null)
    );
    for command in [
        "get_status",
        "list_clusters",
        "list_users",
        "get_preferences",
    ] {
        let refused = ask(command, json!({})).unwrap_err();
        assert_eq!(refused["code"], "signed_out", "{command}: {refused}");
    }
    let wrong = ask(
        "login",
        json!({"name": "ada", "password": "wrong password"}),
    )
    .unwrap_err();
    assert_eq!(wrong["message"], "name or password is wrong");
    let state = ask("login", json!({"name": "ada", "password": password})).unwrap();
    let mut keys: Vec<&String> = state.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["account", "expiresAt", "loginRequired"], "{state}");
    let vic = json!({"requestId": "c", "name": "Vic", "email": "", "password": password, "role": "viewer"});
    ask("add_user", vic).unwrap();
    let users = ask("list_users", json!({})).unwrap().to_string();
    assert!(!users.contains("argon2"), "{users}");

    ask("login", json!({"name": "vic", "password": password})).unwrap();
    assert!(ask("list_clusters", json!({})).is_ok());
    let plan = json!({"requestId": "d", "plan": "p", "hash": "h", "typed": null});
    let refused = ask("apply_plan", plan).unwrap_err();
    assert_eq!(refused["code"], "not_allowed", "{refused}");
    let refused = ask("set_login", json!({"requestId": "e", "required": false})).unwrap_err();
    assert_eq!(refused["code"], "not_allowed", "{refused}");
    ask("logout", json!({})).unwrap();
    let gone = ask("get_account", json!({})).unwrap();
    assert_eq!(gone["account"], Value::Null);
}
