//! An open cluster: its clients, its watches, and for the demo cluster the cluster itself.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, Request, StatusCode, header::DATE};
use kube::{Client, client::Body};
use kubegraf_ipc::{cluster::ClusterEntry, inspect::ApiCalls};
use serde_json::Value;
use time::{
    PrimitiveDateTime, format_description::StaticFormatDescription, macros::format_description,
};
use tokio::sync::{OnceCell, watch};
use tower::{ServiceExt, util::BoxCloneSyncService};

use super::{
    Context, DEMO, Error, PROBE,
    client::{self, Clients, calls::Calls},
    credentials::{self, Credentials, Source},
    prepare::Prepared,
};
use crate::{clock::Clock, watch::Watches};

/// What the demo cluster is called.
pub(super) const DEMO_NAME: &str = "Demo cluster";
/// Any seed gives a believable cluster; a fixed one gives everybody the same.
const DEMO_SEED: u64 = 7;
/// `Sat, 21 Nov 2026 10:00:00 GMT` (RFC 9110, 5.6.7).
const HTTP_DATE: StaticFormatDescription = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// An open cluster.
pub struct Connection {
    entry: ClusterEntry,
    user: String,
    client: Client,
    mutating: Client,
    watches: Watches,
    scope: watch::Sender<Vec<String>>,
    version: OnceCell<String>,
    skew: OnceCell<i64>,
    clock: Arc<dyn Clock>,
    calls: Arc<Calls>,
    users: Arc<()>,
    /// How long the first answer may take: a program may have to give credentials first.
    patience: Duration,
    definition: String,
}

