//! An open cluster: its clients, its watches, and for the demo cluster the cluster itself.

use std::{sync::Arc, time::Duration};

use http::{Request, header::DATE};
use kube::{
    Client, Config,
    client::Body,
    config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig},
};
use kubegraf_ipc::cluster::ClusterEntry;
use time::{
    PrimitiveDateTime, format_description::StaticFormatDescription, macros::format_description,
};
use tokio::sync::OnceCell;

use super::{Context, DEMO, Error, PROBE};
use crate::{clock::Clock, watch::Watches};

/// What the demo cluster is called.
pub(super) const DEMO_NAME: &str = "Demo cluster";
/// Any seed gives a believable cluster; a fixed one gives everybody the same.
const DEMO_SEED: u64 = 7;
/// How long a connect may take.
const CONNECT: Duration = Duration::from_secs(5);
/// `Sat, 21 Nov 2026 10:00:00 GMT` (RFC 9110, 5.6.7).
const HTTP_DATE: StaticFormatDescription = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// An open cluster. Dropping the last handle ends its watches.
pub struct Connection {
    entry: ClusterEntry,
    user: String,
    client: Client,
    mutating: Client,
    watches: Watches,
    version: OnceCell<String>,
    skew: OnceCell<i64>,
    clock: Arc<dyn Clock>,
    _demo: Option<kubegraf_sim::demo::Demo>,
}

impl Connection {
    /// Builds the clients of a context; nothing is sent yet.
    pub(super) async fn open(
        kubeconfig: &Kubeconfig,
        context: &Context,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let refuse = |reason: String| Error::Context {
            context: context.name.clone(),
            reason,
        };
        let options = KubeConfigOptions {
            context: Some(context.name.clone()),
            ..Default::default()
        };
        let mut kubeconfig = kubeconfig.clone();
        for auth in kubeconfig
            .auth_infos
            .iter_mut()
            .filter_map(|named| named.auth_info.as_mut())
        {
            // A credential plugin has no terminal here: a prompt would hang unseen.
            if let Some(exec) = &mut auth.exec {
                exec.interactive_mode = Some(ExecInteractiveMode::Never);
            }
        }
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(|error| refuse(error.to_string()))?;
        config.connect_timeout = Some(CONNECT);
        let client = Client::try_from(config.clone()).map_err(|e| refuse(e.to_string()))?;
        // A change that is repeated unseen cannot be told from a single one.
        config.default_retry = false;
        let mutating = Client::try_from(config).map_err(|e| refuse(e.to_string()))?;
        Ok(Self::new(
            context.entry(),
            context.user.clone(),
            client,
            mutating,
            clock,
            None,
        ))
    }

    /// Starts the embedded demo cluster.
    pub(super) async fn demo(clock: Arc<dyn Clock>) -> Result<Self, Error> {
        // It replays weeks of history: a second of work that must not hold up the other tasks.
        let demo = tokio::task::spawn_blocking(|| kubegraf_sim::demo::start(DEMO_SEED))
            .await
            .map_err(|error| Error::Context {
                context: DEMO_NAME.into(),
                reason: error.to_string(),
            })?;
        let client = Client::new(demo.service(), "default");
        let user = "demo".to_owned();
        Ok(Self::new(
            demo_entry(),
            user,
            client.clone(),
            client,
            clock,
            Some(demo),
        ))
    }

    fn new(
        entry: ClusterEntry,
        user: String,
        client: Client,
        mutating: Client,
        clock: Arc<dyn Clock>,
        demo: Option<kubegraf_sim::demo::Demo>,
    ) -> Self {
        let watches = Watches::new(client.clone(), Arc::clone(&clock));
        let (version, skew) = (OnceCell::new(), OnceCell::new());
        Self {
            entry,
            user,
            client,
            mutating,
            watches,
            version,
            skew,
            clock,
            _demo: demo,
        }
    }

    /// Asks the server for its version, within [`PROBE`].
    pub(super) async fn probe(&self) -> Result<(), Error> {
        let unreachable = |reason: String| Error::Unreachable {
            name: self.entry.name.clone(),
            server: self.entry.server.clone(),
            reason,
        };
        let version = tokio::time::timeout(PROBE, self.client.apiserver_version())
            .await
            .map_err(|_| unreachable(format!("no answer within {} s", PROBE.as_secs())))?
            .map_err(|error| unreachable(reason(&error)))?;
        // The first answer stays; a server upgraded meanwhile shows after the next connect.
        let _ = self.version.set(version.git_version);
        if let Some(skew) = self.measure_skew().await {
            let _ = self.skew.set(skew);
        }
        Ok(())
    }

    /// Seconds the server's clock is ahead of ours, from its Date header.
    async fn measure_skew(&self) -> Option<i64> {
        let request = Request::get("/version").body(Body::empty()).ok()?;
        let response = tokio::time::timeout(PROBE, self.client.send(request))
            .await
            .ok()?
            .ok()?;
        let date = response.headers().get(DATE)?.to_str().ok()?;
        let theirs = PrimitiveDateTime::parse(date, HTTP_DATE).ok()?.assume_utc();
        Some(theirs.unix_timestamp() - self.clock.epoch_seconds())
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

/// The outermost words and the innermost cause.
fn reason(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error {
        return format!("{} ({})", status.message, status.code);
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
