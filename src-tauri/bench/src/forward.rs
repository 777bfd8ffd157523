//! `bench forward`: bytes through a port-forward to a real pod, kubectl's beside ours, asked by the same client. What
//! does not arrive whole makes the run void.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kubegraf_ipc::forward::{Forward, StartForward};
use kubegraf_ipc::object::ObjectRef;
use kubegraf_testcluster::{Binary, Cluster, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xtask::bench::sheet::{Sheet, median, spread};
use xtask::process::Running;

use crate::app::{App, told};
use crate::asked::Asked;
use crate::verdict::at_least;

/// Bytes of a run, all connections together.
const BYTES: u64 = 64 << 20;
/// Connections of the busy run.
const MANY: u64 = 50;
/// Short connections, so many at once.
const SHORT: (u32, usize) = (300, 10);
/// Ports of the pod: it sends, it takes, it greets.
const PORTS: [u16; 3] = [9_000, 9_001, 9_002];
/// How long a figure may take; what takes longer has stalled.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is measured: MB/s down and up on one connection, on many, short connections a second.
const FIGURES: usize = 5;

/// The figures of all runs of one contender; those that stalled are not among them.
type Figures = [Vec<f64>; FIGURES];

/// Brings a cluster with a real pod up, forwards, prints the table.
pub async fn conduct(asked: &Asked) -> Result<()> {
    let cluster = Cluster::up(Options::real()).await?;
    let outcome = measured(asked, &cluster).await;
    cluster.down().await?;
    outcome?.publish(asked.write)
}

async fn measured(asked: &Asked, cluster: &Cluster) -> Result<Sheet> {
    let pod = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "box"},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [{
            "name": "ports", "image": cluster.image("busybox:1"),
            // The client says how many bytes: down they are sent, up they are taken and acknowledged.
            "command": ["sh", "-c", format!(
                "nc -ll -p {} -e sh -c 'read n; head -c $n /dev/zero' & \
                 nc -ll -p {} -e sh -c 'read n; head -c $n | wc -c' & \
                 nc -ll -p {} -e echo hello & wait", PORTS[0], PORTS[1], PORTS[2])],
        }]},
    });
    cluster.apply(&pod.to_string()).await?;
    let wait = ["wait", "pod/box", "--for=condition=Ready", "--timeout=60s"];
    cluster.run(&wait).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let kubeconfig = cluster.kubeconfig().display().to_string();
    let (mut kubectl, mut ours) = (Figures::default(), Figures::default());
    for _ in 0..asked.runs {
        for (index, seen) in kubectl.iter_mut().enumerate() {
            // One that has stalled would spoil the next figure.
            let (running, ports) = kubectl_forward(cluster).await?;
            match figure(ports, index).await {
                Ok(figure) => seen.push(figure),
                Err(error) => eprintln!("kubectl, figure {index}: {error:#}"),
            }
            drop(running);
        }
        let app = App::start(&kubeconfig).await?;
        let mut ports = [0; 3];
        for (own, there) in ports.iter_mut().zip(PORTS) {
            *own = start(&app, there).await?.local_port;
        }
        for (index, seen) in ours.iter_mut().enumerate() {
            seen.push(figure(ports, index).await.context("through ours")?);
        }
        app.stop().await;
    }
    let columns = [
        "contender",
        "1 down, MB/s",
        "1 up, MB/s",
        "50 down, MB/s",
        "50 up, MB/s",
        "short/s",
    ];
    let row = |name: &str, figures: &Figures| {
        let cells = figures
            .iter()
            .map(|seen| match asked.runs as usize - seen.len() {
                0 => spread(seen, 1),
                _ if seen.is_empty() => "stalls".to_owned(),
                stalled => format!("{}, stalled {stalled} ×", spread(seen, 1)),
            });
        std::iter::once(name.to_owned())
            .chain(cells)
            .collect::<Vec<_>>()
    };
    let names = [
        "down on one connection",
        "up on one",
        "down on 50",
        "up on 50",
    ];
    let mut verdicts: Vec<String> = names
        .iter()
        .zip(kubectl.iter().zip(&ours))
        .map(|(name, (theirs, ours))| match theirs.is_empty() {
            true => format!("met: kubectl stalls {name}, ours goes through"),
            false => {
                let ratio = median(ours) / median(theirs);
                at_least(&format!("of kubectl's rate {name}"), ratio, 1.0, "×")
            }
        })
        .collect();
    verdicts.push(at_least("short connections", median(&ours[4]), 100.0, "/s"));
    Ok(Sheet {
        name: "forward".into(),
        title: "Bytes through a port-forward".into(),
        how: format!(
            "`cargo xtask bench forward --runs {}`: {} MiB through a forward to one pod on a real kubelet, by the same client for both; every byte is \
             counted at the other end. Then {} connections that hear one word, {} at once. What takes longer than {} s has stalled.",
            asked.runs,
            BYTES >> 20,
            SHORT.0,
            SHORT.1,
            PATIENCE.as_secs()
        ),
        columns: columns.map(str::to_owned).into(),
        rows: vec![
            row("kubectl port-forward", &kubectl),
            row("KubeGraf", &ours),
        ],
        verdicts,
    })
}