/// Somebody uses a connection: it stays open for as long as this is held.
#[derive(Clone)]
pub struct Hold(#[allow(dead_code, reason = "it is only counted")] Arc<()>);

impl Connection {
    /// Builds the clients of a context; nothing is sent yet.
    pub(super) fn open(
        context: &Context,
        prepared: Prepared,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let calls = Arc::new(Calls::default());
        let patience = match &prepared.source {
            Source::Exec(plugin) => PROBE + plugin.timeout,
            Source::None | Source::Fixed(_) | Source::File(_) => PROBE,
        };
        let credentials = Credentials::new(prepared.source, Arc::clone(&clock));
        let clients = client::clients(prepared.config, credentials, &calls, &clock);
        let clients = clients.map_err(|error| Error::Context {
            context: context.name.clone(),
            reason: reason(&error),
        })?;
        let who = (context.entry(), context.user.clone());
        let told = (patience, prepared.definition);
        Ok(Self::new(who, clients, calls, clock, told))
    }

    /// Starts the embedded demo cluster. It lives as long as one of its clients.
    pub(super) async fn demo(clock: Arc<dyn Clock>) -> Result<Self, Error> {
        // It replays weeks of history: a second of work that must not hold up the other tasks.
        let demo = tokio::task::spawn_blocking(|| kubegraf_sim::demo::start(DEMO_SEED))
            .await
            .map_err(|error| Error::Context {
                context: DEMO_NAME.into(),
                reason: error.to_string(),
            })?;
        let service: kubegraf_sim::SimService = demo.service();
        let alive = Arc::new(demo);
        let below = ServiceExt::<Request<Body>>::map_response(
            service,
            move |answer: http::Response<kubegraf_sim::SimBody>| {
                let _alive = &alive;
                answer.map(client::boxed)
            },
        );
        let calls = Arc::new(Calls::default());
        let below = BoxCloneSyncService::new(below);
        let clients = client::stack(below, "default", &calls, &clock);
        let who = (demo_entry(), "demo".to_owned());
        Ok(Self::new(
            who,
            clients,
            calls,
            clock,
            (PROBE, String::new()),
        ))
    }

    fn new(
        (entry, user): (ClusterEntry, String),
        clients: Clients,
        calls: Arc<Calls>,
        clock: Arc<dyn Clock>,
        (patience, definition): (Duration, String),
    ) -> Self {
        // A user who may not list everywhere is shown these.
        let scope = watch::Sender::new(vec![entry.namespace.clone()]);
        let watches = Watches::new(clients.reading.clone(), Arc::clone(&clock))
            .with_namespaces(scope.subscribe());
        Self {
            entry,
            user,
            client: clients.reading,
            mutating: clients.changing,
            watches,
            scope,
            version: OnceCell::new(),
            skew: OnceCell::new(),
            clock,
            calls,
            users: Arc::new(()),
            patience,
            definition,
        }
    }

    /// Keeps it open.
    pub fn hold(&self) -> Hold {
        Hold(Arc::clone(&self.users))
    }

    /// Where a user who may not list everywhere is shown objects: the namespaces chosen, or the
    /// context's own.
    pub(super) fn choose(&self, namespaces: &[String]) {
        let chosen = match namespaces {
            [] => vec![self.entry.namespace.clone()],
            chosen => chosen.to_vec(),
        };
        self.scope.send_if_modified(|scope| {
            let differs = *scope != chosen;
            *scope = chosen;
            differs
        });
    }

    /// How many hold it.
    pub fn users(&self) -> usize {
        Arc::strong_count(&self.users) - 1
    }

    /// What was asked of its API server.
    pub(crate) fn calls(&self) -> ApiCalls {
        self.calls.figures()
    }

    /// The kubeconfig's words it was opened by, as a hash.
    pub(super) fn definition(&self) -> &str {
        &self.definition
    }

    /// How long the first answer may take.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Asks the server for its version, within the time given, and says how long that took.
    pub(super) async fn probe(&self, within: Duration) -> Result<Duration, Error> {
        let unreachable = |reason: String| Error::Unreachable {
            name: self.entry.name.clone(),
            server: self.entry.server.clone(),
            reason,
        };
        let began = Instant::now();
        let request = Request::get("/version")
            .body(Body::empty())
            .map_err(|error| unreachable(error.to_string()))?;
        let answer = async {
            let answer = self.client.send(request).await?;
            let (parts, body) = answer.into_parts();
            let bytes = body.collect_bytes().await?;
            Ok::<_, kube::Error>((parts, bytes))
        };
        let (parts, bytes) = tokio::time::timeout(within, answer)
            .await
            .map_err(|_| unreachable(format!("no answer within {} s", within.as_secs())))?
            .map_err(|error| unreachable(reason(&error)))?;
        if !parts.status.is_success() {
            return Err(unreachable(refusal(parts.status, &bytes)));
        }
        let info: Value = serde_json::from_slice(&bytes)
            .map_err(|_| unreachable("it answers, but not as an API server".into()))?;
        let version = info["gitVersion"].as_str().unwrap_or_default().to_owned();
        // The first answer stays; a server upgraded meanwhile shows after the next connect.
        let _ = self.version.set(version);
        if let Some(ahead) = self.ahead(&parts.headers) {
            let _ = self.skew.set(ahead);
        }
        Ok(began.elapsed())
    }

    /// Seconds the server's clock is ahead of ours, from its Date header.
    fn ahead(&self, headers: &HeaderMap) -> Option<i64> {
        let theirs = http_date(headers.get(DATE)?.to_str().ok()?)?;
        Some(theirs - self.clock.epoch_seconds())
    }

    /// Seconds to add to this machine's time to get the cluster's; 0 while it is not known.
    pub fn skew(&self) -> i64 {
        self.skew.get().copied().unwrap_or_default()
    }

    /// The cluster's id.
    pub fn id(&self) -> &str {
        &self.entry.id
    }

    /// What a person calls it.
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// The kubeconfig user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The context's own namespace.
    pub fn namespace(&self) -> &str {
        &self.entry.namespace
    }

    /// Whether it is the demo cluster.
    pub fn is_demo(&self) -> bool {
        self.entry.is_demo
    }

    /// For reads: failed ones may be repeated.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// For changes: nothing is ever repeated unseen.
    pub fn mutating_client(&self) -> &Client {
        &self.mutating
    }

    /// Its shared watches.
    pub fn watches(&self) -> &Watches {
        &self.watches
    }

    /// The server's version, as it said when it was last connected.
    pub fn version(&self) -> Option<&str> {
        self.version.get().map(String::as_str)
    }
}

/// The demo cluster's place in the list.
pub(super) fn demo_entry() -> ClusterEntry {
    ClusterEntry {
        id: DEMO.into(),
        name: DEMO_NAME.into(),
        context_name: String::new(),
        namespace: "default".into(),
        server: "embedded".into(),
        is_active: false,
        is_reachable: None,
        kubeconfig_path: String::new(),
        error: None,
        is_demo: true,
        is_connected: false,
        insecure: false,
        protected: false,
        exec: None,
        namespaces: Vec::new(),
        health: None,
    }
}

/// Epoch seconds of a `Date` header.
pub(super) fn http_date(text: &str) -> Option<i64> {
    let at = PrimitiveDateTime::parse(text, HTTP_DATE).ok()?;
    Some(at.assume_utc().unix_timestamp())
}

/// What a server that refuses says.
pub(super) fn refusal(status: StatusCode, body: &[u8]) -> String {
    let said: Option<Value> = serde_json::from_slice(body).ok();
    let message = said.and_then(|said| said["message"].as_str().map(str::to_owned));
    match message {
        Some(message) => format!("{message} ({})", status.as_u16()),
        None => format!("it answered {status}"),
    }
}

/// The words of what is ours, else the innermost cause.
pub(super) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost: &(dyn std::error::Error + 'static) = error;
    while let Some(source) = innermost.source() {
        innermost = source;
        if innermost.is::<credentials::Error>() {
            break;
        }
    }
    innermost.to_string()
}
