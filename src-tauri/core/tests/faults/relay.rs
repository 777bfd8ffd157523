//! A network that misbehaves on command: a byte relay on loopback between a client and an API server.

use std::{path::Path, sync::Arc, time::Duration};

use kubegraf_core::{
    clock::{Clock, SystemClock},
    clusters::{Clusters, Connection, Preferences, Sources},
    store::Store,
};
use kubegraf_testcluster::Cluster;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It works.
    Open,
    /// Connections stay, new ones are accepted, no byte comes through: the half-open socket.
    Silent,
    /// Every connection is closed, new ones at once.
    Cut,
    /// It works slowly: so many bytes a second from the server.
    Slow(u32),
}

/// The relay; dropping it closes everything.
pub struct Relay {
    network: watch::Sender<Network>,
    port: u16,
    _accepting: Guard,
}

struct Guard(JoinHandle<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Relay {
    /// Stands in front of a cluster's API server.
    pub async fn before(cluster: &Cluster) -> Self {
        let server = cluster.server().trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (network, state) = watch::channel(Network::Open);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, server.clone(), state.clone()));
            }
        });
        Self {
            network,
            port,
            _accepting: Guard(accepting),
        }
    }

    /// From now on the network does this.
    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }

    /// Closes every connection; new ones work.
    pub async fn reset(&self) {
        self.set(Network::Cut);
        // Every connection has to see it before it is over.
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.set(Network::Open);
    }

    /// Copies a kubeconfig of the cluster so that it leads through here.
    pub fn kubeconfig(&self, cluster: &Cluster, original: &Path, copy: &Path) {
        let text = std::fs::read_to_string(original).unwrap();
        let here = format!("https://127.0.0.1:{}", self.port);
        assert!(text.contains(cluster.server()));
        std::fs::write(copy, text.replace(cluster.server(), &here)).unwrap();
    }
}

async fn serve(client: TcpStream, server: String, mut state: watch::Receiver<Network>) {
    // A silent network does not refuse; it just never gets anywhere.
    if state.wait_for(|n| *n != Network::Silent).await.is_err() {
        return;
    }
    if *state.borrow() == Network::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let mut gate = state.clone();
    let up = async move {
        let mut buffer = vec![0; 16 << 10];
        while passes(&mut gate).await {
            match from_client.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    if !passes(&mut gate).await
                        || to_server.write_all(&buffer[..read]).await.is_err()
                    {
                        return;
                    }
                }
            }
        }
    };
    let down = down(from_server, to_client, state.clone());
    let cut = async move {
        // An end of the sender is an end of the test.
        let _ = state.wait_for(|n| *n == Network::Cut).await;
    };
    tokio::select! { () = up => {}, () = down => {}, () = cut => {} }
}

async fn down(
    mut from_server: tokio::net::tcp::OwnedReadHalf,
    mut to_client: tokio::net::tcp::OwnedWriteHalf,
    mut gate: watch::Receiver<Network>,
) {
    let mut buffer = vec![0; 16 << 10];
    while passes(&mut gate).await {
        let slow = match *gate.borrow() {
            Network::Slow(bytes) => Some(bytes),
            _ => None,
        };
        let most = slow.map_or(buffer.len(), |bytes| {
            (bytes as usize / 20).clamp(1, buffer.len())
        });
        match from_server.read(&mut buffer[..most]).await {
            Ok(0) | Err(_) => return,
            Ok(read) => {
                if !passes(&mut gate).await || to_client.write_all(&buffer[..read]).await.is_err() {
                    return;
                }
            }
        }
        if slow.is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits while the network is silent; false once it is gone.
async fn passes(gate: &mut watch::Receiver<Network>) -> bool {
    gate.wait_for(|n| *n != Network::Silent).await.is_ok()
}

/// The app's own connection to a cluster, through a relay or not.
pub async fn connection(kubeconfig: &Path) -> (Clusters, Arc<Connection>) {
    let sources = Sources {
        kubeconfigs: vec![kubeconfig.into()],
        ..Default::default()
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Store::in_memory().await.unwrap();
    let preferences = Preferences::load(store, Arc::clone(&clock)).await.unwrap();
    let clusters = Clusters::new(sources, preferences, clock);
    clusters.reload().await;
    let entry = clusters.list().clusters.into_iter().find(|c| !c.is_demo);
    let id = entry.unwrap().id;
    let connection = clusters.switch(&id).await.unwrap();
    (clusters, connection)
}