async fn start(app: &App, port: u16) -> Result<Forward> {
    let request = StartForward {
        request_id: format!("bench-{port}"),
        cluster: app.cluster.clone(),
        object: ObjectRef {
            api_version: "v1".into(),
            kind: "Pod".into(),
            namespace: "default".into(),
            name: "box".into(),
            uid: None,
        },
        port: port.to_string(),
        local_port: 0,
    };
    app.core.start_forward(request).await.map_err(told)
}

async fn kubectl_forward(cluster: &Cluster) -> Result<(Running, [u16; 3])> {
    let mut ports = [0; 3];
    for port in &mut ports {
        let free = std::net::TcpListener::bind("127.0.0.1:0").context("find a free port")?;
        *port = free.local_addr()?.port();
    }
    let mut command = Command::new(Binary::Kubectl.path());
    command.env("KUBECONFIG", cluster.kubeconfig());
    command.args(["port-forward", "pod/box"]);
    for (own, there) in ports.iter().zip(PORTS) {
        command.arg(format!("{own}:{there}"));
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let running = Running::start("kubectl port-forward", &mut command)?;
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", ports[2])).await.is_err() {
        if since.elapsed() > Duration::from_secs(20) {
            bail!("kubectl opens no port");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok((running, ports))
}

/// One of the [`FIGURES`].
async fn figure(ports: [u16; 3], index: usize) -> Result<f64> {
    let measured = async {
        match index {
            0 => rate(ports[0], 1, down).await,
            1 => rate(ports[1], 1, up).await,
            2 => rate(ports[0], MANY, down).await,
            3 => rate(ports[1], MANY, up).await,
            _ => short(ports[2]).await,
        }
    };
    let ended = tokio::time::timeout(PATIENCE, measured).await;
    ended.context("it takes too long")?
}

/// MB a second over so many connections.
async fn rate<F>(port: u16, connections: u64, work: fn(u16, u64) -> F) -> Result<f64>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let each = BYTES / connections;
    let since = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(work(port, each)))
        .collect();
    for task in tasks {
        task.await??;
    }
    #[allow(clippy::cast_precision_loss, reason = "bytes of one run fit a float")]
    let megabytes = (each * connections) as f64 / 1e6;
    Ok(megabytes / since.elapsed().as_secs_f64())
}

async fn down(port: u16, bytes: u64) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("{bytes}\n").as_bytes()).await?;
    let mut piece = vec![0; 256 << 10];
    let mut left = bytes;
    while left > 0 {
        let count = stream.read(&mut piece).await? as u64;
        if count == 0 {
            bail!("the run is void: {left} of {bytes} bytes did not come");
        }
        left = left.saturating_sub(count);
    }
    Ok(())
}

async fn up(port: u16, bytes: u64) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("{bytes}\n").as_bytes()).await?;
    let piece = vec![b'x'; 256 << 10];
    let mut left = bytes;
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        stream.write_all(&piece[..count]).await?;
        left -= count as u64;
    }
    let mut answer = [0; 32];
    let count = stream.read(&mut answer).await?;
    let counted = String::from_utf8_lossy(&answer[..count]).trim().to_owned();
    if counted != bytes.to_string() {
        bail!("the run is void: {counted:?} of {bytes} bytes arrived");
    }
    Ok(())
}

/// Connections a second that hear their word.
async fn short(port: u16) -> Result<f64> {
    let (count, at_once) = SHORT;
    let since = Instant::now();
    let room = std::sync::Arc::new(tokio::sync::Semaphore::new(at_once));
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let room = std::sync::Arc::clone(&room);
            tokio::spawn(async move {
                let _turn = room.acquire().await?;
                let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
                let mut word = [0; 6];
                stream.read_exact(&mut word).await.context("no word came")?;
                Ok::<(), anyhow::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(f64::from(count) / since.elapsed().as_secs_f64())
}
