//! Connections to several simulated API servers over real sockets: switching, leaks, files on disk,
//! programs for credentials, looks.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "connections/servers.rs"]
mod servers;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kubegraf_core::{Core, Options, StreamKey, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::{
    Code,
    cluster::*,
    incident::WatchIncidents,
    inspect::*,
    object::{Freshness, ObjectRef},
    table::{TableEvent, TableView, WatchTable},
};
use servers::{Server, kubeconfig};
use tempfile::TempDir;

struct App {
    core: Core,
    dir: TempDir,
}

impl App {
    /// On a kubeconfig with these servers; the first is the current one.
    async fn start(servers: &[&Server]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config"), kubeconfig(servers)).unwrap();
        Self::in_dir(dir).await
    }

    async fn in_dir(dir: TempDir) -> Self {
        let core = Core::start(Options {
            data_dir: dir.path().join("data"),
            sources: Sources {
                kubeconfigs: vec![dir.path().join("config")],
                demo: false,
            },
            actor: "tester".into(),
            clock: Arc::new(SystemClock),
        })
        .await
        .unwrap();
        Self { core, dir }
    }

    fn config(&self) -> std::path::PathBuf {
        self.dir.path().join("config")
    }

    async fn list(&self) -> ClusterList {
        self.core.list_clusters(ListClusters {}).await.unwrap()
    }

    async fn entry(&self, name: &str) -> Option<ClusterEntry> {
        let list = self.list().await;
        list.clusters.into_iter().find(|entry| entry.name == name)
    }

    async fn switch(&self, name: &str) -> Result<ClusterStatus, kubegraf_ipc::Error> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let n = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let request = SwitchCluster {
            request_id: format!("switch-{n}"),
            cluster: format!("context:{name}"),
        };
        self.core.switch_cluster(request).await
    }

    async fn connected(&self) {
        until("the first connection", async || {
            self.core.get_status(GetStatus {}).await.unwrap().connected
        })
        .await;
    }

    /// Opens a table of namespaces and gives the latest rows.
    async fn table(&self, name: &str, channel: u32) -> Arc<Mutex<Option<TableEvent>>> {
        let last = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&last);
        let request = WatchTable {
            cluster: format!("context:{name}"),
            kind: "namespaces".into(),
            namespaces: Vec::new(),
            view: TableView {
                count: 100,
                ..Default::default()
            },
        };
        let sink = Box::new(move |event| {
            *seen.lock().unwrap() = Some(event);
            true
        });
        self.core
            .watch_table(request, StreamKey::new("main", channel), sink)
            .await
            .unwrap();
        last
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{what} never came"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn names(event: &Mutex<Option<TableEvent>>) -> Vec<String> {
    let event = event.lock().unwrap();
    let Some(event) = event
        .as_ref()
        .filter(|e| e.head.freshness == Freshness::Live)
    else {
        return Vec::new();
    };
    let rows = event.deltas.iter().flat_map(|delta| match delta {
        kubegraf_ipc::object::Delta::Reset { rows }
        | kubegraf_ipc::object::Delta::Apply { rows } => rows.clone(),
        kubegraf_ipc::object::Delta::Delete { .. } => Vec::new(),
    });
    rows.map(|row| row.name).collect()
}

/// Covers: CLU-05, CLU-06, CLU-08, ERR-08
#[tokio::test(flavor = "multi_thread")]
async fn a_switch_commits_only_after_the_test_and_a_failed_one_changes_nothing() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    let dead = Server::refusing("dead");
    let app = App::start(&[&a, &b, &dead]).await;
    app.connected().await;
    let before = app.list().await.current_cluster;
    assert_eq!(before.as_deref(), Some("context:a"));

    let error = app.switch("dead").await.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::Unreachable, true));
    assert!(error.message.contains(&dead.address), "{error}");
    assert_eq!(app.list().await.current_cluster, before);
    assert_eq!(app.entry("dead").await.unwrap().is_reachable, Some(false));
    assert_eq!(
        app.switch("nowhere").await.unwrap_err().code,
        Code::NotFound
    );

    let status = app.switch("b").await.unwrap();
    assert_eq!(status.cluster.as_deref(), Some("context:b"));
    assert!(app.entry("b").await.unwrap().is_active);
}

