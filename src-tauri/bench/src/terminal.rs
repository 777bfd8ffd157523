//! `bench terminal`: a flood of output as it reaches the window's door: a shell of this machine, and one in a real
//! container beside `kubectl exec`. Everything that is sent must arrive; and a key in the middle of `yes` must end it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kubegraf_core::StreamKey;
use kubegraf_ipc::terminal::{
    DrawnTerminal, InPod, OUTPUT, OpenTerminal, TerminalBytes, TerminalPlace, TerminalSize,
    TypeTerminal,
};
use kubegraf_testcluster::{Binary, Cluster, Options};
use xtask::bench::sheet::{Sheet, median, spread};

use crate::app::{App, told};
use crate::asked::Asked;
use crate::process;
use crate::verdict::{at_least, at_most};

/// Bytes of a flood.
const FLOOD: u64 = 100_000_000;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(300);
const SIZE: TerminalSize = TerminalSize {
    columns: 120,
    rows: 40,
};

/// A window that draws at once.
struct Screen {
    app: Arc<App>,
    channel: u32,
    bytes: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    tail: Arc<Mutex<Vec<u8>>>,
}

impl Screen {
    async fn open(app: &Arc<App>, channel: u32, place: TerminalPlace) -> Result<Self> {
        let screen = Self {
            app: Arc::clone(app),
            channel,
            bytes: Arc::default(),
            ended: Arc::default(),
            tail: Arc::default(),
        };
        let (bytes, ended) = (Arc::clone(&screen.bytes), Arc::clone(&screen.ended));
        let tail = Arc::clone(&screen.tail);
        let (app, runtime) = (Arc::clone(app), tokio::runtime::Handle::current());
        let sink = Box::new(move |TerminalBytes(message): TerminalBytes| {
            let Some((OUTPUT, said)) = message.split_first().map(|(kind, said)| (*kind, said))
            else {
                ended.store(true, Relaxed);
                return true;
            };
            bytes.fetch_add(said.len() as u64, Relaxed);
            {
                let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
                tail.extend_from_slice(&said[said.len().saturating_sub(200)..]);
                let from = tail.len().saturating_sub(200);
                tail.drain(..from);
            }
            let app = Arc::clone(&app);
            let drawn = DrawnTerminal {
                watch: channel,
                bytes: u32::try_from(said.len()).unwrap_or(u32::MAX),
            };
            runtime.spawn(async move {
                // A terminal that has just ended needs no word.
                let _ = app.core.drawn_terminal(drawn, "bench").await;
            });
            true
        });
        let request = OpenTerminal { place, size: SIZE };
        let key = StreamKey::new("bench", channel);
        screen
            .app
            .core
            .open_terminal(request, key, sink)
            .await
            .map_err(told)?;
        Ok(screen)
    }

    async fn types(&self, text: &str) -> Result<()> {
        let request = TypeTerminal {
            watch: self.channel,
            text: text.into(),
        };
        self.app
            .core
            .type_terminal(request, "bench")
            .await
            .map_err(told)
    }

