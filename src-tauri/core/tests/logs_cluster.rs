//! Logs of real containers: what a kubelet, containerd and an API server do to a log that is
//! followed – fast writers, restarts, killed pods, a server that goes away – must cost no line.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "streams/stage.rs"]
mod stage;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::{
    app::Unwatch,
    logs::{
        LogLevel, LogOptions, LogPlace, LogState, LogTarget, LogView, LogsEvent, ReadLogText,
        SetLogView, WatchLogs,
    },
    object::ObjectRef,
};
use kubegraf_testcluster::{Cluster, Options, Tier, require};

const LIMIT: Duration = Duration::from_secs(120);

/// A window that follows one log.
struct Followed {
    core: Core,
    channel: u32,
    last: Arc<Mutex<Option<LogsEvent>>>,
    sources: Arc<Mutex<Vec<kubegraf_ipc::logs::LogSource>>>,
    events: Arc<Mutex<Vec<Instant>>>,
}

impl Followed {
    async fn open(core: &Core, cluster: &str, channel: u32, of: LogTarget) -> Self {
        let options = LogOptions {
            tail: None,
            ..LogOptions::default()
        };
        Self::with(core, cluster, channel, of, options).await
    }

    async fn with(
        core: &Core,
        cluster: &str,
        channel: u32,
        of: LogTarget,
        options: LogOptions,
    ) -> Self {
        let followed = Self {
            core: core.clone(),
            channel,
            last: Arc::default(),
            sources: Arc::default(),
            events: Arc::default(),
        };
        let (last, sources) = (Arc::clone(&followed.last), Arc::clone(&followed.sources));
        let events = Arc::clone(&followed.events);
        let sink = move |event: LogsEvent| {
            events.lock().unwrap().push(Instant::now());
            if let Some(told) = &event.sources {
                sources.lock().unwrap().clone_from(told);
            }
            *last.lock().unwrap() = Some(event);
            true
        };
        let request = WatchLogs {
            cluster: cluster.into(),
            of,
            options,
            view: view(1),
        };
        let key = StreamKey::new("main", channel);
        core.watch_logs(request, key, Box::new(sink)).await.unwrap();
        followed
    }

    fn head(&self) -> kubegraf_ipc::logs::LogHead {
        let last = self.last.lock().unwrap();
        last.as_ref()
            .map(|event| event.head.clone())
            .unwrap_or_default()
    }

    /// Every line that is shown, with its pod.
    async fn lines(&self) -> Vec<(String, String)> {
        let head = self.head();
        let mut lines = Vec::new();
        let mut from = head.first;
        while from < head.end {
            let request = ReadLogText {
                watch: self.channel,
                from,
                count: 20_000,
                prefixed: true,
            };
            let text = self.core.read_log_text(request, "main").await.unwrap();
            for line in text.lines() {
                let mut words = line.splitn(3, ' ');
                let (_, pod) = (words.next(), words.next().unwrap());
                lines.push((pod.to_owned(), words.next().unwrap_or_default().to_owned()));
            }
            from += 20_000;
        }
        lines
    }

    /// Waits until the lines satisfy the test.
    async fn until(
        &self,
        what: &str,
        test: impl Fn(&[(String, String)]) -> bool,
    ) -> Vec<(String, String)> {
        let since = Instant::now();
        loop {
            let lines = self.lines().await;
            if test(&lines) {
                return lines;
            }
            let tail = &lines[lines.len().saturating_sub(5)..];
            let sources = self.sources.lock().unwrap();
            assert!(
                since.elapsed() < LIMIT,
                "no {what}: {} lines, {tail:?}, {sources:?}",
                lines.len()
            );
            drop(sources);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn end(self) {
        let watch = self.channel;
        self.core.unwatch(Unwatch { watch }, "main").await.unwrap();
    }
}

fn view(revision: u32) -> LogView {
    LogView {
        revision,
        count: 200,
        ..LogView::default()
    }
}

fn object(kind: &str, name: &str) -> LogTarget {
    LogTarget::Object {
        object: ObjectRef {
            api_version: String::new(),
            kind: kind.into(),
            namespace: "default".into(),
            name: name.into(),
            uid: None,
        },
        container: None,
    }
}

/// The numbers behind a word, per pod, in the order they are shown.
fn numbers(lines: &[(String, String)], word: &str) -> BTreeMap<String, Vec<u64>> {
    let mut numbers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (pod, line) in lines {
        if let Some(number) = line.strip_prefix(word) {
            let number = number.trim().parse().unwrap();
            numbers.entry(pod.clone()).or_default().push(number);
        }
    }
    numbers
}

fn without_loss(numbers: &[u64], who: &str) {
    for (index, number) in (1_u64..).zip(numbers) {
        assert_eq!(index, *number, "{who} lost or repeated a line");
    }
}

fn manifests(cluster: &Cluster) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: fast}}
spec:
  containers: [{{name: app, image: {busybox}, command: [sh, -c, 'awk \"BEGIN{{while(n++<200000) print \\\"fast \\\" n}}\"; sleep 1000']}}]
  terminationGracePeriodSeconds: 0
