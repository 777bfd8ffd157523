//! Logs: every container of a selection, merged in time order, kept within memory, looked at in
//! slices.
//!
//! One task per container reads ([`source`]), one finds the containers ([`pods`]), one tells the
//! window what it looks at, five times a second at most. It knows pods and bytes, nothing of
//! windows.

mod book;
mod display;
mod figures;
mod line;
mod look;
mod patterns;
mod pods;
mod record;
mod repeats;
mod save;
mod source;
mod spill;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use kube::Client;
use kubegraf_ipc::{
    Error,
    logs::{LogHead, LogLevel, LogPatterns, LogState, LogView, LogsEvent, SavedLogs, WatchLogs},
};
use tokio::sync::{Notify, watch};

use book::{Book, Bounds, Find};
use line::Written;
use look::Look;
use pods::Containers;
pub(crate) use pods::Wanted;
pub(crate) use spill::sweep;
use spill::{Room, Spill};

use crate::{Sink, incidents::Repeat, kinds::Pods, table::export, task::TaskGuard, watch::Watches};

/// The window is told at most this often: as often as eyes read, so that a slow window keeps up.
const PACE: Duration = Duration::from_millis(200);
/// Changes of so few containers are told at once.
const FEW: usize = 16;
/// How many lines each container has is told this often.
const COUNTS: Duration = Duration::from_secs(1);
/// What errors containers repeat is told this often.
const REPEATS: Duration = Duration::from_secs(2);

/// The book, and who is to hear of its changes.
struct Shelf {
    book: Mutex<Book>,
    changed: Notify,
    /// The older lines have to be looked through.
    unsearched: Notify,
    /// Held by who looks through them: nothing is looked at twice.
    searching: Mutex<()>,
}

impl Shelf {
    fn new(book: Book) -> Self {
        Self {
            book: Mutex::new(book),
            changed: Notify::new(),
            unsearched: Notify::new(),
            searching: Mutex::new(()),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, source: u32, lines: Vec<(Written, Option<LogLevel>)>) {
        self.book().add(source, lines);
        self.changed.notify_one();
    }

    fn remark(&self, source: u32, text: &str) {
        self.book().remark(source, None, text);
        self.changed.notify_one();
    }

    fn state(&self, source: u32, state: LogState) {
        self.book().state(source, state);
        self.changed.notify_one();
    }

    /// Takes a container in of a pod, which is its namespace, name and identity.
    fn source(&self, pod: (&str, &str, &str), container: &str) -> u32 {
        let id = self.book().source(pod, container);
        self.changed.notify_one();
        id
    }

    /// Looks through some of the older lines; answers whether there may be more. Blocks on the disk,
    /// but holds up nobody who adds lines.
    fn search(&self) -> bool {
        let _turn = self
            .searching
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(stretch) = self.book().stretch() else {
            return false;
        };
        let found = stretch.look_through();
        let mut book = self.book();
        match found {
            Ok(found) => book.found(found),
            Err(error) => book.lose_older(&error),
        }
        self.changed.notify_one();
        true
    }

    fn failed(&self, reason: Option<String>, left_out: u32) {
        let mut book = self.book();
        if (&book.failure, book.left_out) != (&reason, left_out) {
            (book.failure, book.left_out) = (reason, left_out);
            self.changed.notify_one();
        }
    }
}

/// An open log: what the window asks about lines it looks at. Cheap to clone; the reading ends
/// with the stream's guard, not with this.
#[derive(Clone)]
pub(crate) struct Log {
    shelf: Arc<Shelf>,
    view: Arc<watch::Sender<LogView>>,
}

impl Log {
    /// Begins to read, with the older lines in files of a folder, and tells what errors containers repeat;
    /// answers the log and the work that has to be kept for as long as it is open.
    ///
    /// # Errors
    /// When the target or the view names nothing.
    pub(crate) async fn open(
        client: &Client,
        watches: &Watches,
        request: WatchLogs,
        older: &Path,
        repeats: Box<dyn Fn(Vec<Repeat>) + Send + Sync>,
        sink: Sink<LogsEvent>,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<>), Error> {
        let book = Book::new(Bounds::default(), Look::of(&request.view)?)
            .spilling(Spill::new(older.to_owned(), Room::default()));
        let shelf = Arc::new(Shelf::new(book));
        let containers = Containers::of(
            client.clone(),
            watches.subscribe::<Pods>(),
            Arc::clone(&shelf),
            &request.of,
            request.options,
        );
        let containers = containers.await?;
        let (view, views) = watch::channel(request.view);
        let log = Self {
            shelf: Arc::clone(&shelf),
            view: Arc::new(view),
        };
        let work = async move {
            let _reading = TaskGuard::spawn(containers.run());
            let _counting = TaskGuard::spawn(count(Arc::clone(&shelf), repeats));
            let _searching = TaskGuard::spawn(search(Arc::clone(&shelf)));
            tell(&shelf, views, sink).await;
        };
        Ok((log, work))
    }

