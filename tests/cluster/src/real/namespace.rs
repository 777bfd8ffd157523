//! The namespaces (network, mounts, processes) one real cluster lives in, and the one way in.

use std::process::Command;
use std::time::Duration;

use super::{appears, node, printed};
use crate::availability::search_path;
use crate::control_plane::{Place, configuration};
use crate::process::Identity;
use crate::{Binary, Cluster, Error, place};

/// What the mount namespace hides: components keep things below these at fixed paths, which must
/// neither stay on the machine nor be shared by two clusters.
const HIDDEN: [&str; 3] = ["/run", "/var/log", "/var/lib"];

/// What a kubelet sets on its machine. It leaves alone what already has these values, so it is shown
/// files that have them.
const KERNEL_SETTINGS: [(&str, &str); 6] = [
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
];

/// Makes the namespaces, with a bridge for each node, and answers once they can be entered.
pub(super) async fn enter(cluster: &Cluster, nodes: u32) -> Result<Place, Error> {
    for path in [cluster.dir(), &crate::cache()] {
        if let Some(hidden) = HIDDEN.iter().find(|hidden| path.starts_with(hidden)) {
            return Err(Error::Options(format!(
                "\"{}\" cannot be below {hidden}, which a real cluster hides from its nodes; \
                 set KUBEGRAF_CLUSTERS and KUBEGRAF_CACHE to other directories",
                path.display()
            )));
        }
    }
    let ready = cluster.dir().join("namespace.ready");
    let script = configuration(cluster, "namespace.sh", &script(cluster, nodes)?)?;
    let mut command = Command::new("unshare");
    command
        .env("PATH", search_path())
        .args([
            "--net",
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
        ])
        .args(["--kill-child=SIGKILL", "--mount-proc", "sh"])
        .arg(script);
    cluster.start("namespace", command)?;
    appears(cluster, "the namespaces are made", &ready).await?;
    let holder = place::identity(cluster.dir(), "namespace");
    let first = holder
        .and_then(Identity::child)
        .ok_or_else(|| Error::Ended {
            component: "namespace".into(),
            what: "its first process".into(),
            log: cluster.logs(20),
        })?;
    place::note(cluster.dir(), "namespace-init", first)?;
    Ok(Place::Namespace(first.pid))
}

fn script(cluster: &Cluster, nodes: u32) -> Result<String, Error> {
    let directory = cluster.dir().display();
    let resolver = configuration(cluster, "resolv.conf", "nameserver 127.0.0.1\n")?;
    let mut lines = vec!["set -e".to_owned()];
    lines.extend(HIDDEN.map(|path| format!("mount -t tmpfs -o mode=755 tmpfs {path}")));
    lines.push(
        "mkdir -p /run/lock /run/netns /run/containerd /var/log/containers /var/lib/cni".into(),
    );
    for (setting, value) in KERNEL_SETTINGS {
        let file = configuration(
            cluster,
            &format!("sysctl/{}", setting.replace('/', ".")),
            value,
        )?;
        lines.push(format!(
            "mount --bind '{}' /proc/sys/{setting}",
            file.display()
        ));
    }
    // It may be a link into /run, which is empty now.
    lines.push("names=$(readlink -m /etc/resolv.conf)".into());
    lines.push(
        "[ -e \"$names\" ] || { mkdir -p \"$(dirname \"$names\")\"; : > \"$names\"; }".into(),
    );
    lines.push(format!("mount --bind '{}' \"$names\"", resolver.display()));
    lines.push("ip link set lo up".into());
    for index in 0..nodes {
        let bridge = node::bridge(index);
        lines.push(format!("ip link add {bridge} type bridge"));
        lines.push(format!(
            "ip address add {}/24 dev {bridge}",
            node::address(index)
        ));
        lines.push(format!("ip link set {bridge} up"));
    }
    // Kubernetes finds its own address by the default route, even one that leads nowhere.
    lines.push(format!("ip route add default via {}", node::address(0)));
    lines.push("echo 1 > /proc/sys/net/ipv4/ip_forward".into());
    lines.push(format!(": > '{directory}/namespace.ready'"));
    lines.push(format!("exec '{}' init", Binary::Node.path().display()));
    Ok(lines.join("\n") + "\n")
}

/// Carries connections from a free port of the machine to the same port inside, so that one
/// kubeconfig is right on both sides. Answers with the port.
pub(super) async fn relay(cluster: &Cluster, inside: Place) -> Result<u16, Error> {
    let socket = format!("unix:{}", cluster.dir().join("api.sock").display());
    let mut outer = Place::Machine.command(Binary::Node.path());
    outer.args(["relay", "tcp:127.0.0.1:0", &socket]);
    cluster.start("relay-outer", outer)?;
    let address = printed(cluster, "relay-outer").await?;
    let port = address
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    let port: u16 = port.ok_or_else(|| Error::Ended {
        component: "relay-outer".into(),
        what: "the port it listens on".into(),
        log: address,
    })?;
    let mut inner = inside.command(Binary::Node.path());
    inner.args(["relay", &socket, &format!("tcp:127.0.0.1:{port}")]);
    cluster.start("relay-inner", inner)?;
    printed(cluster, "relay-inner").await?;
    Ok(port)
}

/// How long containerd may take to answer on its socket.
pub(super) const RUNTIME_STARTS: Duration = Duration::from_secs(30);
