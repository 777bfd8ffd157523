//! Terminals: a shell in a container or on this machine, its bytes on their way to a window.
//!
//! A terminal is a guard like every stream. What it says waits when the window is slow: nothing is
//! dropped and nothing piles up. Nobody is led into another pod than the one he asked for.

mod container;
pub(crate) mod debug;
mod local;
mod node_pods;
mod once;
mod place;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use kubegraf_ipc::{
    Code, Error,
    terminal::{ENDED, MOST_TYPED, OUTPUT, TerminalBytes, TerminalEnd, TerminalSize, WINDOW},
};
use tokio::sync::{Notify, mpsc};

pub(crate) use container::{InContainer, OPEN, ended};
pub(crate) use debug::Session;
pub(crate) use local::{Local, shells};
pub(crate) use node_pods::NodePods;
pub(crate) use once::run as run_once;
pub(crate) use place::{Place, Wires, list as containers};

use crate::Sink;

/// Keystrokes and pastes that may be under way.
const TYPED: usize = 64;

/// So many bytes at once are no answer to a key: more will follow.
const FLOOD: usize = 1_024;
/// What follows is waited for so long, to go with one message.
const GATHER: Duration = Duration::from_millis(2);
/// One message has about this many bytes at most.
const MOST_SAID_AT_ONCE: usize = 192 << 10;

/// What a person does at a terminal.
pub(crate) enum Input {
    /// Types.
    Text(String),
    /// Changes its size.
    Size(TerminalSize),
}

/// The window's end of a terminal. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Terminal {
    input: mpsc::Sender<Input>,
    drawn: Arc<Drawn>,
}

/// How much of the output the window has drawn.
#[derive(Default)]
struct Drawn {
    outstanding: AtomicU64,
    less: Notify,
}

/// The program's end of a terminal.
pub(crate) struct Line {
    input: mpsc::Receiver<Input>,
    output: Output,
}

impl Line {
    /// Says a line of our own, before the program does.
    pub(crate) async fn tell(&mut self, text: &str) {
        self.output.say(format!("{text}\r\n").as_bytes()).await;
    }

    /// Ends without a program.
    pub(crate) fn ends(self, end: TerminalEnd) -> Ending {
        let output = self.output;
        Ending { output, end }
    }
}

/// Where output goes.
struct Output {
    sink: Sink<TerminalBytes>,
    drawn: Arc<Drawn>,
}

/// How a program has ended, before its window knows.
#[must_use]
pub(crate) struct Ending {
    output: Output,
    end: TerminalEnd,
}

impl Ending {
    /// Tells the window.
    pub(crate) fn tell(mut self) {
        self.output.end(&self.end);
    }
}

/// Both ends.
pub(crate) fn line(sink: Sink<TerminalBytes>) -> (Terminal, Line) {
    let (sender, input) = mpsc::channel(TYPED);
    let drawn = Arc::<Drawn>::default();
    let terminal = Terminal {
        input: sender,
        drawn: Arc::clone(&drawn),
    };
    let output = Output { sink, drawn };
    (terminal, Line { input, output })
}

/// Checks a size as the window sent it.
///
/// # Errors
/// [`Code::InvalidArgument`].
pub(crate) fn check(size: TerminalSize) -> Result<(), Error> {
    let fine = |figure: u16| (1..=1_000).contains(&figure);
    if fine(size.columns) && fine(size.rows) {
        return Ok(());
    }
    let message = format!("{} × {} is no size of a terminal", size.columns, size.rows);
    Err(Error::new(Code::InvalidArgument, message))
}

impl Terminal {
    /// Types; waits while the program does not read.
    ///
    /// # Errors
    /// When it has ended, or when the text is too long.
    pub(crate) async fn typed(&self, text: String) -> Result<(), Error> {
        if text.len() > MOST_TYPED {
            let message = format!("{} bytes are too much to type at once", text.len());
            return Err(Error::new(Code::InvalidArgument, message));
        }
        self.send(Input::Text(text)).await
    }

    /// Changes the size.
    ///
    /// # Errors
    /// When it has ended, or when it is no size.
    pub(crate) async fn resize(&self, size: TerminalSize) -> Result<(), Error> {
        check(size)?;
        self.send(Input::Size(size)).await
    }

    async fn send(&self, input: Input) -> Result<(), Error> {
        let sent = self.input.send(input).await;
        sent.map_err(|_| Error::new(Code::NotFound, "the terminal has ended"))
    }

    /// The window has drawn so many bytes.
    pub(crate) fn drawn(&self, bytes: u32) {
        let drawn = u64::from(bytes);
        let _ = self
            .drawn
            .outstanding
            .fetch_update(SeqCst, SeqCst, |left| Some(left.saturating_sub(drawn)));
        self.drawn.less.notify_one();
    }
}

impl Output {
    /// Hands output over, once the window has drawn enough of what came before; says whether
    /// anybody still looks.
    async fn say(&mut self, bytes: &[u8]) -> bool {
        while self.drawn.outstanding.load(SeqCst) > WINDOW {
            self.drawn.less.notified().await;
        }
        self.drawn.outstanding.fetch_add(bytes.len() as u64, SeqCst);
        self.message(OUTPUT, bytes)
    }

    /// Says how it ended.
    fn end(&mut self, end: &TerminalEnd) {
        let told = serde_json::to_vec(end).unwrap_or_default();
        self.message(ENDED, &told);
    }

    fn message(&mut self, kind: u8, bytes: &[u8]) -> bool {
        let mut message = Vec::with_capacity(bytes.len() + 1);
        message.push(kind);
        message.extend_from_slice(bytes);
        (self.sink)(TerminalBytes(message))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn a_flood_waits_until_the_window_has_drawn() {
        let said = Arc::new(Mutex::new(0_usize));
        let count = Arc::clone(&said);
        let sink = Box::new(move |bytes: TerminalBytes| {
            *count.lock().unwrap() += bytes.0.len() - 1;
            true
        });
        let (terminal, mut line) = line(sink);
        let flood = tokio::spawn(async move {
            for _ in 0..100 {
                line.output.say(&[b'y'; 65_536]).await;
            }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        let before = *said.lock().unwrap();
        assert!(
            before as u64 <= WINDOW + 65_536 * 2,
            "{before} bytes without a word"
        );
        while !flood.is_finished() {
            terminal.drawn(65_536);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(*said.lock().unwrap(), 100 * 65_536, "nothing is dropped");
    }

    #[tokio::test]
    async fn sizes_and_pastes_have_bounds() {
        let (terminal, line) = line(Box::new(|_| true));
        for (columns, rows) in [(0, 24), (80, 0), (1_001, 24), (u16::MAX, u16::MAX)] {
            let error = terminal
                .resize(TerminalSize { columns, rows })
                .await
                .unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument);
        }
        let error = terminal
            .typed("x".repeat(MOST_TYPED + 1))
            .await
            .unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument);
        drop(line);
        let error = terminal.typed("x".into()).await.unwrap_err();
        assert_eq!(error.code, Code::NotFound);
    }
}
