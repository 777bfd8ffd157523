//! Simulated API servers on sockets of this machine, and a kubeconfig that names them.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use kubegraf_sim::{Running, Sim, SimOptions};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tower::{BoxError, ServiceExt};

type Body = UnsyncBoxBody<bytes::Bytes, BoxError>;

/// One server; it ends when dropped.
pub struct Server {
    pub name: String,
    pub address: String,
    sim: Option<(Sim, Running)>,
    watches: Arc<AtomicUsize>,
    wanted: Wanted,
    _serving: Option<Guard>,
}

/// The Authorization header without which a server answers 401.
type Wanted = Arc<Mutex<Option<String>>>;

struct Guard(tokio::task::JoinHandle<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// A sim with the namespace `home-NAME`.
    pub async fn start(name: &str) -> Self {
        Self::serving(name, None).await
    }

    /// One that wants this bearer token.
    pub async fn wanting(name: &str, token: &str) -> Self {
        Self::serving(name, Some(format!("Bearer {token}"))).await
    }

    async fn serving(name: &str, wanted: Option<String>) -> Self {
        let sim = Sim::new(SimOptions::default());
        sim.add_nodes(1);
        let running = sim.start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let watches = Arc::new(AtomicUsize::new(0));
        let wanted: Wanted = Arc::new(Mutex::new(wanted));
        let held = Arc::clone(&wanted);
        let service = sim.service();
        let counter = Arc::clone(&watches);
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (service, counter) = (service.clone(), Arc::clone(&counter));
                let wanted = Arc::clone(&wanted);
                connections.spawn(serve(stream, service, counter, wanted));
                while connections.try_join_next().is_some() {}
            }
        });
        let server = Self {
            name: name.into(),
            address,
            sim: Some((sim, running)),
            watches,
            wanted: held,
            _serving: Some(Guard(serving)),
        };
        server.create_namespace(&format!("home-{name}"));
        server
    }

    /// A port on which nobody listens.
    pub fn refusing(name: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        Self::without_sim(name, format!("http://{port}"), None)
    }

    /// It takes connections and says nothing.
    pub async fn mute(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        });
        Self::without_sim(name, address, Some(Guard(serving)))
    }

    fn without_sim(name: &str, address: String, serving: Option<Guard>) -> Self {
        Self {
            name: name.into(),
            address,
            sim: None,
            watches: Arc::default(),
            wanted: Arc::default(),
            _serving: serving,
        }
    }

    /// What it simulates.
    #[allow(dead_code, reason = "the tests of debugging forbid by it")]
    pub fn sim(&self) -> &(Sim, kubegraf_sim::Running) {
        self.sim.as_ref().expect("this server has a sim")
    }

    pub fn create_namespace(&self, name: &str) {
        self.create(serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}
        }));
    }

    pub fn create(&self, object: serde_json::Value) {
        let (sim, _) = self.sim.as_ref().expect("this server has a sim");
        sim.create(object).unwrap();
    }

    /// From now on only this bearer token is taken.
    pub fn want(&self, token: &str) {
        *self.wanted.lock().unwrap() = Some(format!("Bearer {token}"));
    }

    /// Watches whose connection is open.
    pub fn open_watches(&self) -> usize {
        self.watches.load(Ordering::SeqCst)
    }
}

async fn serve(
    stream: TcpStream,
    sim: kubegraf_sim::SimService,
    watches: Arc<AtomicUsize>,
    wanted: Wanted,
) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let (sim, watches, wanted) = (sim.clone(), Arc::clone(&watches), Arc::clone(&wanted));
        async move {
            let given = request.headers().get("authorization");
            let wanted = wanted.lock().unwrap().clone();
            if wanted.is_some_and(|wanted| given.is_none_or(|given| given != &wanted)) {
                let body = http_body_util::Full::new(bytes::Bytes::from_static(
                    br#"{"kind":"Status","message":"Unauthorized","code":401}"#,
                ));
                let mut refusal =
                    Response::new(body.map_err(|never| match never {}).boxed_unsync());
                *refusal.status_mut() = StatusCode::UNAUTHORIZED;
                return Ok::<Response<Body>, Infallible>(refusal);
            }
            let is_watch = request
                .uri()
                .query()
                .is_some_and(|query| query.contains("watch=true"));
            let counted = is_watch.then(|| Counted::new(watches));
            let answer = match sim.oneshot(request).await {
                Ok(answer) => answer,
                Err(error) => panic!("the sim failed: {error}"),
            };
            Ok(answer.map(move |body| {
                body.map_err(Into::into)
                    .map_frame(move |frame| {
                        let _open = &counted;
                        frame
                    })
                    .boxed_unsync()
            }))
        }
    });
    // A client that goes away is no failure of the server.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Contexts named as the servers, the first one current.
pub fn kubeconfig(servers: &[&Server]) -> String {
    let lines =
        |of: &dyn Fn(&Server) -> String| -> String { servers.iter().map(|s| of(s)).collect() };
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {}\nclusters:\n{}users:\n{}contexts:\n{}",
        servers[0].name,
        lines(&|s| format!(
            "- {{name: {}, cluster: {{server: \"{}\"}}}}\n",
            s.name, s.address
        )),
        lines(&|s| format!("- {{name: {}, user: {{token: t}}}}\n", s.name)),
        lines(&|s| format!(
            "- {{name: {0}, context: {{cluster: {0}, user: {0}}}}}\n",
            s.name
        )),
    )
}
