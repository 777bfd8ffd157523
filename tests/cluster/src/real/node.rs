//! One real node: containerd, its network and a kubelet. Several share the namespaces of a cluster;
//! everything else is their own, because two kubelets on one containerd kill each other's pods.

use std::path::{Path, PathBuf};

use super::namespace::RUNTIME_STARTS;
use super::{REGISTRY, REGISTRY_ADDRESS};
use crate::cgroup::{self, Version};
use crate::control_plane::{Credentials, Place, configuration};
use crate::{Binary, Cluster, Error};

pub(super) fn name(index: u32) -> String {
    format!("node-{index}")
}

pub(super) fn bridge(index: u32) -> String {
    format!("kg{index}")
}

/// The node's own address, which is also its pods' gateway.
pub(super) fn address(index: u32) -> String {
    format!("10.244.{index}.1")
}

/// Starts containerd.
pub(super) fn runtime(cluster: &Cluster, place: Place, index: u32) -> Result<(), Error> {
    let node = name(index);
    configuration(
        cluster,
        &format!("{node}/cni/10-bridge.conflist"),
        &network(cluster, index),
    )?;
    configuration(
        cluster,
        &format!("{node}/certs.d/{REGISTRY}/hosts.toml"),
        &format!(
            // Without a server named, a refusal would be followed by a look-up of the invented name.
            "server = \"http://{REGISTRY_ADDRESS}\"\n[host.\"http://{REGISTRY_ADDRESS}\"]\n\
             capabilities = [\"pull\", \"resolve\"]\n"
        ),
    )?;
    let text = containerd(cluster, &cluster.dir().join(&node));
    let file = configuration(cluster, &format!("{node}/containerd.toml"), &text)?;
    let mut command = place.command("containerd");
    command.arg("--config").arg(file);
    cluster.start(&format!("containerd-{index}"), command)
}

/// Starts the kubelet once its containerd answers.
pub(super) async fn kubelet(
    cluster: &Cluster,
    place: Place,
    credentials: &Credentials,
    index: u32,
) -> Result<(), Error> {
    let (node, address) = (name(index), address(index));
    let home = cluster.dir().join(&node);
    let socket = socket(&home);
    cluster
        .eventually(
            &format!("containerd of {node} answers"),
            RUNTIME_STARTS,
            async || answers(&socket).await.map_err(|error| error.to_string()),
        )
        .await?;
    let group = cluster
        .cgroup()
        .expect("a real cluster has a control group");
    let group = format!("{group}/{node}");
    cgroup::create(&group)?;
    let kubeconfig = credentials.component(
        cluster,
        &format!("system:node:{node}"),
        Some("system:nodes"),
    )?;
    let serving = credentials.authority.sign(
        &format!("kubelet-{index}"),
        &node,
        None,
        &["127.0.0.1", "localhost", &node, &address],
    )?;
    let text = format!(
        "apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: {address}
healthzBindAddress: {address}
tlsCertFile: {certificate}
tlsPrivateKeyFile: {key}
authentication:
  anonymous: {{enabled: false}}
  webhook: {{enabled: true}}
  x509: {{clientCAFile: {authority}}}
authorization: {{mode: Webhook}}
clusterDomain: cluster.local
clusterDNS: [10.0.0.10]
resolvConf: {resolver}
containerRuntimeEndpoint: unix://{socket}
podLogsDir: {home}/pods
volumePluginDir: {home}/plugins
cgroupDriver: cgroupfs
cgroupRoot: /{group}
cgroupsPerQOS: true
enforceNodeAllocatable: []
{version}failSwapOn: false
makeIPTablesUtilChains: false
serializeImagePulls: false
eventRecordQPS: 50
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard:
  memory.available: 50Mi
  nodefs.available: 1%
  nodefs.inodesFree: 1%
  imagefs.available: 1%
",
        certificate = serving.certificate.display(),
        key = serving.key.display(),
        authority = credentials.authority.file.display(),
        resolver = cluster.dir().join("resolv.conf").display(),
        socket = socket.display(),
        home = home.display(),
        version = match cgroup::version() {
            Version::V1 => "failCgroupV1: false\n",
            Version::V2 => "",
        },
    );
    let file = configuration(cluster, &format!("{node}/kubelet.yaml"), &text)?;
    let mut command = place.command(Binary::Kubelet.path());
    command
        .arg("--config")
        .arg(file)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .arg("--root-dir")
        .arg(home.join("kubelet"))
        .args(["--hostname-override", &node, "--node-ip", &address])
        .args([
            "--node-labels",
            "topology.kubernetes.io/region=test,topology.kubernetes.io/zone=test-a",
        ]);
    cluster.start(&format!("kubelet-{index}"), command)
}