---
apiVersion: v1
kind: Pod
metadata: {{name: crash}}
spec:
  containers: [{{name: app, image: {busybox}, command: [sh, -c, 'run=$(cat /proc/uptime | cut -d\" \" -f1); i=1; while [ $i -le 300 ]; do echo \"run $run $i\"; i=$((i+1)); done; exit 3']}}]
  terminationGracePeriodSeconds: 0
---
apiVersion: v1
kind: Pod
metadata: {{name: odd}}
spec:
  containers:
  - name: app
    image: {busybox}
    command: [sh, -c, 'head -c 3000000 /dev/zero | tr \"\\0\" x; echo; printf \"bad \\377\\376 nul \\000 end\\n\"; printf \"\\033]52;c;eA==\\007\\033[31mERROR\\033[0m red\\n\"; sleep 1000']
  terminationGracePeriodSeconds: 0
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: steady}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: steady}}}}
  template:
    metadata: {{labels: {{app: steady}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{{name: app, image: {busybox}, command: [sh, -c, 'i=1; while :; do echo \"tick $i\"; i=$((i+1)); usleep 5000; done']}}]
",
        busybox = cluster.image("busybox:1"),
    )
}

/// Covers: POD-10, EVT-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_line_is_lost_whatever_happens_to_the_log() {
    if !require(Tier::Real) {
        return;
    }
    let cluster = Cluster::up(Options::real()).await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let (core, id) = stage::connected(cluster.kubeconfig(), data.path()).await;

    // Opened before there is anything to read.
    let fast = Followed::open(&core, &id, 1, object("Pod", "fast")).await;
    let crash = Followed::open(&core, &id, 2, object("Pod", "crash")).await;
    let odd = Followed::open(&core, &id, 3, object("Pod", "odd")).await;
    cluster.apply(&manifests(&cluster)).await.unwrap();
    let steady = Followed::open(&core, &id, 4, object("Deployment", "steady")).await;

    let lines = fast
        .until("200,000 lines", |lines| {
            lines.last().is_some_and(|l| l.1 == "fast 200000")
        })
        .await;
    let fast_numbers = &numbers(&lines, "fast ")["fast/app"];
    without_loss(fast_numbers, "the fast writer");
    assert_eq!(fast_numbers.len(), 200_000);
    assert!(lines.len() < 200_005, "remarks: {}", lines.len());

    strange_lines_are_harmless(&odd).await;
    toggles_read_nothing_again(&core, &fast).await;

    // Two pods, merged; the server goes away, a pod is killed, another takes its place.
    steady
        .until("ticks of two pods", |lines| {
            numbers(lines, "tick ")
                .values()
                .filter(|n| n.len() > 200)
                .count()
                == 2
        })
        .await;
    let away = cluster.crash("kube-apiserver").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    away.end().unwrap();
    let before = steady.lines().await.len();
    steady
        .until("ticks after the outage", |lines| lines.len() > before + 500)
        .await;
    let pods = cluster.get(&["pods", "-l", "app=steady"]).await.unwrap();
    let killed = pods["items"][0]["metadata"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let kill = ["delete", "pod", &killed, "--grace-period=0", "--force"];
    cluster.run(&kill).await.unwrap();
    let lines = steady
        .until("ticks of a third pod", |lines| {
            let ticks = numbers(lines, "tick ");
            ticks.len() == 3 && ticks.values().all(|n| n.len() > 200)
        })
        .await;
    for (pod, ticks) in numbers(&lines, "tick ") {
        without_loss(&ticks, &pod);
    }
    assert!(
        !lines
            .iter()
            .any(|(_, line)| line.contains("may be missing")),
        "a gap was marked"
    );

    // Every run of a container that crashes, whole and once.
    let lines = crash
        .until("three runs", |lines| {
            lines
                .iter()
                .filter(|(_, line)| line.ends_with(" 300"))
                .count()
                >= 3
        })
        .await;
    let mut runs: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut order = Vec::new();
    for (_, line) in &lines {
        if let Some((run, number)) = line.strip_prefix("run ").and_then(|l| l.split_once(' ')) {
            if !runs.contains_key(run) {
                order.push(run);
            }
            runs.entry(run).or_default().push(number.parse().unwrap());
        }
    }
    for run in &order[..3] {
        without_loss(&runs[run], run);
        assert_eq!(runs[run].len(), 300, "run {run}");
    }
    let remarks = lines
        .iter()
        .filter(|(_, line)| line.contains("exit code 3 (Error)"))
        .count();
    assert!(remarks >= 2, "restarts are told: {remarks}");

    paced(&fast);
    paced(&steady);
    for followed in [fast, crash, odd, steady] {
        followed.end().await;
    }
    core.stop().await;
    cluster.down().await.unwrap();
}

