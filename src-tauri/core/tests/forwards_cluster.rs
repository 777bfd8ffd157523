//! Port-forwards to real pods: what comes back, what survives, what is refused.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "streams/stage.rs"]
mod stage;

use std::time::{Duration, Instant};

use kubegraf_core::Core;
use kubegraf_ipc::{
    Code, Error,
    forward::{
        Forward, ForwardState, ListForwards, ListPorts, RestartForward, StartForward, StopForward,
    },
    object::ObjectRef,
};
use kubegraf_testcluster::{Cluster, Options, Tier, require};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LIMIT: Duration = Duration::from_secs(90);

struct Stage {
    core: Core,
    id: String,
}

impl Stage {
    async fn open(cluster: &Cluster, data: &std::path::Path) -> Self {
        let (core, id) = stage::connected(cluster.kubeconfig(), data).await;
        Self { core, id }
    }

    async fn start(
        &self,
        kind: &str,
        name: &str,
        port: &str,
        local: u16,
    ) -> Result<Forward, Error> {
        let request = StartForward {
            request_id: uuid::Uuid::new_v4().to_string(),
            cluster: self.id.clone(),
            object: object(kind, name),
            port: port.into(),
            local_port: local,
        };
        self.core.start_forward(request).await
    }

    async fn list(&self) -> Vec<Forward> {
        self.core.list_forwards(ListForwards {}).await.unwrap()
    }

    async fn get(&self, id: &str) -> Forward {
        self.list()
            .await
            .into_iter()
            .find(|forward| forward.id == id)
            .unwrap()
    }