#[cfg(unix)]
async fn answers(socket: &Path) -> std::io::Result<()> {
    tokio::net::UnixStream::connect(socket).await.map(drop)
}

#[cfg(not(unix))]
async fn answers(_socket: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn socket(home: &Path) -> PathBuf {
    home.join("containerd.sock")
}

fn containerd(cluster: &Cluster, home: &Path) -> String {
    const CRI: &str = "plugins.\"io.containerd.grpc.v1.cri\"";
    format!(
        "version = 2
root = \"{home}/containerd\"
state = \"{home}/state\"
disabled_plugins = [
  \"io.containerd.snapshotter.v1.aufs\", \"io.containerd.snapshotter.v1.btrfs\",
  \"io.containerd.snapshotter.v1.devmapper\", \"io.containerd.snapshotter.v1.zfs\",
]
[grpc]
address = \"{socket}\"
[plugins.\"io.containerd.internal.v1.opt\"]
path = \"{home}/opt\"
[{CRI}]
sandbox_image = \"{pause}\"
# Without CAP_SYS_RESOURCE no container starts that lowers its score.
restrict_oom_score_adj = true
# A profile would be loaded into the machine's kernel and stay there.
disable_apparmor = true
[{CRI}.containerd]
snapshotter = \"{snapshotter}\"
default_runtime_name = \"runc\"
[{CRI}.containerd.runtimes.runc]
runtime_type = \"io.containerd.runc.v2\"
[{CRI}.cni]
bin_dir = \"{plugins}\"
conf_dir = \"{home}/cni\"
[{CRI}.registry]
config_path = \"{home}/certs.d\"
",
        home = home.display(),
        socket = socket(home).display(),
        pause = cluster.image("pause:1"),
        snapshotter = snapshotter(cluster.dir()),
        plugins = crate::availability::CNI_PLUGINS,
    )
}

/// An overlay cannot lie on an overlay, which is what a container's own disk often is.
fn snapshotter(directory: &Path) -> &'static str {
    #[cfg(target_os = "linux")]
    {
        // OVERLAYFS_SUPER_MAGIC
        if rustix::fs::statfs(directory).is_ok_and(|statistics| statistics.f_type == 0x794c_7630) {
            return "native";
        }
    }
    let _ = directory;
    "overlayfs"
}

fn network(cluster: &Cluster, index: u32) -> String {
    format!(
        r#"{{
  "cniVersion": "0.4.0",
  "name": "{node}",
  "plugins": [
    {{
      "type": "bridge",
      "bridge": "{bridge}",
      "isGateway": true,
      "hairpinMode": true,
      "ipMasq": false,
      "ipam": {{
        "type": "host-local",
        "dataDir": "{data}",
        "ranges": [[{{ "subnet": "10.244.{index}.0/24" }}]],
        "routes": [{{ "dst": "0.0.0.0/0" }}]
      }}
    }},
    {{ "type": "portmap", "capabilities": {{ "portMappings": true }} }}
  ]
}}
"#,
        node = name(index),
        bridge = bridge(index),
        data = cluster.dir().join(name(index)).join("addresses").display(),
    )
}