/// Covers: CLU-21
#[tokio::test(flavor = "multi_thread")]
async fn two_open_tables_show_their_own_servers_across_switches() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    let app = App::start(&[&a, &b]).await;
    app.connected().await;
    let of_a = app.table("a", 1).await;
    app.switch("b").await.unwrap();
    let of_b = app.table("b", 2).await;
    until("both tables", async || {
        names(&of_a).contains(&"home-a".into()) && names(&of_b).contains(&"home-b".into())
    })
    .await;
    assert!(!names(&of_a).contains(&"home-b".into()));
    assert!(!names(&of_b).contains(&"home-a".into()));

    app.core.close_unused().await;
    assert!(
        app.entry("a").await.unwrap().is_connected,
        "a table still shows it"
    );
    a.create_namespace("later-a");
    until("a's change", async || {
        names(&of_a).contains(&"later-a".into())
    })
    .await;
    assert!(!names(&of_b).contains(&"later-a".into()));

    app.core.end_streams("main");
    until("a's end", async || {
        app.core.close_unused().await;
        !app.entry("a").await.unwrap().is_connected
    })
    .await;
    assert!(
        app.entry("b").await.unwrap().is_connected,
        "the active one stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_switches_leave_no_watch_no_task_and_no_connection() {
    let servers = [
        Server::start("a").await,
        Server::start("b").await,
        Server::start("c").await,
    ];
    let app = App::start(&[&servers[0], &servers[1], &servers[2]]).await;
    app.connected().await;
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    // What one connection runs by itself, before any switch.
    let mut wanted = 0;
    until("the first watches", async || {
        let running = app.core.running_watches("context:a").unwrap();
        let same = running == std::mem::replace(&mut wanted, running);
        tokio::time::sleep(Duration::from_millis(500)).await;
        same && running > 0 && running == servers[0].open_watches()
    })
    .await;
    let mut settled = Vec::new();
    for round in 0..2 {
        for n in 0..30 {
            let name = ["a", "b", "c"][n % 3];
            app.switch(name).await.unwrap();
            // Half of them while the first lists are still loading.
            if n % 2 == 0 {
                let table = app.table(name, n as u32).await;
                let incidents = WatchIncidents {
                    cluster: format!("context:{name}"),
                };
                let key = StreamKey::new("main", 100 + n as u32);
                app.core
                    .watch_incidents(incidents, key, Box::new(|_| true))
                    .await
                    .unwrap();
                if n % 4 == 0 {
                    until("the table", async || !names(&table).is_empty()).await;
                }
            }
        }
        app.core.end_streams("main");
        app.switch("a").await.unwrap();
        until("the others' end", async || {
            app.core.close_unused().await;
            let list = app.list().await;
            list.clusters
                .iter()
                .filter(|entry| entry.is_connected)
                .count()
                == 1
        })
        .await;
        until("the watches of one connection", async || {
            app.core.running_watches("context:a").unwrap() == wanted
        })
        .await;
        for other in &servers[1..] {
            until("the end of the other's watches", async || {
                other.open_watches() == 0
            })
            .await;
        }
        // What ends takes a moment to be gone.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(servers[0].open_watches(), wanted, "round {round}");
        settled.push(tasks());
    }
    // Sockets in the servers' pools come and go by a few; a leak of one per switch would be 30.
    assert!(settled[1] <= settled[0] + 8, "tasks grew: {settled:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_is_overtaken_is_given_up_at_once() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    let mute = Server::mute("mute").await;
    let app = App::start(&[&a, &b, &mute]).await;
    app.connected().await;
    let began = Instant::now();
    let (slow, fast) = tokio::join!(app.switch("mute"), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.switch("b").await
    });
    assert_eq!(slow.unwrap_err().code, Code::Conflict);
    assert_eq!(fast.unwrap().cluster.as_deref(), Some("context:b"));
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        app.list().await.current_cluster.as_deref(),
        Some("context:b")
    );
}

