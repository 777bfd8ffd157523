//! etcd, API server, controller manager and scheduler: the part both tiers share.
//! Knows their flags; where they run (on the machine or in a namespace) is the caller's `Place`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::availability::search_path;
use crate::pki::{self, Authority, Pair};
use crate::{Binary, Cluster, Error, Options, Tier, User};

/// Where a part of the cluster runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// Beside the caller.
    Machine,
    /// In the namespaces whose first process has this pid.
    Namespace(u32),
}

impl Place {
    pub fn command(self, program: impl AsRef<Path>) -> Command {
        match self {
            Self::Machine => Command::new(program.as_ref()),
            Self::Namespace(first) => {
                let mut command = Command::new("nsenter");
                command.env("PATH", search_path());
                command.args([
                    "--target",
                    &first.to_string(),
                    "--mount",
                    "--pid",
                    "--net",
                    "--",
                ]);
                command.arg(program.as_ref());
                command
            }
        }
    }
}

/// All certificates of a cluster, and the kubeconfigs made of them.
pub(crate) struct Credentials {
    pub authority: Authority,
    /// Signs the certificate with which the API server asks aggregated APIs.
    pub front_proxy: Authority,
    front_proxy_client: Pair,
    api_server: Pair,
    token_private: PathBuf,
    token_public: PathBuf,
    server: String,
    cluster: String,
}

/// The first address of the service range; the API server claims it for itself.
const SERVICE_RANGE: &str = "10.0.0.0/16";

impl Credentials {
    /// `address` is where the API server listens, `port` the same inside and outside.
    pub fn new(cluster: &Cluster, address: &str, port: u16) -> Result<Self, Error> {
        let directory = cluster.dir().join("pki");
        let authority = Authority::new("cluster-ca", &directory)?;
        let front_proxy = Authority::new("front-proxy-ca", &directory)?;
        let hosts = [
            "127.0.0.1",
            "localhost",
            "10.0.0.1",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            address,
        ];
        let (token_private, token_public) = pki::token_key(&directory)?;
        Ok(Self {
            api_server: authority.sign(
                "kube-apiserver",
                "kube-apiserver",
                Some("system:masters"),
                &hosts,
            )?,
            front_proxy_client: front_proxy.sign(
                "front-proxy-client",
                "front-proxy-client",
                None,
                &[],
            )?,
            authority,
            front_proxy,
            token_private,
            token_public,
            server: format!("https://127.0.0.1:{port}"),
            cluster: cluster.name().into(),
        })
    }

    /// Writes the kubeconfig of `user` to `path`.
    pub fn kubeconfig(
        &self,
        path: &Path,
        user: &str,
        organization: Option<&str>,
    ) -> Result<(), Error> {
        let file = format!("client-{}", user.replace(':', "-"));
        let pair = self.authority.sign(&file, user, organization, &[])?;
        self.authority
            .kubeconfig(path, &self.cluster, &self.server, user, &pair)
    }

    /// The kubeconfig of a component, in the cluster's own directory.
    pub fn component(
        &self,
        cluster: &Cluster,
        user: &str,
        organization: Option<&str>,
    ) -> Result<PathBuf, Error> {
        let path = cluster
            .dir()
            .join("pki")
            .join(format!("{}.kubeconfig", user.replace(':', "-")));
        self.kubeconfig(&path, user, organization)?;
        Ok(path)
    }

    fn for_users(&self, cluster: &Cluster) -> Result<(), Error> {
        self.kubeconfig(cluster.kubeconfig(), "admin", Some("system:masters"))?;
        for user in User::ALL {
            self.kubeconfig(&cluster.kubeconfig_for(user), user.name(), None)?;
        }
        Ok(())
    }
}

/// Starts all four and waits until pods can be created. `address` is the API server's own, as nodes see it.
pub(crate) async fn raise(
    cluster: &mut Cluster,
    place: Place,
    credentials: &Credentials,
    address: &str,
    port: u16,
) -> Result<(), Error> {
    credentials.for_users(cluster)?;
    cluster.set_server(credentials.server.clone())?;
    let socket = etcd(cluster, place)?;
    api_server(cluster, place, credentials, &socket, address, port)?;
    cluster
        .eventually(
            "the API server is ready",
            Duration::from_secs(60),
            async || {
                cluster
                    .run(&["get", "--raw", "/readyz"])
                    .await
                    .map_err(|error| error.to_string())
            },
        )
        .await?;
    controller_manager(cluster, place, credentials)?;
    scheduler(cluster, place, credentials)?;
    cluster.apply(VIEWER).await?;
    cluster
        .eventually(
            "the default service account exists",
            Duration::from_secs(60),
            async || {
                let account = ["get", "serviceaccount", "default", "-n", "default"];
                cluster
                    .run(&account)
                    .await
                    .map_err(|error| error.to_string())
            },
        )
        .await?;
    Ok(())
}

const VIEWER: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: viewer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: viewer}]
";

/// Listens on sockets in the cluster's private directory only, so that nobody else can reach it.
fn etcd(cluster: &Cluster, place: Place) -> Result<String, Error> {
    let clients = cluster.store();
    let peers = format!("unix://{}", cluster.dir().join("etcd-peer.sock").display());
    let mut command = place.command(Binary::Etcd.path());
    command
        .arg("--data-dir")
        .arg(cluster.dir().join("data/etcd"))
        .args(["--name", "test", "--unsafe-no-fsync", "--log-level", "warn"])
        .args(["--quota-backend-bytes", "8589934592"])
        .args(["--listen-client-urls", &clients])
        .args(["--listen-peer-urls", &peers])
        // Must look like a host and port; a single member never dials them.
        .args(["--advertise-client-urls", "http://localhost:2379"])
        .args(["--initial-advertise-peer-urls", "http://localhost:2380"])
        .args(["--initial-cluster", "test=http://localhost:2380"]);
    cluster.start("etcd", command)?;
    Ok(clients)
}

