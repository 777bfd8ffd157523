//! Terminals in real containers: typed, resized, flooded, ended; and the trail they leave.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "streams/screen.rs"]
mod screen;
#[path = "streams/stage.rs"]
mod stage;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kubegraf_core::{
    Core, StreamKey,
    clock::{Clock, SystemClock},
    store::{AuditPhase, Store},
};
use kubegraf_ipc::{
    Code,
    files::{CopyEvent, CopyFromPod, CopyToPod, InContainer},
    terminal::{InPod, ListContainers, ResizeTerminal, RunInPod, TerminalPlace, TerminalSize},
};
use kubegraf_testcluster::{Cluster, Options, Tier, require};
use screen::Screen;

const LIMIT: Duration = Duration::from_secs(60);

fn container(cluster: &str, pod: &str, uid: Option<String>, command: &[&str]) -> TerminalPlace {
    TerminalPlace::Container {
        cluster: cluster.into(),
        namespace: "default".into(),
        pod: pod.into(),
        uid,
        container: None,
        run: match command {
            [] => InPod::BestShell,
            words => InPod::Command {
                words: words.iter().map(|word| (*word).to_owned()).collect(),
            },
        },
    }
}

/// Follows a copy to its end.
async fn copied(events: &Arc<Mutex<Vec<CopyEvent>>>) -> CopyEvent {
    let since = Instant::now();
    loop {
        let last = events.lock().unwrap().last().cloned();
        if let Some(last) = last.filter(|last| last.end.is_some()) {
            return last;
        }
        assert!(since.elapsed() < LIMIT, "the copy never ends");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// There and back: what arrives is what left.
async fn copies_files(core: &Core, cluster: &str) {
    let here = tempfile::tempdir().unwrap();
    let from = here.path().join("tree");
    std::fs::create_dir_all(from.join("a/b")).unwrap();
    let large: Vec<u8> = (0..5_000_000_u32)
        .map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1])
        .collect();
    std::fs::write(from.join("a/b/large"), &large).unwrap();
    std::fs::write(from.join("a/small"), "small").unwrap();
    let place = InContainer {
        cluster: cluster.into(),
        namespace: "default".into(),
        pod: "box".into(),
        uid: None,
        container: None,
    };
    let listen = || {
        let events = Arc::<Mutex<Vec<CopyEvent>>>::default();
        let told = Arc::clone(&events);
        let sink = Box::new(move |event| {
            told.lock().unwrap().push(event);
            true
        });
        (events, sink)
    };
    let there = |folder: &str| CopyToPod {
        to: place.clone(),
        local: from.display().to_string(),
        folder: folder.into(),
    };
    let (events, sink) = listen();
    let key = || StreamKey::new("main", 50);
    core.copy_to_pod(there("/tmp"), key(), sink).await.unwrap();
    let last = copied(&events).await;
    assert_eq!((last.files, last.bytes), (2, 5_000_005), "{last:?}");
    assert_eq!(last.end.unwrap().failure, None);
    // A link in the container is left out on the way back.
    let link = RunInPod {
        request_id: "link".into(),
        cluster: cluster.into(),
        namespace: "default".into(),
        pod: "box".into(),
        uid: None,
        container: None,
        words: ["ln", "-s", "/etc", "/tmp/tree/etc"]
            .map(str::to_owned)
            .to_vec(),
    };
    assert_eq!(core.run_in_pod(link).await.unwrap().exit_code, Some(0));
    let back = |path: &str| CopyFromPod {
        from: place.clone(),
        path: path.into(),
    };
    let (events, sink) = listen();
    core.copy_from_pod(back("/tmp/tree"), key(), sink)
        .await
        .unwrap();
    let last = copied(&events).await;
    let end = last.end.unwrap();
    let into = std::path::PathBuf::from(&end.path);
    let (same, linked) = (
        std::fs::read(into.join("tree/a/b/large")).unwrap() == large,
        into.join("tree/etc").symlink_metadata().is_ok(),
    );
    std::fs::remove_dir_all(&into).unwrap();
    assert!(same && !linked, "{end:?}");
    assert_eq!((end.failure, end.left_out_count), (None, 1));
    // What is not there is said by tar; what cannot be written to as well.
    for (path, word) in [("/tmp/no-such", "no-such")] {
        let (events, sink) = listen();
        core.copy_from_pod(back(path), key(), sink).await.unwrap();
        let end = copied(&events).await.end.unwrap();
        std::fs::remove_dir_all(&end.path).unwrap();
        assert!(
            end.failure.as_ref().is_some_and(|why| why.contains(word)),
            "{end:?}"
        );
    }
    let (events, sink) = listen();
    core.copy_to_pod(there("/no/such/folder"), key(), sink)
        .await
        .unwrap();
    assert!(copied(&events).await.end.unwrap().failure.is_some());
    let (_, sink) = listen();
    let error = core
        .copy_from_pod(back("relative"), key(), sink)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::InvalidArgument);
}

/// Covers: POD-09, POD-12, TRM-02
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_in_a_container_does_what_a_terminal_does() {
    if !require(Tier::Real) {
        return;
    }
    let cluster = Cluster::up(Options::real()).await.unwrap();
    let pod = format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: box}}
spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: shell, image: {}, command: [sleep, inf]}}]}}
",
        cluster.image("busybox:1")
    );
    let uid = stage::ready(&cluster, &pod, &["box"]).await;
    let data = tempfile::tempdir().unwrap();
    let (core, id) = stage::connected(cluster.kubeconfig(), data.path()).await;

    let shell = Screen::open(&core, 1, container(&id, "box", Some(uid), &[]))
        .await
        .unwrap();
    shell.types("echo $((6*7)) $(hostname); stty size\n").await;
    shell
        .until("answer", |said| {
            said.text.contains("42 box") && said.text.contains("24 80")
        })
        .await;
    let resize = ResizeTerminal {
        watch: 1,
        size: TerminalSize {
            columns: 132,
            rows: 50,
        },
    };
    core.resize_terminal(resize, "main").await.unwrap();
    shell.types("stty size\n").await;
    shell
        .until("new size", |said| said.text.contains("50 132"))
        .await;

    // A flood, ended by a key.
    shell.types("yes\n").await;
    shell.until("flood", |said| said.bytes > 5_000_000).await;
    let pressed = Instant::now();
    shell.types("\u{3}").await;
    shell.types("echo a''live\n").await;
    shell
        .until("life after the flood", |said| said.text.contains("alive"))
        .await;
    assert!(
        pressed.elapsed() < Duration::from_secs(3),
        "{:?}",
        pressed.elapsed()
    );
    shell.types("exit 3\n").await;
    shell
        .until("end", |said| {
            said.end
                .as_ref()
                .is_some_and(|end| end.exit_code == Some(3))
        })
        .await;

    // One command; a container that goes away; what does not exist.
    let one = Screen::open(
        &core,
        2,
        container(&id, "box", None, &["sh", "-c", "echo once; exit 5"]),
    );
    let one = one.await.unwrap();
    one.until("its end", |said| {
        said.text.contains("once")
            && said
                .end
                .as_ref()
                .is_some_and(|end| end.exit_code == Some(5))
    })
    .await;
    let asked = ListContainers {
        cluster: id.clone(),
        namespace: "default".into(),
        pod: "box".into(),
    };
    let containers = core.list_containers(asked).await.unwrap();
    assert_eq!(containers.len(), 1);
    assert!(containers[0].is_default && containers[0].running && containers[0].name == "shell");
    let once = RunInPod {
        request_id: "once".into(),
        cluster: id.clone(),
        namespace: "default".into(),
        pod: "box".into(),
        uid: None,
        container: None,
        words: [
            "sh",
            "-c",
            "echo out; echo err >&2; echo x >> /tmp/ran; wc -l < /tmp/ran; exit 4",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    let said = core.run_in_pod(once.clone()).await.unwrap();
    assert_eq!(
        (said.stdout.as_str(), said.stderr.as_str()),
        ("out\n1\n", "err\n")
    );
    assert_eq!((said.exit_code, said.left_out), (Some(4), 0));
    assert_eq!(
        core.run_in_pod(once.clone()).await.unwrap(),
        said,
        "a resent request runs once"
    );
    let much = RunInPod {
        request_id: "much".into(),
        words: ["sh", "-c", "head -c 3000000 /dev/zero"]
            .map(str::to_owned)
            .to_vec(),
        ..once.clone()
    };
    let said = core.run_in_pod(much).await.unwrap();
    assert_eq!(
        (said.exit_code, said.left_out),
        (Some(0), 3_000_000 - (1 << 20))
    );
    let missing = RunInPod {
        request_id: "missing".into(),
        words: vec!["no-such-program".into()],
        ..once
    };
    let said = core.run_in_pod(missing).await.unwrap();
    assert!(
        said.reason
            .as_ref()
            .is_some_and(|why| why.contains("no-such-program")),
        "{said:?}"
    );
    copies_files(&core, &id).await;
    for (place, code) in [
        (container(&id, "none", None, &[]), Code::NotFound),
        (
            container(&id, "box", Some("another".into()), &[]),
            Code::NotFound,
        ),
        (container(&id, "../x", None, &[]), Code::InvalidArgument),
    ] {
        let Err(error) = Screen::open(&core, 3, place.clone()).await else {
            panic!("{place:?} was entered")
        };
        assert_eq!(error.code, code, "{error}");
    }
    let last = Screen::open(&core, 4, container(&id, "box", None, &[]))
        .await
        .unwrap();
    last.types("echo re''ady\n").await;
    last.until("prompt", |said| said.text.contains("ready"))
        .await;
    cluster
        .run(&["delete", "pod", "box", "--grace-period=0", "--force"])
        .await
        .unwrap();
    last.until("end with its pod", |said| said.end.is_some())
        .await;

    core.stop().await;
    let (store, _) = Store::open(&data.path().join("kubegraf.db"), SystemClock.now())
        .await
        .unwrap();
    let rows = store.audit(None, 50).await.unwrap();
    let exec = |phase| {
        rows.iter()
            .filter(move |row| row.entry.action == "exec" && row.entry.phase == phase)
    };
    assert_eq!(exec(AuditPhase::Before).count(), 7, "{rows:?}");
    assert_eq!(exec(AuditPhase::After).count(), 7, "{rows:?}");
    assert!(exec(AuditPhase::Before).all(|row| row.entry.who.starts_with("ada as ")));
    assert!(exec(AuditPhase::Before).any(|row| row.entry.what.contains("echo once")));
    cluster.down().await.unwrap();
}
