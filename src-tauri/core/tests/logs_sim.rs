//! Logs through the façade, on the demo cluster: what is merged, what is refused, what ends.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kubegraf_core::{Core, Options, StreamKey, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::{
    Code, Error,
    app::Unwatch,
    cluster::GetStatus,
    logs::{
        ListLogPatterns, LogOptions, LogPlace, LogState, LogTarget, LogView, LogsEvent,
        ReadLogText, SetLogView, WatchLogs,
    },
    object::ObjectRef,
    table::{ReadRows, TableView},
};

const DEMO: &str = "demo";
const LIMIT: Duration = Duration::from_secs(60);

async fn start(data: &std::path::Path) -> Core {
    let core = Core::start(Options {
        data_dir: data.into(),
        sources: Sources {
            kubeconfigs: Vec::new(),
            demo: true,
        },
        actor: "tester".into(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap();
    let since = Instant::now();
    while !core.get_status(GetStatus {}).await.unwrap().connected {
        assert!(since.elapsed() < LIMIT, "never connected");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    core
}

type Heard = Arc<Mutex<Vec<LogsEvent>>>;

async fn open(core: &Core, channel: u32, of: LogTarget) -> Result<Heard, Error> {
    let options = LogOptions {
        tail: Some(50),
        ..LogOptions::default()
    };
    open_with(core, channel, of, options).await
}

async fn open_with(
    core: &Core,
    channel: u32,
    of: LogTarget,
    options: LogOptions,
) -> Result<Heard, Error> {
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    let request = WatchLogs {
        cluster: DEMO.into(),
        of,
        options,
        view: view(),
    };
    let sink = move |event| {
        told.lock().unwrap().push(event);
        true
    };
    core.watch_logs(request, StreamKey::new("main", channel), Box::new(sink))
        .await?;
    Ok(heard)
}

fn view() -> LogView {
    LogView {
        count: 500,
        ..LogView::default()
    }
}

async fn until(heard: &Heard, what: &str, test: impl Fn(&LogsEvent) -> bool) -> LogsEvent {
    let since = Instant::now();
    loop {
        let last = heard.lock().unwrap().last().cloned();
        if let Some(last) = last.filter(&test) {
            return last;
        }
        assert!(since.elapsed() < LIMIT, "no {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn object(kind: &str, namespace: &str, name: &str) -> LogTarget {
    LogTarget::Object {
        object: ObjectRef {
            api_version: "apps/v1".into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
            uid: None,
        },
        container: None,
    }
}

/// Covers: EVT-04, POD-10
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pods_are_merged_in_time_order_and_followed() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let everything = LogTarget::Selector {
        namespaces: Vec::new(),
        labels: String::new(),
    };
    let heard = open(&core, 1, everything).await.unwrap();
    let event = until(&heard, "lines of many pods", |event| {
        event.head.held > 2_000
    })
    .await;
    assert_eq!(event.lines.len(), 500);
    let times: Vec<i64> = event.lines.iter().map(|line| line.at).collect();
    assert!(times.is_sorted(), "{times:?}");
    let pods: std::collections::HashSet<u32> = event.lines.iter().map(|line| line.source).collect();
    assert!(pods.len() > 10, "{} containers", pods.len());
    let end = event.head.end;
    until(&heard, "newer lines", |event| event.head.end > end).await;

    let view = LogView {
        revision: 7,
        query: "listening".into(),
        only_matches: true,
        ..view()
    };
    core.set_log_view(SetLogView { watch: 1, view }, "main")
        .await
        .unwrap();
    let event = until(&heard, "the other view", |event| event.revision == 7).await;
    assert_eq!(event.head.end, event.head.hits);
    assert!(event.lines.iter().all(|line| line.remark || line.hit));

    core.unwatch(Unwatch { watch: 1 }, "main").await.unwrap();
    let gone = core
        .set_log_view(
            SetLogView {
                watch: 1,
                view: self::view(),
            },
            "main",
        )
        .await;
    assert_eq!(gone.unwrap_err().code, Code::NotFound);
    assert_eq!(core.open_streams(), 0);
    core.stop().await;
}

/// Covers: CMP-05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workload_means_its_pods_and_what_means_nothing_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let request = ReadRows {
        cluster: DEMO.into(),
        kind: "deployments".into(),
        namespaces: Vec::new(),
        view: TableView {
            count: 500,
            ..TableView::default()
        },
        only: Vec::new(),
    };
    let rows = loop {
        let page = core.read_rows(request.clone()).await.unwrap();
        if !page.rows.is_empty() {
            break page.rows;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let row = &rows[0];
    let heard = open(&core, 1, object("Deployment", &row.namespace, &row.name))
        .await
        .unwrap();
    let event = until(&heard, "its containers", |event| event.head.held > 0).await;
    let all = heard.lock().unwrap().clone();
    let sources = all
        .iter()
        .rev()
        .find_map(|event| event.sources.clone())
        .unwrap();
    assert!(
        sources
            .iter()
            .all(|source| source.pod.starts_with(&row.name)),
        "{sources:?}"
    );
    let request = ReadLogText {
        watch: 1,
        from: event.head.first,
        count: 10,
        prefixed: true,
    };
    let text = core.read_log_text(request, "main").await.unwrap();
    assert!(
        text.lines()
            .all(|line| line.contains(&format!(" {}", row.name))),
        "{text}"
    );

    let refused = [
        (object("Deployment", "default", "no-such"), Code::NotFound),
        (object("ConfigMap", "default", "x"), Code::InvalidArgument),
        (
            object("Deployment", "default", "../../secrets"),
            Code::InvalidArgument,
        ),
        (object("Pod", "a/b", "x"), Code::InvalidArgument),
        (
            LogTarget::Selector {
                namespaces: Vec::new(),
                labels: "a in (b".into(),
            },
            Code::InvalidArgument,
        ),
    ];
    for (of, code) in refused {
        let error = open(&core, 2, of.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{of:?}: {error}");
    }
    core.stop().await;
}

/// Covers: CMP-05, EVT-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_of_time_is_read_alone_and_a_moment_is_a_place() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let everything = LogTarget::Selector {
        namespaces: Vec::new(),
        labels: String::new(),
    };
    let heard = open(&core, 1, everything.clone()).await.unwrap();
    let event = until(&heard, "lines", |event| event.head.held > 2_000).await;
    let (first, last) = (event.lines[100].at, event.lines[400].at);
    core.unwatch(Unwatch { watch: 1 }, "main").await.unwrap();

    let options = LogOptions {
        tail: Some(1),
        since: Some(first),
        until: Some(last),
        ..LogOptions::default()
    };
    let heard = open_with(&core, 2, everything, options).await.unwrap();
    // Containers that never ran have no log; all others come to their end.
    let settled = || {
        let all = heard.lock().unwrap();
        let sources = all.iter().rev().find_map(|event| event.sources.clone());
        let over = |state: &LogState| matches!(state, LogState::Ended | LogState::Failed { .. });
        // Before the pods are known there are none to wait for.
        sources.is_some_and(|sources| {
            !sources.is_empty() && sources.iter().all(|source| over(&source.state))
        })
    };
    let since = Instant::now();
    while !settled() {
        assert!(
            since.elapsed() < LIMIT,
            "the span never ends: {:?}",
            heard.lock().unwrap().last()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The newest lines are shown at first, and the span may have more than a view.
    let view_from_first = LogView {
        revision: 2,
        place: LogPlace::Time { time: first },
        ..view()
    };
    let asked = SetLogView {
        watch: 2,
        view: view_from_first,
    };
    core.set_log_view(asked, "main").await.unwrap();
    let event = until(&heard, "lines of the span", |event| event.revision == 2).await;
    let outside: Vec<_> = event
        .lines
        .iter()
        .filter(|line| line.at < first || line.at >= last)
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert_eq!(
        (event.lines[0].at, event.head.start),
        (first, event.head.first),
        "the span begins with its first moment"
    );

    let middle = event.lines[event.lines.len() / 2].at;
    let view = LogView {
        revision: 3,
        place: LogPlace::Time { time: middle },
        ..view()
    };
    core.set_log_view(SetLogView { watch: 2, view }, "main")
        .await
        .unwrap();
    let event = until(&heard, "the moment", |event| event.revision == 3).await;
    assert_eq!(event.lines[0].at, middle);
    assert!(
        event.head.start > event.head.first,
        "earlier lines are still there"
    );
    core.stop().await;
}

/// Covers: EVT-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grave_lines_are_counted_by_what_they_have_in_common() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let everything = LogTarget::Selector {
        namespaces: Vec::new(),
        labels: String::new(),
    };
    let heard = open(&core, 1, everything).await.unwrap();
    until(&heard, "grave lines", |event| {
        event.head.errors + event.head.warnings > 20
    })
    .await;
    let told = core.list_log_patterns(ListLogPatterns { watch: 1 }, "main");
    let told = told.await.unwrap();
    let head = heard.lock().unwrap().last().unwrap().head.clone();
    let counted: u64 = told.patterns.iter().map(|pattern| pattern.count).sum();
    assert!(counted + told.others >= head.errors + head.warnings);
    assert!(told.patterns.len() > 1 && told.patterns.iter().all(|p| !p.sources.is_empty()));
    let gone = core.list_log_patterns(ListLogPatterns { watch: 9 }, "main");
    assert_eq!(gone.await.unwrap_err().code, Code::NotFound);
    core.stop().await;
}