fn api_server(
    cluster: &Cluster,
    place: Place,
    credentials: &Credentials,
    etcd: &str,
    address: &str,
    port: u16,
) -> Result<(), Error> {
    let (authorization, listen) = match cluster.tier() {
        Tier::Kwok => ("RBAC", "127.0.0.1"),
        // In a network namespace of its own, where pods reach it at the node's address.
        Tier::Real => ("Node,RBAC", "0.0.0.0"),
    };
    let Credentials {
        authority,
        front_proxy,
        front_proxy_client,
        api_server,
        ..
    } = credentials;
    let mut command = place.command(Binary::ApiServer.path());
    command
        .args(["--etcd-servers", etcd])
        .args(["--bind-address", listen, "--secure-port", &port.to_string()])
        .args(["--advertise-address", address])
        .args(["--authorization-mode", authorization])
        .args([
            "--allow-privileged",
            "--service-cluster-ip-range",
            SERVICE_RANGE,
        ])
        .args([
            "--service-account-issuer",
            "https://kubernetes.default.svc.cluster.local",
        ])
        .args([
            "--max-requests-inflight",
            "3000",
            "--max-mutating-requests-inflight",
            "1500",
        ])
        .args(["--kubelet-preferred-address-types", "InternalIP"])
        .args(["--requestheader-allowed-names", "front-proxy-client"])
        .args(["--requestheader-username-headers", "X-Remote-User"])
        .args(["--requestheader-group-headers", "X-Remote-Group"])
        .args(["--requestheader-extra-headers-prefix", "X-Remote-Extra-"]);
    let files: [(&str, &Path); 11] = [
        ("--tls-cert-file", &api_server.certificate),
        ("--tls-private-key-file", &api_server.key),
        ("--client-ca-file", &authority.file),
        ("--service-account-key-file", &credentials.token_public),
        (
            "--service-account-signing-key-file",
            &credentials.token_private,
        ),
        ("--kubelet-certificate-authority", &authority.file),
        ("--kubelet-client-certificate", &api_server.certificate),
        ("--kubelet-client-key", &api_server.key),
        ("--requestheader-client-ca-file", &front_proxy.file),
        ("--proxy-client-cert-file", &front_proxy_client.certificate),
        ("--proxy-client-key-file", &front_proxy_client.key),
    ];
    for (flag, file) in files {
        command.arg(flag).arg(file);
    }
    cluster.start("kube-apiserver", command)
}

fn controller_manager(
    cluster: &Cluster,
    place: Place,
    credentials: &Credentials,
) -> Result<(), Error> {
    let user = "system:kube-controller-manager";
    let kubeconfig = credentials.component(cluster, user, None)?;
    let mut command = place.command(Binary::ControllerManager.path());
    client_flags(&mut command, &kubeconfig);
    command
        .args([
            "--use-service-account-credentials",
            "--horizontal-pod-autoscaler-sync-period",
            "5s",
        ])
        .args(["--concurrent-replicaset-syncs", "20"])
        .args(["--controllers", CONTROLLERS])
        .arg("--root-ca-file")
        .arg(&credentials.authority.file)
        .arg("--cluster-signing-cert-file")
        .arg(&credentials.authority.file)
        .arg("--cluster-signing-key-file")
        .arg(&credentials.authority.key_file)
        .arg("--service-account-private-key-file")
        .arg(&credentials.token_private);
    cluster.start("kube-controller-manager", command)
}

/// All but those that would need a cloud or hand out node networks.
const CONTROLLERS: &str = "*,-node-ipam-controller,-node-route-controller,\
     -cloud-node-lifecycle-controller,-service-lb-controller";

fn scheduler(cluster: &Cluster, place: Place, credentials: &Credentials) -> Result<(), Error> {
    let kubeconfig = credentials.component(cluster, "system:kube-scheduler", None)?;
    let mut command = place.command(Binary::Scheduler.path());
    client_flags(&mut command, &kubeconfig);
    cluster.start("kube-scheduler", command)
}

/// Their default rate of 20 writes a second makes large clusters crawl; without a serving port they
/// need none to be free.
fn client_flags(command: &mut Command, kubeconfig: &Path) {
    command
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(["--leader-elect=false", "--secure-port", "0"])
        .args(["--kube-api-qps", "1000", "--kube-api-burst", "2000"]);
}

/// Writes a configuration file into the cluster's directory.
pub(crate) fn configuration(cluster: &Cluster, name: &str, text: &str) -> Result<PathBuf, Error> {
    let path = cluster.dir().join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
    }
    fs::write(&path, text).map_err(Error::file("write", &path))?;
    Ok(path)
}

/// Waits until as many nodes as asked for are Ready.
pub(crate) async fn nodes_ready(cluster: &Cluster, options: &Options) -> Result<(), Error> {
    const READY: &str =
        r#"jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}"#;
    let what = format!("{} nodes are Ready", options.nodes);
    let wanted = options.nodes as usize;
    cluster
        .eventually(&what, options.time_limit(), async || {
            let seen = cluster.run(&["get", "nodes", "-o", READY]).await;
            let seen = seen.map_err(|error| error.to_string())?;
            let ready = seen.lines().filter(|line| *line == "True").count();
            if ready == wanted {
                Ok(())
            } else {
                Err(format!("{ready} are"))
            }
        })
        .await
}