/// Covers: CLU-03, CLU-04
#[tokio::test(flavor = "multi_thread")]
async fn all_are_looked_at_at_once_within_five_seconds() {
    let a = Server::start("a").await;
    let dead = Server::refusing("dead");
    let mutes = [
        Server::mute("m1").await,
        Server::mute("m2").await,
        Server::mute("m3").await,
    ];
    let app = App::start(&[&a, &dead, &mutes[0], &mutes[1], &mutes[2]]).await;
    app.connected().await;
    let began = Instant::now();
    let list = app.core.refresh_clusters(RefreshClusters {}).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
    let seen: Vec<_> = list
        .clusters
        .iter()
        .map(|c| (c.name.as_str(), c.is_reachable))
        .collect();
    assert_eq!(
        seen,
        [
            ("a", Some(true)),
            ("dead", Some(false)),
            ("m1", Some(false)),
            ("m2", Some(false)),
            ("m3", Some(false)),
            ("Demo cluster", None)
        ]
    );
    let health = list.clusters[0].health.clone().unwrap();
    assert!(health.latency_ms.is_some() && health.version.is_some() && health.last_seen.is_some());
    assert!(
        list.clusters[2]
            .error
            .as_ref()
            .unwrap()
            .contains("within 5 s"),
        "{list:?}"
    );

    let tested = app
        .core
        .test_cluster(TestCluster {
            cluster: "context:dead".into(),
        })
        .await
        .unwrap();
    assert!(!tested.reachable && tested.error.is_some());
    assert_eq!(
        app.list().await.current_cluster.as_deref(),
        Some("context:a"),
        "a look is no switch"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_is_followed_while_it_is_rewritten_truncated_deleted_and_made_anew() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    let app = App::start(&[&a]).await;
    app.connected().await;
    let names = async || -> Vec<String> {
        let list = app.list().await;
        list.clusters
            .into_iter()
            .filter(|c| !c.is_demo)
            .map(|c| c.name)
            .collect()
    };
    let becomes = async |what: &str, wanted: &[&str]| {
        until(what, async || names().await == wanted).await;
    };
    // Replaced by a rename, as kubectl and editors do.
    let fresh = app.dir.path().join("fresh");
    fs::write(&fresh, kubeconfig(&[&a, &b])).unwrap();
    fs::rename(&fresh, app.config()).unwrap();
    becomes("the replaced file", &["a", "b"]).await;
    fs::write(app.config(), "clusters: [").unwrap();
    becomes("the broken file", &[]).await;
    assert_eq!(app.list().await.problems.len(), 1);
    assert!(
        app.core.get_status(GetStatus {}).await.unwrap().connected,
        "open work goes on"
    );
    fs::remove_file(app.config()).unwrap();
    until("the deletion", async || {
        app.list().await.problems.is_empty()
    })
    .await;
    fs::write(app.config(), kubeconfig(&[&b])).unwrap();
    becomes("the new file", &["b"]).await;
    let of_a = app.table("a", 1).await;
    until("a's table", async || !self::names(&of_a).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_connection_keeps_its_target_until_it_is_switched_to_again() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    let app = App::start(&[&a]).await;
    app.connected().await;
    // The same name now leads to b's server.
    fs::write(
        app.config(),
        kubeconfig(&[&b])
            .replace("name: b", "name: a")
            .replace("cluster: b,", "cluster: a,")
            .replace("user: b}", "user: a}"),
    )
    .unwrap();
    let server = async || app.entry("a").await.unwrap().server;
    until("the new address", async || server().await == b.address).await;
    let before = app.table("a", 1).await;
    until("the old target", async || {
        names(&before).contains(&"home-a".into())
    })
    .await;
    app.switch("a").await.unwrap();
    let after = app.table("a", 2).await;
    until("the new target", async || {
        names(&after).contains(&"home-b".into())
    })
    .await;
    assert!(!names(&before).contains(&"home-b".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_added_and_removed_and_the_choice_survives_a_restart() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    let app = App::start(&[&a]).await;
    app.connected().await;
    let extra = app.dir.path().join("extra");
    let add = async |path: &Path, id: &str| {
        let request = AddKubeconfig {
            request_id: id.into(),
            path: path.display().to_string(),
        };
        app.core.add_kubeconfig(request).await
    };
    assert_eq!(
        add(&extra, "1").await.unwrap_err().code,
        Code::InvalidArgument
    );
    fs::write(&extra, "clusters: [").unwrap();
    assert!(
        add(&extra, "2")
            .await
            .unwrap_err()
            .message
            .contains("cannot be added")
    );
    assert_eq!(
        add(Path::new("extra"), "3").await.unwrap_err().code,
        Code::InvalidArgument
    );
    fs::write(&extra, kubeconfig(&[&a, &b])).unwrap();
    let list = add(&extra, "4").await.unwrap();
    assert_eq!(
        list.clusters
            .iter()
            .map(|c| c.name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b", "Demo cluster"]
    );
    assert_eq!(
        list.clusters[1].kubeconfig_path,
        extra.display().to_string()
    );
    assert_eq!(
        list.shadowed.len(),
        3,
        "a's context, server and user: {:?}",
        list.shadowed
    );
    assert_eq!(list.files[1].origin, FileOrigin::Added);
    let protect = SetProtected {
        request_id: "5".into(),
        cluster: "context:b".into(),
        protected: true,
    };
    app.core.set_protected(protect).await.unwrap();
    let chosen = SelectNamespaces {
        request_id: "6".into(),
        cluster: "context:b".into(),
        namespaces: vec!["shop".into(), "kube-system".into()],
    };
    app.core.select_namespaces(chosen).await.unwrap();

    let App { core, dir } = app;
    core.stop().await;
    drop(core);
    let app = App::in_dir(dir).await;
    app.connected().await;
    let b = app.entry("b").await.unwrap();
    assert!(b.protected);
    assert_eq!(b.namespaces, ["kube-system", "shop"]);
    let remove = RemoveKubeconfig {
        request_id: "7".into(),
        path: extra.display().to_string(),
    };
    let list = app.core.remove_kubeconfig(remove).await.unwrap();
    assert_eq!(list.clusters.len(), 2);
    let remove = RemoveKubeconfig {
        request_id: "8".into(),
        path: app.config().display().to_string(),
    };
    assert_eq!(
        app.core.remove_kubeconfig(remove).await.unwrap_err().code,
        Code::InvalidArgument
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_program_for_credentials_runs_only_when_allowed_and_a_changed_one_asks_again() {
    use std::os::unix::fs::PermissionsExt;
    let a = Server::start("a").await;
    let guarded = Server::wanting("guarded", "s3cret").await;
    let dir = tempfile::tempdir().unwrap();
    let (login, runs) = (dir.path().join("login"), dir.path().join("runs"));
    let script = format!(
        "#!/bin/sh\necho >> {}\nprintf '%s' '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"s3cret\"}}}}'\n",
        runs.display()
    );
    fs::write(&login, script).unwrap();
    fs::set_permissions(&login, fs::Permissions::from_mode(0o755)).unwrap();
    let user = |args: &str| {
        format!(
            "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, args: [{args}], interactiveMode: Never}}}}",
            login.display()
        )
    };
    let config = |args: &str| {
        kubeconfig(&[&a, &guarded]).replace(
            "name: guarded, user: {token: t}",
            &format!("name: guarded, user: {}", user(args)),
        )
    };
    fs::write(dir.path().join("config"), config("one")).unwrap();
    let app = App::in_dir(dir).await;
    app.connected().await;

    let refused = app.switch("guarded").await.unwrap_err();
    assert_eq!(refused.code, Code::ConsentNeeded);
    let asked = refused.consent.unwrap();
    assert_eq!(
        (asked.cluster.as_str(), asked.plugin.allowed),
        ("context:guarded", false)
    );
    assert_eq!(asked.plugin.args, ["one"]);
    app.core.refresh_clusters(RefreshClusters {}).await.unwrap();
    assert_eq!(
        app.entry("guarded").await.unwrap().is_reachable,
        None,
        "not asked is not unreachable"
    );
    assert!(!runs.exists(), "it ran without consent");

    let allow = async |hash: &str, id: &str| {
        let request = AllowExec {
            request_id: id.into(),
            cluster: "context:guarded".into(),
            hash: hash.into(),
        };
        app.core.allow_exec(request).await
    };
    assert_eq!(
        allow("another", "1").await.unwrap_err().code,
        Code::Conflict
    );
    allow(&asked.plugin.hash, "2").await.unwrap();
    app.switch("guarded").await.unwrap();
    assert_eq!(
        fs::read_to_string(&runs).unwrap().lines().count(),
        1,
        "many requests, one run"
    );

    fs::write(app.config(), config("two")).unwrap();
    until("the new arguments", async || {
        app.entry("guarded")
            .await
            .is_some_and(|e| e.exec.is_some_and(|exec| exec.args == ["two"]))
    })
    .await;
    let again = app.switch("guarded").await.unwrap_err();
    assert_eq!(again.code, Code::ConsentNeeded);
    assert_ne!(again.consent.unwrap().plugin.hash, asked.plugin.hash);
}

/// Covers: CAC-04, CAC-07, CAC-08, CAC-09, CAC-11, STS-02, STS-03
#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_read_in_full_kept_for_a_moment_and_a_secret_is_masked() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    a.create(serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "login", "namespace": "default", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"password\":\"aHVudGVyMg==\"}}",
        }},
        "data": {"password": "aHVudGVyMg=="},
    }));
    a.create(serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "odd", "namespace": "default"},
        "data": {"yes": "no", "number": "1.0", "lines": "a: b\n- c\n", "quoted": "it's \"x\" #1"},
    }));
    let app = App::start(&[&a, &b]).await;
    app.connected().await;
    let get = async |kind: &str, name: &str, format, refresh| {
        let request = GetObject {
            cluster: "context:a".into(),
            object: ObjectRef {
                api_version: "v1".into(),
                kind: kind.into(),
                namespace: "default".into(),
                name: name.into(),
                uid: None,
            },
            format,
            refresh,
        };
        app.core.get_object(request).await
    };
    let secret = get("Secret", "login", ObjectFormat::Yaml, false)
        .await
        .unwrap();
    assert!(
        secret.redacted && !secret.text.contains("aHVudGVyMg"),
        "{}",
        secret.text
    );
    assert!(
        secret.text.contains("password: '***'") || secret.text.contains("password: \"***\""),
        "{}",
        secret.text
    );
    assert!(!secret.text.contains("managedFields"));
    let yaml = get("ConfigMap", "odd", ObjectFormat::Yaml, false)
        .await
        .unwrap();
    let json = get("ConfigMap", "odd", ObjectFormat::Json, false)
        .await
        .unwrap();
    let from_yaml: serde_json::Value = serde_saphyr::from_str(&yaml.text).unwrap();
    let from_json: serde_json::Value = serde_json::from_str(&json.text).unwrap();
    assert_eq!(from_yaml, from_json, "{}", yaml.text);
    assert!(!yaml.redacted && !yaml.resource_version.is_empty() && yaml.object.uid.is_some());

    let reads = async || {
        app.core
            .get_cache_stats(GetCacheStats {})
            .await
            .unwrap()
            .reads
    };
    let before = reads().await;
    assert!(
        before.hits >= 2 && before.entries >= 3 && before.bytes > 0,
        "{before:?}"
    );
    get("ConfigMap", "odd", ObjectFormat::Json, true)
        .await
        .unwrap();
    assert_eq!(
        reads().await.invalidations,
        before.invalidations + 1,
        "a refresh asks the server"
    );

    assert_eq!(
        get("ConfigMap", "gone", ObjectFormat::Json, false)
            .await
            .unwrap_err()
            .code,
        Code::NotFound
    );
    assert_eq!(
        get("Nonsense", "x", ObjectFormat::Json, false)
            .await
            .unwrap_err()
            .code,
        Code::NotFound
    );
    for name in ["../secrets/login", "", "a?b", ".."] {
        let error = get("ConfigMap", name, ObjectFormat::Json, false)
            .await
            .unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument, "{name}");
    }

    let table = app.table("a", 1).await;
    until("the table", async || !names(&table).is_empty()).await;
    let stats = app.core.get_cache_stats(GetCacheStats {}).await.unwrap();
    let connection = &stats.connections[0];
    assert_eq!(
        (
            connection.cluster.as_str(),
            connection.active,
            connection.users
        ),
        ("context:a", true, 1)
    );
    let namespaces = connection
        .held
        .iter()
        .find(|held| held.kind == "namespaces")
        .unwrap();
    assert!(
        namespaces.objects >= 2 && connection.watches as usize == connection.held.len(),
        "{connection:?}"
    );
    assert!(
        connection.calls.sent > 10 && connection.calls.p50_ms.is_some(),
        "{connection:?}"
    );

    let can = app
        .core
        .get_capabilities(GetCapabilities {
            cluster: "context:a".into(),
        })
        .await
        .unwrap();
    assert!(can.durable_store && can.kube_version.is_some());
    assert!(
        can.api_groups.contains(&"apps/v1".into()) && can.api_groups.contains(&"v1".into()),
        "{can:?}"
    );
    app.switch("b").await.unwrap();
    assert_eq!(reads().await.entries, 0, "a switch forgets everything");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_token_the_server_stops_taking_is_renewed_once_for_everybody() {
    use std::os::unix::fs::PermissionsExt;
    let guarded = Server::wanting("guarded", "first").await;
    let dir = tempfile::tempdir().unwrap();
    let (login, token, runs) = (
        dir.path().join("login"),
        dir.path().join("token"),
        dir.path().join("runs"),
    );
    fs::write(&token, "first").unwrap();
    let script = format!(
        "#!/bin/sh\necho >> {}\nprintf '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"%s\"}}}}' \"$(cat {})\"\n",
        runs.display(),
        token.display()
    );
    fs::write(&login, script).unwrap();
    fs::set_permissions(&login, fs::Permissions::from_mode(0o755)).unwrap();
    let exec = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}}}}}",
        login.display()
    );
    let config = kubeconfig(&[&guarded]).replace("user: {token: t}", &format!("user: {exec}"));
    fs::write(dir.path().join("config"), config).unwrap();
    let app = App::in_dir(dir).await;
    until("the refusal", async || {
        app.core
            .get_status(GetStatus {})
            .await
            .unwrap()
            .error
            .is_some()
    })
    .await;
    let hash = app.entry("guarded").await.unwrap().exec.unwrap().hash;
    let request = AllowExec {
        request_id: "1".into(),
        cluster: "context:guarded".into(),
        hash,
    };
    app.core.allow_exec(request).await.unwrap();
    app.switch("guarded").await.unwrap();
    let table = app.table("guarded", 1).await;
    until("the table", async || !names(&table).is_empty()).await;
    let count = || fs::read_to_string(&runs).unwrap().lines().count();
    assert_eq!(count(), 1);

    guarded.want("second");
    fs::write(&token, "second").unwrap();
    let get = |n: u32| {
        let core = app.core.clone();
        async move {
            let object = ObjectRef {
                api_version: "v1".into(),
                kind: "Namespace".into(),
                namespace: String::new(),
                name: if n.is_multiple_of(2) {
                    "default"
                } else {
                    "kube-system"
                }
                .into(),
                uid: None,
            };
            let request = GetObject {
                cluster: "context:guarded".into(),
                object,
                format: ObjectFormat::Json,
                refresh: true,
            };
            core.get_object(request).await
        }
    };
    let all = futures::future::join_all((0..40).map(get)).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(count(), 2, "forty refused requests, one log-in");
    let stats = app.core.get_cache_stats(GetCacheStats {}).await.unwrap();
    assert_eq!(stats.connections[0].calls.renewals, 1);
}
