//! The streams that windows have open, each a guard: ending it ends the work behind it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use kubegraf_ipc::{
    Code, Error,
    table::{Column, TableView},
};
use tokio::sync::watch;

use crate::{TaskGuard, logs::Log, table, terminals::Terminal};

/// Where a stream's events go; answers whether anyone still listens.
pub type Sink<E> = Box<dyn FnMut(E) -> bool + Send>;

/// Names a stream: a window, and the channel it gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamKey {
    window: String,
    channel: u32,
    inside: bool,
}

impl StreamKey {
    /// A window's label and the id of one of its channels.
    pub fn new(window: &str, channel: u32) -> Self {
        Self {
            window: window.into(),
            channel,
            inside: false,
        }
    }

    /// A stream of the app's own, which no window shows.
    pub fn inside(name: &str, channel: u32) -> Self {
        Self {
            inside: true,
            ..Self::new(name, channel)
        }
    }

    /// The window's label.
    #[must_use]
    pub fn window(&self) -> &str {
        &self.window
    }
}

/// All open streams.
#[derive(Default)]
pub(crate) struct Streams(Mutex<HashMap<StreamKey, Stream>>);

struct Stream {
    work: TaskGuard,
    table: Option<OpenTable>,
    log: Option<(Log, String)>,
    terminal: Option<Terminal>,
    /// Whether it goes on when nobody is signed in.
    stays: bool,
}

/// What it takes to move a table to another view.
pub(crate) struct OpenTable {
    pub(crate) view: watch::Sender<TableView>,
    /// How many events its window has drawn; `None` while it has not said.
    pub(crate) drawn: watch::Sender<Option<u64>>,
    pub(crate) columns: Vec<Column>,
}

impl Streams {
    /// Keeps a stream; one with the same key ends.
    pub(crate) fn keep(&self, key: StreamKey, work: TaskGuard, table: Option<OpenTable>) {
        let (log, terminal) = (None, None);
        self.insert(
            key,
            Stream {
                work,
                table,
                log,
                terminal,
                stays: false,
            },
        );
    }

    /// Keeps a stream that goes on when nobody is signed in.
    pub(crate) fn keep_always(&self, key: StreamKey, work: TaskGuard) {
        let stream = Stream {
            work,
            table: None,
            log: None,
            terminal: None,
            stays: true,
        };
        self.insert(key, stream);
    }

    /// Keeps a stream of logs, and what a file of them is called.
    pub(crate) fn keep_log(&self, key: StreamKey, work: TaskGuard, log: Log, name: String) {
        let (table, log, terminal) = (None, Some((log, name)), None);
        self.insert(
            key,
            Stream {
                work,
                table,
                log,
                terminal,
                stays: false,
            },
        );
    }

    /// Keeps a terminal.
    pub(crate) fn keep_terminal(&self, key: StreamKey, work: TaskGuard, terminal: Terminal) {
        let (table, log, terminal) = (None, None, Some(terminal));
        self.insert(
            key,
            Stream {
                work,
                table,
                log,
                terminal,
                stays: false,
            },
        );
    }

    /// The terminal of a stream.
    pub(crate) fn terminal(&self, key: &StreamKey) -> Result<Terminal, Error> {
        let streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = streams.get(key).and_then(|stream| stream.terminal.clone());
        open.ok_or_else(|| {
            let message = format!("no terminal is open on channel {}", key.channel);
            Error::new(Code::NotFound, message)
        })
    }

    fn insert(&self, key: StreamKey, stream: Stream) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|_, stream| !stream.work.is_finished());
        streams.insert(key, stream);
    }

    /// The log that a stream shows, and what a file of it is called.
    pub(crate) fn log(&self, key: &StreamKey) -> Result<(Log, String), Error> {
        let streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = streams.get(key).and_then(|stream| stream.log.clone());
        open.ok_or_else(|| {
            let message = format!("no log is open on channel {}", key.channel);
            Error::new(Code::NotFound, message)
        })
    }

    /// Moves a table.
    pub(crate) fn set_view(&self, key: &StreamKey, view: TableView) -> Result<(), Error> {
        self.table(key, |open| {
            table::validate(&view, &open.columns)?;
            open.view.send_replace(view);
            Ok(())
        })
    }

    /// A table's window has drawn so many events more.
    pub(crate) fn drawn(&self, key: &StreamKey, events: u32) -> Result<(), Error> {
        self.table(key, |open| {
            let more = |drawn: &mut Option<u64>| {
                *drawn = Some(drawn.unwrap_or(0).saturating_add(events.into()));
            };
            open.drawn.send_modify(more);
            Ok(())
        })
    }

    fn table(
        &self,
        key: &StreamKey,
        then: impl FnOnce(&OpenTable) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match streams.get(key).and_then(|stream| stream.table.as_ref()) {
            Some(open) => then(open),
            None => {
                let message = format!("no table is open on channel {}", key.channel);
                Err(Error::new(Code::NotFound, message))
            }
        }
    }

    /// Ends a stream; one that has ended already is fine.
    pub(crate) fn end(&self, key: &StreamKey) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }

    /// Ends all streams of a window and says how many there were.
    pub(crate) fn end_window(&self, window: &str) -> usize {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = streams.len();
        streams.retain(|key, _| key.window != window);
        before - streams.len()
    }

    /// Ends those of a window that only who is signed in may see.
    pub(crate) fn end_private(&self, window: &str) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|key, stream| key.inside || key.window != window || stream.stays);
    }

    /// The windows that have any.
    pub(crate) fn windows(&self) -> HashSet<String> {
        let streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = streams.keys().filter(|key| !key.inside);
        shown.map(|key| key.window.clone()).collect()
    }

    /// Ends all streams.
    pub(crate) fn end_all(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        let streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams
            .values()
            .filter(|stream| !stream.work.is_finished())
            .count()
    }
}
