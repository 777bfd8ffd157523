//! Debug containers and node shells against a simulated API server: what is shown, asked for, written down,
//! and taken away again. The sim has no containers, so every session ends where it would be entered.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[allow(dead_code, reason = "the tests of connections use the rest")]
#[path = "connections/servers.rs"]
mod servers;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kubegraf_core::{
    Core, Options, StreamKey,
    clock::{Clock, SystemClock},
    clusters::Sources,
    store::{AuditPhase, AuditRow, Store},
};
use kubegraf_ipc::{
    Code, Error,
    app::Unwatch,
    cluster::{GetStatus, SetProtected},
    debug::{DEBUG_IMAGE, DebugTarget, PreviewDebug},
    execution::{ApplyPlan, Consent, DiffTag, Plan},
    inspect::{GetObject, ObjectFormat},
    object::ObjectRef,
    preferences::{PreferenceChange, SetPreference},
    terminal::{ENDED, OpenTerminal, TerminalBytes, TerminalEnd, TerminalPlace, TerminalSize},
};
use kubegraf_sim::{Effect, Fault};
use serde_json::json;
use servers::{Server, kubeconfig};
use tempfile::TempDir;

const CLUSTER: &str = "context:a";
const NAMESPACE: &str = "home-a";
const LIMIT: Duration = Duration::from_secs(60);

struct App {
    core: Core,
    server: Server,
    dir: TempDir,
}

type Screen = Arc<Mutex<(String, Option<TerminalEnd>)>>;

impl App {
    async fn start() -> Self {
        let server = Server::start("a").await;
        server.create(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web", "namespace": NAMESPACE },
            "spec": { "containers": [{ "name": "app", "image": "nginx:1.27" }] },
        }));
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config"), kubeconfig(&[&server])).unwrap();
        let core = core(dir.path()).await;
        Self { core, server, dir }
    }

    async fn preview(&self, of: DebugTarget) -> Result<Plan, Error> {
        let request = PreviewDebug {
            cluster: CLUSTER.into(),
            of,
            image: DEBUG_IMAGE.into(),
        };
        self.core.preview_debug(request).await
    }

    /// The object as YAML; `None` when there is none.
    async fn pod(&self, name: &str) -> Option<String> {
        let request = GetObject {
            cluster: CLUSTER.into(),
            object: ObjectRef {
                api_version: "v1".into(),
                kind: "Pod".into(),
                namespace: NAMESPACE.into(),
                name: name.into(),
                uid: None,
            },
            format: ObjectFormat::Yaml,
            refresh: true,
        };
        match self.core.get_object(request).await {
            Ok(text) => Some(text.text),
            Err(error) if error.code == Code::NotFound => None,
            Err(error) => panic!("{error}"),
        }
    }

    async fn open(&self, channel: u32, approval: ApplyPlan) -> Result<Screen, Error> {
        let screen = Screen::default();
        let said = Arc::clone(&screen);
        let sink = Box::new(move |bytes: TerminalBytes| {
            let mut said = said.lock().unwrap();
            match bytes.0.split_first() {
                Some((&ENDED, end)) => said.1 = serde_json::from_slice(end).ok(),
                Some((_, text)) => said.0.push_str(&String::from_utf8_lossy(text)),
                None => {}
            }
            true
        });
        let request = OpenTerminal {
            place: TerminalPlace::Debug { approval },
            size: TerminalSize {
                columns: 80,
                rows: 24,
            },
        };
        let key = StreamKey::new("main", channel);
        self.core.open_terminal(request, key, sink).await?;
        Ok(screen)
    }

    /// Ends the app and reads its trail, oldest first.
    async fn trail(&self) -> Vec<AuditRow> {
        self.core.stop().await;
        let mut rows = store(self.dir.path()).await.audit(None, 100).await.unwrap();
        rows.sort_by_key(|row| row.id);
        rows
    }
}

