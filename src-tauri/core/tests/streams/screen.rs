//! A window that looks at a terminal and draws what it says.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::{
    Error,
    terminal::{
        DrawnTerminal, OUTPUT, OpenTerminal, TerminalBytes, TerminalEnd, TerminalPlace,
        TerminalSize, TypeTerminal,
    },
};

const LIMIT: Duration = Duration::from_secs(60);
/// The size a terminal begins with.
pub const SIZE: TerminalSize = TerminalSize {
    columns: 80,
    rows: 24,
};

#[derive(Default)]
pub struct Said {
    pub text: String,
    pub bytes: u64,
    pub end: Option<TerminalEnd>,
}

/// A window that looks at a terminal.
pub struct Screen {
    core: Core,
    channel: u32,
    said: Arc<Mutex<Said>>,
}

impl Screen {
    pub async fn open(core: &Core, channel: u32, place: TerminalPlace) -> Result<Self, Error> {
        let said = Arc::<Mutex<Said>>::default();
        let (told, drawn) = (Arc::clone(&said), AtomicBool::new(true));
        let (window, draws) = (core.clone(), tokio::runtime::Handle::current());
        let sink = Box::new(move |bytes: TerminalBytes| {
            let mut said = told.lock().unwrap();
            if bytes.0[0] == OUTPUT {
                let count = u32::try_from(bytes.0.len() - 1).unwrap();
                said.bytes += u64::from(count);
                let text = String::from_utf8_lossy(&bytes.0[1..]).into_owned();
                said.text.push_str(&text);
                let from = said.text.len().saturating_sub(4_000);
                let from = said.text.ceil_char_boundary(from);
                said.text.drain(..from);
                if drawn.load(SeqCst) {
                    let window = window.clone();
                    draws.spawn(async move {
                        let drawn = DrawnTerminal {
                            watch: channel,
                            bytes: count,
                        };
                        let _ = window.drawn_terminal(drawn, "main").await;
                    });
                }
            } else {
                said.end = serde_json::from_slice(&bytes.0[1..]).ok();
            }
            true
        });
        let request = OpenTerminal { place, size: SIZE };
        core.open_terminal(request, StreamKey::new("main", channel), sink)
            .await?;
        Ok(Self {
            core: core.clone(),
            channel,
            said,
        })
    }

    pub async fn types(&self, text: &str) {
        let request = TypeTerminal {
            watch: self.channel,
            text: text.into(),
        };
        self.core.type_terminal(request, "main").await.unwrap();
    }

    pub async fn until(&self, what: &str, test: impl Fn(&Said) -> bool) -> Duration {
        let since = Instant::now();
        loop {
            {
                let said = self.said.lock().unwrap();
                if test(&said) {
                    return since.elapsed();
                }
                assert!(
                    since.elapsed() < LIMIT,
                    "no {what}: {:?} {:?}",
                    said.text,
                    said.end
                );
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