    /// Looks at the lines in another way.
    ///
    /// # Errors
    /// When the query is no regular expression, or a figure is out of bounds.
    pub(crate) fn set_view(&self, view: LogView) -> Result<(), Error> {
        let look = Look::of(&view)?;
        let differs = {
            let before = self.view.borrow();
            let judged = |view: &LogView| {
                let LogView {
                    query,
                    regex,
                    match_case,
                    only_matches,
                    least,
                    hidden,
                    fields,
                    ..
                } = view;
                (
                    query.clone(),
                    *regex,
                    *match_case,
                    *only_matches,
                    *least,
                    hidden.clone(),
                    *fields,
                )
            };
            judged(&before) != judged(&view)
        };
        if differs {
            self.shelf.book().look(look);
            self.shelf.unsearched.notify_one();
        }
        self.view.send_replace(view);
        Ok(())
    }

    /// What the grave lines have in common.
    pub(crate) fn patterns(&self) -> LogPatterns {
        self.shelf.book().patterns()
    }

    /// The next line that holds the query; blocks until the older lines are known that matter for it.
    pub(crate) fn find(&self, from: u64, backwards: bool) -> Option<u64> {
        loop {
            let found = {
                let mut book = self.shelf.book();
                book.merge();
                book.find(from, backwards)
            };
            match found {
                Find::At(number) => return Some(number),
                Find::Nothing => return None,
                Find::Unsearched => self.shelf.search(),
            };
        }
    }

    /// Lines as they were written.
    pub(crate) fn text(&self, from: u64, count: u32, prefixed: bool) -> String {
        let mut text = Vec::new();
        let book = self.shelf.book();
        book.write(from, count as usize, prefixed, &mut text)
            .expect("memory takes what is written to it");
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Writes every shown line to a new file; blocks.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn save(&self, name: &str, prefixed: bool) -> Result<SavedLogs, Error> {
        save::save(&self.shelf, &export::folder()?, name, prefixed)
    }
}

/// Tells what errors containers repeat, for as long as the log is read.
async fn count(shelf: Arc<Shelf>, tell: Box<dyn Fn(Vec<Repeat>) + Send + Sync>) {
    loop {
        tokio::time::sleep(REPEATS).await;
        let repeats = shelf.book().repeats();
        tell(repeats);
    }
}

/// Looks through the older lines whenever a view needs that, off the threads that others wait for.
async fn search(shelf: Arc<Shelf>) {
    loop {
        shelf.unsearched.notified().await;
        let mut more = true;
        while more {
            let shelf = Arc::clone(&shelf);
            // A view that changes meanwhile is served with the next stretch.
            more = tokio::task::spawn_blocking(move || shelf.search())
                .await
                .unwrap_or(false);
        }
    }
}

/// Tells the window what it looks at, until it is gone.
async fn tell(shelf: &Shelf, mut views: watch::Receiver<LogView>, mut sink: Sink<LogsEvent>) {
    let mut sent: Option<LogsEvent> = None;
    let mut sources_sent = None;
    let mut told_sources = None;
    let mut told_at = Instant::now();
    loop {
        let view = views.borrow_and_update().clone();
        let event = {
            let mut book = shelf.book();
            book.merge();
            let (start, lines) = book.slice(view.place, view.count);
            // How many lines each has read is told once a second, a change of state at once.
            let counted = (book.sources_version, told_at.elapsed() > COUNTS);
            let differs = sources_sent != Some(counted.0);
            let fresh = counted.1 || (differs && (sources_sent.is_none() || book.few(FEW)));
            if fresh {
                (sources_sent, told_at) = (Some(counted.0), Instant::now());
            }
            LogsEvent {
                revision: view.revision,
                head: LogHead {
                    start,
                    ..book.head()
                },
                sources: fresh.then(|| book.sources()),
                lines,
            }
        };
        let same = sent.as_ref().is_some_and(|sent| {
            (event.sources.is_none() || event.sources == told_sources)
                && (sent.revision, &sent.head, &sent.lines)
                    == (event.revision, &event.head, &event.lines)
        });
        if !same {
            if !sink(event.clone()) {
                return;
            }
            if event.sources.is_some() {
                told_sources.clone_from(&event.sources);
            }
            sent = Some(event);
        }
        tokio::select! {
            () = shelf.changed.notified() => tokio::time::sleep(PACE).await,
            // The last counts are told when nothing follows them.
            () = tokio::time::sleep(COUNTS) => {}
            changed = views.changed() => if changed.is_err() { return },
        }
    }
}

/// Where a slice began, for a test.
#[cfg(test)]
fn numbers(book: &Book, place: kubegraf_ipc::logs::LogPlace, count: u32) -> (u64, Vec<String>) {
    let (start, lines) = book.slice(place, count);
    let text = |line: kubegraf_ipc::logs::LogLine| {
        line.parts
            .into_iter()
            .map(|part| part.text)
            .collect::<String>()
    };
    (start, lines.into_iter().map(text).collect())
}

#[cfg(test)]
mod tests;