async fn core(dir: &Path) -> Core {
    let core = Core::start(Options {
        data_dir: dir.join("data"),
        sources: Sources {
            kubeconfigs: vec![dir.join("config")],
            demo: false,
        },
        actor: "ada".into(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap();
    until("a connection", async || {
        core.get_status(GetStatus {}).await.unwrap().connected
    })
    .await;
    core
}

async fn read_only(core: &Core) {
    let request = SetPreference {
        request_id: "read-only".into(),
        change: PreferenceChange::ReadOnly(true),
    };
    core.set_preference(request).await.unwrap();
}

async fn store(dir: &Path) -> Store {
    let path = dir.join("data").join("kubegraf.db");
    Store::open(&path, SystemClock.now()).await.unwrap().0
}

async fn until(what: &str, mut test: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !test().await {
        assert!(since.elapsed() < LIMIT, "no {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn web(uid: Option<&str>, container: &str) -> DebugTarget {
    DebugTarget::Pod {
        namespace: NAMESPACE.into(),
        pod: "web".into(),
        uid: uid.map(str::to_owned),
        container: Some(container.into()),
    }
}

fn node() -> DebugTarget {
    DebugTarget::Node {
        node: "node-1".into(),
        namespace: NAMESPACE.into(),
    }
}

fn approve(plan: &Plan, typed: Option<&str>) -> ApplyPlan {
    ApplyPlan {
        request_id: format!("apply-{}", plan.id),
        plan: plan.id.clone(),
        hash: plan.hash.clone(),
        typed: typed.map(str::to_owned),
    }
}

fn inserted(plan: &Plan) -> String {
    let lines = plan.diff.iter().filter(|line| line.tag == DiffTag::Insert);
    lines.map(|line| format!("{}\n", line.text)).collect()
}

/// Covers: SEC-11, SEC-18
#[tokio::test(flavor = "multi_thread")]
async fn a_debug_container_is_shown_confirmed_and_written_down() {
    let app = App::start().await;
    // What is gone, or was never there, is said before anything is planned.
    for target in [web(Some("another"), "app"), web(None, "none")] {
        let error = app.preview(target).await.unwrap_err();
        assert_eq!(error.code, Code::NotFound, "{error}");
    }
    let plan = app.preview(web(None, "app")).await.unwrap();
    assert!(plan.applicable, "{plan:#?}");
    assert_eq!(plan.consent, Consent::Click);
    assert!(
        plan.preview.contains("cannot be removed"),
        "{}",
        plan.preview
    );
    let shown = inserted(&plan);
    for part in [
        "ephemeralContainers",
        "busybox:1.37",
        "targetContainerName: app",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    let asked: Vec<_> = plan
        .permissions
        .iter()
        .map(|p| (&*p.verb, &*p.resource))
        .collect();
    assert!(
        asked.contains(&("patch", "pods/ephemeralcontainers")),
        "{asked:?}"
    );
    assert!(
        !app.pod("web")
            .await
            .unwrap()
            .contains("ephemeralContainers"),
        "a preview changes nothing"
    );

    // A protected cluster wants its name, whoever opens the terminal.
    let protect = SetProtected {
        request_id: "protect".into(),
        cluster: CLUSTER.into(),
        protected: true,
    };
    app.core.set_protected(protect).await.unwrap();
    let plan = app.preview(web(None, "app")).await.unwrap();
    let Consent::Type { text } = &plan.consent else {
        panic!("{:?}", plan.consent)
    };
    for typed in [None, Some("b")] {
        let error = app.open(1, approve(&plan, typed)).await.unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument, "{error}");
    }
    let other = ApplyPlan {
        hash: "0".repeat(64),
        ..approve(&plan, Some(text))
    };
    assert_eq!(app.open(1, other).await.unwrap_err().code, Code::Conflict);
    assert!(
        !app.pod("web")
            .await
            .unwrap()
            .contains("ephemeralContainers")
    );

    let screen = app.open(1, approve(&plan, Some(text))).await.unwrap();
    until("the container", async || {
        app.pod("web").await.unwrap().contains("busybox:1.37")
    })
    .await;
    until("its first words", async || {
        screen.lock().unwrap().0.contains("patching pod")
    })
    .await;
    // An approval is used up.
    let again = ApplyPlan {
        request_id: "again".into(),
        ..approve(&plan, Some(text))
    };
    assert_eq!(app.open(2, again).await.unwrap_err().code, Code::Conflict);
    app.core.end_streams("main");
    let trail = app.trail().await;
    let of_it = trail
        .iter()
        .find(|row| row.entry.action == "debug_container")
        .unwrap();
    assert!(of_it.entry.who.starts_with("ada as "), "{of_it:?}");
    assert!(
        of_it.entry.phase == AuditPhase::Before && of_it.entry.what.contains("ephemeralContainers"),
        "{of_it:?}"
    );
}

/// Covers: SEC-04
#[tokio::test(flavor = "multi_thread")]
async fn who_only_looks_is_refused() {
    let app = App::start().await;
    let (sim, _) = app.server.sim();
    let denied = [("create", "pods"), ("patch", "pods/ephemeralcontainers")];
    for (verb, resource) in denied {
        sim.faults()
            .add(Fault::new(Effect::Forbid).verb(verb).resource(resource));
    }
    for (target, resource) in [
        (node(), "pods"),
        (web(None, "app"), "pods/ephemeralcontainers"),
    ] {
        let plan = app.preview(target).await.unwrap();
        let asked = plan
            .permissions
            .iter()
            .find(|p| p.resource == resource && p.verb != "get");
        assert!(!plan.applicable && !asked.unwrap().allowed, "{plan:#?}");
        let error = app.open(1, approve(&plan, None)).await.unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument, "{error}");
    }
    sim.faults().clear();
    read_only(&app.core).await;
    let error = app
        .core
        .permit("main", "open_terminal")
        .await
        .err()
        .unwrap();
    assert_eq!(error.code, Code::SwitchedOff);
    let trail = app.trail().await;
    assert!(trail.is_empty(), "{trail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pod_of_a_node_shell_goes_with_its_terminal() {
    let app = App::start().await;
    // Ended by itself: the sim cannot be entered.
    let plan = app.preview(node()).await.unwrap();
    let name = plan.target.name.clone();
    let shown = inserted(&plan);
    for part in [
        "privileged: true",
        "hostPID: true",
        "nodeName: node-1",
        "path: /",
        "activeDeadlineSeconds: 43200",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(app.pod(&name).await.is_none(), "a preview makes nothing");
    let screen = app.open(1, approve(&plan, None)).await.unwrap();
    until("an end", async || screen.lock().unwrap().1.is_some()).await;
    assert!(
        app.pod(&name).await.is_none(),
        "{:?}",
        screen.lock().unwrap()
    );

    // Closed by the person; his tab is gone before the shell was there.
    let plan = app.preview(node()).await.unwrap();
    let closed = plan.target.name.clone();
    assert_ne!(closed, name);
    app.open(2, approve(&plan, None)).await.unwrap();
    until("the pod", async || app.pod(&closed).await.is_some()).await;
    let close = Unwatch { watch: 2 };
    app.core.unwatch(close, "main").await.unwrap();
    until("its end", async || app.pod(&closed).await.is_none()).await;

    // Ended with the app: whoever stops it waits for that. Consent to the shell was consent to its end.
    let plan = app.preview(node()).await.unwrap();
    let last = plan.target.name.clone();
    app.open(3, approve(&plan, None)).await.unwrap();
    read_only(&app.core).await;
    let trail = app.trail().await;
    let rows = |action: &str, name: &str, phase| {
        let of_it = trail.iter().filter(move |row| row.entry.action == action);
        of_it
            .filter(move |row| row.entry.object.name == name && row.entry.phase == phase)
            .count()
    };
    for pod in [&name, &closed, &last] {
        assert_eq!(
            rows("node_shell", pod, AuditPhase::Before),
            1,
            "{pod}: {trail:?}"
        );
        for phase in [AuditPhase::Before, AuditPhase::After] {
            assert_eq!(rows("node_shell_end", pod, phase), 1, "{pod}: {trail:?}");
        }
        let end = trail
            .iter()
            .find(|row| row.entry.action == "node_shell_end" && row.entry.object.name == *pod);
        let what = &end.unwrap().entry.what;
        assert!(what.contains("as was approved"), "{what}");
        assert_eq!(
            what.contains("read-only mode is on"),
            pod == &last,
            "{what}"
        );
    }
    let noted: Option<serde_json::Value> = store(app.dir.path())
        .await
        .setting("node_shells")
        .await
        .unwrap();
    assert_eq!(noted, Some(json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_app_left_is_taken_away_and_nothing_else() {
    let app = App::start().await;
    for name in ["node-shell-ours", "node-shell-of-another-machine"] {
        app.server.create(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "namespace": NAMESPACE, "labels": { "app.kubernetes.io/managed-by": "kubegraf" } },
            "spec": { "containers": [{ "name": "shell", "image": DEBUG_IMAGE }] },
        }));
    }
    app.core.stop().await;
    let left = store(app.dir.path()).await;
    let noted = json!([
        { "cluster": CLUSTER, "namespace": NAMESPACE, "pod": "node-shell-ours" },
        { "cluster": CLUSTER, "namespace": NAMESPACE, "pod": "node-shell-never-made" },
        { "cluster": "context:elsewhere", "namespace": "default", "pod": "node-shell-there" },
    ]);
    left.set_setting("node_shells", &noted, 1).await.unwrap();
    left.close().await;
    let next = App {
        core: core(app.dir.path()).await,
        ..app
    };
    until("its end", async || {
        next.pod("node-shell-ours").await.is_none()
    })
    .await;
    assert!(next.pod("node-shell-of-another-machine").await.is_some());
    until("a word of it", async || {
        let told = store(next.dir.path()).await.notices().await.unwrap();
        told.notices.iter().any(|notice| {
            let pods = notice.detail.as_deref().unwrap_or_default();
            notice.title.contains("were deleted") && pods.contains("node-shell-ours")
        })
    })
    .await;
    let dir = next.dir.path().to_owned();
    let rest = json!([{ "cluster": "context:elsewhere", "namespace": "default", "pod": "node-shell-there" }]);
    until("a shorter list", async || {
        let noted: Option<serde_json::Value> =
            store(&dir).await.setting("node_shells").await.unwrap();
        noted.as_ref() == Some(&rest)
    })
    .await;
    next.core.stop().await;
}