/// Test 34 to 36 of the abuse list: a giant line, invalid bytes, escape sequences.
async fn strange_lines_are_harmless(odd: &Followed) {
    odd.until("three lines", |lines| lines.len() == 3).await;
    let since = Instant::now();
    let lines = loop {
        let last = odd.last.lock().unwrap().clone().unwrap();
        if last.lines.len() == 3 {
            break last.lines;
        }
        assert!(since.elapsed() < LIMIT);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let text = |index: usize| -> String {
        let line: &kubegraf_ipc::logs::LogLine = &lines[index];
        line.parts.iter().map(|part| part.text.as_str()).collect()
    };
    assert_eq!(text(0).len() as u64 + lines[0].more, 3_000_000);
    assert!(text(0).len() <= 4_000);
    assert_eq!(text(1), "bad \u{fffd}\u{fffd} nul \u{2400} end");
    assert_eq!(text(2), "ERROR red");
    assert_eq!(lines[2].parts[0].color, Some(1));
    assert_eq!(lines[2].level, Some(LogLevel::Error));
}

async fn toggles_read_nothing_again(core: &Core, fast: &Followed) {
    let calls = || async {
        let stats = core
            .get_cache_stats(kubegraf_ipc::inspect::GetCacheStats {})
            .await
            .unwrap();
        stats.connections[0].calls.sent
    };
    let before = calls().await;
    let view = LogView {
        query: "^fast 1\\d*7$".into(),
        regex: true,
        only_matches: true,
        place: LogPlace::Line { number: 0 },
        ..view(2)
    };
    let watch = fast.channel;
    core.set_log_view(SetLogView { watch, view }, "main")
        .await
        .unwrap();
    let since = Instant::now();
    let event = loop {
        let last = fast.last.lock().unwrap().clone().unwrap();
        if last.revision == 2 {
            break last;
        }
        assert!(since.elapsed() < LIMIT);
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let expect = (1..=200_000)
        .map(|n: u32| n.to_string())
        .filter(|n| n.starts_with('1') && n.ends_with('7'))
        .count() as u64;
    assert_eq!((event.head.end, event.head.hits), (expect, expect));
    let first: String = event.lines[0]
        .parts
        .iter()
        .map(|part| part.text.as_str())
        .collect();
    assert_eq!(first, "fast 17");
    // The watches of the cluster go on; no log is asked for.
    assert!(calls().await < before + 5);
    let states = fast.sources.lock().unwrap().clone();
    assert_eq!(states[0].state, LogState::Following);
    core.set_log_view(
        SetLogView {
            watch,
            view: self::view(3),
        },
        "main",
    )
    .await
    .unwrap();
}

/// At most twenty events a second.
fn paced(followed: &Followed) {
    let events = followed.events.lock().unwrap();
    let busiest = events.iter().map(|from| {
        let second = *from + Duration::from_secs(1);
        events
            .iter()
            .filter(|at| *at >= from && **at < second)
            .count()
    });
    assert!(
        busiest.max().unwrap() <= 24,
        "more than twenty events in a second"
    );
}