    async fn until(&self, what: &str, test: impl Fn(&Self) -> bool) -> Result<Duration> {
        let since = Instant::now();
        while !test(self) {
            if since.elapsed() > PATIENCE {
                bail!("no {what} after {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(since.elapsed())
    }

    fn says(&self, text: &str) -> bool {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&tail).contains(text)
    }

    /// Sends the flood through; MB a second.
    async fn flood(&self) -> Result<f64> {
        let before = self.bytes.load(Relaxed);
        let since = Instant::now();
        self.types(&format!(
            "stty -onlcr; head -c {FLOOD} /dev/zero | tr '\\0' y; echo; echo o''ver\n"
        ))
        .await?;
        self.until("end of the flood", |screen| screen.says("over"))
            .await?;
        let (seconds, after) = (since.elapsed().as_secs_f64(), self.bytes.load(Relaxed));
        if after - before < FLOOD {
            bail!(
                "the run is void: {} of {FLOOD} bytes arrived",
                after - before
            );
        }
        Ok(megabytes(FLOOD) / seconds)
    }

    /// From Ctrl-C in the middle of `yes` to the shell's next word, milliseconds.
    async fn interrupt(&self) -> Result<f64> {
        let before = self.bytes.load(Relaxed);
        self.types("yes\n").await?;
        self.until("flood", |screen| {
            screen.bytes.load(Relaxed) > before + 20_000_000
        })
        .await?;
        let since = Instant::now();
        self.types("\u{3}").await?;
        self.types("echo qu''iet\n").await?;
        self.until("word after Ctrl-C", |screen| screen.says("quiet"))
            .await?;
        Ok(since.elapsed().as_secs_f64() * 1_000.0)
    }
}

/// Brings a cluster with a real container up, floods, prints the table.
pub async fn conduct(asked: &Asked) -> Result<()> {
    let cluster = Cluster::up(Options::real()).await?;
    let outcome = measured(asked, &cluster).await;
    cluster.down().await?;
    outcome?.publish(asked.write)
}

async fn measured(asked: &Asked, cluster: &Cluster) -> Result<Sheet> {
    let pod = format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: box}}
spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: shell, image: {}, command: [sleep, inf]}}]}}
",
        cluster.image("busybox:1")
    );
    cluster.apply(&pod).await?;
    let wait = ["wait", "pod/box", "--for=condition=Ready", "--timeout=60s"];
    cluster.run(&wait).await?;
    let kubeconfig = cluster.kubeconfig().display().to_string();
    let app = Arc::new(App::start(&kubeconfig).await?);
    let local = app
        .core
        .list_shells(kubegraf_ipc::terminal::ListShells {})
        .await
        .map_err(told)?;
    let local = local
        .into_iter()
        .find(|shell| matches!(&*shell.name, "dash" | "sh" | "bash"));
    let places = [
        TerminalPlace::Local {
            shell: Some(local.context("there is no POSIX shell")?.path),
            cluster: None,
        },
        TerminalPlace::Container {
            cluster: app.cluster.clone(),
            namespace: "default".into(),
            pod: "box".into(),
            uid: None,
            container: None,
            run: InPod::Command {
                words: vec!["sh".into()],
            },
        },
    ];
    let (mut rates, mut keys) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let mut kubectl = Vec::new();
    let mut channel = 0;
    for _ in 0..asked.runs {
        for (index, place) in places.iter().enumerate() {
            channel += 1;
            let screen = Screen::open(&app, channel, place.clone()).await?;
            rates[index].push(screen.flood().await?);
            keys[index].push(screen.interrupt().await?);
            screen.types("exit\n").await?;
            screen
                .until("end", |screen| screen.ended.load(Relaxed))
                .await?;
        }
        let mut command = std::process::Command::new(Binary::Kubectl.path());
        command.env("KUBECONFIG", cluster.kubeconfig());
        let flood = format!("head -c {FLOOD} /dev/zero | tr '\\0' y");
        command.args(["exec", "box", "--", "sh", "-c", &flood]);
        let ran = process::measure(command, false).await?;
        kubectl.push(megabytes(FLOOD) / ran.wall.as_secs_f64());
    }
    let [own, inside] = &rates;
    let row = |name: &str, rates: &[f64], keys: &[f64]| {
        let key = if keys.is_empty() {
            "–".to_owned()
        } else {
            spread(keys, 0)
        };
        vec![name.to_owned(), spread(rates, 1), key]
    };
    Ok(Sheet {
        name: "terminal".into(),
        title: "A flood in a terminal".into(),
        how: format!(
            "`cargo xtask bench terminal --runs {}`: {:.0} MB written by a program on a pseudo-terminal, from the key that starts it to its last byte at \
             the window's door, drawn at once; then Ctrl-C in the middle of `yes`, to the shell's next word. kubectl without a terminal, its output \
             thrown away.",
            asked.runs,
            megabytes(FLOOD)
        ),
        columns: ["contender", "MB/s", "ms to the word after Ctrl-C"]
            .map(str::to_owned)
            .into(),
        rows: vec![
            row("KubeGraf, this machine", own, &keys[0]),
            row("KubeGraf, container", inside, &keys[1]),
            row("kubectl exec", &kubectl, &[]),
        ],
        verdicts: vec![
            at_least("this machine", median(own), 25.0, "MB/s"),
            at_least("container", median(inside), 25.0, "MB/s"),
            at_most("Ctrl-C on this machine", median(&keys[0]), 100.0, "ms"),
        ],
    })
}

#[allow(clippy::cast_precision_loss, reason = "bytes of one run fit a float")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