    async fn until(&self, id: &str, what: &str, test: impl Fn(&Forward) -> bool) -> Forward {
        let since = Instant::now();
        loop {
            let forward = self.get(id).await;
            if test(&forward) {
                return forward;
            }
            assert!(since.elapsed() < LIMIT, "no {what}: {forward:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn object(kind: &str, name: &str) -> ObjectRef {
    ObjectRef {
        api_version: String::new(),
        kind: kind.into(),
        namespace: "default".into(),
        name: name.into(),
        uid: None,
    }
}

fn active(forward: &Forward) -> bool {
    matches!(forward.state, ForwardState::Active { .. })
}

/// One request over a connection of its own; the answer's body.
async fn ask(port: u16) -> Result<String, String> {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(20), ask).await;
    let answer = answer
        .map_err(|e| e.to_string())?
        .map_err(|e| e.to_string())?;
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.trim().to_owned());
    body.ok_or_else(|| format!("no answer: {answer:?}"))
}

fn manifests(cluster: &Cluster) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: {app}
        ports: [{{name: http, containerPort: 8080}}]
        readinessProbe: {{httpGet: {{path: /, port: 8080}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{name: front, port: 80, targetPort: http}}, {{name: dns, port: 53, protocol: UDP}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: odd}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: slow
    image: {busybox}
    command: [nc, -ll, -p, '9000', -e, sh, -c, 'read line; sleep 2; echo got $line']
  - name: echo
    image: {busybox}
    command: [nc, -ll, -p, '9001', -e, cat]
",
        app = cluster.image("app:v1"),
        busybox = cluster.image("busybox:1"),
    )
}

/// Covers: PFW-01, PFW-02, PFW-04, PFW-05, PFW-08
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forward_survives_what_happens_to_its_pods() {
    if !require(Tier::Real) {
        return;
    }
    let cluster = Cluster::up(Options::real()).await.unwrap();
    cluster.apply(&manifests(&cluster)).await.unwrap();
    let wait = ["rollout", "status", "deployment/web", "--timeout=90s"];
    cluster.run(&wait).await.unwrap();
    let wait = ["wait", "pod/odd", "--for=condition=Ready", "--timeout=90s"];
    cluster.run(&wait).await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let stage = Stage::open(&cluster, data.path()).await;

    let ports = ListPorts {
        cluster: stage.id.clone(),
        object: object("Service", "web"),
    };
    let ports = stage.core.list_ports(ports).await.unwrap();
    assert_eq!(ports.len(), 1, "only TCP can be forwarded: {ports:?}");
    assert_eq!((ports[0].port, &*ports[0].name), (80, "front"));

    // By the Service's port, its name, the container's port and its name.
    let service = stage.start("Service", "web", "80", 0).await.unwrap();
    let named = stage.start("Service", "web", "front", 0).await.unwrap();
    let workload = stage.start("Deployment", "web", "http", 0).await.unwrap();
    let odd = stage.start("Pod", "odd", "9000", 0).await.unwrap();
    let echo = stage.start("Pod", "odd", "9001", 0).await.unwrap();
    for forward in [&service, &named, &workload] {
        let forward = stage.until(&forward.id, "pod", active).await;
        let ForwardState::Active { port, .. } = forward.state else {
            panic!("{forward:?}")
        };
        assert_eq!(port, 8080);
        assert_eq!(ask(forward.local_port).await.unwrap(), "app v1");
        assert_eq!(
            forward.url,
            format!("http://localhost:{}", forward.local_port)
        );
    }

    refusals(&stage, &service).await;
    half_closed_and_large(&odd, &echo).await;
    many(&stage, &service).await;

    // Nothing listens there: said, and the forward goes on.
    let shut = stage.start("Pod", "odd", "9", 0).await.unwrap();
    stage.until(&shut.id, "pod", active).await;
    assert!(ask(shut.local_port).await.is_err());
    let failed = stage
        .until(&shut.id, "failure", |forward| forward.failed > 0)
        .await;
    assert!(
        failed.last_error.unwrap().contains("refused"),
        "the reason is told"
    );

    replaced(&cluster, &stage, &service).await;

    let away = cluster.crash("kube-apiserver").unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    away.end().unwrap();
    let since = Instant::now();
    while ask(service.local_port).await.is_err() {
        assert!(
            since.elapsed() < LIMIT,
            "never again after the server was away"
        );
    }

    // Stopped means closed; the same port again after a restart.
    let stop = StopForward {
        request_id: "stop".into(),
        id: service.id.clone(),
        forget: false,
    };
    stage.core.stop_forward(stop).await.unwrap();
    stage
        .until(&service.id, "end", |f| f.state == ForwardState::Stopped)
        .await;
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", service.local_port))
        .await
        .is_ok()
    {
        assert!(
            since.elapsed() < Duration::from_secs(5),
            "the port is still open"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let again = RestartForward {
        request_id: "again".into(),
        id: service.id.clone(),
    };
    let again = stage.core.restart_forward(again).await.unwrap();
    assert_eq!(again.local_port, service.local_port);
    stage.until(&service.id, "pod", active).await;
    assert_eq!(ask(service.local_port).await.unwrap(), "app v1");

    stage.core.stop().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(
        TcpStream::connect(("127.0.0.1", named.local_port))
            .await
            .is_err()
    );
    cluster.down().await.unwrap();
}

async fn refusals(stage: &Stage, taken: &Forward) {
    for (kind, name, port, local, code, word) in [
        (
            "Service",
            "web",
            "81",
            0,
            Code::InvalidArgument,
            "has no port \"81\"",
        ),
        ("Service", "web", "53", 0, Code::InvalidArgument, "only TCP"),
        ("Service", "none", "80", 0, Code::NotFound, "does not exist"),
        ("Pod", "odd", "0", 0, Code::InvalidArgument, "no port"),
        ("Pod", "odd", "70000", 0, Code::InvalidArgument, "no port"),
        (
            "ConfigMap",
            "x",
            "80",
            0,
            Code::InvalidArgument,
            "runs no pods",
        ),
        (
            "Pod",
            "odd",
            "9000",
            taken.local_port,
            Code::Conflict,
            "is taken",
        ),
    ] {
        let error = stage.start(kind, name, port, local).await.unwrap_err();
        assert_eq!(error.code, code, "{kind} {name} {port}: {error}");
        assert!(
            error.message.contains(word),
            "{kind} {name} {port}: {error}"
        );
    }
}

/// A client that has shut its side gets its answer; large bodies arrive whole in both directions.
async fn half_closed_and_large(odd: &Forward, echo: &Forward) {
    let mut stream = TcpStream::connect(("127.0.0.1", odd.local_port))
        .await
        .unwrap();
    stream.write_all(b"hello\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answer, "got hello\n");

    let sent: Vec<u8> = (0..8_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let stream = TcpStream::connect(("127.0.0.1", echo.local_port))
        .await
        .unwrap();
    let (mut read, mut write) = stream.into_split();
    let copy = sent.clone();
    let writing = tokio::spawn(async move { write.write_all(&copy).await.map(|()| write) });
    let mut received = vec![0; sent.len()];
    let all = read.read_exact(&mut received);
    tokio::time::timeout(LIMIT, all).await.unwrap().unwrap();
    writing.await.unwrap().unwrap();
    assert!(sent == received, "bytes changed on their way");
}

/// Many short connections at once leave nothing behind.
async fn many(stage: &Stage, forward: &Forward) {
    let files = || {
        std::fs::read_dir("/proc/self/fd")
            .map(Iterator::count)
            .unwrap_or(0)
    };
    ask(forward.local_port).await.unwrap();
    stage.until(&forward.id, "rest", |f| f.open == 0).await;
    let before = (files(), stage.get(&forward.id).await.connections);
    for _ in 0..4 {
        let asked = (0..50).map(|_| ask(forward.local_port));
        for answer in futures::future::join_all(asked).await {
            assert_eq!(answer.unwrap(), "app v1");
        }
    }
    let after = stage.until(&forward.id, "rest", |f| f.open == 0).await;
    assert_eq!(after.connections, before.1 + 200);
    assert!(
        after.sent > 200 * 40 && after.received > 200 * 6,
        "{after:?}"
    );
    let since = Instant::now();
    while files() > before.0 + 5 {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "{} files, {} before",
            files(),
            before.0
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The pod is killed: its connections end, and the next ones lead to its successor, at most two
/// seconds after that is ready.
async fn replaced(cluster: &Cluster, stage: &Stage, forward: &Forward) {
    let ForwardState::Active { pod: old, .. } = stage.until(&forward.id, "pod", active).await.state
    else {
        panic!("not active")
    };
    let mut idle = TcpStream::connect(("127.0.0.1", forward.local_port))
        .await
        .unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    stage
        .until(&forward.id, "the idle connection", |f| f.open == 1)
        .await;
    let kill = ["delete", "pod", &old, "--grace-period=0", "--force"];
    cluster.run(&kill).await.unwrap();
    let mut end = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), idle.read_to_end(&mut end)).await;
    assert!(
        closed.is_ok(),
        "a connection to a pod that is gone stays open"
    );

    let ready = cluster
        .eventually("another pod is ready", LIMIT, async || {
            let pods = cluster
                .get(&["pods", "-l", "app=web"])
                .await
                .map_err(|e| e.to_string())?;
            let items = pods["items"].as_array().cloned().unwrap_or_default();
            let new = items.iter().find(|pod| {
                let conditions = pod["status"]["conditions"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                pod["metadata"]["name"] != old.as_str()
                    && conditions
                        .iter()
                        .any(|c| c["type"] == "Ready" && c["status"] == "True")
            });
            new.map(|_| Instant::now())
                .ok_or_else(|| pods["items"].to_string())
        })
        .await
        .unwrap();
    loop {
        match ask(forward.local_port).await {
            Ok(answer) => {
                assert_eq!(answer, "app v1");
                break;
            }
            Err(error) => assert!(ready.elapsed() < Duration::from_secs(2), "{error}"),
        }
    }
    assert!(
        ready.elapsed() < Duration::from_secs(2),
        "{:?} after it was ready",
        ready.elapsed()
    );
    let now = stage.get(&forward.id).await;
    assert!(!matches!(&now.state, ForwardState::Active { pod, .. } if *pod == old));
}
